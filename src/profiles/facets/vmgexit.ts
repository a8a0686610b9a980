/** VMGEXIT: the GHCB page, its scratch area, and the NAE events that are not page state change or AP creation. */
import { source } from '../../abi/source';
import { v11, v14, v4, v5 } from '../documents';
import {
  asMerged,
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

const privateFault = { file: 'arch/x86/kvm/mmu/mmu.c', topic: 'the fault of a private or shared access' };

const readIn72 = source.kernel('7.2.13', privateFault.file, privateFault.topic);

export const vmgexitFacets = {
  'ghcb.maxVersion': facet({
    doc: 'The highest GHCB protocol version that KVM reports to the guest.',
    values: {
      negotiated: 'The version that userspace chose for this VM at KVM_SEV_INIT2.',
      fixed2: 'Always 2: userspace cannot choose a version.',
      unspecified,
    },
    shownAs: asMerged('negotiated'),
    facts: {
      ...unsaidBeforeMerge,
      'part2-v4': read('fixed2', v4.apCreation),
      'part2-v5': read('fixed2', v5.sevc),
      ...kernels('executed', sev('sev_handle_vmgexit_msr_protocol()'), {
        'linux-6.11': 'negotiated',
        'linux-6.12': 'negotiated',
        'linux-6.17': 'negotiated',
        'linux-7.2': 'negotiated',
      }),
    },
  }),

  'ghcb.unregistered': facet({
    doc: 'What an NAE event through a GHCB page that the SNP guest did not register does.',
    values: {
      kvmRunEinval: 'KVM_RUN fails with -EINVAL, the guest gets no answer.',
      malformedInput: 'The guest resumes with SW_EXITINFO1 = 2, SW_EXITINFO2 = 1.',
      unspecified,
    },
    shownAs: asMerged('kvmRunEinval'),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels('executed', sev('sev_handle_vmgexit()'), {
        'linux-6.11': 'kvmRunEinval',
        'linux-6.12': 'kvmRunEinval',
        'linux-6.17': 'kvmRunEinval',
        'linux-7.2': 'malformedInput',
      }),
    },
  }),

  'ghcb.xss': facet({
    doc: "Whether KVM takes the guest's XSS from the GHCB page when its bit is valid.",
    values: {
      ignored: 'KVM does not read the field.',
      taken: "It is written to KVM's copy, also if the request is refused afterwards.",
      unspecified,
    },
    shownAs: asMerged('ignored'),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels('executed', sev('sev_es_sync_from_ghcb()'), {
        'linux-6.11': 'ignored',
        'linux-6.12': 'ignored',
        'linux-6.17': 'ignored',
        'linux-7.2': 'taken',
      }),
    },
  }),

  'scratch.outsideGhcb': facet({
    doc: 'What a scratch area outside the GHCB page does.',
    values: {
      refusedFromV2: 'GHCB version 2 and later: malformed input 3. Version 1: up to 64K are copied.',
      copiedUpTo64K: 'Any version: up to 64K of guest memory are copied to a kernel buffer and back.',
      unspecified,
    },
    shownAs: asMerged('copiedUpTo64K'),
    facts: {
      ...unsaidBeforeMerge,
      'part2-v4': inferred('copiedUpTo64K', v4.pscBatch),
      'part2-v5': read('copiedUpTo64K', v5.sevc),
      ...kernels('executed', sev('setup_vmgexit_scratch()'), {
        'linux-6.11': 'copiedUpTo64K',
        'linux-6.12': 'refusedFromV2',
        'linux-6.17': 'copiedUpTo64K',
        'linux-7.2': 'refusedFromV2',
      }),
    },
  }),

  'nae.snpOnlyOnEs': facet({
    doc: 'The answer to an SNP-only event (page state change, AP creation, guest requests) from a guest without SNP.',
    values: {
      missingInput: 'SW_EXITINFO1 = 2, SW_EXITINFO2 = 4.',
      invalidEvent: 'SW_EXITINFO1 = 2, SW_EXITINFO2 = 6.',
      unspecified,
    },
    shownAs: asMerged('missingInput'),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels('executed', sev('sev_handle_vmgexit(), its checks'), {
        'linux-6.11': 'missingInput',
        'linux-6.12': 'missingInput',
        'linux-6.17': 'missingInput',
        'linux-7.2': 'invalidEvent',
      }),
    },
  }),

  'nae.missingInput': facet({
    doc: 'What an NAE event does whose required fields are not all marked valid.',
    values: {
      internalError: 'KVM_RUN fails with -EINVAL and exit KVM_EXIT_INTERNAL_ERROR; the guest sees nothing.',
      malformedInput: 'The guest resumes with SW_EXITINFO1 = 2, SW_EXITINFO2 = 4.',
      unspecified,
    },
    shownAs: asMerged('malformedInput'),
    facts: {
      ...unsaidBeforeMerge,
      'part2-v4': read('internalError', v5.sevc),
      'part2-v5': read('internalError', v5.sevc),
      ...kernels('executed', sev('sev_handle_vmgexit(), its checks'), {
        'linux-6.11': 'malformedInput',
        'linux-6.12': 'malformedInput',
        'linux-6.17': 'malformedInput',
        'linux-7.2': 'malformedInput',
      }),
    },
  }),

  'gr.badPages': facet({
    doc: 'The answer to a guest request whose request and response pages are unaligned or equal.',
    values: {
      missingInput: 'SW_EXITINFO1 = 2, SW_EXITINFO2 = 4.',
      invalidInput: 'SW_EXITINFO1 = 2, SW_EXITINFO2 = 5.',
      unspecified,
    },
    shownAs: asMerged('missingInput'),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels('executed', sev('sev_handle_vmgexit(), its checks, and the guest-request handlers'), {
        'linux-6.11': 'missingInput',
        'linux-6.12': 'missingInput',
        'linux-6.17': 'missingInput',
        'linux-7.2': 'invalidInput',
      }),
    },
  }),

  'gr.certs': facet({
    doc: 'What an extended guest request for a report returns as certificates.',
    values: {
      alwaysEmpty: "The first 24 bytes of the guest's certificate page are zeroed: an empty table.",
      optionalExit: 'The same, unless the VMM enabled KVM_EXIT_SNP_REQ_CERTS and supplies the table.',
      unspecified,
    },
    shownAs: asMerged('alwaysEmpty'),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels('executed', sev('snp_handle_ext_guest_req()'), {
        'linux-6.11': 'alwaysEmpty',
        'linux-6.12': 'alwaysEmpty',
        'linux-6.17': 'alwaysEmpty',
        'linux-7.2': 'optionalExit',
      }),
    },
  }),

  'mmio.length': facet({
    doc: 'What an MMIO event of length 0, or above 8 with GHCB version 2, does.',
    values: {
      handled: 'Length 0 resumes with nothing done; above 8 is malformed input 5.',
      passedThrough: 'It is handled like any other length.',
      unspecified,
    },
    shownAs: asMerged('passedThrough'),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels('executed', sev('sev_handle_vmgexit(), MMIO read and write'), {
        'linux-6.11': 'passedThrough',
        'linux-6.12': 'handled',
        'linux-6.17': 'passedThrough',
        'linux-7.2': 'handled',
      }),
    },
  }),

  'io.sizeZero': facet({
    doc: 'What a port I/O event with size field 0 does.',
    values: {
      handled: 'It resumes with nothing done.',
      passedThrough:
        'It is handled with size 0: exit KVM_EXIT_IO, or KVM_RUN -EINVAL for a string that overflows.',
      unspecified,
    },
    shownAs: asMerged('passedThrough'),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels('executed', sev('sev_handle_vmgexit(), IOIO'), {
        'linux-6.11': 'passedThrough',
        'linux-6.12': 'handled',
        'linux-6.17': 'passedThrough',
        'linux-7.2': 'handled',
      }),
    },
  }),

  'hypercall.retInit': facet({
    doc: "What the answer field holds before a guest's own KVM_HC_MAP_GPA_RANGE hypercall leaves to the VMM.",
    values: {
      stale: 'Whatever the shared union of kvm_run held before.',
      zeroedByKvm: 'KVM writes 0 before the exit.',
      unspecified,
    },
    shownAs: asMerged('stale'),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels(
        'executed',
        { file: 'arch/x86/kvm/x86.c', topic: 'the map-range hypercall' },
        {
          'linux-6.11': 'stale',
          'linux-6.12': 'stale',
          'linux-6.17': 'zeroedByKvm',
          'linux-7.2': 'zeroedByKvm',
        },
      ),
    },
  }),

  'hypercall.runRet': facet({
    doc: 'Whether a VMMCALL stores its result in kvm_run.hypercall.ret although no exit happens.',
    values: {
      no: 'The field stays as it is.',
      yes: 'Every VMMCALL that KVM answers itself overwrites the field.',
      unspecified,
    },
    shownAs: asMerged('no'),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels(
        'executed',
        { file: 'arch/x86/kvm/x86.c', topic: 'hypercall emulation' },
        {
          'linux-6.11': 'no',
          'linux-6.12': 'no',
          'linux-6.17': 'yes',
          'linux-7.2': 'yes',
        },
      ),
    },
  }),

  'fault.mismatch': facet({
    doc: 'What a guest access does whose privacy differs from the state of the page.',
    values: {
      rmpFaultHandler: "KVM's RMP fault handler fixes the page state itself.",
      memoryFaultExit: 'Exit KVM_EXIT_MEMORY_FAULT with flags, gpa and size; KVM_RUN returns -EFAULT.',
      unspecified,
    },
    shownAs: asMerged('memoryFaultExit'),
    facts: {
      'part2-v4': read('rmpFaultHandler', v4.rmpFault),
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': read('rmpFaultHandler', v5.rmpFault),
      v11: read('memoryFaultExit', v11.series),
      v14: read('memoryFaultExit', v14.series),
      'linux-6.11': inferred('memoryFaultExit', readIn72),
      'linux-6.17': inferred('memoryFaultExit', readIn72),
      ...kernels('executed', privateFault, {
        'linux-6.12': 'memoryFaultExit',
        'linux-7.2': 'memoryFaultExit',
      }),
    },
  }),
} as const;

/** Whether the VMM can ask for KVM_EXIT_SNP_REQ_CERTS. */
export const offersCertificateExits = holdsFor<(typeof vmgexitFacets)['gr.certs']>({
  alwaysEmpty: false,
  optionalExit: true,
});
