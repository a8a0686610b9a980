/** LAUNCH_UPDATE. */
import { review, v11, v14, v4, v5 } from '../documents';
import {
  asMerged,
  carriedOver,
  facet,
  holdsFor,
  inferred,
  kernels,
  read,
  sev,
  silent,
  unsaidBeforeMerge,
  unspecified,
} from '../facet';

const update = sev('snp_launch_update()');
const unasked = silent('no reviewer asked for anything here');

export const launchUpdateFacets = {
  'lu.source': facet({
    doc: 'Where LAUNCH_UPDATE takes the plaintext from, and how it finds the GFN.',
    values: {
      uaddrInMemslot:
        'In place: uaddr must lie in a memslot, whose GFN is looked up; the user page is pinned.',
      registeredRegion: 'In place: uaddr must lie in a registered region; GFNs count up from start_gfn.',
      sharedSideOfSameGfn:
        'uaddr is turned into a GFN, whose shared side is copied to its private side; an address that no slot covers is skipped with success.',
      anyUserAddress: 'Any user address is copied to the private side of gfn_start.',
    },
    facts: {
      'part2-v4': read('uaddrInMemslot', v4.launchUpdate),
      'as-reviewed': read('anyUserAddress', review.launchUpdateV11),
      'part2-v5': read('registeredRegion', v5.launchUpdate),
      v11: read('sharedSideOfSameGfn', v11.launchUpdate),
      v14: read('anyUserAddress', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'anyUserAddress', 'linux-6.17': 'anyUserAddress' }),
      ...kernels('executed', update, { 'linux-6.12': 'anyUserAddress', 'linux-7.2': 'anyUserAddress' }),
    },
  }),

  'lu.struct': facet({
    doc: 'The shape of the argument of LAUNCH_UPDATE.',
    values: {
      uaddrAndPerms: 'uaddr, u32 len, imi_page, page_type and the permissions of VMPL 1 to 3.',
      startGfnAndPerms: 'start_gfn, uaddr, u32 len, imi_page, page_type and the permissions.',
      gfnStartAndType: 'gfn_start, uaddr, u32 len and u8 type (v13).',
      gfnStartAndFlags: 'gfn_start, uaddr, u64 len, u8 type, u16 flags = 0 and padding.',
      unspecified,
    },
    shownAs: asMerged('gfnStartAndFlags'),
    facts: {
      'part2-v4': read('uaddrAndPerms', v4.launchUpdate),
      'as-reviewed': silent('which addresses are given is discussed, not their layout'),
      'part2-v5': read('startGfnAndPerms', v5.launchUpdate),
      v11: read('startGfnAndPerms', v11.launchUpdate),
      v14: read('gfnStartAndFlags', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'gfnStartAndFlags', 'linux-6.17': 'gfnStartAndFlags' }),
      ...kernels('executed', update, { 'linux-6.12': 'gfnStartAndFlags', 'linux-7.2': 'gfnStartAndFlags' }),
    },
  }),

  'lu.argumentChecks': facet({
    doc: 'Which fields of its argument LAUNCH_UPDATE checks itself.',
    values: {
      none: 'None: a length that is not a multiple of 4K is rounded up, an unknown page type goes to the firmware.',
      lenAndType: 'len must be whole pages, the type one of five, VMSA not among them (v13).',
      lenFlagsAndType: 'As lenAndType, and flags must be 0.',
      unspecified,
    },
    shownAs: asMerged('lenFlagsAndType'),
    facts: {
      'part2-v4': read('none', v4.launchUpdate),
      'as-reviewed': unasked,
      'part2-v5': read('none', v5.launchUpdate),
      v11: read('none', v11.launchUpdate),
      v14: read('lenFlagsAndType', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'lenFlagsAndType', 'linux-6.17': 'lenFlagsAndType' }),
      ...kernels('executed', update, { 'linux-6.12': 'lenFlagsAndType', 'linux-7.2': 'lenFlagsAndType' }),
    },
  }),

  'lu.notSnp': facet({
    doc: 'What LAUNCH_UPDATE of a VM that is no active SNP guest returns; without a context it is -EINVAL everywhere.',
    values: { enotty: '-ENOTTY.', einval: '-EINVAL.', unspecified },
    shownAs: asMerged('einval'),
    facts: {
      'part2-v4': read('enotty', v4.launchUpdate),
      'as-reviewed': unasked,
      'part2-v5': read('enotty', v5.launchUpdate),
      v11: read('enotty', v11.launchUpdate),
      v14: read('einval', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'einval', 'linux-6.17': 'einval' }),
      ...kernels('executed', update, { 'linux-6.12': 'einval', 'linux-7.2': 'einval' }),
    },
  }),

  'lu.failure': facet({
    doc: 'What a LAUNCH_UPDATE call of several pages does when the firmware refuses page k.',
    values: {
      zapWholeRange:
        'Error; page k is reclaimed and every page of the range, touched or not, is made shared.',
      stayDoneNoReport: 'Error; page k ends shared, pages before it stay encrypted, the struct says nothing.',
      noProgress: "Error; this memslot's pages up to k are made shared again, the struct says nothing.",
      progressEintr:
        "-EINTR; pages before k stay encrypted; only KVM's own copy of the struct says how much was done (v13).",
      progressInStruct:
        '0; pages before k stay encrypted and the struct is advanced to the rest. A failing first page is -EIO.',
    },
    facts: {
      'part2-v4': read('zapWholeRange', v4.launchUpdate),
      'as-reviewed': inferred('progressInStruct', review.launchUpdate),
      'part2-v5': read('stayDoneNoReport', v5.launchUpdate),
      v11: read('noProgress', v11.launchUpdate),
      v14: read('progressInStruct', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'progressInStruct', 'linux-6.17': 'progressInStruct' }),
      ...kernels('executed', update, { 'linux-6.12': 'progressInStruct', 'linux-7.2': 'progressInStruct' }),
    },
  }),

  'lu.firstPageErrno': facet({
    doc: 'The result of LAUNCH_UPDATE when its first page fails.',
    values: {
      innerErrno: 'The inner errno.',
      eio: '-EIO whatever the cause; error holds the firmware status, or 0.',
      unspecified,
    },
    shownAs: asMerged('eio'),
    facts: {
      'part2-v4': read('innerErrno', v4.launchUpdate),
      'as-reviewed': unasked,
      'part2-v5': read('innerErrno', v5.launchUpdate),
      v11: read('innerErrno', v11.launchUpdate),
      v14: read('eio', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'eio', 'linux-6.17': 'eio' }),
      ...kernels('executed', update, { 'linux-6.12': 'eio', 'linux-7.2': 'eio' }),
    },
  }),

  'lu.alreadyAssigned': facet({
    doc: 'What LAUNCH_UPDATE does with a page that is already assigned in the RMP.',
    values: {
      overwritten: 'RMPUPDATE overwrites the entry silently.',
      reject: 'It refuses; the errno is not named.',
      efaultBeforeAny: '-EFAULT before any page of the call is touched.',
      efaultAndLeak:
        '-EFAULT past the release path: page references leak, earlier pages of the call stay encrypted.',
      einvalInside: 'Inner error -EINVAL, which a first page reports as -EIO.',
      eexistInside: 'Inner error -EEXIST, which a first page reports as -EIO.',
    },
    facts: {
      'part2-v4': read('overwritten', v4.launchUpdate),
      'as-reviewed': read('reject', review.launchUpdate),
      'part2-v5': read('efaultBeforeAny', v5.launchUpdate),
      v11: read('efaultAndLeak', v11.launchUpdate),
      v14: read('einvalInside', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'eexistInside', 'linux-6.17': 'eexistInside' }),
      ...kernels('executed', update, { 'linux-6.12': 'eexistInside', 'linux-7.2': 'eexistInside' }),
    },
  }),

  'lu.privateAttribute': facet({
    doc: 'Whether LAUNCH_UPDATE requires that the GFN has the private attribute.',
    values: {
      noAttributes: 'There are no memory attributes yet.',
      notChecked: 'KVM does not check it; the VMM may set it later.',
      required: 'Without it the page fails with -EINVAL inside, -EIO as a first page.',
      unspecified,
    },
    shownAs: asMerged('required'),
    facts: {
      'part2-v4': read('noAttributes', v4.launchUpdate),
      'as-reviewed': silent('the VMM is to set it; what KVM checks is not said'),
      'part2-v5': read('noAttributes', v5.launchUpdate),
      v11: read('notChecked', v11.launchUpdate),
      v14: read('required', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'required', 'linux-6.17': 'required' }),
      ...kernels('executed', update, { 'linux-6.12': 'required', 'linux-7.2': 'required' }),
    },
  }),

  'lu.zeroSource': facet({
    doc: 'Whether a page of type ZERO needs a source.',
    values: { needed: 'uaddr is used as for any other type.', ignored: 'uaddr is ignored.', unspecified },
    shownAs: asMerged('ignored'),
    facts: {
      'part2-v4': read('needed', v4.launchUpdate),
      'as-reviewed': unasked,
      'part2-v5': read('needed', v5.launchUpdate),
      v11: read('needed', v11.launchUpdate),
      v14: read('ignored', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'ignored', 'linux-6.17': 'ignored' }),
      ...kernels('executed', update, { 'linux-6.12': 'ignored', 'linux-7.2': 'ignored' }),
    },
  }),

  'lu.directMap': facet({
    doc: 'What KVM assumes about the memory behind the page.',
    values: {
      pinnedPages: 'A struct page: user pages are pinned.',
      virtAddrValid: 'A direct-map address: without one, -EINVAL.',
      temporaryMapping: 'Nothing: the page is mapped for the copy.',
      unspecified,
    },
    shownAs: asMerged('temporaryMapping'),
    facts: {
      'part2-v4': read('pinnedPages', v4.launchUpdate),
      'as-reviewed': silent('to be dropped or documented'),
      'part2-v5': read('pinnedPages', v5.launchUpdate),
      v11: read('virtAddrValid', v11.launchUpdate),
      v14: read('temporaryMapping', v14.launchUpdate),
      ...kernels('read', update, {
        'linux-6.11': 'temporaryMapping',
        'linux-6.12': 'temporaryMapping',
        'linux-6.17': 'temporaryMapping',
        'linux-7.2': 'temporaryMapping',
      }),
    },
  }),

  'lu.lenZero': facet({
    doc: 'What LAUNCH_UPDATE with len 0 returns.',
    values: { nothingDone: '0, nothing is done.', einval: '-EINVAL.', unspecified },
    shownAs: asMerged('nothingDone'),
    facts: {
      'part2-v4': silent('pinning nothing returns an error pointer, which the posting takes for pages'),
      'as-reviewed': unasked,
      'part2-v5': silent('pinning nothing returns an error pointer, which the posting takes for pages'),
      v11: read('einval', v11.hvaRange),
      v14: read('nothingDone', v14.launchUpdate),
      'linux-6.11': carriedOver('nothingDone', 'linux-6.12 and linux-6.17'),
      ...kernels('read', update, { 'linux-6.17': 'nothingDone' }),
      ...kernels('executed', update, { 'linux-6.12': 'nothingDone', 'linux-7.2': 'einval' }),
    },
  }),

  'lu.uaddrAlignment': facet({
    doc: 'How uaddr must be aligned, for types that have a source.',
    values: {
      any: 'Not at all: the kernel copies from it.',
      wholePages: 'Not at all: KVM uses every page that the range touches as a whole.',
      page: 'To 4K, else -EINVAL: the page is pinned.',
      'page+notZero': 'To 4K, and it must not be 0, else -EINVAL.',
      unspecified,
    },
    shownAs: asMerged('any'),
    facts: {
      'part2-v4': read('wholePages', v4.launchUpdate),
      'as-reviewed': unasked,
      'part2-v5': read('wholePages', v5.launchUpdate),
      v11: read('wholePages', v11.hvaRange),
      v14: read('any', v14.launchUpdate),
      'linux-6.11': carriedOver('any', 'linux-6.12 and linux-6.17'),
      ...kernels('read', update, { 'linux-6.17': 'any' }),
      ...kernels('executed', update, { 'linux-6.12': 'any', 'linux-7.2': 'page' }),
    },
  }),

  'lu.sourceRead': facet({
    doc: 'When LAUNCH_UPDATE detects that it cannot read a page of the source.',
    values: {
      afterPage:
        'While it copies: the private page exists by then and stays, not up to date, its content undefined.',
      beforePage: 'When it pins the source page, before it gets the private page.',
      unspecified,
    },
    shownAs: asMerged('afterPage'),
    facts: {
      'part2-v4': read('beforePage', v4.launchUpdate),
      'as-reviewed': unasked,
      'part2-v5': read('beforePage', v5.launchUpdate),
      v11: read('afterPage', v11.launchUpdate),
      v14: read('afterPage', v14.launchUpdate),
      'linux-6.11': carriedOver('afterPage', 'linux-6.12 and linux-6.17'),
      ...kernels('read', update, { 'linux-6.17': 'afterPage' }),
      ...kernels('executed', update, { 'linux-6.12': 'afterPage', 'linux-7.2': 'beforePage' }),
    },
  }),

  'lu.cpuidCorrection': facet({
    doc: 'Where the corrected table of a rejected CPUID page appears.',
    values: {
      inPlace: 'At uaddr, because that is the page itself once it is shared again.',
      sharedSide: 'At the shared side of the same GFN.',
      sourceBuffer: 'In the source buffer.',
      unspecified,
    },
    shownAs: asMerged('sourceBuffer'),
    facts: {
      'part2-v4': inferred('inPlace', v4.launchUpdate),
      'as-reviewed': unasked,
      'part2-v5': inferred('inPlace', v5.launchUpdate),
      v11: read('sharedSide', v11.launchUpdate),
      v14: read('sourceBuffer', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'sourceBuffer', 'linux-6.17': 'sourceBuffer' }),
      ...kernels('executed', update, { 'linux-6.12': 'sourceBuffer', 'linux-7.2': 'sourceBuffer' }),
    },
  }),

  'lu.cpuidReadOnlySource': facet({
    doc: 'What LAUNCH_UPDATE of a CPUID page from a source that is not writable does.',
    values: {
      accepted: 'The firmware decides; only the write-back of a corrected table is lost.',
      refused: '-EIO with error 0, the firmware is not asked.',
      unspecified,
    },
    shownAs: asMerged('accepted'),
    facts: {
      ...unsaidBeforeMerge,
      v11: read('accepted', v11.launchUpdate),
      v14: read('accepted', v14.launchUpdate),
      'linux-6.11': carriedOver('accepted', 'linux-6.12'),
      'linux-6.17': carriedOver('accepted', 'linux-6.12, whose code has the same structure'),
      ...kernels('executed', update, { 'linux-6.12': 'accepted', 'linux-7.2': 'refused' }),
    },
  }),

  'lu.reclaimFailure': facet({
    doc: 'What KVM does when PAGE_RECLAIM of a refused page fails.',
    values: {
      ignored: 'The return code is ignored.',
      leak: 'The page is leaked, the VM goes on.',
      'bugVm+leak': 'The page is leaked and the VM is bugged: every later ioctl is -EIO.',
      unspecified,
    },
    shownAs: asMerged('bugVm+leak'),
    facts: {
      'part2-v4': read('ignored', v4.launchUpdate),
      'as-reviewed': unasked,
      'part2-v5': read('leak', v5.launchUpdate),
      v11: read('leak', v11.launchUpdate),
      v14: read('leak', v14.launchUpdate),
      ...kernels('read', sev('snp_page_reclaim()'), {
        'linux-6.11': 'bugVm+leak',
        'linux-6.17': 'bugVm+leak',
      }),
      ...kernels('executed', sev('snp_page_reclaim()'), {
        'linux-6.12': 'bugVm+leak',
        'linux-7.2': 'bugVm+leak',
      }),
    },
  }),

  'lu.reclaim': facet({
    doc: 'The RMP state of a page that the firmware refused, after PAGE_RECLAIM.',
    values: {
      reclaimAndShare: 'Hypervisor: the helper that reclaims it also makes it shared.',
      reclaimOnly:
        'Still assigned: LAUNCH_UPDATE makes it shared in its clean-up, LAUNCH_FINISH leaves the VMSA page assigned.',
      unspecified,
    },
    shownAs: asMerged('reclaimAndShare'),
    facts: {
      'part2-v4': read('reclaimAndShare', v4.launchUpdate),
      'as-reviewed': unasked,
      'part2-v5': read('reclaimOnly', v5.launchUpdate),
      v11: read('reclaimOnly', v11.launchUpdate),
      v14: read('reclaimOnly', v14.launchUpdate),
      ...kernels('read', sev('snp_page_reclaim()'), {
        'linux-6.11': 'reclaimAndShare',
        'linux-6.17': 'reclaimAndShare',
      }),
      ...kernels('executed', sev('snp_page_reclaim()'), {
        'linux-6.12': 'reclaimAndShare',
        'linux-7.2': 'reclaimAndShare',
      }),
    },
  }),

  'lu.makeSharedFailure': facet({
    doc: 'What happens when RMPUPDATE cannot make a page of a failed launch call shared again.',
    values: {
      ignored: 'The return code is ignored.',
      leak: 'The page is leaked and logged, the VM goes on.',
      'bugVm+leak': 'The page is leaked and the VM is bugged: every later ioctl is -EIO.',
      unspecified,
    },
    shownAs: asMerged('bugVm+leak'),
    facts: {
      'part2-v4': read('ignored', v4.launchUpdate),
      'as-reviewed': unasked,
      'part2-v5': read('leak', v5.launchUpdate),
      v11: read('leak', v11.launchUpdate),
      v14: read('leak', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'bugVm+leak', 'linux-6.17': 'bugVm+leak' }),
      ...kernels('executed', update, { 'linux-6.12': 'bugVm+leak', 'linux-7.2': 'bugVm+leak' }),
    },
  }),

  'lu.afterFinish': facet({
    doc: 'What LAUNCH_UPDATE after a successful LAUNCH_FINISH does.',
    values: {
      firmwareDecides:
        'KVM does not test; published firmware answers INVALID_GUEST_STATE, the page is reclaimed.',
      einval: '-EINVAL.',
    },
    facts: {
      'part2-v4': read('firmwareDecides', v4.launchUpdate),
      'as-reviewed': read('einval', review.launchUpdateV11),
      'part2-v5': read('firmwareDecides', v5.launchUpdate),
      v11: read('firmwareDecides', v11.launchUpdate),
      v14: read('firmwareDecides', v14.launchUpdate),
      ...kernels('read', update, { 'linux-6.11': 'firmwareDecides', 'linux-6.17': 'firmwareDecides' }),
      ...kernels('executed', update, { 'linux-6.12': 'firmwareDecides', 'linux-7.2': 'firmwareDecides' }),
    },
  }),
} as const;

/** Whether the bytes are copied from any address of userspace, and not found where the frame is mapped. */
export const copiesFromUserspace = holdsFor<(typeof launchUpdateFacets)['lu.source']>({
  uaddrInMemslot: false,
  registeredRegion: false,
  sharedSideOfSameGfn: false,
  anyUserAddress: true,
});

/** Whether the helper that reclaims a page makes it shared too. */
export const reclaimMakesShared = holdsFor<(typeof launchUpdateFacets)['lu.reclaim']>({
  reclaimAndShare: true,
  reclaimOnly: false,
});
