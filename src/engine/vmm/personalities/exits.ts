/** Exits by their reason, and the parts that personalities share. */
import {
  kvmRunHypercall,
  kvmRunMemoryFault,
  kvmRunSnpReqCerts,
  kvmRunSystemEvent,
  kvmRunVmgexitPsc,
  kvmRunVmgexitPscMsr,
  KVM_EXIT_AP_RESET_HOLD,
  KVM_EXIT_FAIL_ENTRY,
  KVM_EXIT_HLT,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_INTERNAL_ERROR,
  KVM_EXIT_INTR,
  KVM_EXIT_IO,
  KVM_EXIT_MEMORY_FAULT,
  KVM_EXIT_MMIO,
  KVM_EXIT_SHUTDOWN,
  KVM_EXIT_SNP_REQ_CERTS,
  KVM_EXIT_SYSTEM_EVENT,
  KVM_EXIT_UNKNOWN,
  KVM_EXIT_VMGEXIT,
  KVM_HC_MAP_GPA_RANGE,
  KVM_MEMORY_EXIT_FLAG_PRIVATE,
  KVM_SYSTEM_EVENT_SEV_TERM,
  KVM_USER_VMGEXIT_PSC_MSR,
} from '../../../abi/kvm-run';
import { PSC_GENERIC_ERROR, PSC_OP_PRIVATE, PSC_OP_SHARED, pscEntry, pscEntryOffset } from '../../../abi/psc';
import { errno } from '../../../abi/errno';
import { takeFault } from '../../firmware/inject';
import type { ConversionResult, Conversion } from './convert';
import { mmioAccess, portAccess } from './devices';
import { again, idle, retry, stop, type Exit, type Verdict } from './personality';

/** What differs between the personalities that handle everything. */
export interface Habits {
  /** Handles a conversion that the guest asked for. */
  convert(exit: Exit, conversion: Conversion): ConversionResult;
  /** Handles a conversion that a memory fault asks for. */
  convertAfterFault(exit: Exit, conversion: Conversion): ConversionResult;
  /** What it puts into `hypercall.ret`: nothing, an errno as the kernel wants it, or its negative. */
  readonly ret: 'never' | 'errno' | 'negativeErrno';
  /** What it does about a hypercall other than KVM_HC_MAP_GPA_RANGE. */
  readonly unknownHypercall: 'stop' | 'ignore';
  /** Its words for an exit it has no case for. */
  unknownExit(exit: Exit): string;
}

/** Whether a fault of the scenario answers in place of the personality. */
function injectedRet(exit: Exit): bigint | undefined {
  const fault = takeFault(exit.world, 'answer');
  return fault && BigInt(fault.status);
}

function writeRet({ world, run, index }: Exit, ret: bigint): void {
  kvmRunHypercall.set(run, 'ret', ret);
  world.move('vmmWritesRet', index, { ret });
}

const negated = (ret: bigint): bigint => BigInt.asUintN(64, -ret);

export function hypercall(exit: Exit, habits: Habits): Verdict {
  const { run, world, index } = exit;
  const nr = kvmRunHypercall.get(run, 'nr');
  if (nr !== BigInt(KVM_HC_MAP_GPA_RANGE)) {
    if (habits.unknownHypercall === 'stop') return stop(`hypercall ${nr} is not known`, 'QemuConvertFails');
    world.move('vmmLeavesAlone', index, { why: `hypercall ${nr}` }, 'CloudHypervisorIgnores');
    return again;
  }
  const injected = injectedRet(exit);
  if (injected !== undefined) {
    writeRet(exit, habits.ret === 'negativeErrno' ? negated(injected) : injected);
    if (injected !== 0n) return again;
  }
  const conversion = {
    gpa: kvmRunHypercall.item(run, 'args', 0),
    pages: kvmRunHypercall.item(run, 'args', 1),
    toPrivate: (kvmRunHypercall.item(run, 'args', 2) & 0x10n) !== 0n,
  };
  const failed = habits.convert(exit, conversion);
  if (failed) world.move('vmmConvertFails', index, { why: failed.failed });
  if (failed && habits.ret === 'never')
    return stop(`conversion failed: ${failed.failed}`, 'QemuConvertFails');
  if (habits.ret !== 'never' && injected === undefined) {
    const ret = failed ? BigInt(errno.EINVAL) : 0n;
    writeRet(exit, habits.ret === 'negativeErrno' ? negated(ret) : ret);
  }
  return again;
}

function memoryFault(exit: Exit, habits: Habits): Verdict {
  const { run, world, index } = exit;
  const flags = kvmRunMemoryFault.get(run, 'flags');
  if ((flags & ~KVM_MEMORY_EXIT_FLAG_PRIVATE) !== 0n) return stop('memory fault with unknown flags');
  const failed = habits.convertAfterFault(exit, {
    gpa: kvmRunMemoryFault.get(run, 'gpa'),
    pages: kvmRunMemoryFault.get(run, 'size') >> 12n,
    toPrivate: flags !== 0n,
  });
  if (!failed) return again;
  world.move('vmmConvertFails', index, { why: failed.failed });
  return stop(`conversion failed: ${failed.failed}`, 'QemuConvertFails');
}

function systemEvent(exit: Exit, habits: Habits): Verdict {
  const type = kvmRunSystemEvent.get(exit.run, 'type');
  if (type === KVM_SYSTEM_EVENT_SEV_TERM) exit.world.vm.terminationRequested = true;
  return stop(habits.unknownExit(exit), 'QemuUnknownExit');
}

/** KVM_EXIT_VMGEXIT as the VMM trees of its time handled it; the ABI never reached mainline. */
function vmgexit(exit: Exit, habits: Habits): Verdict {
  const { run } = exit;
  const injected = injectedRet(exit);
  if (run.u32(32) === KVM_USER_VMGEXIT_PSC_MSR) {
    const operation = kvmRunVmgexitPscMsr.get(run, 'op');
    const gpa = kvmRunVmgexitPscMsr.get(run, 'gpa');
    const failed =
      injected === undefined
        ? habits.convert(exit, { gpa, pages: 1n, toPrivate: operation === PSC_OP_PRIVATE })
        : undefined;
    kvmRunVmgexitPscMsr.set(run, 'ret', failed ? 1 : Number(injected ?? 0n));
    return again;
  }
  const failed = injected === undefined ? convertBuffer(exit, habits) : undefined;
  kvmRunVmgexitPsc.set(run, 'ret', failed ? PSC_GENERIC_ERROR : (injected ?? 0n));
  return again;
}

/** The VMM walks the guest's buffer itself, entry by entry, and moves cur_entry on. */
function convertBuffer(exit: Exit, habits: Habits): ConversionResult {
  const { run, world } = exit;
  const gpa = kvmRunVmgexitPsc.get(run, 'sharedGpa');
  const page = world.findImage('shared', Number(gpa >> 12n));
  const at = Number(gpa & 0xfffn);
  if (!page) return { failed: 'the buffer is not there' };
  const end = page.u16(at + 2);
  for (let index = page.u16(at); index <= end; index++) {
    const place = at + pscEntryOffset(index);
    if (place + 8 > page.byteLength) return { failed: 'the buffer runs out of its page' };
    const entry = pscEntry.decode(page.u64(place));
    const known = entry.operation === PSC_OP_PRIVATE || entry.operation === PSC_OP_SHARED;
    if (!known) return { failed: `operation ${entry.operation} is not known` };
    const failed = habits.convert(exit, {
      gpa: BigInt(entry.gfn) << 12n,
      pages: entry.pageSize === 1 ? 512n : 1n,
      toPrivate: entry.operation === PSC_OP_PRIVATE,
    });
    if (failed) return failed;
    page.setU16(at, index + 1);
  }
  return undefined;
}

type Handler = (exit: Exit, habits: Habits) => Verdict;

const handlers: Readonly<Record<number, Handler>> = {
  [KVM_EXIT_UNKNOWN]: () => again,
  [KVM_EXIT_IO]: (exit) => (portAccess(exit), again),
  [KVM_EXIT_MMIO]: (exit) => (mmioAccess(exit), again),
  [KVM_EXIT_HYPERCALL]: hypercall,
  [KVM_EXIT_HLT]: () => idle,
  [KVM_EXIT_INTR]: () => again,
  [KVM_EXIT_SHUTDOWN]: () =>
    stop('the guest shut down; a confidential guest cannot be reset', 'QemuShutdown'),
  [KVM_EXIT_FAIL_ENTRY]: () => stop('KVM: entry failed', 'QemuRunFailed'),
  [KVM_EXIT_INTERNAL_ERROR]: () => stop('KVM internal error', 'QemuRunFailed'),
  [KVM_EXIT_SYSTEM_EVENT]: systemEvent,
  [KVM_EXIT_AP_RESET_HOLD]: () => idle,
  [KVM_EXIT_VMGEXIT]: vmgexit,
  [KVM_EXIT_SNP_REQ_CERTS]: (exit) => (kvmRunSnpReqCerts.set(exit.run, 'ret', 0n), again),
};

/** An exit handled with the habits of one VMM. */
export function handleWith(exit: Exit, habits: Habits): Verdict {
  if (exit.errno === errno.EAGAIN) return retry;
  if (exit.errno === errno.EINTR) return again;
  if (exit.reason === KVM_EXIT_MEMORY_FAULT && exit.errno !== 0) return memoryFault(exit, habits);
  if (exit.errno !== 0) return stop(`error: kvm run failed, errno ${exit.errno}`, 'QemuRunFailed');
  const handler = handlers[exit.reason];
  return handler ? handler(exit, habits) : stop(habits.unknownExit(exit), 'QemuUnknownExit');
}
