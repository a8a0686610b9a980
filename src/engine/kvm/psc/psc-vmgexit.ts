/**
 * KVM_EXIT_VMGEXIT, which the postings of 2023 and 2024 left with for page state changes: the VMM gets the guest's request
 * unchanged and writes the answer that the guest reads.
 */
import {
  kvmRunVmgexitPsc,
  kvmRunVmgexitPscMsr,
  kvmRunVmgexitRaw,
  KVM_EXIT_VMGEXIT,
  KVM_EXIT_VMGEXIT_RAW,
  KVM_USER_VMGEXIT_PSC,
  KVM_USER_VMGEXIT_PSC_MSR,
} from '../../../abi/kvm-run';
import { kvmPresetsRet } from '../../../profiles/facets/psc-msr';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf, leaveToUserspace } from '../exit';

/** KVM wrote a "success" into the answer field before the exit. */
const presets = (world: World): boolean => kvmPresetsRet(world.facet('psc.retInit'));

function leave(world: World, vcpu: Vcpu, completion: Vcpu['completion'], reason: number): void {
  vcpu.completion = completion;
  leaveToUserspace(world, vcpu, { errno: 0, reason });
}

/** Type 1: one page. Of the union only type, gpa and op are written. */
export function exitVmgexitPscMsr(world: World, vcpu: Vcpu, page: { gpa: bigint; operation: number }): void {
  const run = kvmRunOf(world, vcpu);
  kvmRunVmgexitPscMsr.set(run, 'type', KVM_USER_VMGEXIT_PSC_MSR);
  kvmRunVmgexitPscMsr.set(run, 'gpa', page.gpa);
  kvmRunVmgexitPscMsr.set(run, 'op', page.operation);
  if (presets(world)) kvmRunVmgexitPscMsr.set(run, 'ret', 0);
  leave(world, vcpu, 'pscMsrVmgexit', KVM_EXIT_VMGEXIT);
  world.move('vmgexitPscMsrExit', vcpu.index, { gpa: page.gpa, op: page.operation });
}

/** Type 2: the address of the whole buffer. Of the union only type and shared_gpa are written. */
export function exitVmgexitPsc(world: World, vcpu: Vcpu, sharedGpa: bigint): void {
  const run = kvmRunOf(world, vcpu);
  kvmRunVmgexitPsc.set(run, 'type', KVM_USER_VMGEXIT_PSC);
  kvmRunVmgexitPsc.set(run, 'sharedGpa', sharedGpa);
  if (presets(world)) kvmRunVmgexitPsc.set(run, 'ret', 0n);
  leave(world, vcpu, 'pscVmgexit', KVM_EXIT_VMGEXIT);
  world.move('vmgexitPscExit', vcpu.index, { gpa: sharedGpa });
}

/** Before there were types: the GHCB MSR, which is the request itself or the address of the GHCB page. */
export function exitVmgexitRaw(
  world: World,
  vcpu: Vcpu,
  completion: 'pscMsrVmgexitRaw' | 'pscVmgexitRaw',
): void {
  const run = kvmRunOf(world, vcpu);
  kvmRunVmgexitRaw.set(run, 'ghcbMsr', vcpu.ghcbMsr);
  if (presets(world)) kvmRunVmgexitRaw.set(run, 'ret', 0n);
  leave(world, vcpu, completion, KVM_EXIT_VMGEXIT_RAW);
  world.move('vmgexitRawExit', vcpu.index, { value: vcpu.ghcbMsr });
}
