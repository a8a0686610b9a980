/** VMRUN with the VMSA of the VMCB: KVM's own check, then the checks of the hardware. */
import { SVM_EXIT_ERR } from '../../../abi/nae';
import type { KnownValue } from '../../../profiles/facets';
import { rmpEntry } from '../../hardware/rmp';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import { NO_PFN, type World } from '../../world';

/** Why VMRUN did not enter the guest. */
export interface EntryFailure {
  /** Exit code of VMRUN, as wide as the kernel keeps it; VMEXIT_INVALID becomes hardware_entry_failure_reason. */
  readonly reason: bigint;
  readonly why: string;
  readonly rule: RuleId;
  /** The exit code is VMEXIT_BUSY, for which KVM has no handler. */
  readonly busy?: true;
}

const ALL_ONES_32 = 0xffff_ffffn;
const hardwareReasons: Record<KnownValue<'failEntry.reason'>, bigint> = {
  allOnes32: ALL_ONES_32,
  guard64: ALL_ONES_32,
  allOnes64: SVM_EXIT_ERR,
};

/** The failure reason as wide as the kernel keeps VMRUN's exit code. */
function hardwareReason(world: World): bigint {
  return hardwareReasons[world.facet('failEntry.reason')];
}

/** VMEXIT_BUSY is -2, VMEXIT_INVALID -1, in as many bits. */
const busyReason = (world: World): bigint => hardwareReason(world) - 1n;

/**
 * The vCPU that executes on a VMSA page: the hardware marks the page as in use from VMRUN to the next exit. All vCPUs are
 * looked at, so that the same is read whichever it is.
 */
export const vcpuOnVmsa = ({ vm, vcpus }: World, pfn: number): Vcpu | undefined =>
  vm.type === 'snp'
    ? vcpus.filter(({ exists, run, vmcbVmsaPfn }) => exists && run === 'inGuest' && vmcbVmsaPfn === pfn)[0]
    : undefined;

/** Whether the VMCB holds physical address 0, from an error PFN or as the kernel's value for "no VMSA". */
function namesPhysicalZero(world: World, vcpu: Vcpu): boolean {
  if (vcpu.vmsa === 'physicalZero') return true;
  return vcpu.vmsa === 'noVmsa' && world.facet('ap.invalidMarker') === 'zero';
}

/** @returns why the vCPU cannot be entered, or nothing when VMRUN works */
export function vmrunFailure(world: World, vcpu: Vcpu): EntryFailure | undefined {
  if (namesPhysicalZero(world, vcpu)) {
    if (world.vm.vmrunOracle === 'alwaysEnters') return undefined;
    return { reason: hardwareReason(world), why: 'VMRUN with PA 0', rule: 'VmsaAtPhysicalZero' };
  }
  if (vcpu.vmcbVmsaPfn === NO_PFN) {
    if (world.facet('vmrun.guard') === 'rejectInvalidVmsa') {
      return { reason: SVM_EXIT_ERR, why: 'no VMSA', rule: 'VmsaMissing' };
    }
    return { reason: hardwareReason(world), why: 'VMRUN without VMSA', rule: 'VmsaNotUsable' };
  }
  if (world.vm.vmrunOracle === 'alwaysEnters') return undefined;
  if (world.vm.vmrunOracle === 'alwaysFails') {
    return { reason: hardwareReason(world), why: 'VMRUN fails', rule: 'VmsaNotUsable' };
  }
  if (world.vm.type === 'seves') return esVmrunFailure(world, vcpu);
  if (world.vm.gstate !== 'RUNNING') {
    return { reason: hardwareReason(world), why: `guest is in ${world.vm.gstate}`, rule: 'GuestNotRunning' };
  }
  const entry = rmpEntry(world, vcpu.vmcbVmsaPfn);
  if (!entry.assigned || !entry.validated || !entry.vmsa || entry.asid !== world.vm.asid) {
    return {
      reason: hardwareReason(world),
      why: 'the RMP does not mark the page as VMSA',
      rule: 'VmsaNotUsable',
    };
  }
  const other = vcpuOnVmsa(world, vcpu.vmcbVmsaPfn);
  if (!other) return undefined;
  const why = `v${other.index} executes on the same VMSA`;
  return { reason: busyReason(world), why, rule: 'VmsaInUse', busy: true };
}

/** Without SNP there is no RMP and no guest state of the firmware: the launch must have encrypted the VMSA. */
function esVmrunFailure(world: World, vcpu: Vcpu): EntryFailure | undefined {
  if (vcpu.guestStateProtected) return undefined;
  return { reason: hardwareReason(world), why: 'the VMSA is not encrypted', rule: 'EsVmsaNotEncrypted' };
}
