/** Installing the VMSA of an AP creation request, in the thread of the target vCPU. */
import { isPageAligned } from '../../../abi/address';
import { statesTagged } from '../../../machines/compile';
import { vcpuChart } from '../../../machines/vcpu';
import type { FacetValue, KnownValue } from '../../../profiles/facets';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import { NO_GPA, NO_PFN, type World } from '../../world';
import { vmsaPage, type VmsaPage } from './vmsa-page';

/** Whether the flag is set that lets the next INIT apply an AP creation request. */
export function waitsForReset(vcpu: Vcpu): boolean {
  return armed.has(vcpu.creation);
}

const armed = statesTagged(vcpuChart, 'creation', 'armed');

/** Whether a guest VMSA was ever installed. */
export function hasGuestVmsa(vcpu: Vcpu): boolean {
  return vcpu.vmsa !== 'launchVmsa';
}

/** The word that stands for "no VMSA" in a guest address. */
export function noVmsaGpa(world: World): bigint {
  return world.facet('ap.invalidMarker') === 'zero' ? 0n : NO_GPA;
}

/** Result of an apply: `unusable` when the page of the requested VMSA could not be looked up. */
export type Applied = 'done' | 'unusable';

/** sev_snp_init_protected_guest_state: runs at every INIT reset, and changes something if the flag is set. */
export function sevSnpInitProtectedGuestState(world: World, vcpu: Vcpu): Applied {
  return waitsForReset(vcpu) ? applyPending(world, vcpu, 'initReset') : 'done';
}

/** sev_snp_update_protected_guest_state, where the update request has a handler of its own. */
export const sevSnpUpdateProtectedGuestState = (world: World, vcpu: Vcpu): Applied =>
  applyPending(world, vcpu, 'requestHandler');

type AppliedBy = KnownValue<'ap.appliedBy'>;

function applyPending(world: World, vcpu: Vcpu, by: AppliedBy): Applied {
  const gpa = vcpu.pendingVmsaGpa;
  const destroyed = gpa === noVmsaGpa(world);
  const hadGuestVmsa = hasGuestVmsa(vcpu);
  world.sendVcpu(vcpu, {
    type: 'PENDING_VMSA_TAKEN',
    by,
    appliesAgain: world.facet('ap.appliedBy') === 'requestHandler',
    offlineState: world.facet('ap.offlineState'),
  });
  if (destroyed || world.facet('ap.pvUnhalted') === 'bothWays') vcpu.pvUnhalted = false;
  forgetVmsa(vcpu);
  const page = destroyed ? 'nothing' : alignedPage(world, vcpu, gpa);
  const installed = page !== 'nothing';
  if (installed) vcpu.guestVmsaGpa = gpa;
  if (!keepsPending(world, installed || destroyed)) vcpu.pendingVmsaGpa = noVmsaGpa(world);
  vcpu.destroyed = destroyed;
  nameVmsa(world, vcpu, page, { hadGuestVmsa, reset: by === 'initReset' });
  noteCleanVmcb(world, installed || destroyed);
  const runnable = installed || (!destroyed && world.facet('ap.unusablePage') === 'runnable');
  if (runnable) world.sendVcpu(vcpu, { type: 'GO_ONLINE' });
  if (installed) startsFromVmsa(vcpu);
  reportApplied(world, vcpu, { gpa, page, destroyed });
  return installed || destroyed ? 'done' : 'unusable';
}

/** Where the alignment is checked here, a misaligned address takes the vCPU offline, and the requester gets no error. */
function alignedPage(world: World, vcpu: Vcpu, gpa: bigint): VmsaPage {
  if (world.facet('ap.gpaCheck') === 'alignedAtApply' && !isPageAligned(gpa)) return 'nothing';
  return vmsaPage(world, vcpu, gpa);
}

/** @param done the page was installed, or none was wanted */
function keepsPending(world: World, done: boolean): boolean {
  const after = world.facetOrUnspecified('ap.pendingAfterApply');
  if (after === 'kept') return true;
  return !done && world.facet('ap.pendingAfterApply') === 'keptOnFailure';
}

/** The VMSA of the VMCB from now on; an INIT reset may restore the launch VMSA. */
function nameVmsa(
  world: World,
  vcpu: Vcpu,
  page: VmsaPage,
  { hadGuestVmsa, reset }: { hadGuestVmsa: boolean; reset: boolean },
): void {
  vcpu.vmcbVmsaPfn = typeof page === 'object' ? page.pfn : NO_PFN;
  const restoresLaunchVmsa = reset && world.facet('ap.launchVmsaRestore') === 'yes';
  const found = typeof page === 'object' ? 'page' : page;
  world.sendVcpu(vcpu, { type: 'VMSA_APPLIED', found, hadGuestVmsa, restoresLaunchVmsa });
  if (vcpu.vmsa === 'launchVmsa') vcpu.vmcbVmsaPfn = vcpu.launchVmsaPfn;
}

const marksDirty: Record<FacetValue<'ap.vmcbDirty'>, (done: boolean) => boolean> = {
  never: () => false,
  ifApplied: (done) => done,
  always: () => true,
  unspecified: () => true,
};

function noteCleanVmcb(world: World, done: boolean): void {
  if (marksDirty[world.facet('ap.vmcbDirty')](done)) return;
  world.finding(
    'ambiguity',
    'the VMCB is not marked dirty for its new VMSA address: what the CPU does with what it cached is unconfirmed',
  );
}

/** The instruction pointer is in the VMSA: the guest program on this vCPU starts over. */
function startsFromVmsa(vcpu: Vcpu): void {
  vcpu.programStep = 0;
  vcpu.programCursor = 0n;
}

interface Outcome {
  readonly gpa: bigint;
  readonly page: VmsaPage;
  readonly destroyed: boolean;
}

function reportApplied(world: World, vcpu: Vcpu, { gpa, page, destroyed }: Outcome): void {
  const index = vcpu.index;
  if (typeof page === 'object') {
    world.move('vmsaInstalled', index, { gpa }, 'VmsaApplied');
    return;
  }
  if (page === 'physicalZero') {
    world.move('physicalZeroInstalled', index, { gpa }, 'VmsaWithoutMemslot');
    return;
  }
  const why = destroyed ? 'destroyed' : `no page for ${gpa.toString(16)}`;
  const restored = vcpu.vmsa === 'launchVmsa';
  const state = restored ? `back on its launch VMSA, ${vcpu.mpState}` : vcpu.mpState;
  const applied: RuleId = destroyed ? 'VmsaApplied' : 'VmsaUnusable';
  world.move('vmsaNotInstalled', index, { why, state }, restored ? 'LaunchVmsaRestored' : applied);
}

/** Request VMSA_PAGE_RELOAD: the same GPA is looked up again; mp_state does not move. */
export function reloadVmsa(world: World, vcpu: Vcpu): void {
  vcpu.vmsaReloadRequest = false;
  const gpa = vcpu.guestVmsaGpa;
  forgetVmsa(vcpu);
  const page = gpa === NO_GPA ? 'nothing' : vmsaPage(world, vcpu, gpa);
  if (page !== 'nothing') vcpu.guestVmsaGpa = gpa;
  nameVmsa(world, vcpu, page, { hadGuestVmsa: true, reset: false });
  const index = vcpu.index;
  if (page !== 'nothing') world.move('vmsaInstalled', index, { gpa }, 'VmsaReloaded');
  else world.move('vmsaNotInstalled', index, { why: 'page gone', state: vcpu.mpState }, 'VmsaUnusable');
}

function forgetVmsa(vcpu: Vcpu): void {
  vcpu.guestVmsaGpa = NO_GPA;
  vcpu.vmcbVmsaPfn = NO_PFN;
}
