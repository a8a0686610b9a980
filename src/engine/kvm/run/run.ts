/** KVM_RUN: the ioctl's prologue, the loop that decides between entering and sleeping, and guest entry. */
import { errno } from '../../../abi/errno';
import {
  kvmRun,
  kvmRunFailEntry,
  KVM_EXIT_FAIL_ENTRY,
  KVM_EXIT_INTR,
  KVM_EXIT_UNKNOWN,
} from '../../../abi/kvm-run';
import { hex } from '../../../base/hex';
import { carryOut } from '../../../machines/effects';
import { refused, type Outcome } from '../../acts';
import { guestReadsAnswer } from '../../guest-state/answer';
import type { FacetValue, KnownValue } from '../../../profiles/facets';
import { threadNames } from '../../state/thread';
import type { Vcpu } from '../../state/vcpu';
import { NO_PFN, type World } from '../../world';
import { acceptApicEvents, hasEvents, resetVcpuForInit, updateRequested } from '../ap/apic';
import { completeExit } from './completion';
import { failRun, kvmRunOf, leaveToUserspace } from '../exit';
import { endHold, unmapGhcb } from '../ghcb/ghcb-release';
import { exitForUnusableVmsa, unexpectedExit } from '../internal-error';
import { refusesCalls } from '../threads/locks';
import { mmuReload } from '../memory/map-frame';
import { reloadVmsa, sevSnpUpdateProtectedGuestState } from '../ap/protected-state';
import { vmrunFailure } from './vmrun';

/** The KVM_RUN ioctl. */
export function kvmRunIoctl(
  world: World,
  index: number,
  options: { immediateExit: boolean; thread?: string | undefined },
): Outcome {
  const vcpu = world.vcpu(index);
  if (!vcpu.exists) return refused(`vCPU ${index} was not created`);
  if (vcpu.run !== 'inUserspace') return refused(`the thread of v${index} is already in KVM_RUN`);
  const { type, needsInit } = world.vm;
  if (!needsInit && type !== 'snp' && type !== 'seves')
    return refused('guests without an encrypted VMSA are not modelled');
  vcpu.exitPending = false;
  vcpu.mutexHolder = options.thread ?? threadNames[index + 1] ?? 'main';
  world.sendVcpu(vcpu, { type: 'KVM_RUN' });
  world.move('kvmRun', index, { vcpu: index });
  if (refusesCalls(world)) {
    failRun(world, vcpu, { errno: errno.EIO, rule: 'RunBugged' });
    return undefined;
  }
  const run = kvmRunOf(world, vcpu);
  kvmRun.set(run, 'flags', 0);
  if (vcpu.mpState === 'UNINITIALIZED') {
    if (options.immediateExit) failRun(world, vcpu, { errno: errno.EINTR, rule: 'RunImmediateExit' });
    else runUninitialized(world, vcpu);
    return undefined;
  }
  if (kvmRun.get(run, 'kvmValidRegs') !== 0n || kvmRun.get(run, 'kvmDirtyRegs') !== 0n) {
    failRun(world, vcpu, { errno: errno.EINVAL, rule: 'RunSyncRegs' });
    return undefined;
  }
  const completed = completeExit(world, vcpu);
  if (completed === 'left') return undefined;
  if (typeof completed === 'object') {
    failRun(world, vcpu, completed);
    return undefined;
  }
  if (options.immediateExit) {
    failRun(world, vcpu, { errno: errno.EINTR, rule: 'RunImmediateExit' });
    return undefined;
  }
  if (world.vm.needsInit) {
    failRun(world, vcpu, { errno: errno.EINVAL, rule: 'RunNeedsInit' });
    return undefined;
  }
  const unfinished = world.vm.type === 'snp' && !world.vm.preFaultAllowed;
  if (unfinished && world.facet('run.beforeFinish') === 'error') {
    world.finding(
      'ambiguity',
      'run.beforeFinish: an error is asked for, no source names the errno; shown as -EINVAL',
    );
    failRun(world, vcpu, { errno: errno.EINVAL, rule: 'RunBeforeFinish' });
    return undefined;
  }
  kvmRun.set(run, 'exitReason', KVM_EXIT_UNKNOWN);
  runLoop(world, vcpu);
  return undefined;
}

/** The wait of a vCPU that never got INIT: it ends with -EAGAIN after any event, and takes INIT and SIPI in every case. */
function runUninitialized(world: World, vcpu: Vcpu): void {
  vcpu.waitsForInit = !hasEvents(vcpu) && !vcpu.signalPending;
  if (vcpu.waitsForInit) {
    sleep(world, vcpu);
    return;
  }
  const requestBefore = updateRequested(vcpu);
  if (requestBefore && vcpu.mpState === 'UNINITIALIZED') runUnblockHook(world, vcpu);
  acceptApicEvents(world, vcpu);
  if (vcpu.signalPending) {
    interruptRun(world, vcpu);
    return;
  }
  const served = !(requestBefore && vcpu.mpState === 'UNINITIALIZED');
  failRun(world, vcpu, {
    errno: errno.EAGAIN,
    rule: served ? 'RunUninitialized' : 'RequestNotServedWhileUninitialized',
  });
}

/** A hook at the end of the wait that AP creation had in some kernels. */
function runUnblockHook(world: World, vcpu: Vcpu): void {
  if (world.facet('ap.wakesUninitialized') !== 'unblockHook') return;
  world.sendVcpu(vcpu, { type: 'START_UNINITIALIZED' });
  world.move('uninitializedStarted', vcpu.index, { by: 'the end of its wait' }, 'ApUnblockHook');
}

function interruptRun(world: World, vcpu: Vcpu): void {
  failRun(world, vcpu, { errno: errno.EINTR, reason: KVM_EXIT_INTR, rule: 'RunSignal' });
}

function sleep(world: World, vcpu: Vcpu): void {
  const index = vcpu.index;
  world.sendVcpu(vcpu, { type: 'BLOCK' });
  world.move('block', index, { vcpu: index, state: vcpu.mpState });
}

/**
 * vcpu_run: until the guest is entered, the thread sleeps, or KVM_RUN returns. A signal is looked for at the end of each
 * round, so a KVM_RUN that begins with one pending still serves requests, takes INIT and SIPI, and unmaps the GHCB.
 */
export function runLoop(world: World, vcpu: Vcpu): void {
  const index = vcpu.index;
  for (;;) {
    const before = vcpu.mpState;
    const round = before === 'RUNNABLE' ? vcpuEnterGuest(world, vcpu) : vcpuBlock(world, vcpu);
    if (round === 'done') return;
    if (vcpu.signalPending) {
      interruptRun(world, vcpu);
      return;
    }
    if (vcpu.mpState === before && before !== 'RUNNABLE' && hasEvents(vcpu)) {
      world.sendVcpu(vcpu, { type: 'SPIN' });
      world.move('spin', index, { vcpu: index, state: before }, 'RequestWaitsForSipi');
      return;
    }
  }
}

/** The end of the round in which the guest was left, after its exit was handled. */
export function afterGuestExit(world: World, vcpu: Vcpu): void {
  if (vcpu.signalPending) interruptRun(world, vcpu);
  else runLoop(world, vcpu);
}

/** vcpu_block: sleeps, or goes on where an event or a signal ends the sleep. */
function vcpuBlock(world: World, vcpu: Vcpu): 'again' | 'done' {
  if (!hasEvents(vcpu)) {
    if (vcpu.signalPending) return 'again';
    sleep(world, vcpu);
    return 'done';
  }
  acceptApicEvents(world, vcpu);
  return wakeUp(world, vcpu) === 'left' ? 'done' : 'again';
}

/** No event revives such a vCPU. */
const stoppedWoken: Record<KnownValue<'run.stoppedWoken'>, (world: World, vcpu: Vcpu) => void> = {
  eintr: (world, vcpu) => failRun(world, vcpu, { errno: errno.EINTR, rule: 'RunNotRevived' }),
};

/** The end of the wait in the run loop: some states become RUNNABLE, some stay, in the others KVM_RUN returns. */
function wakeUp(world: World, vcpu: Vcpu): 'left' | 'stays' {
  const index = vcpu.index;
  const state = vcpu.mpState;
  if (state === 'RUNNABLE') return 'stays';
  const woken = carryOut(world.decideVcpu(vcpu, { type: 'WAKE' }), {
    failRunEintr: () => {
      stoppedWoken[world.facet('run.stoppedWoken')](world, vcpu);
      return 'left' as const;
    },
    clearPvUnhalted: () => {
      vcpu.pvUnhalted = false;
      world.move('wake', index, { vcpu: index, why: `an event in ${state}` });
      return 'stays' as const;
    },
  });
  return woken ?? 'stays';
}

/**
 * Serves pending requests before guest entry.
 * @returns 'again' when the vCPU must not enter, 'left' when KVM_RUN is over
 */
export function serveUpdateRequest(world: World, vcpu: Vcpu): 'again' | 'enter' | 'left' {
  if (updateRequested(vcpu)) {
    const appliedBy = world.facet('ap.appliedBy');
    const applied = carryOut(world.decideVcpu(vcpu, { type: 'UPDATE_REQUEST_TAKEN', appliedBy }), {
      applyPendingVmsa: () => sevSnpUpdateProtectedGuestState(world, vcpu),
      resetVcpu: () => resetVcpuForInit(world, vcpu),
    });
    if (applied === 'unusable' && exitForUnusableVmsa(world, vcpu)) return 'left';
    if (vcpu.mpState !== 'RUNNABLE') return 'again';
  }
  if (vcpu.vmsaReloadRequest) reloadVmsa(world, vcpu);
  return 'enter';
}

/** What the request VM_DEAD leaves behind when it has ended a KVM_RUN. */
const deadRequestStays: Record<FacetValue<'run.deadRequest'>, boolean> = {
  consumed: false,
  kept: true,
  unspecified: false,
};

/** NMIs that KVM keeps at most: one that is handled and one that waits, or two that wait. */
const nmiLimit = (vcpu: Vcpu): number => (vcpu.nmiBlocked ? 1 : 2);

/** process_nmi: takes over the NMIs that are queued. */
function processNmi(vcpu: Vcpu): void {
  if (!vcpu.nmiRequest) return;
  vcpu.nmiRequest = false;
  vcpu.nmiPending = Math.min(vcpu.nmiPending + vcpu.nmiQueued, nmiLimit(vcpu));
  vcpu.nmiQueued = 0;
}

/** vcpu_enter_guest: requests first, then events, then VMRUN. */
function vcpuEnterGuest(world: World, vcpu: Vcpu): 'again' | 'done' {
  if (vcpu.deadRequest) {
    vcpu.deadRequest = deadRequestStays[world.facetOrUnspecified('run.deadRequest')];
    failRun(world, vcpu, { errno: errno.EIO, rule: 'RunDead' });
    return 'done';
  }
  processNmi(vcpu);
  const served = serveUpdateRequest(world, vcpu);
  if (served !== 'enter') return served === 'left' ? 'done' : 'again';
  acceptApicEvents(world, vcpu);
  if (vcpu.mpState !== 'RUNNABLE') return 'again';
  return enterGuest(world, vcpu);
}

/** The last steps before VMRUN. @returns 'again' when a signal stops them, after the GHCB page was written back */
function enterGuest(world: World, vcpu: Vcpu): 'again' | 'done' {
  const index = vcpu.index;
  const short = world.apart(`mmuReload ${index}`, () => mmuReload(world, vcpu));
  if (short) {
    failRun(world, vcpu, { errno: short, rule: 'NoPageTableMemory' });
    return 'done';
  }
  world.apart(`unmapGhcb ${index}`, () => unmapGhcb(world, vcpu));
  world.apart(`endHold ${index}`, () => endHold(vcpu));
  if (vcpu.signalPending) return 'again';
  const nmi = takeNmi(vcpu);
  const failure = vmrunFailure(world, vcpu);
  if (failure?.busy) {
    unexpectedExit(world, vcpu, { code: failure.reason, rule: failure.rule });
    return 'done';
  }
  if (failure) {
    const run = kvmRunOf(world, vcpu);
    kvmRunFailEntry.set(run, 'hardwareEntryFailureReason', failure.reason);
    kvmRunFailEntry.set(run, 'cpu', index);
    leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_FAIL_ENTRY });
    world.move('failEntry', index, { reason: failure.reason, why: failure.why }, failure.rule);
    return 'done';
  }
  if (nmi) world.move('nmiInjected', index, { vcpu: index });
  vcpu.wakeEvent = false;
  world.sendVcpu(vcpu, { type: 'ENTER' });
  world.apart(`entered ${index}`, () => {
    if (vcpu.exchange === 'answered') world.sendExchange(vcpu, { type: 'ENTERED' });
  });
  world.apart(`guestReadsAnswer ${index}`, () => guestReadsAnswer(world, vcpu));
  world.move('enter', index, { vmsa: enteredVmsa[vcpu.vmsa](vcpu) });
  return 'done';
}

/** The NMI that VMRUN takes along; until the guest reports it complete, no other follows. */
function takeNmi(vcpu: Vcpu): boolean {
  if (vcpu.nmiPending === 0 || vcpu.nmiBlocked) return false;
  vcpu.nmiPending -= 1;
  vcpu.nmiBlocked = true;
  return true;
}

const enteredVmsa: Record<Vcpu['vmsa'], (vcpu: Vcpu) => string> = {
  launchVmsa: ({ vmcbVmsaPfn }) => (vmcbVmsaPfn === NO_PFN ? 'without VMSA' : 'on its launch VMSA'),
  guestVmsa: ({ guestVmsaGpa }) => `on VMSA ${hex(guestVmsaGpa)}`,
  physicalZero: () => 'with physical address 0 as VMSA',
  noVmsa: () => 'without VMSA',
};

/** Whether the thread of a vCPU has work that no act of guest or VMM starts. */
export function needsWake(world: World, index: number): boolean {
  const vcpu = world.vcpu(index);
  if (vcpu.run === 'blocked') return hasEvents(vcpu) || vcpu.signalPending;
  if (vcpu.run === 'spinning') return vcpu.sipiLatched || vcpu.initLatched || vcpu.signalPending;
  if (vcpu.run !== 'inGuest') return false;
  return (
    updateRequested(vcpu) ||
    vcpu.vmsaReloadRequest ||
    vcpu.deadRequest ||
    vcpu.nmiRequest ||
    vcpu.initLatched ||
    vcpu.sipiLatched ||
    vcpu.signalPending
  );
}

/** A host interrupt takes the vCPU out of the guest. */
export function interruptGuest(world: World, vcpu: Vcpu): void {
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  afterGuestExit(world, vcpu);
}

/** A sleeping thread wakes, or a kick takes a running vCPU out of the guest. */
export function wakeThread(world: World, index: number): Outcome {
  const vcpu = world.vcpu(index);
  if (vcpu.run === 'inUserspace' || vcpu.run === 'inKvm')
    return refused(`the thread of v${index} is not in KVM_RUN`);
  if (!needsWake(world, index)) return refused(`nothing wakes v${index}`);
  if (vcpu.run === 'inGuest') {
    interruptGuest(world, vcpu);
    return undefined;
  }
  world.sendVcpu(vcpu, { type: 'UNBLOCK' });
  if (vcpu.waitsForInit) runUninitialized(world, vcpu);
  else runLoop(world, vcpu);
  return undefined;
}
