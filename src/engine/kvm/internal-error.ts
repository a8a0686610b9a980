/** KVM_EXIT_INTERNAL_ERROR for an exit code that KVM has no handler for. */
import { kvmRun, kvmRunInternal, KVM_EXIT_INTERNAL_ERROR } from '../../abi/kvm-run';
import type { FacetValue } from '../../profiles/facets';
import type { RuleId } from '../rules';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { kvmRunOf, leaveToUserspace } from './exit';
import type { Handled } from './ghcb/ghcb';

export const KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON = 4;
export const KVM_INTERNAL_ERROR_EMULATION = 1;
const DATA = kvmRunInternal.offsetOf('data');

/** Two words of data: the exit code, and the host CPU that entered the guest last, which is the vCPU's number here. */
export function fillInternalError(world: World, vcpu: Vcpu, exitCode: bigint): void {
  const run = kvmRunOf(world, vcpu);
  kvmRun.set(run, 'exitReason', KVM_EXIT_INTERNAL_ERROR);
  kvmRunInternal.set(run, 'suberror', KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON);
  kvmRunInternal.set(run, 'ndata', 2);
  run.setU64(DATA, exitCode);
  run.setU64(DATA + 8, BigInt(vcpu.index));
}

/** svm_handle_invalid_exit. */
export function svmHandleInvalidExit(world: World, vcpu: Vcpu): Handled {
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  unexpectedExit(world, vcpu, { code: vcpu.exitCode, rule: 'NoInterceptHandler' });
  return 'left';
}

/** KVM_RUN returns 0 with an exit code that KVM has no handler for. */
export function unexpectedExit(world: World, vcpu: Vcpu, exit: { code: bigint; rule: RuleId }): void {
  fillInternalError(world, vcpu, exit.code);
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_INTERNAL_ERROR });
  world.move(
    'internalErrorExit',
    vcpu.index,
    { suberror: KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON, data: exit.code },
    exit.rule,
  );
}

/**
 * Kernels that exit when the pending VMSA page of the target cannot be looked up; the others only change its state.
 * `stale`: only exit_reason is written, the union keeps its old content.
 */
const unusableExits: Record<FacetValue<'ap.unusablePage'>, 'none' | 'stale' | 'emulation'> = {
  halted: 'none',
  runnable: 'none',
  offlineOrPa0: 'none',
  internalErrorOrPa0: 'stale',
  emulationErrorExit: 'emulation',
};

/** Exits to userspace where the kernel does so. @returns whether it did */
export function exitForUnusableVmsa(world: World, vcpu: Vcpu): boolean {
  const kind = unusableExits[world.facet('ap.unusablePage')];
  if (kind === 'none') return false;
  const run = kvmRunOf(world, vcpu);
  if (kind === 'emulation') {
    kvmRunInternal.set(run, 'suberror', KVM_INTERNAL_ERROR_EMULATION);
    kvmRunInternal.set(run, 'ndata', 0);
  }
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_INTERNAL_ERROR });
  world.move(
    'internalErrorExit',
    vcpu.index,
    { suberror: kvmRunInternal.get(run, 'suberror'), data: run.u64(DATA) },
    'VmsaUnusable',
  );
  return true;
}
