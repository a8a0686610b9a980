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
import type { KnownValue } from '../../../profiles/facets';
import type { Vcpu } from '../../state/vcpu';
import { NO_PFN, type World } from '../../world';
import { acceptApicEvents, hasEvents, resetVcpuForInit, updateRequested } from '../ap/apic';
import { completeExit } from './completion';
import { failRun, kvmRunOf, leaveToUserspace } from '../exit';
import { syncGhcb } from '../ghcb/ghcb-release';
import { exitForUnusableVmsa } from '../internal-error';
import { reloadVmsa, sevSnpUpdateProtectedGuestState } from '../ap/protected-state';
import { vmrunFailure } from './vmrun';

/** The KVM_RUN ioctl. */
export function kvmRunIoctl(world: World, index: number, options: { immediateExit: boolean }): Outcome {
  const vcpu = world.vcpu(index);
  if (!vcpu.exists) return refused(`vCPU ${index} was not created`);
  if (vcpu.run !== 'inUserspace') return refused(`the thread of v${index} is already in KVM_RUN`);
  const { type, needsInit } = world.vm;
  if (!needsInit && type !== 'snp' && type !== 'seves')
    return refused('guests without an encrypted VMSA are not modelled');
  vcpu.exitPending = false;
  world.sendVcpu(vcpu, { type: 'KVM_RUN' });
  world.move('kvmRun', index, { vcpu: index });
  if (world.vm.health !== 'sound') {
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

/** The wait of a vCPU that never got INIT: it ends with -EAGAIN after any event. */
function runUninitialized(world: World, vcpu: Vcpu): void {
  vcpu.waitsForInit = !hasEvents(vcpu) && !vcpu.signalPending;
  if (vcpu.waitsForInit) {
    sleep(world, vcpu);
    return;
  }
  if (vcpu.signalPending) {
    interruptRun(world, vcpu);
    return;
  }
  const requestBefore = updateRequested(vcpu);
  if (requestBefore && vcpu.mpState === 'UNINITIALIZED') runUnblockHook(world, vcpu);
  acceptApicEvents(world, vcpu);
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
  vcpu.signalPending = false;
  failRun(world, vcpu, { errno: errno.EINTR, reason: KVM_EXIT_INTR, rule: 'RunSignal' });
}

function sleep(world: World, vcpu: Vcpu): void {
  const index = vcpu.index;
  world.sendVcpu(vcpu, { type: 'BLOCK' });
  world.move('block', index, { vcpu: index, state: vcpu.mpState });
}

/** vcpu_run: until the guest is entered, the thread sleeps, or KVM_RUN returns. */
export function runLoop(world: World, vcpu: Vcpu): void {
  const index = vcpu.index;
  for (;;) {
    if (vcpu.signalPending) {
      interruptRun(world, vcpu);
      return;
    }
    if (vcpu.mpState === 'RUNNABLE') {
      if (vcpuEnterGuest(world, vcpu) === 'done') return;
      continue;
    }
    if (!hasEvents(vcpu)) {
      sleep(world, vcpu);
      return;
    }
    const before = vcpu.mpState;
    acceptApicEvents(world, vcpu);
    if (wakeUp(world, vcpu) === 'left') return;
    if (vcpu.mpState === before && hasEvents(vcpu)) {
      world.sendVcpu(vcpu, { type: 'SPIN' });
      world.move('spin', index, { vcpu: index, state: before }, 'RequestWaitsForSipi');
      return;
    }
  }
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

/** vcpu_enter_guest: requests first, then events, then VMRUN. */
function vcpuEnterGuest(world: World, vcpu: Vcpu): 'again' | 'done' {
  const served = serveUpdateRequest(world, vcpu);
  if (served !== 'enter') return served === 'left' ? 'done' : 'again';
  acceptApicEvents(world, vcpu);
  if (vcpu.mpState !== 'RUNNABLE') return 'again';
  enterGuest(world, vcpu);
  return 'done';
}

function enterGuest(world: World, vcpu: Vcpu): void {
  const index = vcpu.index;
  syncGhcb(world, vcpu);
  const failure = vmrunFailure(world, vcpu);
  if (failure) {
    const run = kvmRunOf(world, vcpu);
    kvmRunFailEntry.set(run, 'hardwareEntryFailureReason', failure.reason);
    kvmRunFailEntry.set(run, 'cpu', index);
    leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_FAIL_ENTRY });
    world.move('failEntry', index, { reason: failure.reason, why: failure.why }, failure.rule);
    return;
  }
  vcpu.wakeEvent = false;
  world.sendVcpu(vcpu, { type: 'ENTER' });
  if (vcpu.exchange === 'answered') world.sendExchange(vcpu, { type: 'ENTERED' });
  guestReadsAnswer(world, vcpu);
  world.move('enter', index, { vmsa: enteredVmsa[vcpu.vmsa](vcpu) });
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
    vcpu.initLatched ||
    vcpu.sipiLatched ||
    vcpu.signalPending
  );
}

/** A sleeping thread wakes, or a kick takes a running vCPU out of the guest. */
export function wakeThread(world: World, index: number): Outcome {
  const vcpu = world.vcpu(index);
  if (vcpu.run === 'inUserspace' || vcpu.run === 'inKvm')
    return refused(`the thread of v${index} is not in KVM_RUN`);
  if (!needsWake(world, index)) return refused(`nothing wakes v${index}`);
  if (vcpu.run === 'inGuest') {
    world.sendVcpu(vcpu, { type: 'LEAVE' });
    runLoop(world, vcpu);
    return undefined;
  }
  world.sendVcpu(vcpu, { type: 'UNBLOCK' });
  if (vcpu.waitsForInit) runUninitialized(world, vcpu);
  else runLoop(world, vcpu);
  return undefined;
}
