/** Entering a vCPU with the VMSA it has, losing that VMSA, AP reset hold, and setting mp_state from outside. */
import { source } from '../../abi/source';
import { review, v11, v14, v4, v5 } from '../documents';
import {
  asMerged,
  carriedOver,
  facet,
  inferred,
  kernels,
  nearest,
  read,
  sev,
  silent,
  unsaidBeforeMerge,
  unspecified,
} from '../facet';

const unasked = silent('no reviewer asked for anything here');
const failEntry = { file: 'arch/x86/kvm/svm/svm.c', topic: 'KVM_EXIT_FAIL_ENTRY' };
const runLoop = { file: 'arch/x86/kvm/x86.c', topic: 'the run loop' };
const settingMpState = { file: 'arch/x86/kvm/x86.c', topic: 'setting mp_state to RUNNABLE' };
const setMpState = { file: 'arch/x86/kvm/x86.c', topic: 'KVM_SET_MP_STATE' };

export const vcpuRunFacets = {
  'vmrun.guard': facet({
    doc: 'Whether KVM tests for an invalid VMSA before VMRUN.',
    values: {
      none: 'VMRUN is tried and fails in hardware.',
      rejectInvalidVmsa: 'Exit KVM_EXIT_FAIL_ENTRY without VMRUN.',
    },
    facts: {
      'part2-v4': read('none', v4.apCreation),
      'as-reviewed': inferred('rejectInvalidVmsa', review.apCreation),
      'part2-v5': read('none', v5.apCreation),
      v11: read('none', v11.apCreation),
      v14: read('none', v14.apCreation),
      'linux-6.11': read('none', v14.apCreationV15),
      ...kernels(
        'read',
        { file: 'arch/x86/kvm/svm/sev.c', topic: 'the test before VMRUN' },
        {
          'linux-6.12': 'none',
          'linux-6.17': 'rejectInvalidVmsa',
          'linux-7.2': 'rejectInvalidVmsa',
        },
      ),
    },
  }),

  'failEntry.reason': facet({
    doc: 'The hardware_entry_failure_reason of a KVM_EXIT_FAIL_ENTRY for an invalid VMSA.',
    values: {
      allOnes32: '0x00000000ffffffff: the exit code is held in 32 bits.',
      allOnes64: '0xffffffffffffffff.',
      guard64:
        '0xffffffffffffffff from the guard before VMRUN; 0x00000000ffffffff when VMRUN itself fails, whose exit code is held in 32 bits.',
      unspecified,
    },
    shownAs: asMerged('allOnes32'),
    facts: {
      ...unsaidBeforeMerge,
      'linux-6.11': carriedOver('allOnes32', 'linux-6.12'),
      ...kernels('inferred', failEntry, { 'linux-6.17': 'guard64' }),
      ...kernels('executed', failEntry, { 'linux-6.12': 'allOnes32', 'linux-7.2': 'allOnes64' }),
    },
  }),

  'vmsa.reload': facet({
    doc: "What happens when the guest_memfd page of a vCPU's current VMSA goes away.",
    values: {
      none: 'Nothing: the vCPU keeps the stale physical address.',
      onInvalidation: 'KVM kicks the vCPU and looks the same GPA up again before it enters.',
      unspecified,
    },
    shownAs: asMerged('none'),
    facts: {
      'part2-v4': silent('there is no guest_memfd'),
      'as-reviewed': unasked,
      'part2-v5': silent('there is no guest_memfd'),
      v11: silent('the posting was not read for this'),
      v14: silent('the posting was not read for this'),
      ...kernels('executed', sev('the guest_memfd invalidation hook'), {
        'linux-6.11': 'none',
        'linux-6.12': 'none',
        'linux-6.17': 'none',
        'linux-7.2': 'onInvalidation',
      }),
    },
  }),

  'hold.eventPending': facet({
    doc: 'What an AP reset hold does while an event is pending or pv_unhalted is set.',
    values: {
      holds: 'The vCPU goes to AP_RESET_HOLD anyway.',
      staysRunnable: 'The vCPU stays RUNNABLE.',
      unspecified,
    },
    shownAs: asMerged('holds'),
    facts: {
      ...unsaidBeforeMerge,
      ...kernels(
        'executed',
        { file: 'arch/x86/kvm/x86.c', topic: 'AP reset hold' },
        {
          'linux-6.11': 'holds',
          'linux-6.12': 'staysRunnable',
          'linux-6.17': 'staysRunnable',
          'linux-7.2': 'staysRunnable',
        },
      ),
    },
  }),

  'run.stoppedWoken': facet({
    doc: 'What KVM_RUN does with an event that is pending for a vCPU in STOPPED, or one that AP creation made UNINITIALIZED.',
    values: {
      eintr:
        'It returns -EINTR and leaves the event pending: only INIT and SIPI or KVM_SET_MP_STATE make the vCPU RUNNABLE again.',
      unspecified,
    },
    shownAs: nearest('part2-v5', 'eintr', 'the last posting whose AP creation leads to STOPPED'),
    facts: {
      'part2-v4': inferred('eintr', v4.apCreation),
      'as-reviewed': unasked,
      'part2-v5': inferred('eintr', v5.apCreation),
      v11: silent('AP creation leads to HALTED'),
      v14: silent('AP creation leads to HALTED'),
      'linux-6.11': silent('AP creation leads to HALTED, and userspace cannot set STOPPED'),
      'linux-6.12': silent('AP creation leads to HALTED, and userspace cannot set STOPPED'),
      'linux-6.17': silent('AP creation leads to HALTED, and userspace cannot set STOPPED'),
      'linux-7.2': silent('AP creation leads to HALTED, and userspace cannot set STOPPED'),
    },
  }),

  'run.deadRequest': facet({
    doc: 'What becomes of the request that a dead VM leaves with each vCPU when it has ended a KVM_RUN.',
    values: {
      consumed: 'It is cleared; every later ioctl is -EIO anyway.',
      kept: 'It stays pending.',
      unspecified,
    },
    shownAs: asMerged('consumed'),
    facts: {
      ...unsaidBeforeMerge,
      'linux-6.11': carriedOver('consumed', 'linux-6.12'),
      'linux-6.17': carriedOver('consumed', 'linux-6.12 and linux-7.2'),
      ...kernels('executed', runLoop, { 'linux-6.12': 'consumed', 'linux-7.2': 'consumed' }),
    },
  }),

  'mp.runnableClearsUnhalted': facet({
    doc: 'Whether INIT, SIPI and KVM_SET_MP_STATE clear pv_unhalted when they make a vCPU RUNNABLE.',
    values: {
      no: 'It stays set, and a later HLT does not sleep.',
      yes: 'It is cleared.',
      unspecified,
    },
    shownAs: asMerged('no'),
    facts: {
      ...unsaidBeforeMerge,
      // The helper that clears it came with 6.15.
      ...kernels('inferred', settingMpState, { 'linux-6.11': 'no', 'linux-6.17': 'yes' }),
      ...kernels('executed', settingMpState, { 'linux-6.12': 'no', 'linux-7.2': 'yes' }),
    },
  }),

  'mp.setRange': facet({
    doc: 'Which numbers KVM_SET_MP_STATE accepts.',
    values: {
      anyNumber: 'Any, also 5 (STOPPED).',
      known: '0, and 1, 2, 3, 4, 9 with an in-kernel APIC; everything else is -EINVAL.',
      unspecified,
    },
    shownAs: asMerged('known'),
    facts: {
      ...unsaidBeforeMerge,
      'part2-v5': inferred('anyNumber', v5.apCreation),
      'linux-6.11': carriedOver('known', 'linux-6.12'),
      'linux-6.17': carriedOver('known', 'linux-6.12 and linux-7.2'),
      ...kernels('executed', setMpState, { 'linux-6.12': 'known', 'linux-7.2': 'known' }),
    },
  }),

  'mp.initWithSmi': facet({
    doc: 'What KVM_SET_MP_STATE to INIT_RECEIVED or SIPI_RECEIVED does while an SMI is pending or INIT is blocked.',
    values: {
      einval: '-EINVAL.',
      accepted: 'It is accepted.',
      unspecified,
    },
    shownAs: asMerged('einval'),
    facts: {
      ...unsaidBeforeMerge,
      'linux-6.11': carriedOver('einval', 'linux-6.12'),
      ...kernels('read', setMpState, { 'linux-6.12': 'einval', 'linux-7.2': 'accepted' }),
      'linux-6.17': read('accepted', source.kernel('6.17.0', setMpState.file, setMpState.topic)),
    },
  }),
} as const;
