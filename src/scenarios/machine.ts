/** From the head of a scenario to a world: how much memory there is, where it lies, who plays guest and VMM. */
import { PAGE_SIZE } from '../abi/address';
import { SVM_SEV_FEAT_DEBUG_SWAP, SVM_SEV_FEAT_SECURE_TSC } from '../abi/sev-features';
import { World } from '../engine/world';
import type { ResolvedProfile } from '../profiles/resolve';
import type { Head, VmSettings } from './scenario';

/** A run of guest frames that one memory slot holds. */
export interface MemoryRegion {
  readonly gfn: number;
  readonly n: number;
}

const FOUR_GIB = 0x10_0000;
/** QEMU's q35 keeps 2 GiB below 4 GiB when there is more memory than fits under the device hole. */
const LOW_MEMORY = 0x8_0000;
const DEVICE_HOLE = 0xb_0000;

/** The memory slots of a machine, in the order in which the VMM makes them. */
export function memoryRegions({ memory, flash }: VmSettings): MemoryRegion[] {
  const pages = memory / PAGE_SIZE;
  const low = pages > DEVICE_HOLE ? LOW_MEMORY : pages;
  const regions = [{ gfn: 0, n: low }];
  if (pages > low) regions.push({ gfn: FOUR_GIB, n: pages - low });
  if (flash > 0) regions.push({ gfn: FOUR_GIB - flash / PAGE_SIZE, n: flash / PAGE_SIZE });
  return regions;
}

/** The world a scenario starts in: nothing exists yet but the host and the plans of guest and VMM. */
export function worldFor(head: Head, profile: ResolvedProfile): World {
  const regions = memoryRegions(head.vm);
  const gfnCount = Math.max(...regions.map(({ gfn, n }) => gfn + n));
  const gmemPages = regions.reduce((sum, { n }) => sum + n, 0);
  const world = new World({ vcpus: head.vm.vcpus, gfnCount, gmemPages }, profile);
  // What the processor can do; kernels without Secure TSC take it out.
  world.host.vmsaFeatures = SVM_SEV_FEAT_DEBUG_SWAP | SVM_SEV_FEAT_SECURE_TSC;
  world.vm.maxPhysicalAddress = head.vm.maxphyaddr;
  world.vm.personality = head.host;
  world.vm.guestProgram = head.guest;
  world.log.top = 0;
  return world;
}
