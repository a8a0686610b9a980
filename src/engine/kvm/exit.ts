/** The end of KVM_RUN: the thread returns to userspace, and `kvm_run` holds the exit reason. */
import { itemAt } from '../../base/assert';
import { errnoText } from '../../abi/errno';
import { kvmRun, type KvmExit, type KvmExitName } from '../../abi/kvm-run';
import { exitsOf } from '../../profiles/kvm-exits';
import type { Image } from '../memory/image';
import type { RuleId } from '../rules';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';

/** The `kvm_run` bytes of a vCPU. */
export function kvmRunOf(world: World, vcpu: Vcpu): Image {
  return itemAt(world.kvmRun, vcpu.index, 'kvm_run of a vCPU');
}

/** The name of an exit reason in the headers of the simulated kernel; `undefined` for a number that they do not have. */
export const exitOfReason = (world: World, reason: number): KvmExit<KvmExitName> | undefined =>
  exitsOf(world.profile.facets)(reason);

/**
 * Ends a KVM_RUN. The payload of the exit is already in the union.
 * @param exit `errno` is positive, 0 on success; without a `reason` the previous exit_reason stays
 */
export function leaveToUserspace(
  world: World,
  vcpu: Vcpu,
  exit: { readonly errno: number; readonly reason: number | undefined },
): void {
  const run = kvmRunOf(world, vcpu);
  if (exit.reason !== undefined) kvmRun.set(run, 'exitReason', exit.reason);
  kvmRun.set(run, 'apicBase', apicBase(vcpu.index));
  vcpu.runErrno = exit.errno;
  vcpu.exitPending = true;
  vcpu.mutexHolder = 'none';
  // A signal is delivered when the thread is back in userspace.
  vcpu.signalPending = false;
  world.sendVcpu(vcpu, { type: 'EXIT_TO_USERSPACE' });
}

/**
 * The APIC base as reset leaves it (kvm_lapic_reset, 6.12.117): enabled, the boot processor marked. The other words that
 * post_kvm_run_save refreshes follow from registers that are not modelled (interrupt mask, TPR, PIC) and stay 0.
 */
const APIC_BASE_ENABLED = 0xfee0_0800n;
const APIC_BASE_BSP = 0x100n;
const apicBase = (index: number): bigint =>
  index === 0 ? APIC_BASE_ENABLED | APIC_BASE_BSP : APIC_BASE_ENABLED;

/** Ends a KVM_RUN with an errno and shows it. */
export function failRun(
  world: World,
  vcpu: Vcpu,
  failure: { readonly errno: number; readonly reason?: number; readonly rule: RuleId },
): void {
  leaveToUserspace(world, vcpu, { errno: failure.errno, reason: failure.reason });
  const index = vcpu.index;
  const ret = errnoText(-failure.errno);
  world.apart(`kvmRunReturns ${index} ${ret} ${failure.rule}`, () => {
    const reason = kvmRun.get(kvmRunOf(world, vcpu), 'exitReason');
    const exit = exitOfReason(world, reason)?.name ?? `exit ${reason}`;
    world.move('kvmRunReturns', index, { vcpu: index, ret, exit }, failure.rule);
  });
}
