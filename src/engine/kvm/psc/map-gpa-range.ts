/** KVM_EXIT_HYPERCALL with KVM_HC_MAP_GPA_RANGE: the exit for every page state change. */
import { errno } from '../../../abi/errno';
import {
  kvmRunHypercall,
  KVM_EXIT_HYPERCALL,
  KVM_HC_MAP_GPA_RANGE,
  mapGpaRangeAttributes,
} from '../../../abi/kvm-run';
import { kvmPresetsRet } from '../../../profiles/facets/psc-msr';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf, leaveToUserspace } from '../exit';

const ARGUMENTS = kvmRunHypercall.offsetOf('args');

/** Fills nr, args[0..2] and, where the kernel does so, ret; args[3..5] and flags keep their old values. */
export function exitMapGpaRange(
  world: World,
  vcpu: Vcpu,
  range: { gpa: bigint; pages: number; toPrivate: boolean; huge: boolean },
): void {
  const run = kvmRunOf(world, vcpu);
  const attributes = mapGpaRangeAttributes.encode({
    pageSize: range.huge ? 1n : 0n,
    encrypted: range.toPrivate ? 1n : 0n,
  });
  kvmRunHypercall.set(run, 'nr', BigInt(KVM_HC_MAP_GPA_RANGE));
  run.setU64(ARGUMENTS, range.gpa);
  run.setU64(ARGUMENTS + 8, BigInt(range.pages));
  run.setU64(ARGUMENTS + 16, attributes);
  if (kvmPresetsRet(world.facet('psc.retInit'))) kvmRunHypercall.set(run, 'ret', 0n);
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_HYPERCALL });
  world.move('mapGpaRangeExit', vcpu.index, {
    gpa: range.gpa,
    pages: BigInt(range.pages),
    attributes,
  });
}

/** Whether the exit that a page state change needs may happen. */
export function pscExitsEnabled(world: World): boolean {
  if (world.vm.hypercallExits) return true;
  return world.facet('psc.exitsDisabled') === 'notNegotiable';
}

/** hypercall.ret as userspace left it. */
export function readRet(world: World, vcpu: Vcpu): bigint {
  return kvmRunHypercall.get(kvmRunOf(world, vcpu), 'ret');
}

/** How KVM reads an answer: compared as 64 bits, positive errno values. */
export function retClass(
  world: World,
  ret: bigint,
): { ret: 'success' | 'refused' | 'other'; check: 'anyNonZero' | 'whitelist' } {
  const check = world.facet('psc.retInit') === 'zeroedAndWhitelisted' ? 'whitelist' : 'anyNonZero';
  if (ret === 0n) return { ret: 'success', check };
  return { ret: ret === BigInt(errno.EINVAL) || ret === BigInt(errno.EAGAIN) ? 'refused' : 'other', check };
}
