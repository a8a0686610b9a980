/** Launch: which pages a call may change, and what its caller can conclude from the result. */
import { errnoText } from '../../abi/errno';
import { hex } from '../../base/hex';
import { rmpBits } from '../memory/page-bits';
import { NO_PFN, type World } from '../world';
import { checks, type Seen } from './invariant';
import { changedPages, changedSince } from './log-view';

const UPDATE = 'KVM_SEV_SNP_LAUNCH_UPDATE';
const FINISH = 'KVM_SEV_SNP_LAUNCH_FINISH';

const returnsFrom =
  (call: string, check: (seen: Seen) => string | undefined) =>
  (seen: Seen): string | undefined =>
    seen.args['call'] === call ? check(seen) : undefined;

const isAssigned = (word: number): boolean => (word & rmpBits.assigned) !== 0;

/** A page that the firmware refused is immutable until it is reclaimed: no guest data is in it. */
const isEncrypted = (word: number): boolean => isAssigned(word) && (word & rmpBits.immutable) === 0;

/** Pages that belonged to the hypervisor and that the current call encrypted. */
function encryptedNow(world: World, since: number): number[] {
  const { rmp } = world.pages;
  const changed = changedPages(world, since, rmp);
  return [...changed]
    .filter(([pfn, then]) => !isAssigned(then) && isEncrypted(rmp.get(pfn)))
    .map(([pfn]) => pfn);
}

/** Pages that were guest-owned before the current call and that it changed. */
function foreignNow(world: World, since: number): number[] {
  return [...changedPages(world, since, world.pages.rmp)]
    .filter(([, then]) => isAssigned(then))
    .map(([pfn]) => pfn);
}

const frames = (pages: readonly number[]): string =>
  `${pages.length === 1 ? 'page' : 'pages'} ${pages
    .slice(0, 3)
    .map((pfn) => hex(pfn))
    .join(', ')}${pages.length > 3 ? ' and more' : ''}`;

const finishNotAtomic = returnsFrom(FINISH, ({ world, since }) => {
  if (world.vm.ioctlRet === 0 || world.vm.health !== 'sound') return undefined;
  const left = world.vcpus.flatMap((vcpu, index) =>
    vcpu.exists && changedSince(world, since, vcpu, ['guestStateProtected']).length > 0 ? [`v${index}`] : [],
  );
  if (left.length === 0) return undefined;
  return `LAUNCH_FINISH failed, the VM lives on, and the VMSA of ${left.join(', ')} stays encrypted`;
});

const touchesOthers = returnsFrom(UPDATE, ({ world, since }) => {
  const foreign = foreignNow(world, since);
  if (foreign.length === 0) return undefined;
  return `LAUNCH_UPDATE changed ${frames(foreign)}, which it did not convert itself`;
});

const progressHidden = returnsFrom(UPDATE, ({ world, since }) => {
  const { vm } = world;
  if (vm.ioctlRet === 0 || vm.updateReported) return undefined;
  const done = encryptedNow(world, since);
  if (done.length === 0) return undefined;
  return `LAUNCH_UPDATE = ${errnoText(vm.ioctlRet)} does not report that ${frames(done)} is encrypted now`;
});

const causeLost = returnsFrom(UPDATE, ({ world }) => {
  const { ioctlRet, ioctlError, updateErrno } = world.vm;
  if (ioctlRet === 0 || updateErrno === 0 || ioctlRet === -updateErrno || ioctlError !== 0) return undefined;
  return `inside it was ${errnoText(-updateErrno)}; the VMM sees ${errnoText(ioctlRet)} with firmware status 0, as for other causes`;
});

const effectAfterFinish = returnsFrom(UPDATE, ({ world, since }) => {
  if (world.vm.launch !== 'finished') return undefined;
  const changed = encryptedNow(world, since);
  return changed.length === 0 ? undefined : `LAUNCH_UPDATE encrypted ${frames(changed)} after LAUNCH_FINISH`;
});

function runsWithLostPage({ world }: Seen): string | undefined {
  if (!world.vmHistory.lostPage || world.vm.health !== 'sound') return undefined;
  return 'the VM runs on although KVM could not get one of its pages back';
}

function freedVmsa({ world, args }: Seen): string | undefined {
  const pfn = Number(args['pfn'] ?? NO_PFN);
  if (!isAssigned(world.pages.rmp.get(pfn))) return undefined;
  return `page ${hex(pfn)} was freed, and the RMP still gives it to a guest`;
}

export const launchChecks = checks({
  LaunchFinishAtomic: { ioctlReturns: finishNotAtomic },
  UpdateTouchesOnlyOwnPages: { ioctlReturns: touchesOthers },
  PartialSuccessVisible: { ioctlReturns: progressHidden },
  ErrorCauseSurvives: { ioctlReturns: causeLost },
  NoUpdateAfterFinish: { ioctlReturns: effectAfterFinish },
  LeakImpliesBug: { enter: runsWithLostPage },
  VmsaReturnedOrLeaked: { pageFreed: freedVmsa },
});
