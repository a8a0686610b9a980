/** Page state change by the MSR protocol (request 0x014, answer 0x015), and how KVM takes the answer of a user exit. */
import { review, v11, v14, v4, v5 } from '../documents';
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

export const pscMsrFacets = {
  'psc.msr': facet({
    doc: 'Where an MSR page state change is carried out, and in which form it leaves KVM.',
    values: {
      inKernel: 'KVM edits the RMP at once, after making sure the page is mapped; nothing leaves to the VMM.',
      rawMsrExit: 'Exit KVM_EXIT_VMGEXIT carrying the raw GHCB MSR value (postings v8 to v10).',
      typedVmgexit: 'Exit KVM_EXIT_VMGEXIT of type 1 with gpa, op (1 private, 2 shared) and a 32-bit ret.',
      mapGpaRange:
        'Exit KVM_EXIT_HYPERCALL with nr KVM_HC_MAP_GPA_RANGE and args [gpa, 1, private or shared, 4K].',
    },
    facts: {
      'part2-v4': read('inKernel', v4.pscMsr),
      'as-reviewed': read('mapGpaRange', review.pscExits),
      'part2-v5': read('inKernel', v5.sevc),
      v11: read('typedVmgexit', v11.pscMsr),
      v14: read('typedVmgexit', v14.pscMsr),
      ...kernels('executed', sev('snp_begin_psc_msr()'), {
        'linux-6.11': 'mapGpaRange',
        'linux-6.12': 'mapGpaRange',
        'linux-6.17': 'mapGpaRange',
        'linux-7.2': 'mapGpaRange',
      }),
    },
  }),

  'psc.msrUnknownOp': facet({
    doc: 'The answer to an MSR page state change whose operation is neither private (1) nor shared (2).',
    values: {
      allOnesAfterMapping:
        'All ones in bits 63:32, but a missing nested mapping is created before the op is checked.',
      bit63: '0x8000000000000015 at once, without an exit.',
      unspecified,
    },
    shownAs: asMerged('bit63'),
    facts: {
      'part2-v4': read('allOnesAfterMapping', v4.pscMsr),
      'as-reviewed': silent('an error without an exit is asked for, its code is not named'),
      'part2-v5': inferred('allOnesAfterMapping', v5.sevc),
      v11: read('bit63', v11.pscMsr),
      v14: read('bit63', v14.pscMsr),
      ...kernels('executed', sev('snp_begin_psc_msr()'), {
        'linux-6.11': 'bit63',
        'linux-6.12': 'bit63',
        'linux-6.17': 'bit63',
        'linux-7.2': 'bit63',
      }),
    },
  }),

  'psc.msrFailure': facet({
    doc: "How the VMM's refusal of an MSR page state change reaches the guest.",
    values: {
      retVerbatim: "The VMM's 32-bit ret is copied as it is to bits 63:32 of the answer.",
      bit63: 'A failing answer becomes 0x8000000000000015, whatever its number.',
      unspecified,
    },
    shownAs: asMerged('bit63'),
    facts: {
      'part2-v4': silent('no VMM is asked'),
      'as-reviewed': silent('an error is asked for, its code is not named'),
      'part2-v5': silent('no VMM is asked'),
      v11: read('retVerbatim', v11.pscMsr),
      v14: read('retVerbatim', v14.pscMsr),
      ...kernels('executed', sev('the completion of snp_begin_psc_msr()'), {
        'linux-6.11': 'bit63',
        'linux-6.12': 'bit63',
        'linux-6.17': 'bit63',
        'linux-7.2': 'bit63',
      }),
    },
  }),

  'psc.msrNonSnp': facet({
    doc: 'What an MSR page state change from an SEV-ES guest without SNP does.',
    values: {
      handled: 'No test: it is handled as if the guest were an SNP guest.',
      terminates: 'Exit KVM_EXIT_SYSTEM_EVENT of type SEV_TERM, data[0] holding the refused request.',
      unspecified,
    },
    shownAs: asMerged('terminates'),
    facts: {
      'part2-v4': read('handled', v4.pscMsr),
      'as-reviewed': silent('a refusal is asked for, its form is not named'),
      'part2-v5': read('handled', v5.sevc),
      v11: read('handled', v11.pscMsr),
      v14: read('handled', v14.pscMsr),
      ...kernels('executed', sev('sev_handle_vmgexit_msr_protocol()'), {
        'linux-6.11': 'terminates',
        'linux-6.12': 'terminates',
        'linux-6.17': 'terminates',
        'linux-7.2': 'terminates',
      }),
    },
  }),

  'psc.privateRegion': facet({
    doc: 'Which pages KVM lets a guest make private, where KVM itself edits the RMP.',
    values: {
      any: 'Any page with a memslot.',
      registeredOnly: 'Only pages in a region that the VMM registered for encryption; others are an error.',
      unspecified,
    },
    shownAs: nearest('part2-v4', 'any', 'a kernel that tests no region refuses no page'),
    facts: {
      'part2-v4': inferred('any', v4.pscMsr),
      'as-reviewed': silent('KVM does not look at regions here'),
      'part2-v5': read('registeredOnly', v5.sevc),
      v11: silent('KVM does not look at regions here'),
      v14: silent('KVM does not look at regions here'),
      'linux-6.11': silent('KVM does not look at regions here'),
      'linux-6.12': silent('KVM does not look at regions here'),
      'linux-6.17': silent('KVM does not look at regions here'),
      'linux-7.2': silent('KVM does not look at regions here'),
    },
  }),

  'msr.gpaRequestNonSnp': facet({
    doc: 'What a preferred-GPA or register-GPA request from an SEV-ES guest without SNP does.',
    values: {
      answered: 'It is answered as if the guest were an SNP guest.',
      terminates: 'Exit KVM_EXIT_SYSTEM_EVENT of type SEV_TERM, data[0] holding the refused request.',
      unspecified,
    },
    shownAs: nearest(
      'amd-5.19-snp',
      'answered',
      'executed there; the released kernels are the first to refuse it',
    ),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels('executed', sev('sev_handle_vmgexit_msr_protocol()'), {
        'linux-6.11': 'terminates',
        'linux-6.12': 'terminates',
        'linux-6.17': 'terminates',
        'linux-7.2': 'terminates',
      }),
    },
  }),

  'psc.exitsDisabled': facet({
    doc: 'What a page state change does when the VMM never enabled the user exit it needs.',
    values: {
      notNegotiable: 'There is nothing to enable: the exit always happens.',
      error: 'The guest gets an error (0x8000000000000015, or 0x100 << 32 for a batch), no exit happens.',
      unspecified,
    },
    shownAs: asMerged('error'),
    facts: {
      'part2-v4': silent('nothing leaves to the VMM'),
      'as-reviewed': read('error', review.pscExits),
      'part2-v5': silent('nothing leaves to the VMM'),
      v11: read('notNegotiable', v11.pscMsr),
      v14: read('notNegotiable', v14.pscMsr),
      ...kernels('executed', sev('snp_begin_psc_msr() and snp_begin_psc()'), {
        'linux-6.11': 'error',
        'linux-6.12': 'error',
        'linux-6.17': 'error',
        'linux-7.2': 'error',
      }),
    },
  }),

  'psc.retInit': facet({
    doc: "What the answer field of a page state change's exit holds before the VMM writes it, and what it may hold after.",
    values: {
      'n/a': 'No exit, so no answer field.',
      stale: 'Whatever the shared union of kvm_run held before; any non-zero answer is a failure.',
      zeroedByKvm: 'KVM writes 0 (success) before the exit; any non-zero answer is a failure.',
      zeroedAndWhitelisted:
        'KVM writes 0 before the exit; EINVAL (22) and EAGAIN (11) are failures, any other non-zero answer makes KVM_RUN fail with -EINVAL.',
    },
    facts: {
      'part2-v4': read('n/a', v4.pscMsr),
      'as-reviewed': inferred('zeroedByKvm', review.pscExits),
      'part2-v5': read('n/a', v5.sevc),
      v11: read('stale', v11.pscMsr),
      v14: inferred('stale', v14.pscMsr),
      ...kernels(
        'executed',
        sev('the exits of snp_begin_psc_msr() and snp_begin_psc(), and their completions'),
        {
          'linux-6.11': 'stale',
          'linux-6.12': 'stale',
          'linux-6.17': 'zeroedByKvm',
          'linux-7.2': 'zeroedAndWhitelisted',
        },
      ),
    },
  }),
} as const;

/** Whether KVM writes 0, success, to the answer field before the exit. Holds for the values of hypercall.retInit too. */
export const kvmPresetsRet = holdsFor<(typeof pscMsrFacets)['psc.retInit']>({
  'n/a': false,
  stale: false,
  zeroedByKvm: true,
  zeroedAndWhitelisted: true,
});
