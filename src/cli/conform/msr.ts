/** Drivers for MSR-protocol vectors: the value goes into the GHCB MSR, and VMGEXIT is handled. */
import {
  kvmRun,
  kvmRunHypercall,
  kvmRunSystemEvent,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_SYSTEM_EVENT,
} from '../../abi/kvm-run';
import {
  cpuidRequest,
  ghcbMsrInfo,
  GHCB_MSR_CPUID_REQ,
  GHCB_MSR_PSC_REQ,
  pscRequest,
} from '../../abi/ghcb-msr';
import { ghcbMsrAtReset } from '../../engine/kvm/vmgexit/sev-info';
import { mpStateNumber } from '../../engine/kvm/ap/mp-state';
import { kvmRunIoctl } from '../../engine/kvm/run/run';
import { sevHandleVmgexit } from '../../engine/kvm/vmgexit/vmgexit';
import type { Image } from '../../engine/memory/image';
import type { Vcpu } from '../../engine/state/vcpu';
import type { World } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';
import { guestWorld } from './guest-world';
import { coverFrame, RmpList } from './psc-host';
import { silent } from './watch';
import { hexWord, listOf, numberOf, textOf, word, type Json, type JsonObject } from './json';

const SENTINEL = 0x5a5a5a5a5a5a5a5an;
const HYPERCALL_ARGS = kvmRunHypercall.offsetOf('args');
const EVENT_DATA = kvmRunSystemEvent.offsetOf('data');

/** The exit that userspace sees, as the vectors write it. */
export function exitOf(run: Image): JsonObject {
  const reason = kvmRun.get(run, 'exitReason');
  if (reason === KVM_EXIT_HYPERCALL) {
    const ret = kvmRunHypercall.get(run, 'ret');
    return {
      nr: Number(kvmRunHypercall.get(run, 'nr')),
      args: [0, 8, 16].map((offset) => hexWord(run.u64(HYPERCALL_ARGS + offset))),
      ret: ret === SENTINEL ? null : hexWord(ret),
    };
  }
  if (reason === KVM_EXIT_SYSTEM_EVENT) {
    const ndata = kvmRunSystemEvent.get(run, 'ndata');
    const data = Array.from({ length: ndata }, (_, i) => hexWord(run.u64(EVENT_DATA + 8 * i)));
    return { reason, type: kvmRunSystemEvent.get(run, 'type'), ndata, data };
  }
  return { reason };
}

interface Handled {
  readonly exits: JsonObject[];
  readonly kvmRun: string | number;
  readonly atExit: bigint | undefined;
}

/** One VMGEXIT with its exits answered from the list. */
export function handle(world: World, vcpu: Vcpu, answers: readonly Json[]): Handled {
  const [run] = world.kvmRun as [Image];
  const exits: JsonObject[] = [];
  kvmRunHypercall.set(run, 'ret', SENTINEL);
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  const handled = sevHandleVmgexit(world, vcpu);
  if (handled === 'resume') return { exits, kvmRun: 'resume', atExit: undefined };
  if (typeof handled === 'object') return { exits, kvmRun: -handled.errno, atExit: undefined };
  exits.push(exitOf(run));
  const atExit = vcpu.ghcbMsr;
  if (kvmRun.get(run, 'exitReason') !== KVM_EXIT_HYPERCALL) return { exits, kvmRun: 'exit', atExit };
  kvmRunHypercall.set(run, 'ret', word(answers[0]));
  kvmRunIoctl(world, 0, { immediateExit: false });
  return { exits, kvmRun: vcpu.run === 'inGuest' ? 'resume' : -vcpu.runErrno, atExit };
}

function supplyCpuid(world: World, request: bigint, result: readonly Json[]): void {
  const [row] = world.cpuid;
  if (!row || ghcbMsrInfo(request) !== GHCB_MSR_CPUID_REQ) return;
  row.used = true;
  row.leaf = cpuidRequest.decode(request).function;
  [row.eax, row.ebx, row.ecx, row.edx] = [0, 1, 2, 3].map((i) => Number(word(result[i]))) as [
    number,
    number,
    number,
    number,
  ];
}

function prepare(input: JsonObject, profile: ResolvedProfile, request: bigint): { world: World; vcpu: Vcpu } {
  const world = guestWorld(profile, {
    guest: textOf(input['guest']),
    ghcbVersion: numberOf(input['ghcbVersion'], 2),
    hypercallExit: input['hypercallExit'] !== false,
    irqchip: textOf(input['irqchip'] ?? 'kernel'),
  });
  const vcpu = world.vcpu(0);
  supplyCpuid(world, request, listOf(input['cpuidResult']));
  world.vm.instructionHandlersExit = input['cpuidHandler'] === 'exit';
  vcpu.wakeEvent = input['extraEvent'] === true;
  vcpu.pvUnhalted = input['pvUnhalted'] === true;
  vcpu.ghcbMsr = request;
  if (ghcbMsrInfo(request) === GHCB_MSR_PSC_REQ) coverFrame(world, pscRequest.decode(request).gfn);
  return { world, vcpu };
}

export function driveMsr(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const request = word(input['ghcbMsr']);
  const { world, vcpu } = prepare(input, profile, request);
  const rmp = new RmpList(world);
  world.recorder = { ...silent, move: (kind, _vcpu, args) => rmp.note(kind, args) };
  const { exits, kvmRun: result, atExit } = handle(world, vcpu, listOf(input['answers']));
  const mpState = mpStateNumber(vcpu.mpState);
  const hold = { none: 0, nae: 1, msr: 2 }[vcpu.holdType];
  return {
    ...(input['showReset'] === true ? { ghcbMsrAtReset: hexWord(ghcbMsrAtReset(world)) } : {}),
    ...(atExit === undefined ? {} : { ghcbMsrAtExit: hexWord(atExit) }),
    exits,
    kvmRun: result,
    ghcbMsr: hexWord(vcpu.ghcbMsr),
    ...(mpState === 0 ? {} : { mpState }),
    ...(hold === 0 ? {} : { holdType: hold }),
    ...(vcpu.registeredGhcbGpa === 0n ? {} : { registeredGpa: hexWord(vcpu.registeredGhcbGpa) }),
    ...rmp.output(),
  };
}

/** Many values, each on a fresh VM. */
export function driveMsrSweep(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const result = listOf(input['ghcbMsr']).map((value) => {
    const request = word(value);
    const { world, vcpu } = prepare(input, profile, request);
    const { exits } = handle(world, vcpu, []);
    const reason = exits.length === 0 ? '' : `exit${numberOf(exits[0]?.['reason'], KVM_EXIT_HYPERCALL)}`;
    return reason + (vcpu.ghcbMsr === request ? '' : `=${hexWord(vcpu.ghcbMsr)}`);
  });
  return { result };
}
