/** Every personality by name. */
import { errno } from '../../../abi/errno';
import { kvmRunSystemEvent, KVM_SYSTEM_EVENT_SEV_TERM } from '../../../abi/kvm-run';
import type { Vm } from '../../state/vm';
import { attributeOnly, cloudHypervisorConvert, qemuConvert } from './convert';
import { handleWith, type Habits } from './exits';
import { exitText, idle, stop, type Exit, type Personality, type Verdict } from './personality';

const qemuHabits: Habits = {
  convert: ({ world, index }, conversion) => qemuConvert(world, index, conversion),
  convertAfterFault: ({ world, index }, conversion) => qemuConvert(world, index, conversion),
  ret: 'never',
  unknownHypercall: 'stop',
  vmgexit: 'unknown',
  unknownExit: ({ reason }) => `KVM: unknown exit reason ${reason}`,
  unknownRule: 'QemuUnknownExit',
  faultErrnos: [errno.EFAULT],
  runFailed: { says: (exit) => `error: kvm run failed, ${exitText(exit)}`, rule: 'QemuRunFailed' },
};

/** 10.2: pre-faults what the guest converted, and ends without a message at a termination request. */
const qemu102Habits: Habits = {
  ...qemuHabits,
  preFaults: true,
  exits: {
    KVM_EXIT_SYSTEM_EVENT: (exit) => {
      const type = kvmRunSystemEvent.get(exit.run, 'type');
      if (type !== KVM_SYSTEM_EVENT_SEV_TERM) return stop(qemuHabits.unknownExit(exit), 'QemuUnknownExit');
      exit.world.vm.terminationRequested = true;
      return stop('the guest asked for its termination; no message', 'QemuUnknownExit');
    },
  },
};

const unexpectedExit = (exit: Exit): string => `Unexpected exit reason on vcpu run: ${exitText(exit)}`;
const unexpected = (exit: Exit): Verdict => stop(unexpectedExit(exit), 'CloudHypervisorUnexpectedExit');

const cloudHypervisorHabits: Habits = {
  convert: ({ world, index }, conversion) => cloudHypervisorConvert(world, index, conversion),
  convertAfterFault: ({ world, index }, conversion) => attributeOnly(world, index, conversion),
  ret: 'never',
  unknownHypercall: 'ignore',
  vmgexit: 'unknown',
  unknownExit: unexpectedExit,
  unknownRule: 'CloudHypervisorUnexpectedExit',
  faultErrnos: [errno.EFAULT, errno.EHWPOISON],
  runFailed: { says: (exit) => `VCPU error ${exitText(exit)}`, rule: 'CloudHypervisorRunFailed' },
  exits: {
    KVM_EXIT_HLT: () => stop('a HLT exit: the VM is reset', 'CloudHypervisorResets'),
    KVM_EXIT_SHUTDOWN: () => stop('the guest shut down: the VM is reset', 'CloudHypervisorResets'),
    KVM_EXIT_UNKNOWN: unexpected,
    KVM_EXIT_FAIL_ENTRY: unexpected,
    KVM_EXIT_INTERNAL_ERROR: unexpected,
  },
};

function lazily(exit: Exit): ReturnType<Personality['handle']> {
  exit.world.move('vmmLeavesAlone', exit.index, { why: 'it never does anything' });
  const verdict = handleWith(exit, {
    ...qemuHabits,
    convert: () => undefined,
    convertAfterFault: () => undefined,
    vmgexit: 'leftAlone',
  });
  return exit.errno === 0 ? verdict : { next: verdict.next === 'again' ? 'retry' : 'idle' };
}

export const personalities: Readonly<Record<Vm['personality'], Personality>> = {
  manual: {
    doc: 'none: the scenario handles every exit itself',
    privateAtLaunch: 'ranges',
    handle: () => idle,
  },
  qemu: {
    doc: 'QEMU 10.0: converts, discards the other side, never writes ret, stops the VM at the first failure',
    privateAtLaunch: 'ranges',
    handle: (exit) => handleWith(exit, qemuHabits),
  },
  'qemu-10.2': {
    doc: 'QEMU 10.2: as QEMU 10.0, and pre-faults what the guest converted; a termination request ends it silently',
    privateAtLaunch: 'ranges',
    handle: (exit) => handleWith(exit, qemu102Habits),
  },
  'cloud-hypervisor': {
    doc: 'cloud-hypervisor: all memory private from the start, attributes only, never writes ret',
    privateAtLaunch: 'allMemory',
    handle: (exit) => handleWith(exit, cloudHypervisorHabits),
  },
  strict: {
    doc: 'like QEMU, but writes ret: 0, EINVAL when a conversion fails, or what `inject answer` says',
    privateAtLaunch: 'ranges',
    handle: (exit) => handleWith(exit, { ...qemuHabits, ret: 'errno' }),
  },
  'negative-errno': {
    doc: 'like strict, but stores the negative errno, which no kernel accepts',
    privateAtLaunch: 'ranges',
    handle: (exit) => handleWith(exit, { ...qemuHabits, ret: 'negativeErrno' }),
  },
  lazy: {
    doc: 'resumes every vCPU without doing anything: the guest reads success',
    privateAtLaunch: 'ranges',
    handle: lazily,
  },
  'forgets-private': {
    doc: 'like QEMU, but launches without setting the private attribute',
    privateAtLaunch: 'never',
    handle: (exit) => handleWith(exit, qemuHabits),
  },
  'historical-vmgexit': {
    doc: 'the QEMU tree of early 2024 that handles KVM_EXIT_VMGEXIT and walks the PSC buffer itself',
    privateAtLaunch: 'ranges',
    handle: (exit) => handleWith(exit, { ...qemuHabits, ret: 'errno', vmgexit: 'answered' }),
  },
};
