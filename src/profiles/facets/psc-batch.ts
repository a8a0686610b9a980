/** Batched page state change: NAE event 0x80000010, header and entries in guest memory. */
import { posted, review, v11, v14, v4, v5 } from '../documents';
import {
  asMerged,
  facet,
  holdsFor,
  inferred,
  kernels,
  nearest,
  read,
  sev,
  silent,
  unsaidBeforeMerge,
  unspecified,
} from '../facet';

const byVmm = silent('the VMM walks the buffer, KVM does not look at it');
const noExit = silent('nothing leaves to the VMM');

export const pscBatchFacets = {
  'psc.batch': facet({
    doc: 'Who walks the entries of a batched page state change, and in which form it leaves KVM.',
    values: {
      inKernel: 'KVM walks the entries and edits the RMP itself; nothing leaves to the VMM.',
      rawMsrExit: 'Exit KVM_EXIT_VMGEXIT carrying the raw GHCB MSR value (postings v8 to v10).',
      sharedGpa:
        "Exit KVM_EXIT_VMGEXIT of type 2 with the buffer's guest address; the VMM walks it and sets the reply.",
      mapGpaRangeLoop:
        'KVM walks the entries and leaves once per merged range, KVM_EXIT_HYPERCALL/KVM_HC_MAP_GPA_RANGE.',
    },
    facts: {
      'part2-v4': read('inKernel', v4.pscBatch),
      'as-reviewed': read('mapGpaRangeLoop', review.pscExits),
      'part2-v5': read('inKernel', v5.pscBatch),
      v11: read('sharedGpa', v11.pscBatch),
      v14: read('sharedGpa', v14.pscBatch),
      ...kernels('executed', sev('snp_begin_psc()'), {
        'linux-6.11': 'mapGpaRangeLoop',
        'linux-6.12': 'mapGpaRangeLoop',
        'linux-6.17': 'mapGpaRangeLoop',
        'linux-7.2': 'mapGpaRangeLoop',
      }),
    },
  }),

  'psc.smashTail': facet({
    doc: 'What happens to an entry whose operation is SMASH, UNSMASH or unknown.',
    values: {
      error: 'The request stops at that entry with (1 << 32) | 2; entries before it stay done.',
      vmmDecides: 'The VMM sees it and decides.',
      forwardedAsShared: 'It leaves to the VMM as a conversion to shared (the first posting of v15).',
      skippedAsDone: 'It is skipped without an exit and counted as completed.',
    },
    facts: {
      'part2-v4': read('error', v4.pscBatch),
      'as-reviewed': inferred('error', review.pscExits),
      'part2-v5': read('error', v5.pscBatch),
      v11: read('vmmDecides', v11.pscBatch),
      v14: read('vmmDecides', v14.pscBatch),
      ...kernels('executed', sev('snp_begin_psc()'), {
        'linux-6.11': 'skippedAsDone',
        'linux-6.12': 'skippedAsDone',
        'linux-6.17': 'skippedAsDone',
        'linux-7.2': 'skippedAsDone',
      }),
    },
  }),

  'psc.headerCheck': facet({
    doc: 'Which indexes of the header are tested before the first entry is looked at.',
    values: {
      bothAndOrder:
        'cur_entry and end_entry must lie within the limit, and cur_entry must not be above end_entry.',
      none: 'Nothing is tested.',
      endOnly:
        'Only end_entry is tested; cur_entry above end_entry means that nothing is left, which is success.',
    },
    facts: {
      'part2-v4': read('bothAndOrder', v4.pscBatch),
      'as-reviewed': inferred('bothAndOrder', review.pscExits),
      'part2-v5': read('bothAndOrder', v5.pscBatch),
      v11: read('none', v11.pscBatch),
      v14: read('none', v14.pscBatch),
      ...kernels('executed', sev('snp_begin_psc()'), {
        'linux-6.11': 'endOnly',
        'linux-6.12': 'endOnly',
        'linux-6.17': 'endOnly',
        'linux-7.2': 'endOnly',
      }),
    },
  }),

  'psc.headerError': facet({
    doc: 'The code in SW_EXITINFO2 for a header that fails its test.',
    values: {
      invalidEntry: '(1 << 32) | 2, the code of a bad entry.',
      bare2: '2: the internal code reaches the guest without being mapped.',
      invalidHeader: '(1 << 32) | 1, the code of a bad header.',
      unspecified,
    },
    shownAs: asMerged('invalidHeader'),
    facts: {
      'part2-v4': read('invalidEntry', v4.pscBatch),
      'as-reviewed': silent('a check is asked for, its code is not named'),
      'part2-v5': read('bare2', v5.pscBatch),
      v11: byVmm,
      v14: byVmm,
      ...kernels('executed', sev('snp_begin_psc()'), {
        'linux-6.11': 'invalidHeader',
        'linux-6.12': 'invalidHeader',
        'linux-6.17': 'invalidHeader',
        'linux-7.2': 'invalidHeader',
      }),
    },
  }),

  'psc.indexLimit': facet({
    doc: 'The number of entries that an index must stay below.',
    values: {
      realBuffer: 'As many entries as fit between the scratch address and the end of the shared buffer.',
      fixed253: '253 whatever the scratch address: with a short buffer KVM walks past its end.',
      unspecified,
    },
    shownAs: nearest('as-reviewed', 'realBuffer', 'what the reviewers asked for'),
    facts: {
      'part2-v4': read('fixed253', v4.pscBatch),
      'as-reviewed': inferred('realBuffer', review.pscExits),
      'part2-v5': read('fixed253', v5.pscBatch),
      v11: byVmm,
      v14: byVmm,
      ...kernels('executed', sev('snp_begin_psc()'), {
        'linux-6.11': 'fixed253',
        'linux-6.12': 'realBuffer',
        'linux-6.17': 'fixed253',
        'linux-7.2': 'realBuffer',
      }),
    },
  }),

  'psc.length': facet({
    doc: 'How many bytes the scratch area of a batch must hold.',
    values: {
      header: 'The 8-byte header.',
      swExitInfo2: 'As many as the guest wrote to SW_EXITINFO2; 0 passes.',
      wholeBuffer: 'All 2032 bytes of the shared buffer, so that inside the GHCB only offset 0x800 passes.',
      notChecked: 'The raw sw_scratch value goes to the VMM unchecked, 0 if it is not marked valid.',
      unspecified,
    },
    shownAs: nearest('part2-v4', 'header', 'the batch that the reviewers read'),
    facts: {
      'part2-v4': inferred('header', v4.pscBatch),
      'as-reviewed': silent('no reviewer asked for a length'),
      'part2-v5': read('wholeBuffer', v5.pscBatch),
      v11: read('notChecked', v11.pscBatch),
      v14: read('notChecked', v14.pscBatch),
      ...kernels('executed', sev('setup_vmgexit_scratch() for a page state change'), {
        'linux-6.11': 'swExitInfo2',
        'linux-6.12': 'header',
        'linux-6.17': 'swExitInfo2',
        'linux-7.2': 'header',
      }),
    },
  }),

  'psc.badScratch': facet({
    doc: 'The answer to a batch whose scratch area is refused.',
    values: {
      invalidHeader: 'SW_EXITINFO2 = (1 << 32) | 1.',
      bare1: 'SW_EXITINFO2 = 1: the internal code reaches the guest without being mapped.',
      malformedThenBare1: 'SW_EXITINFO1 keeps the 2 of a malformed input, SW_EXITINFO2 = 1.',
      malformedInput: 'SW_EXITINFO1 = 2, SW_EXITINFO2 = 3, or 4 if sw_scratch is not marked valid.',
      unspecified,
    },
    shownAs: asMerged('malformedInput'),
    facts: {
      'part2-v4': read('invalidHeader', v4.pscBatch),
      'as-reviewed': silent('a check is asked for, its code is not named'),
      'part2-v5': read('bare1', v5.pscBatch),
      v11: byVmm,
      v14: byVmm,
      ...kernels('executed', sev('sev_handle_vmgexit() and setup_vmgexit_scratch()'), {
        'linux-6.11': 'malformedInput',
        'linux-6.12': 'malformedInput',
        'linux-6.17': 'malformedInput',
        'linux-7.2': 'malformedInput',
      }),
    },
  }),

  'psc.batchNonSnp': facet({
    doc: 'The answer to a batch from an SEV-ES guest without SNP.',
    values: {
      otherError: 'SW_EXITINFO2 = 4 << 32.',
      bare1: 'SW_EXITINFO2 = 1: the internal code reaches the guest without being mapped.',
      beforeDispatch: 'KVM refuses it as an SNP-only event before any other check; nae.snpOnlyOnEs says how.',
      forwarded: 'No test: it leaves to the VMM as if the guest were an SNP guest.',
      unspecified,
    },
    shownAs: asMerged('beforeDispatch'),
    facts: {
      'part2-v4': read('otherError', v4.pscBatch),
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': read('bare1', v5.pscBatch),
      v11: read('forwarded', v11.pscBatch),
      v14: read('forwarded', v14.pscBatch),
      ...kernels('executed', sev('sev_handle_vmgexit(), its checks'), {
        'linux-6.11': 'beforeDispatch',
        'linux-6.12': 'beforeDispatch',
        'linux-6.17': 'beforeDispatch',
        'linux-7.2': 'beforeDispatch',
      }),
    },
  }),

  'psc.headerRead': facet({
    doc: 'How often KVM reads cur_entry and end_entry from guest memory.',
    values: {
      everyEntry: 'Again for each entry: a racing guest can move KVM off the array.',
      everyRange: 'Again at the start of every range: a racing guest can move the indexes between ranges.',
      oncePerRequest: 'Once; later edits by the guest change nothing.',
      unspecified,
    },
    shownAs: nearest('as-reviewed', 'oncePerRequest', 'what the reviewers asked for'),
    facts: {
      'part2-v4': read('everyEntry', review.pscBatch),
      'as-reviewed': read('oncePerRequest', review.pscBatch),
      'part2-v5': read('oncePerRequest', v5.pscBatch),
      v11: byVmm,
      v14: byVmm,
      ...kernels('executed', sev('snp_begin_psc()'), {
        'linux-6.11': 'everyRange',
        'linux-6.12': 'everyRange',
        'linux-6.17': 'everyRange',
        'linux-7.2': 'oncePerRequest',
      }),
    },
  }),

  'psc.enabledTest': facet({
    doc: 'How often a batch tests that the VMM enabled map-range exits.',
    values: {
      everyRange:
        'Before every range: disabling them while an exit is pending fails the rest of the request.',
      oncePerRequest: 'Once at the start.',
      unspecified,
    },
    shownAs: asMerged('everyRange'),
    facts: {
      'part2-v4': noExit,
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': noExit,
      v11: silent('there is nothing to enable'),
      v14: silent('there is nothing to enable'),
      ...kernels('executed', sev('snp_begin_psc()'), {
        'linux-6.11': 'everyRange',
        'linux-6.12': 'everyRange',
        'linux-6.17': 'everyRange',
        'linux-7.2': 'oncePerRequest',
      }),
    },
  }),

  'psc.entryCheck': facet({
    doc: 'What is tested of an entry before it is used; a bad one is answered (1 << 32) | 2.',
    values: {
      alignment: 'Only that the GFN is aligned to the page size.',
      alignmentAndCurPage:
        'The alignment of the GFN, and that cur_page is not above the page count of the entry.',
      unspecified,
    },
    shownAs: asMerged('alignmentAndCurPage'),
    facts: {
      'part2-v4': read('alignment', v4.pscBatch),
      'as-reviewed': inferred('alignmentAndCurPage', review.pscExits),
      'part2-v5': read('alignment', v5.pscBatch),
      v11: byVmm,
      v14: byVmm,
      ...kernels('executed', sev('snp_begin_psc()'), {
        'linux-6.11': 'alignmentAndCurPage',
        'linux-6.12': 'alignmentAndCurPage',
        'linux-6.17': 'alignmentAndCurPage',
        'linux-7.2': 'alignmentAndCurPage',
      }),
    },
  }),

  'psc.merging': facet({
    doc: 'Which entries join one range.',
    values: {
      none: 'None: each entry is handled by itself.',
      contiguous: 'Neighbouring entries with contiguous GFNs; the exact test is not given.',
      fromFirstBase:
        "Next entries with the same op, cur_page 0, the range's page size, and a GFN that equals the first entry's base GFN plus the pages counted so far.",
      unspecified,
    },
    shownAs: asMerged('fromFirstBase'),
    facts: {
      'part2-v4': read('none', v4.pscBatch),
      'as-reviewed': read('contiguous', review.pscExits),
      'part2-v5': read('none', v5.pscBatch),
      v11: byVmm,
      v14: byVmm,
      ...kernels('executed', sev('snp_begin_psc()'), {
        'linux-6.11': 'fromFirstBase',
        'linux-6.12': 'fromFirstBase',
        'linux-6.17': 'fromFirstBase',
        'linux-7.2': 'fromFirstBase',
      }),
    },
  }),

  'psc.partialEntry': facet({
    doc: 'What cur_page above 0 in a 2M entry means.',
    values: {
      ignored: 'Nothing: the whole entry is handled.',
      remainder:
        'The range starts at base + cur_page with 512 - cur_page pages and grows as a range of 4K pages.',
      unspecified,
    },
    shownAs: asMerged('remainder'),
    facts: {
      'part2-v4': read('ignored', v4.pscBatch),
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': read('ignored', v5.pscBatch),
      v11: byVmm,
      v14: byVmm,
      ...kernels('executed', sev('snp_begin_psc()'), {
        'linux-6.11': 'remainder',
        'linux-6.12': 'remainder',
        'linux-6.17': 'remainder',
        'linux-7.2': 'remainder',
      }),
    },
  }),

  'psc.errorDetail': facet({
    doc: 'How precisely a failing conversion is reported.',
    values: {
      perEntry:
        'header.cur_entry names the entry; (3 << 32) | 2 for RMPUPDATE code 7, the overlap of that time, 4 << 32 otherwise, RMPUPDATE codes 1 and 2 as (1 << 32) | 1 and | 2.',
      vmmReply: 'Whatever the VMM wrote as its reply reaches the guest unchanged.',
      perRange: '0x100 << 32; header.cur_entry stays at the first entry of the failed range.',
    },
    facts: {
      'part2-v4': read('perEntry', v4.pscBatch),
      'as-reviewed': inferred('perRange', review.pscExits),
      'part2-v5': read('perEntry', v5.pscBatch),
      v11: read('vmmReply', v11.pscBatch),
      v14: read('vmmReply', v14.pscBatch),
      ...kernels('executed', sev('the completion of snp_begin_psc()'), {
        'linux-6.11': 'perRange',
        'linux-6.12': 'perRange',
        'linux-6.17': 'perRange',
        'linux-7.2': 'perRange',
      }),
    },
  }),

  'psc.missingSlotInHugeEntry': facet({
    doc: 'The reply when a later page of a 2M entry has no memslot, where KVM itself edits the RMP.',
    values: {
      falseSuccess: '0: the result of the page before is still set; for a first page the reply is undefined.',
      otherError: '4 << 32.',
      unspecified,
    },
    shownAs: nearest('part2-v5', 'otherError', 'the last posting in which KVM itself edits the RMP'),
    facts: {
      'part2-v4': inferred('falseSuccess', v4.pscBatch),
      'as-reviewed': silent('KVM does not look at memslots here'),
      'part2-v5': read('otherError', v5.pscBatch),
      v11: byVmm,
      v14: byVmm,
      'linux-6.11': silent('KVM does not look at memslots here'),
      'linux-6.12': silent('KVM does not look at memslots here'),
      'linux-6.17': silent('KVM does not look at memslots here'),
      'linux-7.2': silent('KVM does not look at memslots here'),
    },
  }),

  'psc.doneReply': facet({
    doc: 'The reply in SW_EXITINFO2 to a batch that was carried out completely.',
    values: {
      zero: '0.',
      vmmReply: 'Whatever the VMM wrote as its reply.',
      genericError:
        '0x100 << 32, as if it had failed: the line that answers success is missing (the first pull tag).',
      unspecified,
    },
    shownAs: asMerged('zero'),
    facts: {
      'part2-v4': read('zero', v4.pscBatch),
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': read('zero', v5.pscBatch),
      v11: read('vmmReply', v11.pscBatch),
      v14: read('vmmReply', v14.pscBatch),
      ...kernels('executed', sev('the completion of snp_begin_psc()'), {
        'linux-6.11': 'zero',
        'linux-6.12': 'zero',
        'linux-6.17': 'zero',
        'linux-7.2': 'zero',
      }),
    },
  }),

  'psc.doneInfo1': facet({
    doc: 'Whether KVM writes SW_EXITINFO1 when it completes a batch.',
    values: {
      untouched: 'Only SW_EXITINFO2 is written; SW_EXITINFO1 keeps the 0 from before the dispatch.',
      zeroed: 'SW_EXITINFO1 is written as 0 ("no action") too.',
      unspecified,
    },
    shownAs: asMerged('untouched'),
    facts: {
      ...unsaidBeforeMerge,
      v11: byVmm,
      v14: byVmm,
      'linux-6.11': inferred('untouched', posted.pull),
      ...kernels('read', sev('the completion of snp_begin_psc()'), {
        'linux-6.12': 'untouched',
        'linux-6.17': 'zeroed',
        'linux-7.2': 'zeroed',
      }),
    },
  }),
} as const;

/** Whether KVM itself edits the RMP for a batch, so that nothing leaves to the VMM. */
export const convertsBatchInKernel = holdsFor<(typeof pscBatchFacets)['psc.batch']>({
  inKernel: true,
  rawMsrExit: false,
  sharedGpa: false,
  mapGpaRangeLoop: false,
});
