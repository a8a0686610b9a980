/** How a guest's termination request reaches the VMM. */
import { posted, review, v11, v14, v4, v5 } from '../documents';
import { asMerged, facet, kernels, read, sev, silent, unspecified } from '../facet';

export const terminationFacets = {
  'term.msr': facet({
    doc: 'What a termination request by the MSR protocol (0x100) returns to the VMM.',
    values: {
      einval: 'KVM_RUN fails with -EINVAL; kvm_run still says KVM_EXIT_UNKNOWN and carries nothing.',
      shutdownFlags:
        'Exit KVM_EXIT_SHUTDOWN with type 4 and the MSR value in an unpadded u64 flags (patch V4).',
      sysEventBit31Data1:
        'Exit KVM_EXIT_SYSTEM_EVENT of type 4 | bit 31, ndata 1, but the value in data[1] (patch V4.1).',
      sysEventBit31Data0: 'Exit KVM_EXIT_SYSTEM_EVENT of type 4 | bit 31, ndata 1, the MSR value in data[0].',
      sysEventNdata: 'Exit KVM_EXIT_SYSTEM_EVENT of type SEV_TERM (6), ndata 1, the MSR value in data[0].',
    },
    facts: {
      'part2-v4': read('einval', v4.series),
      'as-reviewed': read('sysEventBit31Data0', review.termination),
      'part2-v5': read('einval', v5.sevc),
      v11: read('sysEventNdata', posted.termData),
      v14: read('sysEventNdata', posted.termData),
      ...kernels('executed', sev('sev_handle_vmgexit_msr_protocol()'), {
        'linux-6.11': 'sysEventNdata',
        'linux-6.12': 'sysEventNdata',
        'linux-6.17': 'sysEventNdata',
        'linux-7.2': 'sysEventNdata',
      }),
    },
  }),

  'term.nae': facet({
    doc: 'What a termination request through the GHCB page (0x8000fffe) does.',
    values: {
      unsupported: 'It is an unsupported event.',
      sysEventGhcbGpa:
        "Exit KVM_EXIT_SYSTEM_EVENT of type SEV_TERM with the GHCB's guest address in data[0]; the reason only reaches the kernel log.",
      unspecified,
    },
    shownAs: asMerged('sysEventGhcbGpa'),
    facts: {
      'part2-v4': read('unsupported', v4.series),
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': read('unsupported', v5.sevc),
      v11: read('unsupported', v11.series),
      v14: read('sysEventGhcbGpa', v14.cover),
      ...kernels('executed', sev('sev_handle_vmgexit()'), {
        'linux-6.11': 'sysEventGhcbGpa',
        'linux-6.12': 'sysEventGhcbGpa',
        'linux-6.17': 'sysEventGhcbGpa',
        'linux-7.2': 'sysEventGhcbGpa',
      }),
    },
  }),

  'term.tracepoint': facet({
    doc: 'Whether the MSR-protocol exit tracepoint fires for a termination request, as it does for every other request.',
    values: {
      paired: 'Entry and exit tracepoint both fire.',
      unpaired: 'Only the entry tracepoint fires.',
    },
    facts: {
      'part2-v4': read('paired', v4.series),
      'as-reviewed': read('paired', review.termination),
      'part2-v5': read('paired', v5.sevc),
      v11: read('unpaired', v11.series),
      v14: read('unpaired', v14.series),
      ...kernels('read', sev('sev_handle_vmgexit_msr_protocol()'), {
        'linux-6.11': 'unpaired',
        'linux-6.12': 'unpaired',
        'linux-6.17': 'unpaired',
        'linux-7.2': 'unpaired',
      }),
    },
  }),
} as const;
