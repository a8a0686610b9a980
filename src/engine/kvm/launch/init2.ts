/** KVM_SEV_INIT2, and KVM_SEV_SNP_INIT before it: from a VM to an active SEV guest. */
import { errno, type ErrnoName } from '../../../abi/errno';
import { SVM_SEV_FEAT_SECURE_TSC, SVM_SEV_FEAT_SNP_ACTIVE } from '../../../abi/sev-features';
import { carryOut } from '../../../machines/effects';
import { NO_PFN, type World } from '../../world';
import { sevAsidFree, sevAsidNew } from '../teardown/asids';
import { allocateKernelPage, freeKernelPage, snpAllocFirmwarePage } from '../memory/kernel-pages';
import { argumentReadable, goesOn, refuseCall, replyOf, type SevCommand, type SevReply } from './sev-call';

/** struct kvm_sev_init. */
export interface Init2Arguments {
  readonly vmsaFeatures: bigint;
  readonly flags: number;
  readonly ghcbVersion: number;
}

const MAX_GHCB_VERSION = 2;

/** The command by which this kernel makes a VM of this type an SEV guest. */
export function initCommand(world: World): 'KVM_SEV_INIT2' | 'KVM_SEV_SNP_INIT' {
  const snpInit = world.vm.type === 'snp' && world.facet('init2.command') === 'snpInit';
  return snpInit ? 'KVM_SEV_SNP_INIT' : 'KVM_SEV_INIT2';
}

/** The VMSA features that userspace may request: those that both host and kernel support. */
export function supportedFeatures(world: World): bigint {
  const { host, vm } = world;
  if (vm.type !== 'snp' && vm.type !== 'seves') return 0n;
  if ((host.vmsaFeatures & SVM_SEV_FEAT_SECURE_TSC) === 0n) return host.vmsaFeatures;
  const secureTsc = world.facet('init2.secureTsc') === 'yes' && vm.type === 'snp';
  return secureTsc ? host.vmsaFeatures : host.vmsaFeatures & ~SVM_SEV_FEAT_SECURE_TSC;
}

export function sevGuestInit2(world: World, command: SevCommand, args: Init2Arguments): SevReply {
  const { vm } = world;
  const { type } = vm;
  const call = initCommand(world);
  const snpInit = call === 'KVM_SEV_SNP_INIT';
  const sevType = type === 'sev' || type === 'seves' || type === 'snp';
  const encryptsState = type === 'seves' || type === 'snp';
  const version1Refused =
    type === 'snp' && args.ghcbVersion === 1 && world.facet('init2.ghcbVersion1') === 'refused';
  const effects = world.decideLaunch({
    type: 'INIT2',
    sevType,
    readable: argumentReadable(command),
    noVcpus: vm.vcpuCount === 0 && vm.creatingVcpus === 0,
    // KVM_SEV_SNP_INIT checks its flags after it has allocated an ASID.
    flagsZero: snpInit || args.flags === 0,
    featuresSupported: (args.vmsaFeatures & ~supportedFeatures(world)) === 0n,
    versionKnown: args.ghcbVersion <= MAX_GHCB_VERSION && (encryptsState || args.ghcbVersion === 0),
    versionAllowed: !version1Refused,
  });
  const refused = carryOut(effects, {
    refuse: ({ reason }) =>
      refuseCall(world, call, reason, reason === 'Init2Twice' ? secondInitErrno(world) : undefined),
    allocateAsid: goesOn,
  });
  if (refused) return replyOf(refused);
  return activateSev(world, args, encryptsState);
}

/** The errno of an INIT2 of a guest that is initialised. */
const secondInitErrno = (world: World): ErrnoName =>
  world.facet('init2.twice') === 'ebusy' ? 'EBUSY' : 'EINVAL';

/** KVM_SEV_INIT and KVM_SEV_ES_INIT: the calls of VMs without a type. Their launch is not modelled further. */
export function sevGuestInit(world: World, { encryptsState }: { readonly encryptsState: boolean }): SevReply {
  const { vm } = world;
  const call = encryptsState ? 'KVM_SEV_ES_INIT' : 'KVM_SEV_INIT';
  const effects = world.decideLaunch({
    type: 'INIT2',
    sevType: vm.type === 'default',
    readable: true,
    noVcpus: vm.vcpuCount === 0 && vm.creatingVcpus === 0,
    flagsZero: true,
    featuresSupported: true,
    versionKnown: true,
    versionAllowed: true,
  });
  const refused = carryOut(effects, {
    refuse: ({ reason }) => refuseCall(world, call, reason),
    allocateAsid: goesOn,
  });
  if (refused) return replyOf(refused);
  // These guests use GHCB version 1.
  return activateSev(world, { vmsaFeatures: 0n, flags: 0, ghcbVersion: 1 }, encryptsState);
}

function activateSev(world: World, args: Init2Arguments, encryptsState: boolean): SevReply {
  const { vm } = world;
  const snp = vm.type === 'snp';
  const call = initCommand(world);
  if (encryptsState) vm.ghcbVersion = args.ghcbVersion === 0 ? MAX_GHCB_VERSION : args.ghcbVersion;
  const asid = sevAsidNew(world, encryptsState);
  if (asid !== 0) {
    refuseCall(world, call, 'NoAsid', asid === -errno.EBUSY ? 'EBUSY' : 'ENOTTY');
    return replyOf(asid);
  }
  const failed =
    snpInitFlags(world, args) ?? platformInit(world) ?? (snp ? guestRequestInit(world) : undefined);
  if (failed) {
    sevAsidFree(world);
    vm.asid = 0;
    return failed;
  }
  vm.vmsaFeatures = args.vmsaFeatures | (snp ? SVM_SEV_FEAT_SNP_ACTIVE : 0n);
  vm.sevActive = true;
  vm.needsInit = false;
  world.sendLaunch({ type: 'INIT2_DONE' });
  return replyOf(0);
}

/** verify_snp_init_flags. @returns the failure, if it is one */
function snpInitFlags(world: World, { flags }: Init2Arguments): SevReply | undefined {
  const call = initCommand(world);
  if (call !== 'KVM_SEV_SNP_INIT' || flags === 0) return undefined;
  return replyOf(refuseCall(world, call, 'SnpInitFlags', 'EOPNOTSUPP'));
}

/** sev_platform_init. @returns the failure, if it is one */
function platformInit(world: World): SevReply | undefined {
  const { host } = world;
  const call = initCommand(world);
  if (host.platformErrno === 0) return undefined;
  world.move(
    'ioctlRefused',
    -1,
    { call, ret: `-${host.platformErrno}`, why: 'platform initialisation failed' },
    'PlatformInitFails',
  );
  return { ret: -host.platformErrno, error: host.platformError };
}

/** snp_guest_req_init: the two bounce pages of guest requests. */
function guestRequestInit(world: World): SevReply | undefined {
  const { vm } = world;
  const call = initCommand(world);
  const request = allocateKernelPage(world, 'request');
  if (request === NO_PFN) return { ret: refuseCall(world, call, 'OutOfMemory', 'ENOMEM'), error: 0 };
  const response = snpAllocFirmwarePage(world);
  if (response === NO_PFN) {
    freeKernelPage(world, request);
    return { ret: refuseCall(world, call, 'ResponsePageLost', 'EIO'), error: 0 };
  }
  vm.requestPfn = request;
  vm.responsePfn = response;
  return undefined;
}
