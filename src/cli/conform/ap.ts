/** Drivers for AP-creation vectors: three vCPUs, the requester is vCPU 0 unless said, the observed one is the target. */
import { gpaToGfn, pagesToBytes } from '../../abi/address';
import { SVM_VMGEXIT_AP_CREATION, SVM_VMGEXIT_AP_HLT_LOOP } from '../../abi/nae';
import { ghcbPage } from '../../abi/ghcb-page';
import { GHCB_MSR_AP_RESET_HOLD_REQ } from '../../abi/ghcb-msr';
import { own } from '../../base/table';
import { errno, errnoText } from '../../abi/errno';
import { mpStates, type MpStateName } from '../../abi/mp-state';
import { getMpState, mpStateNumberOf, setMpState } from '../../engine/kvm/ap/mp-state';
import { acceptApicEvents, latchInit, latchSipi, updateRequested } from '../../engine/kvm/ap/apic';
import { syncGhcb } from '../../engine/kvm/ghcb/ghcb-release';
import { waitsForReset, hasGuestVmsa } from '../../engine/kvm/ap/protected-state';
import { kvmRunIoctl, serveUpdateRequest } from '../../engine/kvm/run/run';
import { kvmRun, KVM_EXIT_FAIL_ENTRY } from '../../abi/kvm-run';
import { sevHandleVmgexit } from '../../engine/kvm/vmgexit/vmgexit';
import { hostPageBits } from '../../engine/memory/page-bits';
import type { Image } from '../../engine/memory/image';
import type { Vcpu } from '../../engine/state/vcpu';
import { NO_GPA, type World } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';
import { guestWorld, sharedPage, writeRequest } from './guest-world';
import {
  frameBelow,
  hexWord,
  listOf,
  numberOf,
  objectOf,
  textOf,
  word,
  type Json,
  type JsonObject,
} from './json';
import { coverBySlot, removeFromSlots } from './slots';
import { watch, type Watch } from './watch';

const GHCB = 0x1234000n;

/** Kernels that remember which guest page the VMCB names. */
const gpaTracked: ReadonlySet<string> = new Set(['linux-6.12', 'linux-7.2', 'linux-7.3']);

export interface Case {
  readonly world: World;
  readonly target: Vcpu;
  readonly watch: Watch;
  kicks: number;
  /** Whether the kernel of this case keeps the GPA of the installed VMSA, which the vectors then print. */
  readonly tracksGpa: boolean;
  /** Whether the kernel of this case remembers that there ever was a guest VMSA. */
  readonly tracksHas: boolean;
  /** Form of the hold the target asked for, while its answer is still KVM's to write. */
  held: 'nae' | 'msr' | undefined;
}

/** @param heard is told of every move */
export function begin(input: JsonObject, profile: ResolvedProfile, heard?: (kind: string) => void): Case {
  const world = guestWorld(profile, {
    vcpus: 3,
    vmsaFeatures: word(input['vmsaFeatures'], 1n),
    maxPhysicalAddress: numberOf(input['maxphyaddr'], 48),
  });
  const target = world.vcpu(numberOf(input['target'], 1));
  const initial = objectOf(input['initial']);
  if (initial['mp'] !== undefined) forceMpState(target, numberOf(initial['mp']));
  target.receivedFirstSipi = numberOf(initial['first']) === 1 || initial['first'] === true;
  target.pvUnhalted = numberOf(initial['pvUnhalted']) === 1 || initial['pvUnhalted'] === true;
  for (const gpa of listOf(input['noGmem'])) setPoison(world, word(gpa), true);
  listOf(input['ops']).forEach((op) => coverBySlot(world, word(objectOf(op)['info2'])));
  for (const gpa of listOf(input['noSlot'])) removeFromSlots(world, gpaToGfn(word(gpa)));
  for (const vcpu of world.vcpus) {
    vcpu.registeredGhcbGpa = GHCB + pagesToBytes(vcpu.index);
    vcpu.guestGhcbGpa = vcpu.registeredGhcbGpa;
  }
  return {
    world,
    target,
    watch: watch(world, heard),
    kicks: 0,
    tracksGpa: gpaTracked.has(profile.id),
    // The flag exists for the sake of this behaviour; the kernels above all have it.
    tracksHas: profile.facets['ap.launchVmsaRestore'] === 'yes' || gpaTracked.has(profile.id),
    held: undefined,
  };
}

/** Sets mp_state behind the back of KVM. */
function forceMpState(target: Vcpu, number: number): void {
  const state = own<MpStateName>(mpStates, String(number));
  if (state === undefined) throw new Error(`no mp_state has the number ${number}`);
  target.mpState = state as Vcpu['mpState'];
}

/** A page that guest_memfd cannot hand out. */
export function setPoison(world: World, gpa: bigint, poisoned: boolean): void {
  const { hostPage } = world.pages;
  const page = frameBelow(hostPage.pageCount, BigInt(gpaToGfn(gpa)));
  const bits = hostPage.get(page);
  hostPage.set(page, poisoned ? bits | hostPageBits.poisoned : bits & ~hostPageBits.poisoned);
}

/** The AP creation NAE by a vCPU. */
export function request(state: Case, op: JsonObject): { info: string[]; kvmRun: string | number } {
  const { world } = state;
  const caller = world.vcpu(numberOf(op['vcpu']));
  const page = sharedPage(world, caller.guestGhcbGpa);
  writeRequest(page, {
    code: BigInt(SVM_VMGEXIT_AP_CREATION),
    info1: word(op['info1']),
    info2: word(op['info2']),
    rax: op['raxValid'] === false ? undefined : word(op['rax']),
  });
  caller.ghcbMsr = caller.guestGhcbGpa;
  const handled = sevHandleVmgexit(world, caller);
  const info = [hexWord(ghcbPage.get(page, 'swExitInfo1')), hexWord(ghcbPage.get(page, 'swExitInfo2'))];
  caller.exchange = 'idle';
  caller.ghcbMapped = false;
  return {
    info,
    kvmRun: handled === 'resume' ? 'resume' : typeof handled === 'object' ? -handled.errno : 'exit',
  };
}

/** The target as the vectors print it. */
export function observe(state: Case): JsonObject {
  const { target } = state;
  const vmsa: Record<Vcpu['vmsa'], string> = {
    launchVmsa: 'initial',
    guestVmsa: hexWord(target.guestVmsaGpa),
    noVmsa: 'invalid',
    physicalZero: 'pa0',
  };
  const hold = { none: 0, nae: 1, msr: 2 }[target.holdType];
  const gpa = (value: bigint): string => (value === NO_GPA ? 'none' : hexWord(value));
  return {
    mp: mpStateNumberOf(target),
    vmsa: vmsa[target.vmsa],
    pend: gpa(target.pendingVmsaGpa),
    ...(state.tracksGpa ? { guest: gpa(target.guestVmsaGpa) } : {}),
    wait: waitsForReset(target) ? 1 : 0,
    ...(state.tracksHas ? { has: hasGuestVmsa(target) ? 1 : 0 } : {}),
    req: (updateRequested(target) ? 1 : 0) | (target.vmsaReloadRequest ? 2 : 0),
    kicks: state.kicks,
    ev: (target.initLatched ? 1 : 0) | (target.sipiLatched ? 2 : 0),
    first: target.receivedFirstSipi ? 1 : 0,
    ...(hold === 0 ? {} : { hold }),
    ...(target.pvUnhalted ? { pvUnhalted: 1 } : {}),
  };
}

/** What a step did besides: pages looked up for a VMSA, wake-ups sent. */
export function finishStep(state: Case, result: JsonObject, look = observe): JsonObject {
  const { lookedUp, kicks } = state.watch.take(state.target.index);
  state.kicks += kicks;
  return { ...result, ...(lookedUp.length > 0 ? { gmem: lookedUp.map(hexWord) } : {}), t: look(state) };
}

const answerFields = (vcpu: Vcpu, world: World): JsonObject => {
  const page = sharedPage(world, vcpu.guestGhcbGpa);
  return { info: [hexWord(ghcbPage.get(page, 'swExitInfo1')), hexWord(ghcbPage.get(page, 'swExitInfo2'))] };
};

/** The answer to a hold as it stands now, once there was one. */
function holdAnswer({ held, world, target }: Case): JsonObject {
  if (held === undefined) return {};
  return held === 'msr' ? { ghcbMsr: hexWord(target.ghcbMsr) } : answerFields(target, world);
}

/** The target, running, asks for an AP reset hold. */
function hold(state: Case, op: JsonObject): JsonObject {
  const { world, target } = state;
  const form = op['form'] === 'msr' ? 'msr' : 'nae';
  state.held = form;
  target.mpState = 'RUNNABLE';
  target.run = 'inKvm';
  target.exchange = 'idle';
  if (form === 'msr') target.ghcbMsr = BigInt(GHCB_MSR_AP_RESET_HOLD_REQ);
  else {
    writeRequest(sharedPage(world, target.guestGhcbGpa), {
      code: BigInt(SVM_VMGEXIT_AP_HLT_LOOP),
      info1: 0n,
      info2: 0n,
    });
    target.ghcbMsr = target.guestGhcbGpa;
  }
  const handled = sevHandleVmgexit(world, target);
  return { kvmRun: handled === 'resume' ? 'resume' : 'exit', ...holdAnswer(state) };
}

type Step = (state: Case, op: JsonObject) => JsonObject;

/** KVM's pieces one by one. */
const pieces: Readonly<Record<string, Step>> = {
  ap: (state, op) => ({ ...request(state, op) }),
  init: (state) => (latchInit(state.target), {}),
  sipi: (state) => {
    latchSipi(state.target);
    return state.held === 'nae' ? holdAnswer(state) : {};
  },
  accept: (state) => {
    acceptApicEvents(state.world, state.target);
    return holdAnswer(state);
  },
  requests: (state) => ({ result: serveRequests(state) }),
  hold,
  entry: (state) => {
    syncGhcb(state.world, state.target);
    // The guest has its answer now.
    state.held = undefined;
    return {};
  },
  mp: (state, op) => {
    forceMpState(state.target, numberOf(op['value']));
    return {};
  },
  gmemGone: (state, op) => {
    setPoison(state.world, word(op['gpa']), true);
    if (op['reload'] === true) reloadHook(state, word(op['gpa']));
    return {};
  },
  gmemBack: (state, op) => (setPoison(state.world, word(op['gpa']), false), {}),
};

/** The invalidation hook of kernels that have one. */
export function reloadHook(state: Case, gpa: bigint): void {
  if (state.world.facetOrUnspecified('vmsa.reload') !== 'onInvalidation') return;
  for (const vcpu of state.world.vcpus) if (vcpu.guestVmsaGpa === gpa) vcpu.vmsaReloadRequest = true;
}

function serveRequests(state: Case): string {
  const { world, target } = state;
  if (!updateRequested(target) && !target.vmsaReloadRequest) return 'none';
  return serveUpdateRequest(world, target) === 'again' ? 'block' : 'enter';
}

export function driveAp(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const state = begin(input, profile);
  const steps = listOf(input['ops']).map((json) => {
    const op = objectOf(json);
    const step = own(pieces, textOf(op['op']));
    if (!step) throw new Error(`unknown operation ${textOf(op['op'])}`);
    return finishStep(state, step(state, op));
  });
  return { steps };
}

/** Read anew: the chart moved it meanwhile. */
const whereIs = (vcpu: Vcpu): Vcpu['run'] => vcpu.run;

/** One KVM_RUN of the target, from userspace. */
function runOnce(state: Case): string {
  const { world, target } = state;
  const index = target.index;
  target.run = 'inUserspace';
  kvmRunIoctl(world, index, { immediateExit: false });
  const where = whereIs(target);
  if (where === 'inGuest') return 'entered';
  if (where === 'blocked') return 'sleeps';
  if (where === 'spinning') return 'spins';
  if (target.runErrno !== 0) return errnoText(-target.runErrno).slice(1);
  return kvmRun.get(world.kvmRun[index] as Image, 'exitReason') === KVM_EXIT_FAIL_ENTRY
    ? 'failEntry'
    : 'exit';
}

interface RunCase extends Case {
  /** The target is in the guest: its last KVM_RUN entered, and no other ioctl of it came since. */
  entered: boolean;
}

const runSteps: Readonly<Record<string, (state: RunCase, op: JsonObject) => JsonObject>> = {
  ap: (state, op) => ({ info: request(state, op).info }),
  init: (state) => (latchInit(state.target), {}),
  sipi: (state) => (latchSipi(state.target), {}),
  nmi: (state) => ((state.target.wakeEvent = true), {}),
  run: (state) => {
    const result = runOnce(state);
    state.entered = result === 'entered';
    return { run: result, ...holdAnswer(state) };
  },
  hold: (state, op) => {
    if (!state.entered) return { skipped: true };
    state.entered = false;
    return hold(state, op);
  },
  setMp: (state, op) => {
    state.entered = false;
    const refused = setMpState(state.world, state.target, numberOf(op['value'])) !== undefined;
    return { ret: refused ? -errno.EINVAL : 0 };
  },
  getMp: (state) => {
    state.entered = false;
    return { ret: getMpState(state.world, state.target) };
  },
  gmemGone: (state, op) => {
    setPoison(state.world, word(op['gpa']), true);
    reloadHook(state, word(op['gpa']));
    return {};
  },
};

export function driveApRun(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const state: RunCase = { ...begin(input, profile), entered: false };
  const steps = listOf(input['ops']).map((json: Json) => {
    const op = objectOf(json);
    const step = own(runSteps, textOf(op['op']));
    if (!step) throw new Error(`unknown operation ${textOf(op['op'])}`);
    return finishStep(state, step(state, op));
  });
  return { steps };
}
