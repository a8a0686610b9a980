/** Exits by their reason, and the parts that personalities share. */
import { bytesToPages, gpaToGfn, PAGE_BYTES } from '../../../abi/address';
import {
  kvmRunHypercall,
  kvmRunMemoryFault,
  kvmRunSnpReqCerts,
  kvmRunSystemEvent,
  KVM_HC_MAP_GPA_RANGE,
  KVM_MEMORY_EXIT_FLAG_PRIVATE,
  KVM_SYSTEM_EVENT_SEV_TERM,
  type KvmExitName,
} from '../../../abi/kvm-run';
import { errno } from '../../../abi/errno';
import { usesGuestMemfd } from '../../../profiles/facets/guest-memory';
import { takeFault } from '../../faults';
import { exitOfReason } from '../../kvm/exit';
import type { RuleId } from '../../rules';
import { memoryHandlers } from '../memory';
import { callToHandleExit } from '../waiting';
import type { ConversionResult, Conversion } from './convert';
import { mmioAccess, portAccess } from './devices';
import { again, idle, retry, stop, type Exit, type Verdict } from './personality';
import { answerVmgexit } from './vmgexit';

/** The differences between the personalities that handle every exit. */
export interface Habits {
  /** Handles a conversion that the guest asked for. */
  convert(exit: Exit, conversion: Conversion): ConversionResult;
  /** Handles a conversion that a memory fault asks for. */
  convertAfterFault(exit: Exit, conversion: Conversion): ConversionResult;
  /** What it puts into `hypercall.ret`: nothing, a positive errno as KVM expects, or a negative errno. */
  readonly ret: 'never' | 'errno' | 'negativeErrno';
  /** Its handling of a hypercall other than KVM_HC_MAP_GPA_RANGE. */
  readonly unknownHypercall: 'stop' | 'ignore';
  /** Its handling of KVM_EXIT_VMGEXIT. */
  readonly vmgexit: 'unknown' | 'leftAlone' | 'answered';
  /** Its error text for an exit that it has no case for. */
  unknownExit(exit: Exit): string;
  /** The errnos with which it takes KVM_EXIT_MEMORY_FAULT for a request to convert; with any other the run is over. */
  readonly faultErrnos: readonly number[];
  /** The end of a run whose KVM_RUN failed, and the rule of it. */
  readonly runFailed: { says(exit: Exit): string; readonly rule: RuleId };
  /** The rule of an exit that ends the run. */
  readonly unknownRule: RuleId;
  /** Exits that it handles otherwise than QEMU. */
  readonly exits?: Readonly<Partial<Record<KvmExitName, Handler>>>;
  /** KVM_PRE_FAULT_MEMORY over a range that the guest converted, if the kernel has it; failures are ignored. */
  readonly preFaults?: true;
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
  if (!failed && habits.preFaults) preFault(exit, conversion);
  if (habits.ret !== 'never' && injected === undefined) {
    const ret = failed ? BigInt(errno.EINVAL) : 0n;
    writeRet(exit, habits.ret === 'negativeErrno' ? negated(ret) : ret);
  }
  return again;
}

/** kvm_handle_hc_map_gpa_range of QEMU 10.2: the range is faulted in, call after call while one makes progress. */
function preFault({ world, index }: Exit, { gpa, pages }: Conversion): void {
  if (!usesGuestMemfd(world.facet('mem.private')) || world.facet('preFault.beforeFinish') === 'noIoctl')
    return;
  const end = gpa + pages * PAGE_BYTES;
  for (let at = gpa; at < end;) {
    const range = { gfn: gpaToGfn(at), n: Number((end - at) / PAGE_BYTES), vcpu: index };
    world.move('vmmPreFaults', index, { gpa: at, pages: range.n }, 'QemuPreFaults');
    const act = { actor: 'vmm', verb: 'pre-fault', args: range } as const;
    const impossible = callToHandleExit(world, index, act, () => memoryHandlers['pre-fault'](world, range));
    if (impossible || world.vm.ioctlRet !== 0) return;
    at = world.vm.preFaultGpa;
  }
}

function memoryFault(exit: Exit, habits: Habits): Verdict {
  const { run, world, index } = exit;
  const flags = kvmRunMemoryFault.get(run, 'flags');
  if ((flags & ~KVM_MEMORY_EXIT_FLAG_PRIVATE) !== 0n) return stop('memory fault with unknown flags');
  const failed = habits.convertAfterFault(exit, {
    gpa: kvmRunMemoryFault.get(run, 'gpa'),
    pages: BigInt(bytesToPages(kvmRunMemoryFault.get(run, 'size'))),
    toPrivate: flags !== 0n,
  });
  if (!failed) return again;
  world.move('vmmConvertFails', index, { why: failed.failed });
  return stop(`conversion failed: ${failed.failed}`, 'QemuConvertFails');
}

function systemEvent(exit: Exit, habits: Habits): Verdict {
  const type = kvmRunSystemEvent.get(exit.run, 'type');
  if (type === KVM_SYSTEM_EVENT_SEV_TERM) exit.world.vm.terminationRequested = true;
  return stop(habits.unknownExit(exit), habits.unknownRule);
}

/** The exit that mainline never had: most VMMs have no case for it. */
function vmgexit(exit: Exit, habits: Habits): Verdict {
  switch (habits.vmgexit) {
    case 'unknown':
      return stop(habits.unknownExit(exit), habits.unknownRule);
    case 'leftAlone':
      return again;
    case 'answered':
      return answerVmgexit(exit, (of, conversion) => habits.convert(of, conversion), injectedRet(exit));
  }
}

type Handler = (exit: Exit, habits: Habits) => Verdict;

/** The handlers of a personality by exit name; the headers of the simulated kernel give a number its name. */
const handlers: Readonly<Partial<Record<KvmExitName, Handler>>> = {
  KVM_EXIT_UNKNOWN: () => stop('KVM: unknown exit, hardware reason', 'QemuUnknownExit'),
  KVM_EXIT_IO: (exit) => (portAccess(exit), again),
  KVM_EXIT_MMIO: (exit) => (mmioAccess(exit), again),
  KVM_EXIT_HYPERCALL: hypercall,
  KVM_EXIT_HLT: () => idle,
  KVM_EXIT_INTR: () => again,
  KVM_EXIT_SHUTDOWN: () => stop('the guest shut down; a confidential guest cannot be reset', 'QemuShutdown'),
  KVM_EXIT_FAIL_ENTRY: () => stop('KVM: entry failed', 'QemuRunFailed'),
  KVM_EXIT_INTERNAL_ERROR: () => stop('KVM internal error', 'QemuRunFailed'),
  KVM_EXIT_SYSTEM_EVENT: systemEvent,
  KVM_EXIT_AP_RESET_HOLD: () => idle,
  KVM_EXIT_VMGEXIT: vmgexit,
  KVM_EXIT_SNP_REQ_CERTS: (exit) => (kvmRunSnpReqCerts.set(exit.run, 'ret', 0n), again),
};

/** Handles an exit as one VMM does. */
export function handleWith(exit: Exit, habits: Habits): Verdict {
  const meaning = exitOfReason(exit.world, exit.reason);
  if (exit.errno === errno.EAGAIN) return retry;
  // Without a signal KVM_RUN returns -EINTR for a vCPU that it cannot wake, and does so at every retry.
  if (exit.errno === errno.EINTR) return meaning?.name === 'KVM_EXIT_INTR' ? again : retry;
  if (exit.errno !== 0) {
    const converts = meaning?.name === 'KVM_EXIT_MEMORY_FAULT' && habits.faultErrnos.includes(exit.errno);
    return converts ? memoryFault(exit, habits) : stop(habits.runFailed.says(exit), habits.runFailed.rule);
  }
  const handler = meaning && (habits.exits?.[meaning.name] ?? handlers[meaning.name]);
  return handler ? handler(exit, habits) : stop(habits.unknownExit(exit), habits.unknownRule);
}
