/** The end of a VM: vCPUs, bounce pages, DECOMMISSION, ASID. What cannot be given back is leaked, as a visible move. */
import { usesGuestMemfd } from '../../../profiles/facets/guest-memory';
import { rmpLookup, rmpRunLength, rmpUpdateRun } from '../../hardware/rmp';
import type { Vcpu } from '../../state/vcpu';
import { NO_PFN, type World } from '../../world';
import { sevAsidFree } from './asids';
import { changeGfns } from '../../frames/attributes';
import { releaseAllGmem } from '../memory/gmem';
import { freeKernelPage, kvmRmpMakeShared, snpFreeFirmwarePage } from '../memory/kernel-pages';
import { snpDecommissionContext } from '../launch/launch-start';
import { dropSlots } from '../memory/memory-slots';
import { dropRegions } from '../memory/user-memory';

const SHARED = { assigned: false, immutable: false, twoMeg: false, asid: 0, gfn: 0 } as const;

/** sev_free_vcpu. */
function sevFreeVcpu(world: World, vcpu: Vcpu): void {
  const page = vcpu.launchVmsaPfn;
  if (page === NO_PFN) return;
  if (world.vm.type === 'snp' && !kvmRmpMakeShared(world, page, 'vcpuFree')) return;
  if (vcpu.guestStateProtected) {
    world.move('cacheFlushed', vcpu.index, { pfn: page, pages: 1, times: 1 }, 'VcpuFreed');
  }
  world.dropImage('kernel', page);
  freeKernelPage(world, page);
}

/** snp_guest_req_cleanup. */
function guestRequestCleanup(world: World): void {
  const { vm } = world;
  world.dropImage('kernel', vm.responsePfn);
  if (vm.responsePfn !== NO_PFN) snpFreeFirmwarePage(world, vm.responsePfn);
  if (vm.requestPfn !== NO_PFN) freeKernelPage(world, vm.requestPfn);
}

/** The regions of userspace are unpinned: their pages that the RMP still assigns are made shared first. */
function releaseUserPages(world: World): void {
  if (usesGuestMemfd(world.facet('mem.private'))) return;
  const { gmemPages } = world.config;
  for (let pfn = 0; pfn < gmemPages;) {
    const alike = Math.max(1, rmpRunLength(world, pfn, gmemPages - pfn));
    if (rmpLookup(world, pfn)?.assigned && !rmpUpdateRun(world, pfn, alike, SHARED)) {
      for (let page = pfn; page < pfn + alike; page++) kvmRmpMakeShared(world, page, 'launch');
    }
    pfn += alike;
  }
}

/** sev_vm_destroy. */
function sevVmDestroy(world: World): void {
  const { vm } = world;
  if (!vm.sevActive) return;
  if (vm.type === 'snp') {
    guestRequestCleanup(world);
    releaseUserPages(world);
    if (!snpDecommissionContext(world)) return;
  }
  sevAsidFree(world);
}

/** kvm_destroy_vm: every vCPU first, then the VM. guest_memfd is released separately, see `releaseGmem`. */
export function destroyVm(world: World): void {
  world.move('vmDestroyed', -1, {});
  for (const vcpu of world.vcpus) {
    if (!vcpu.exists) continue;
    sevFreeVcpu(world, vcpu);
    world.resetVcpu(vcpu);
  }
  sevVmDestroy(world);
  const { vm } = world;
  vm.exists = false;
  vm.sevActive = false;
  vm.vcpuCount = 0;
  vm.filesClosed = false;
  vm.heldByGmem = false;
  vm.killed = false;
  world.sendLaunch({ type: 'DESTROY' });
}

/** Every file of the VM is closed: the VM is destroyed, then the pages of guest_memfd are freed. */
export function closeEverything(world: World): void {
  destroyVm(world);
  releaseAllGmem(world);
  dropSlots(world);
  dropRegions(world);
  changeGfns(world, 0, world.config.gfnCount, 0, ~0);
}
