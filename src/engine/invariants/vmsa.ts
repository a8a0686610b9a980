/** VMSAs: which one a vCPU runs on, and which of its states can be distinguished. */
import { hex } from '../../base/hex';
import { rmpEntry } from '../hardware/rmp';
import type { Vcpu } from '../state/vcpu';
import { NO_PFN, type World } from '../world';
import { afterEach, checks, type Seen } from './invariant';

/** Why VMRUN must not be executed with the VMSA of the VMCB. */
function unusableVmsa(world: World, vcpu: Vcpu): string | undefined {
  if (vcpu.vmcbVmsaPfn === NO_PFN) return 'the VMCB names no VMSA';
  const { assigned, validated, vmsa, asid } = rmpEntry(world, vcpu.vmcbVmsaPfn);
  if (!assigned || asid !== world.vm.asid) return 'the VMSA page does not belong to this VM';
  return validated && vmsa ? undefined : 'the RMP does not mark the page as VMSA';
}

function runsWithoutVmsa({ world, index, kind }: Seen): string | undefined {
  if (world.vm.type !== 'snp') return undefined;
  const vcpu = world.vcpu(index);
  // KVM's own guard refuses before VMRUN; that is no attempt.
  const guarded = world.profile.facets['vmrun.guard'] === 'rejectInvalidVmsa' && vcpu.vmcbVmsaPfn === NO_PFN;
  if (kind === 'failEntry' && guarded) return undefined;
  const why = unusableVmsa(world, vcpu);
  return why && `VMRUN is tried on v${index}, but ${why}`;
}

function destroyedRuns({ world, index }: Seen): string | undefined {
  if (!world.vcpuHistory[index]?.destroyed) return undefined;
  return `v${index} executes guest code after its DESTROY, and no CREATE came since`;
}

function armedShowsNowhere({ world, index, args }: Seen): string | undefined {
  if (args['request'] !== 'CREATE_ON_INIT') return undefined;
  return `v${index} is armed, and its mp_state ${world.vcpu(index).mpState} does not show it`;
}

/** What a vCPU in this mp_state is when it was not destroyed. */
const ordinary: Readonly<Record<string, string>> = {
  UNINITIALIZED: 'one that was never run',
  HALTED: 'one that executed HLT',
  RUNNABLE: 'one that runs',
};

function destroyedLooksOrdinary({ world, index }: Seen): string | undefined {
  const { destroyed, mpState } = world.vcpu(index);
  const other = ordinary[mpState];
  if (!destroyed || other === undefined) return undefined;
  return `v${index} was destroyed; in mp_state ${mpState} it looks like ${other}`;
}

function unhaltLeft({ world, index }: Seen): string | undefined {
  if (!world.vcpu(index).pvUnhalted) return undefined;
  return `v${index} changed its VMSA and pv_unhalted is still set`;
}

function featuresDiffer({ world, index }: Seen): string | undefined {
  const declared = world.vcpuHistory[index]?.declaredFeatures ?? 0n;
  const { vmsaFeatures } = world.vm;
  if (declared === vmsaFeatures) return undefined;
  return `v${index} becomes runnable with declared SEV_FEATURES ${hex(declared)}; the VM has ${hex(vmsaFeatures)}`;
}

export const vmsaChecks = checks({
  NoRunWithoutVmsa: afterEach(['enter', 'failEntry'], runsWithoutVmsa),
  DestroySticky: { enter: destroyedRuns },
  OfflineDistinguishable: { apRemembered: armedShowsNowhere, vmsaNotInstalled: destroyedLooksOrdinary },
  SymmetricUnhalt: afterEach(['vmsaInstalled', 'physicalZeroInstalled', 'vmsaNotInstalled'], unhaltLeft),
  DeclaredFeaturesUniform: afterEach(['vmsaInstalled', 'physicalZeroInstalled'], featuresDiffer),
});
