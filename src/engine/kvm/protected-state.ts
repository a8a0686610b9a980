/** Giving a vCPU the VMSA that AP creation announced, in the thread of that vCPU. */
import { gpa as toGpa, gpaToGfn } from '../../abi/address';
import type { Vcpu } from '../state/vcpu';
import { NO_GPA, NO_PFN, type World } from '../world';
import { privatePage } from './gmem';
import { slotOf } from './memory-slots';

/** Whether an AP creation request waits for this vCPU. */
export function waitsForReset(vcpu: Vcpu): boolean {
  return vcpu.creation !== 'noneWaiting' && vcpu.creation !== 'requestLeftOver';
}

/** Whether a guest VMSA was ever installed. */
export function hasGuestVmsa(vcpu: Vcpu): boolean {
  return vcpu.vmsa !== 'launchVmsa';
}

/** sev_snp_init_protected_guest_state: runs at every INIT reset and for the update request. */
export function sevSnpInitProtectedGuestState(world: World, vcpu: Vcpu): void {
  if (!waitsForReset(vcpu)) return;
  const index = world.indexOf(vcpu);
  const hadGuestVmsa = hasGuestVmsa(vcpu);
  world.sendVcpu(vcpu, { type: 'PENDING_VMSA_TAKEN', offlineState: world.facet('ap.offlineState') });
  vcpu.pvUnhalted = false;
  const gpa = vcpu.pendingVmsaGpa;
  vcpu.pendingVmsaGpa = NO_GPA;
  const found = gpa !== NO_GPA && loadVmsa(world, vcpu, gpa);
  if (gpa === NO_GPA) forgetVmsa(vcpu);
  if (gpa !== NO_GPA && !found && world.facet('ap.pendingAfterFailure') === 'kept') vcpu.pendingVmsaGpa = gpa;
  applyVmsa(world, vcpu, found, hadGuestVmsa);

  if (found || (gpa !== NO_GPA && world.facet('ap.unusablePage') === 'runnable')) {
    world.sendVcpu(vcpu, { type: 'GO_ONLINE' });
  }
  if (found) startsFromVmsa(vcpu);
  if (found) world.move('vmsaInstalled', index, { gpa }, 'VmsaApplied');
  else {
    const why = gpa === NO_GPA ? 'destroyed' : `no page for ${gpa.toString(16)}`;
    const left = vcpu.vmsa === 'launchVmsa' ? `back on its launch VMSA, ${vcpu.mpState}` : vcpu.mpState;
    const rule =
      vcpu.vmsa === 'launchVmsa' ? 'LaunchVmsaRestored' : gpa === NO_GPA ? 'VmsaApplied' : 'VmsaUnusable';
    world.move('vmsaNotInstalled', index, { why, state: left }, rule);
  }
}

/** The instruction pointer is in the VMSA: what the guest executes on this vCPU begins anew. */
function startsFromVmsa(vcpu: Vcpu): void {
  vcpu.programStep = 0;
  vcpu.programCursor = 0n;
}

/** Request VMSA_PAGE_RELOAD: the same GPA is looked up again; mp_state does not move. */
export function reloadVmsa(world: World, vcpu: Vcpu): void {
  vcpu.vmsaReloadRequest = false;
  const gpa = vcpu.guestVmsaGpa;
  const found = gpa !== NO_GPA && loadVmsa(world, vcpu, gpa);
  applyVmsa(world, vcpu, found, true);
  const index = world.indexOf(vcpu);
  if (found) world.move('vmsaInstalled', index, { gpa }, 'VmsaReloaded');
  else world.move('vmsaNotInstalled', index, { why: 'page gone', state: vcpu.mpState }, 'VmsaUnusable');
}

function forgetVmsa(vcpu: Vcpu): void {
  vcpu.guestVmsaGpa = NO_GPA;
  vcpu.vmcbVmsaPfn = NO_PFN;
}

/** Looks the page up in guest_memfd, which also makes it private in the RMP. */
function loadVmsa(world: World, vcpu: Vcpu, gpa: bigint): boolean {
  forgetVmsa(vcpu);
  const gfn = gpaToGfn(toGpa(gpa));
  if (slotOf(world, gfn)?.backing === 'guestMemfd') {
    world.move('vmsaLookedUp', world.indexOf(vcpu), { gpa }, 'VmsaApplied');
  }
  const page = privatePage(world, gfn);
  if ('errno' in page) return false;
  vcpu.guestVmsaGpa = gpa;
  vcpu.vmcbVmsaPfn = page.pfn;
  return true;
}

function applyVmsa(world: World, vcpu: Vcpu, found: boolean, hadGuestVmsa: boolean): void {
  const restoresLaunchVmsa = world.facet('ap.launchVmsaRestore') === 'yes';
  world.sendVcpu(vcpu, { type: 'VMSA_APPLIED', found, hadGuestVmsa, restoresLaunchVmsa });
  if (vcpu.vmsa === 'launchVmsa') vcpu.vmcbVmsaPfn = vcpu.launchVmsaPfn;
}
