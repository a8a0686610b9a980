/** KVM_RUN: the ioctl's prologue, the loop that decides between entering and sleeping, and guest entry. */
import { errno } from '../../abi/errno';
import {
  kvmRun,
  kvmRunFailEntry,
  KVM_EXIT_FAIL_ENTRY,
  KVM_EXIT_INTR,
  KVM_EXIT_UNKNOWN,
} from '../../abi/kvm-run';
import { refused, type Outcome } from '../acts';
import { guestReadsAnswer } from '../guest/answer';
import type { Vcpu } from '../state/vcpu';
import { NO_PFN, type World } from '../world';
import { acceptApicEvents, hasEvents, resetVcpuForInit, updateRequested } from './apic';
import { completeExit } from './completion';
import { failRun, kvmRunOf, leaveToUserspace } from './exit';
import { syncGhcb } from './ghcb-release';
import { reloadVmsa } from './protected-state';
import { vmrunFailure } from './vmrun';

/** The KVM_RUN ioctl. */
export function kvmRunIoctl(world: World, index: number, options: { immediateExit: boolean }): Outcome {
  const vcpu = world.vcpu(index);
  if (!vcpu.exists) return refused(`vCPU ${index} was not created`);
  if (vcpu.run !== 'inUserspace') return refused(`the thread of v${index} is already in KVM_RUN`);
  vcpu.exitPending = false;
  world.sendVcpu(vcpu, { type: 'KVM_RUN' });
  world.move('kvmRun', index, { vcpu: index });
  if (world.vm.health === 'bugged') {
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
  kvmRun.set(run, 'exitReason', KVM_EXIT_UNKNOWN);
  runLoop(world, vcpu);
  return undefined;
}

/** The wait of a vCPU that never got INIT: it ends with -EAGAIN whatever came. */
function runUninitialized(world: World, vcpu: Vcpu): void {
  if (!hasEvents(vcpu) && !vcpu.signalPending) {
    sleep(world, vcpu);
    return;
  }
  if (vcpu.signalPending) {
    interruptRun(world, vcpu);
    return;
  }
  const requestBefore = updateRequested(vcpu);
  acceptApicEvents(world, vcpu);
  const served = !(requestBefore && vcpu.mpState === 'UNINITIALIZED');
  failRun(world, vcpu, {
    errno: errno.EAGAIN,
    rule: served ? 'RunUninitialized' : 'RequestNotServedWhileUninitialized',
  });
}

function interruptRun(world: World, vcpu: Vcpu): void {
  vcpu.signalPending = false;
  failRun(world, vcpu, { errno: errno.EINTR, reason: KVM_EXIT_INTR, rule: 'RunSignal' });
}

function sleep(world: World, vcpu: Vcpu): void {
  const index = world.indexOf(vcpu);
  world.sendVcpu(vcpu, { type: 'BLOCK' });
  world.move('block', index, { vcpu: index, state: vcpu.mpState });
}

/** vcpu_run: until the guest is entered, the thread sleeps, or KVM_RUN returns. */
export function runLoop(world: World, vcpu: Vcpu): void {
  const index = world.indexOf(vcpu);
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
    if (vcpu.mpState === 'HALTED' || vcpu.mpState === 'AP_RESET_HOLD') {
      const state = vcpu.mpState;
      world.sendVcpu(vcpu, { type: 'WAKE' });
      vcpu.pvUnhalted = false;
      world.move('wake', index, { vcpu: index, why: `an event in ${state}` });
    } else if (vcpu.mpState === before && hasEvents(vcpu)) {
      world.sendVcpu(vcpu, { type: 'SPIN' });
      world.move('spin', index, { vcpu: index, state: before }, 'RequestWaitsForSipi');
      return;
    }
  }
}

/** Serves the requests that wait on the way into the guest. @returns 'again' when the vCPU must not enter after all */
export function serveUpdateRequest(world: World, vcpu: Vcpu): 'again' | 'enter' {
  if (updateRequested(vcpu)) {
    world.sendVcpu(vcpu, { type: 'UPDATE_REQUEST_TAKEN' });
    resetVcpuForInit(world, vcpu);
    if (vcpu.mpState !== 'RUNNABLE') return 'again';
  }
  if (vcpu.vmsaReloadRequest) reloadVmsa(world, vcpu);
  return 'enter';
}

/** vcpu_enter_guest: requests first, then events, then VMRUN. */
function vcpuEnterGuest(world: World, vcpu: Vcpu): 'again' | 'done' {
  if (serveUpdateRequest(world, vcpu) === 'again') return 'again';
  acceptApicEvents(world, vcpu);
  if (vcpu.mpState !== 'RUNNABLE') return 'again';
  enterGuest(world, vcpu);
  return 'done';
}

function enterGuest(world: World, vcpu: Vcpu): void {
  const index = world.indexOf(vcpu);
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
  const vmsa =
    vcpu.vmsa === 'launchVmsa' ? 'on its launch VMSA' : `on VMSA 0x${vcpu.guestVmsaGpa.toString(16)}`;
  world.move('enter', index, { vmsa: vcpu.vmcbVmsaPfn === NO_PFN ? 'without VMSA' : vmsa });
}

/** Whether the thread of a vCPU has something to do that no act of guest or VMM starts. */
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
  if (vcpu.mpState === 'UNINITIALIZED') runUninitialized(world, vcpu);
  else runLoop(world, vcpu);
  return undefined;
}
