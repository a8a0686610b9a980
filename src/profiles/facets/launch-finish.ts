/** LAUNCH_FINISH, KVM_RUN before it, and how KVM frees the pages. */
import { review, v11, v14, v4, v5 } from '../documents';
import { asMerged, carriedOver, facet, kernels, read, sev, silent, unspecified } from '../facet';

const finish = sev('snp_launch_finish()');
const unasked = silent('no reviewer asked for anything here');

export const launchFinishFacets = {
  'lf.failure': facet({
    doc: 'What a failing LAUNCH_FINISH leaves behind, and what a second call does.',
    values: {
      noUnwind: 'VMSAs encrypted so far stay encrypted; a retry writes into a guest page: a host RMP fault.',
      unwindOrKill: 'KVM undoes everything; if that fails the VM is dead.',
      kill: 'KVM undoes nothing, and the VM is dead.',
      'noUnwind+retryRefused': 'VMSAs encrypted so far stay encrypted; every retry is -EINVAL.',
    },
    facts: {
      'part2-v4': read('noUnwind', v4.launchFinish),
      'as-reviewed': read('unwindOrKill', review.launchFinish),
      'part2-v5': read('noUnwind', v5.sevc),
      v11: read('noUnwind', v11.series),
      v14: read('noUnwind', v14.series),
      ...kernels('read', finish, { 'linux-6.11': 'noUnwind', 'linux-6.17': 'noUnwind' }),
      ...kernels('executed', finish, {
        'linux-6.12': 'noUnwind+retryRefused',
        'linux-7.2': 'noUnwind+retryRefused',
      }),
    },
  }),

  'lf.vcpuCreation': facet({
    doc: 'What LAUNCH_FINISH does while a vCPU is being created.',
    values: {
      unchecked: 'Nothing is tested: a race.',
      ebusy: '-EBUSY, nothing is encrypted.',
      waits: 'KVM_CREATE_VCPU holds kvm->lock throughout, so every SEV command waits until it is over.',
      unspecified,
    },
    shownAs: asMerged('unchecked'),
    facts: {
      'part2-v4': read('unchecked', v4.launchFinish),
      'as-reviewed': unasked,
      'part2-v5': read('unchecked', v5.sevc),
      v11: read('unchecked', v11.series),
      v14: read('unchecked', v14.series),
      ...kernels('read', finish, { 'linux-6.11': 'unchecked', 'linux-6.17': 'unchecked' }),
      ...kernels('executed', finish, { 'linux-6.12': 'ebusy', 'linux-7.2': 'ebusy' }),
    },
  }),

  'lf.locksVcpus': facet({
    doc: 'Whether LAUNCH_FINISH takes the mutex of every vCPU before it encrypts the first VMSA.',
    values: {
      no: 'It starts at once.',
      yes: 'It waits until every running KVM_RUN has returned.',
      unspecified,
    },
    shownAs: asMerged('no'),
    facts: {
      'part2-v4': read('no', v4.launchFinish),
      'as-reviewed': unasked,
      'part2-v5': read('no', v5.sevc),
      v11: read('no', v11.series),
      v14: read('no', v14.series),
      // The vectors ran it with free mutexes; that it waits was read.
      ...kernels('read', finish, { 'linux-6.11': 'no', 'linux-6.17': 'no', 'linux-7.2': 'yes' }),
      ...kernels('executed', finish, { 'linux-6.12': 'no' }),
    },
  }),

  'run.beforeFinish': facet({
    doc: 'What KVM_RUN before LAUNCH_FINISH does.',
    values: {
      vmrunOnPlainVmsa:
        'KVM does not refuse it: VMRUN is tried on an unencrypted VMSA, and the hardware decides.',
      error: 'A deterministic error.',
    },
    facts: {
      'part2-v4': read('vmrunOnPlainVmsa', v4.launchFinish),
      'as-reviewed': read('error', review.launchFinish),
      'part2-v5': carriedOver('vmrunOnPlainVmsa', 'part2-v4'),
      v11: carriedOver('vmrunOnPlainVmsa', 'part2-v4'),
      v14: carriedOver('vmrunOnPlainVmsa', 'part2-v4'),
      ...kernels('read', sev('entering a vCPU'), {
        'linux-6.11': 'vmrunOnPlainVmsa',
        'linux-6.12': 'vmrunOnPlainVmsa',
        'linux-6.17': 'vmrunOnPlainVmsa',
        'linux-7.2': 'vmrunOnPlainVmsa',
      }),
    },
  }),

  'free.vmsa': facet({
    doc: 'How KVM frees the launch VMSA page of a vCPU, and what an RMPUPDATE that fails does.',
    values: {
      'rmpupdate+leakLog': 'One RMPUPDATE to shared; if it fails the page is leaked and logged.',
      'rmpupdate+bugVm+leak': 'One RMPUPDATE to shared; if it fails the VM is bugged and the page leaked.',
    },
    facts: {
      'part2-v4': read('rmpupdate+leakLog', v4.launchFinish),
      'as-reviewed': read('rmpupdate+leakLog', review.vmsaFree),
      'part2-v5': carriedOver('rmpupdate+leakLog', 'part2-v4'),
      v11: read('rmpupdate+leakLog', v11.series),
      v14: read('rmpupdate+leakLog', v14.series),
      ...kernels('read', sev('sev_free_vcpu()'), {
        'linux-6.11': 'rmpupdate+bugVm+leak',
        'linux-6.17': 'rmpupdate+bugVm+leak',
      }),
      ...kernels('executed', sev('sev_free_vcpu()'), {
        'linux-6.12': 'rmpupdate+bugVm+leak',
        'linux-7.2': 'rmpupdate+bugVm+leak',
      }),
    },
  }),
} as const;
