/** KVM_EXIT_INTERNAL_ERROR for an exit code that KVM has no handler for. */
import { kvmRun, kvmRunInternal, KVM_EXIT_INTERNAL_ERROR } from '../../abi/kvm-run';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { kvmRunOf, leaveToUserspace } from './exit';
import type { Handled } from './ghcb';

export const KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON = 4;
const DATA = kvmRunInternal.offsetOf('data');

/** Two words of data: the exit code, and the host CPU that entered the guest last, which is the vCPU's number here. */
export function fillInternalError(world: World, vcpu: Vcpu, exitCode: bigint): void {
  const run = kvmRunOf(world, vcpu);
  kvmRun.set(run, 'exitReason', KVM_EXIT_INTERNAL_ERROR);
  kvmRunInternal.set(run, 'suberror', KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON);
  kvmRunInternal.set(run, 'ndata', 2);
  run.setU64(DATA, exitCode);
  run.setU64(DATA + 8, BigInt(world.indexOf(vcpu)));
}

/** svm_handle_invalid_exit. */
export function svmHandleInvalidExit(world: World, vcpu: Vcpu): Handled {
  fillInternalError(world, vcpu, vcpu.exitCode);
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_INTERNAL_ERROR });
  world.move(
    'internalErrorExit',
    world.indexOf(vcpu),
    { suberror: KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON, data: vcpu.exitCode },
    'NoInterceptHandler',
  );
  return 'left';
}
