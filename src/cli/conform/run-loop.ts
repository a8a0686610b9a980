/**
 * Driver for vectors of the run loop: KVM_RUN of one vCPU as a whole, with a script of what the guest does after each VMRUN
 * and of what arrives while the thread sleeps.
 */
import { errno } from '../../abi/errno';
import { ghcbPage, GHCB_SHARED_BUFFER, GHCB_VALID_BITMAP, markValid, writeValid } from '../../abi/ghcb-page';
import {
  kvmRun,
  kvmRunFailEntry,
  kvmRunHypercall,
  kvmRunSystemEvent,
  KVM_EXIT_FAIL_ENTRY,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_SYSTEM_EVENT,
} from '../../abi/kvm-run';
import { pscHeader, PSC_ENTRY_SIZE, PSC_HEADER_SIZE } from '../../abi/psc';
import { bytesToHex } from '../../base/hex';
import { own } from '../../base/table';
import { vmgexit } from '../../engine/guest/ghcb-writer';
import { latchInit, latchSipi, queueNmi, resetRegisters } from '../../engine/kvm/ap/apic';
import { getMpState, setMpState } from '../../engine/kvm/ap/mp-state';
import { bugVm, killVm } from '../../engine/kvm/memory/kernel-pages';
import { kvmEmulateHalt } from '../../engine/kvm/run/halt';
import { interruptGuest, kvmRunIoctl, needsWake, wakeThread } from '../../engine/kvm/run/run';
import { shutdownInterception } from '../../engine/kvm/run/shutdown';
import { ghcbMsrAtReset } from '../../engine/kvm/vmgexit/sev-info';
import type { Image } from '../../engine/memory/image';
import type { Vcpu } from '../../engine/state/vcpu';
import type { ResolvedProfile } from '../../profiles/resolve';
import { begin, finishStep, observe, reloadHook, request, setPoison, type Case } from './ap';
import { sharedPage, writeRequest } from './guest-world';
import { hexWord, listOf, numberOf, objectOf, textOf, word, type Json, type JsonObject } from './json';

/** The GHCB page of the first vCPU, and the distance to the next. */
const GHCB = 0x1234000n;
const GHCB_DISTANCE = 0x10000n;
/** EAX of CPUID leaf 1 in these worlds. */
const SIGNATURE = 0xa10f11;
/** Stands in exit_reason before a KVM_RUN, to see whether KVM writes it. */
const UNTOUCHED = 0x7777;
/** What VMRUN takes along for an NMI: the event is valid, its type is 2. */
const INJECTED_NMI = '0x80000200';
/** A KVM_RUN of a vector ends long before. */
const MOST_STOPS = 1000;

interface RunLoopCase extends Case {
  /** VMRUNs of the KVM_RUN in hand. */
  entries: number;
  /** What the moves of the call in hand told. */
  mapped: boolean;
  injected: boolean;
  ghcb: JsonObject[];
  /** The last request of the guest in the GHCB page is a page state change. */
  psc: boolean;
}

function prepare(input: JsonObject, profile: ResolvedProfile): RunLoopCase {
  const state: RunLoopCase = {
    ...begin(input, profile, (kind) => hear(state, kind)),
    entries: 0,
    mapped: false,
    injected: false,
    ghcb: [],
    psc: false,
  };
  const { world } = state;
  world.vm.hypercallExits = input['hypercallExit'] !== false;
  for (const vcpu of world.vcpus) {
    vcpu.guestGhcbGpa = GHCB + BigInt(vcpu.index) * GHCB_DISTANCE;
    vcpu.registeredGhcbGpa = vcpu.guestGhcbGpa;
    vcpu.ghcbMsr = ghcbMsrAtReset(world);
    vcpu.run = 'inUserspace';
    resetRegisters(world, vcpu);
  }
  // Userspace gives the table after it created the vCPUs.
  const [row] = world.cpuid;
  if (row) Object.assign(row, { used: true, leaf: 1, subleaf: 0, eax: SIGNATURE });
  return state;
}

function hear(state: RunLoopCase, kind: string): void {
  if (kind === 'naeRequest') state.mapped = true;
  if (kind === 'nmiInjected') state.injected = true;
  const entered = kind === 'enter' || (kind === 'failEntry' && state.world.vm.vmrunOracle === 'alwaysFails');
  if (entered) state.entries += 1;
}

/** One stretch of KVM, and the GHCB page if KVM unmapped it meanwhile. */
function kvm(state: RunLoopCase, stretch: () => void): void {
  const { target } = state;
  const before = state.entries;
  state.mapped = target.ghcbMapped;
  state.injected = false;
  stretch();
  const at = state.entries > before ? state.entries : 'end';
  if (state.mapped && !target.ghcbMapped) state.ghcb.push({ at, ...pageAsGuestReads(state) });
  if (state.injected) state.ghcb.push({ at, inject: INJECTED_NMI });
}

function pageAsGuestReads({ world, target, psc }: RunLoopCase): JsonObject {
  const page = sharedPage(world, target.guestGhcbGpa);
  const { curEntry, endEntry } = pscHeader.decode(page.u64(GHCB_SHARED_BUFFER));
  return {
    rax: hexWord(ghcbPage.get(page, 'rax')),
    rbx: hexWord(ghcbPage.get(page, 'rbx')),
    rcx: hexWord(ghcbPage.get(page, 'rcx')),
    rdx: hexWord(ghcbPage.get(page, 'rdx')),
    info1: hexWord(ghcbPage.get(page, 'swExitInfo1')),
    info2: hexWord(ghcbPage.get(page, 'swExitInfo2')),
    valid: bytesToHex(Uint8Array.from({ length: 16 }, (_, i) => page.u8(GHCB_VALID_BITMAP + i))),
    ...(psc ? { psc: [curEntry, endEntry] } : {}),
  };
}

/** AP creation by another vCPU. */
function apRequest(state: RunLoopCase, op: JsonObject): JsonObject {
  const { info } = request(state, { rax: '0x1', ...op, vcpu: state.target.index === 0 ? 1 : 0 });
  return { info };
}

function gmemGone(state: RunLoopCase, gpa: Json | undefined): void {
  setPoison(state.world, word(gpa), true);
  reloadHook(state, word(gpa));
}

/** What reaches the vCPU from outside. */
const arrivals: Readonly<Record<string, (state: RunLoopCase) => void>> = {
  signal: ({ target }) => void (target.signalPending = true),
  init: ({ target }) => latchInit(target),
  sipi: ({ target }) => latchSipi(target),
  nmi: ({ target }) => queueNmi(target),
  unhalt: ({ target }) => void (target.pvUnhalted = true),
  vmDead: ({ world }) => killVm(world),
  vmBug: ({ world }) => bugVm(world),
  none: () => {},
};

function arrive(state: RunLoopCase, event: Json): void {
  const { ap, gmemGone: gone } = objectOf(event);
  if (ap !== undefined) {
    const [info1, info2] = listOf(ap);
    apRequest(state, { info1: info1 ?? null, info2: info2 ?? null });
  } else if (gone !== undefined) gmemGone(state, gone);
  else {
    const arrival = own(arrivals, textOf(event));
    if (!arrival) throw new Error(`unknown event ${JSON.stringify(event)}`);
    arrival(state);
  }
}

/** A request by the GHCB page; a register that is given is marked valid. */
function nae(state: RunLoopCase, does: JsonObject): void {
  const { world, target } = state;
  const page = sharedPage(world, target.guestGhcbGpa);
  state.psc = does['psc'] !== undefined;
  if (state.psc) writePsc(page, objectOf(does['psc']));
  writeRequest(page, {
    code: word(does['exitCode']),
    info1: word(does['info1']),
    info2: word(does['info2']),
    ...(does['scratch'] === undefined ? {} : { scratch: word(does['scratch']) }),
  });
  for (const register of ['rax', 'rbx', 'rcx', 'rdx', 'rsi'] as const) {
    if (does[register] !== undefined) writeValid(page, register, word(does[register]));
  }
  if (does['cpl'] !== undefined) {
    ghcbPage.set(page, 'cpl', numberOf(does['cpl']));
    markValid(page, 'cpl');
  }
  target.ghcbMsr = target.guestGhcbGpa;
  target.guestRequest = 'nae';
  vmgexit(world, target);
}

function writePsc(page: Image, psc: JsonObject): void {
  page.setU64(
    GHCB_SHARED_BUFFER,
    pscHeader.encode({ curEntry: numberOf(psc['cur']), endEntry: numberOf(psc['end']) }),
  );
  listOf(psc['entries']).forEach((entry, index) =>
    page.setU64(GHCB_SHARED_BUFFER + PSC_HEADER_SIZE + index * PSC_ENTRY_SIZE, word(entry)),
  );
}

/** How the guest is left. */
const guestActs: Readonly<Record<string, (state: RunLoopCase, does: JsonObject) => void>> = {
  nae,
  msr: ({ world, target }, does) => {
    target.ghcbMsr = word(does['ghcbMsr']);
    target.guestRequest = 'msr';
    vmgexit(world, target);
  },
  hlt: ({ world, target }) => void kvmEmulateHalt(world, target.index),
  intr: ({ world, target }) => interruptGuest(world, target),
  shutdown: ({ world, target }) => void shutdownInterception(world, target.index),
};

/** The scripts of one KVM_RUN and how far they are. */
interface Script {
  readonly guest: readonly Json[];
  readonly sleep: readonly Json[];
  nextGuest: number;
  sleeps: number;
  spins: boolean;
}

/** Read anew: the chart moved it meanwhile. */
const whereIs = (vcpu: Vcpu): Vcpu['run'] => vcpu.run;

/** One KVM_RUN; after both lists a signal ends it. */
function run(state: RunLoopCase, op: JsonObject): JsonObject {
  const { world, target } = state;
  const page = world.kvmRun[target.index] as Image;
  kvmRun.set(page, 'exitReason', UNTOUCHED);
  if (op['ret'] !== undefined) kvmRunHypercall.set(page, 'ret', word(op['ret']));
  if (op['signal'] === true) target.signalPending = true;
  state.entries = 0;
  state.ghcb = [];
  const script = {
    guest: listOf(op['guest']),
    sleep: listOf(op['sleep']),
    nextGuest: 0,
    sleeps: 0,
    spins: false,
  };
  foresee(state, script);
  const immediateExit = op['immediateExit'] === true;
  kvm(state, () => void kvmRunIoctl(world, target.index, { immediateExit }));
  for (let stops = 0; whereIs(target) !== 'inUserspace'; stops++) {
    if (stops > MOST_STOPS) throw new Error('this KVM_RUN does not end');
    goOn(state, script);
  }
  return {
    ret: -target.runErrno,
    ...exitFields(page),
    entries: state.entries,
    ...(script.sleeps > 0 ? { sleeps: script.sleeps } : {}),
    ...(script.spins ? { spins: true } : {}),
    ...(state.ghcb.length > 0 ? { ghcb: state.ghcb } : {}),
  };
}

/** A VMRUN that the script lets fail has to know it before. */
function foresee({ world }: RunLoopCase, { guest, nextGuest }: Script): void {
  const fails = objectOf(guest[nextGuest])['do'] === 'fail';
  world.vm.vmrunOracle = fails ? 'alwaysFails' : 'alwaysEnters';
}

/** Whatever ends the present stop of the thread. */
function goOn(state: RunLoopCase, script: Script): void {
  const { world, target } = state;
  const { index } = target;
  if (whereIs(target) === 'inGuest' && script.nextGuest < script.guest.length) {
    const does = objectOf(script.guest[script.nextGuest++]);
    foresee(state, script);
    listOf(does['events']).forEach((event) => arrive(state, event));
    const act = own(guestActs, textOf(does['do']));
    if (!act) throw new Error(`a guest does not ${textOf(does['do'])}`);
    kvm(state, () => act(state, does));
    return;
  }
  if (whereIs(target) === 'blocked') {
    const events = script.sleep[script.sleeps++] ?? ['signal'];
    (Array.isArray(events) ? listOf(events) : [events]).forEach((event) => arrive(state, event));
    if (!needsWake(world, index)) return;
  } else {
    script.spins ||= whereIs(target) === 'spinning';
    target.signalPending = true;
  }
  kvm(state, () => void wakeThread(world, index));
}

/** exit_reason, and the fields that belong to it. */
function exitFields(page: Image): JsonObject {
  const reason = kvmRun.get(page, 'exitReason');
  if (reason === UNTOUCHED) return { exit: null };
  if (reason === KVM_EXIT_HYPERCALL) {
    const args = [0, 1, 2].map((i) => hexWord(page.u64(kvmRunHypercall.offsetOf('args') + 8 * i)));
    return { exit: reason, hypercall: { nr: Number(kvmRunHypercall.get(page, 'nr')), args } };
  }
  if (reason === KVM_EXIT_FAIL_ENTRY) {
    return { exit: reason, failReason: hexWord(kvmRunFailEntry.get(page, 'hardwareEntryFailureReason')) };
  }
  if (reason === KVM_EXIT_SYSTEM_EVENT) {
    const words = Number(kvmRunSystemEvent.get(page, 'ndata'));
    const at = kvmRunSystemEvent.offsetOf('data');
    const data = Array.from({ length: words }, (_, i) => hexWord(page.u64(at + 8 * i)));
    return { exit: reason, systemEvent: { type: Number(kvmRunSystemEvent.get(page, 'type')), data } };
  }
  return { exit: reason };
}

const steps: Readonly<Record<string, (state: RunLoopCase, op: JsonObject) => JsonObject>> = {
  ...Object.fromEntries(
    Object.entries(arrivals).map(([name, arrival]) => [name, (state: RunLoopCase) => (arrival(state), {})]),
  ),
  run,
  ap: apRequest,
  gmemGone: (state, { gpa }) => (gmemGone(state, gpa), {}),
  gmemBack: (state, { gpa }) => (setPoison(state.world, word(gpa), false), {}),
  setMp: ({ world, target }, { value }) => {
    if (world.vm.health !== 'sound') return { ret: -errno.EIO };
    return { ret: setMpState(world, target, numberOf(value)) === undefined ? 0 : -errno.EINVAL };
  },
  getMp: ({ world, target }) => ({
    ret: world.vm.health === 'sound' ? getMpState(world, target) : -errno.EIO,
  }),
};

/** The target after a step: as for AP creation, with KVM's registers and what waits. */
function observeRun(state: Case): JsonObject {
  const { target } = state;
  const { kicks: _, ...seen } = observe(state) as { kicks: Json; [key: string]: Json };
  const completion = target.completion !== 'none';
  const nmis = target.nmiQueued + target.nmiPending;
  const atPage = target.ghcbMsr === target.guestGhcbGpa;
  return {
    ...seen,
    regs: [target.rax, target.rbx, target.rcx, target.rdx].map(hexWord),
    ...(target.rsi === 0n ? {} : { rsi: hexWord(target.rsi) }),
    ...(nmis === 0 ? {} : { nmi: nmis }),
    ...(target.ghcbMapped ? { ghcbMapped: 1 } : {}),
    ...(completion ? { completion: 1 } : {}),
    ...(target.deadRequest ? { deadReq: 1 } : {}),
    ...(completion || !atPage ? { ghcbMsr: hexWord(target.ghcbMsr) } : {}),
  };
}

export function driveRunLoop(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const state = prepare(input, profile);
  return {
    steps: listOf(input['ops']).map((json) => {
      const op = objectOf(json);
      const step = own(steps, textOf(op['op']));
      if (!step) throw new Error(`unknown operation ${textOf(op['op'])}`);
      return finishStep(state, step(state, op), observeRun);
    }),
  };
}
