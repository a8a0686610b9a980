/** Every personality by name. */
import type { Vm } from '../../state/vm';
import { attributeOnly, cloudHypervisorConvert, qemuConvert } from './convert';
import { handleWith, type Habits } from './exits';
import { exitText, idle, type Exit, type Personality } from './personality';

const qemuHabits: Habits = {
  convert: ({ world, index }, conversion) => qemuConvert(world, index, conversion),
  convertAfterFault: ({ world, index }, conversion) => qemuConvert(world, index, conversion),
  ret: 'never',
  unknownHypercall: 'stop',
  vmgexit: 'unknown',
  unknownExit: ({ reason }) => `KVM: unknown exit reason ${reason}`,
};

const cloudHypervisorHabits: Habits = {
  convert: ({ world, index }, conversion) => cloudHypervisorConvert(world, index, conversion),
  convertAfterFault: ({ world, index }, conversion) => attributeOnly(world, index, conversion),
  ret: 'never',
  unknownHypercall: 'ignore',
  vmgexit: 'unknown',
  unknownExit: (exit) => `Unexpected exit reason on vcpu run: ${exitText(exit)}`,
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
    doc: 'QEMU 10: converts, discards the other side, never writes ret, stops the VM at the first failure',
    privateAtLaunch: 'ranges',
    handle: (exit) => handleWith(exit, qemuHabits),
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
