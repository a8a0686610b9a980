/** What a host says last: KVM_RUN that failed, exits that a VMM does not know, RMP faults. */
import { errno } from '../../abi/errno';
import { KVM_EXIT_SYSTEM_EVENT, kvmExitReasons } from '../../abi/kvm-run';
import { hex } from '../../base/hex';
import type { RuleId } from '../../engine/rules';
import { numberIn, signedIn, textIn } from '../form';
import { errnoWord } from '../refusal';
import { errnoOfText } from '../strerror';
import type { Fields } from '../template';
import type { Ending, Endings } from './ending';

/** What KVM_RUN of an SEV guest returns an errno for. */
const runCauses: Readonly<Record<number, readonly RuleId[]>> = {
  [errno.EINVAL]: [
    'UnsupportedEvent',
    'GhcbNotRegistered',
    'PscRetNotAllowed',
    'CertificatesRetNotAllowed',
    'RunNeedsInit',
  ],
  [errno.EFAULT]: ['AttributeDiffers', 'PrivateWithoutSlot', 'UserPageMissing', 'ScratchUnreadable'],
  [errno.EIO]: ['RunBugged', 'GuestRequestUnreadable', 'GuestRequestUnwritable', 'RunDead'],
  [errno.ENOMEM]: ['NoPageTableMemory', 'PrivateUnavailable'],
  [errno.EHWPOISON]: ['GmemMemoryFailure'],
};

export const failedRun = (number: number): Ending => ({
  what: `KVM_RUN failed with ${errnoWord(-number)}.`,
  refusedBy: 'KVM',
  causes: runCauses[number] ?? [],
  next: [
    'The last kvm_vmgexit_enter or kvm_page_fault event of the vCPU before it, and the kernel log of the host.',
    'Registers that the VMM prints are not those of the guest: they are encrypted.',
  ],
});

function unknownExit(fields: Fields): Ending {
  const reason = Number(numberIn(fields, 'reason'));
  const isTermination = reason === KVM_EXIT_SYSTEM_EVENT;
  const name = kvmExitReasons[reason] ?? `exit reason ${reason}`;
  return {
    what: `QEMU does not handle ${name}${isTermination ? ': most likely the guest asked to be terminated' : ''}.`,
    refusedBy: isTermination ? 'the guest' : 'QEMU',
    causes: isTermination ? ['QemuUnknownExit', 'MsrTerminate', 'Termination'] : ['QemuUnknownExit'],
    next: isTermination
      ? ['The line "SEV-ES guest requested termination" in the kernel log of the host has the reason.']
      : ['Whether this QEMU is older than the exit reason.'],
  };
}

const memoryFault = (fields: Fields): Ending => ({
  what: `An access to ${hex(numberIn(fields, 'gpa'))} did not fit the attribute of its page.`,
  refusedBy: 'KVM',
  causes: ['AttributeDiffers', 'PrivateWithoutSlot'],
  next: [
    'Whether a conversion follows: a VMM that handles the exit changes the attribute and runs the vCPU again.',
  ],
});

const rmpFault = (fields: Fields): Ending => ({
  what: `An RMP fault at ${hex(numberIn(fields, 'gpa'))} that KVM cannot resolve.`,
  refusedBy: 'KVM',
  causes: ['RmpFaultNotPrivate', 'RmpMismatch'],
  next: ['The attributes and memory slots of that address; the guest takes the fault again and again.'],
});

const rmpUpdate = (ret: number): Ending => ({
  what: `An RMP entry could not be changed: RMPUPDATE returned ${ret}.`,
  refusedBy: 'the processor',
  causes: ['RmpUpdateFails', 'RmpUpdateRetried'],
  next: ['The RMP entry that the kernel prints after the line: who owns the page.'],
});

export const hostEndings: Endings = {
  'qemu-run-failed': (fields) => {
    const number = errnoOfText(textIn(fields, 'error'));
    return number === undefined ? undefined : failedRun(number);
  },
  'qemu-exit-reason': unknownExit,
  'qemu-entry-failed': (fields) => ({
    what: `VMRUN failed with ${hex(numberIn(fields, 'reason'))}.`,
    refusedBy: 'the processor',
    causes: ['VmsaNotUsable', 'VmsaMissing', 'GuestNotRunning', 'VmsaAtPhysicalZero'],
    next: [
      'The AP creation requests before it, and whether LAUNCH_FINISH succeeded.',
      'Registers that the VMM prints are not those of the guest: they are encrypted.',
    ],
  }),
  'vmm-exit-code': (fields) => ({
    what: `A VMM does not handle the SVM exit ${hex(numberIn(fields, 'code'))}.`,
    refusedBy: 'the VMM',
    causes: [],
    next: ['Whether the number is decimal or hexadecimal: the line does not say.'],
  }),
  'rust-memory-fault': memoryFault,
  kvm_memory_fault: memoryFault,
  'qemu-not-guest-memfd': () => ({
    what: 'The guest asked to convert memory that has no guest_memfd.',
    refusedBy: 'QEMU',
    causes: ['QemuConvertFails'],
    next: ['What lies at that address: device memory and ROM cannot become private.'],
  }),
  'qemu-attributes-failed': (fields) => ({
    what: `KVM_SET_MEMORY_ATTRIBUTES failed: ${textIn(fields, 'error')}.`,
    refusedBy: 'KVM',
    causes: ['AttributeNotSupported', 'AttributeUnaligned', 'AttributeRange', 'AttributeFlags'],
    next: ['Whether the VM is of type SNP: other types have no private memory.'],
  }),
  'qemu-memory-fault-flag': (fields) => ({
    what: `KVM_EXIT_MEMORY_FAULT has the flags ${hex(numberIn(fields, 'flags'))}, which QEMU does not know.`,
    refusedBy: 'QEMU',
    causes: ['QemuConvertFails'],
    next: ['Whether this QEMU is older than the kernel.'],
  }),
  'rmp-fault-0': rmpFault,
  'rmp-fault-1': rmpFault,
  'rmp-fault-2': rmpFault,
  'rmp-fault-3': rmpFault,
  'rmp-fault-4': (fields) => ({
    what: `The RMP entry of ${hex(numberIn(fields, 'gpa'))} could not be split.`,
    refusedBy: 'the processor',
    causes: ['PsmashFails'],
    next: ['The RMP entry that the kernel prints: whether it is of 2M, and whose it is.'],
  }),
  kvm_rmp_fault: (fields) =>
    (signedIn(fields, 'ret') ?? 0) === 0
      ? undefined
      : {
          what: `PSMASH of the page of ${hex(numberIn(fields, 'gpa'))} returned ${signedIn(fields, 'ret') ?? 0}.`,
          refusedBy: 'the processor',
          causes: ['PsmashFails'],
          next: ['Whether the fault comes again at the same address.'],
        },
  'rmpupdate-failed': (fields) => rmpUpdate(signedIn(fields, 'ret') ?? 0),
  'rmp-entry-update': (fields) => ({
    ...rmpUpdate(signedIn(fields, 'ret') ?? 0),
    what: `The RMP entry of GFN ${hex(numberIn(fields, 'gfn'))} could not be ${textIn(fields, 'what') === 'update' ? 'changed' : 'read'}: ${errnoWord(signedIn(fields, 'ret') ?? 0)}.`,
  }),
};
