/** KVM_SEV_SNP_LAUNCH_FINISH: every VMSA is encrypted, then the firmware ends the launch. */
import { SEV_CMD_SNP_LAUNCH_FINISH, SEV_CMD_SNP_LAUNCH_UPDATE } from '../../../abi/firmware';
import { ID_AUTH_SIZE, ID_BLOCK_SIZE } from '../../../abi/kvm-structs';
import { VMSA_RMP_GPA } from '../../../abi/rmp';
import { vmsa } from '../../../abi/vmsa';
import { gpaToGfn } from '../../../abi/address';
import { rmpMakePrivate } from '../../hardware/rmp';
import { launchFinish, launchUpdatePage, type FinishParameters } from '../../firmware/commands';
import { allocationFails, takeFault } from '../../faults';
import { sevDoCmd } from '../../firmware/psp';
import { carryOut } from '../../../machines/effects';
import type { FacetValue } from '../../../profiles/facets';
import type { Vcpu } from '../../state/vcpu';
import { NO_PFN, type World } from '../../world';
import { hostWritesGuestPage } from '../memory/host-fault';
import { killVm, kvmRmpMakeShared, snpPageReclaim } from '../memory/kernel-pages';
import {
  argumentReadable,
  goesOn,
  refuseCall,
  replyOf,
  sevIssueCmd,
  type SevCommand,
  type SevReply,
} from './sev-call';
import { rangeReadable } from '../memory/user-memory';

/** struct kvm_sev_snp_launch_finish, and the firmware's verdict on the ID block. */
export interface LaunchFinishArguments {
  readonly idBlockEnabled: boolean;
  readonly authKeyEnabled: boolean;
  readonly vcekDisabled: boolean;
  readonly flags: number;
  readonly idBlockUaddr: bigint;
  readonly idAuthUaddr: bigint;
  readonly idBlockVerdict: Exclude<FinishParameters['idBlock'], 'none'>;
  readonly authorSignatureGood: boolean;
}

const call = 'KVM_SEV_SNP_LAUNCH_FINISH';
/** DR7 without any breakpoint. */
const DR7_FIXED = 0x400n;

export function snpLaunchFinish(world: World, command: SevCommand, args: LaunchFinishArguments): SevReply {
  const { vm } = world;
  const snp = vm.type === 'snp';
  const mayEncrypt = snp && vm.contextPfn !== NO_PFN && argumentReadable(command) && args.flags === 0;
  const effects = world.decideLaunch({
    type: 'FINISH',
    snp,
    readable: argumentReadable(command),
    flagsZero: args.flags === 0,
    noVcpuInCreation: vm.creatingVcpus === 0 || world.facet('lf.vcpuCreation') !== 'ebusy',
    vcpusLocked: !mayEncrypt || lockAllVcpus(world),
  });
  const refused = carryOut(effects, {
    refuse: ({ reason }) => refuseCall(world, call, reason),
    encryptVmsas: goesOn,
  });
  if (refused) return replyOf(refused);
  const finishing: Finishing = { command, args, encrypted: [] };
  const reply = finishGuest(world, finishing);
  if (reply.ret === 0) {
    vm.preFaultAllowed = true;
    world.sendLaunch({ type: 'FINISH_DONE' });
  } else {
    const unwound = afterFailure[world.facet('lf.failure')](world, finishing);
    world.sendLaunch({ type: 'FINISH_FAILED', finishedBefore: vm.preFaultAllowed, unwound });
  }
  return reply;
}

/** One call after its checks. */
interface Finishing {
  readonly command: SevCommand;
  readonly args: LaunchFinishArguments;
  /** The vCPUs whose VMSA this call encrypted. */
  readonly encrypted: Vcpu[];
}

/** What a failing LAUNCH_FINISH undoes. @returns whether everything is as before */
const afterFailure: Record<FacetValue<'lf.failure'>, (world: World, finishing: Finishing) => boolean> = {
  noUnwind: () => false,
  'noUnwind+retryRefused': () => false,
  unwindOrKill: (world, { encrypted }) => {
    const unwound = encrypted.every((vcpu) => giveVmsaBack(world, vcpu));
    if (!unwound) killVm(world);
    if (unwound && encrypted.length > 0) {
      world.finding(
        'note',
        'the firmware keeps the VMSAs in its launch digest: a second LAUNCH_FINISH measures them again',
      );
    }
    return unwound;
  },
  kill: (world) => {
    killVm(world);
    return false;
  },
};

/** Returns the VMSA page of a vCPU to the host; KVM's copy of the registers is used again. @returns whether it worked */
function giveVmsaBack(world: World, vcpu: Vcpu): boolean {
  if (!kvmRmpMakeShared(world, vcpu.launchVmsaPfn, 'vcpuFree')) return false;
  vcpu.guestStateProtected = false;
  world.move('vmsaGivenBack', vcpu.index, { vcpu: vcpu.index }, 'FinishUnwinds');
  return true;
}

/** kvm_lock_all_vcpus: whether this kernel takes the mutex of every vCPU, now that no vCPU is being created. */
const locksVcpus = (world: World): boolean =>
  world.vm.creatingVcpus === 0 && world.facetOrUnspecified('lf.locksVcpus') === 'yes';

/** Whether a call gets to the mutexes of the vCPUs: behind the checks that come first, in kernels that take them. */
export function takesVcpuMutexes({ vm, profile }: World, { flags }: { readonly flags: number }): boolean {
  const checked = vm.type === 'snp' && vm.contextPfn !== NO_PFN && flags === 0 && vm.creatingVcpus === 0;
  return checked && profile.facets['lf.locksVcpus'] === 'yes';
}

/** The mutexes are taken; in a case without threads a fault stands for the fatal signal. @returns whether they are */
function lockAllVcpus(world: World): boolean {
  if (!locksVcpus(world)) return true;
  for (const vcpu of world.vcpus) {
    if (!vcpu.exists) continue;
    if (takeFault(world, 'vcpuMutex', vcpu.index)) return false;
  }
  return true;
}

function finishGuest(world: World, { command, args, encrypted }: Finishing): SevReply {
  const reply = replyOf(0);
  for (const vcpu of world.vcpus) {
    if (!vcpu.exists) continue;
    reply.ret = snpLaunchUpdateVmsa(world, command, reply, vcpu);
    if (reply.ret !== 0) return reply;
    encrypted.push(vcpu);
  }
  if (allocationFails(world, 'command')) {
    reply.ret = refuseCall(world, call, 'OutOfMemory', 'ENOMEM');
    return reply;
  }
  reply.ret = args.idBlockEnabled ? copyIdBlock(world, args) : 0;
  if (reply.ret !== 0) return reply;
  const { contextPfn } = world.vm;
  const finished = sevDoCmd(world, SEV_CMD_SNP_LAUNCH_FINISH, () =>
    launchFinish(world, contextPfn, parametersOf(args)),
  );
  if (finished.error !== undefined) reply.error = finished.error;
  reply.ret = finished.ret;
  return reply;
}

/** What KVM passes to the firmware; the author key is used only together with an ID block. */
const parametersOf = (args: LaunchFinishArguments): FinishParameters => ({
  idBlock: args.idBlockEnabled ? args.idBlockVerdict : 'none',
  authorKey: args.idBlockEnabled && args.authKeyEnabled,
  authorSignatureGood: args.authorSignatureGood,
  vcekDisabled: args.vcekDisabled,
});

/** Copies the ID block, then its authentication. @returns 0 or a negative errno */
function copyIdBlock(world: World, args: LaunchFinishArguments): number {
  const blobs = [
    { address: args.idBlockUaddr, size: ID_BLOCK_SIZE },
    { address: args.idAuthUaddr, size: ID_AUTH_SIZE },
  ];
  for (const { address, size } of blobs) {
    if (address === 0n) return refuseCall(world, call, 'ArgumentUnreadable', 'EINVAL');
    if (allocationFails(world, 'blob')) return refuseCall(world, call, 'OutOfMemory', 'ENOMEM');
    if (!rangeReadable(world, address, size)) return refuseCall(world, call, 'ArgumentUnreadable');
  }
  return 0;
}

/** Encrypts the VMSA of one vCPU. @returns 0 or a negative errno */
function snpLaunchUpdateVmsa(world: World, command: SevCommand, reply: SevReply, vcpu: Vcpu): number {
  const refused = syncVmsa(world, vcpu);
  if (refused) return refused;
  const pfn = vcpu.launchVmsaPfn;
  const gfn = gpaToGfn(VMSA_RMP_GPA);
  const { asid, contextPfn } = world.vm;
  if (!rmpMakePrivate(world, pfn, { gfn, asid, immutable: true, twoMeg: false })) {
    return refuseCall(world, call, 'FinishFails', 'EFAULT');
  }
  const encrypted = sevIssueCmd(command, reply, () =>
    sevDoCmd(world, SEV_CMD_SNP_LAUNCH_UPDATE, () =>
      launchUpdatePage(world, contextPfn, {
        pfn,
        vmsa: true,
        content: 'legal',
        typeKnown: true,
        cleared: false,
      }),
    ),
  );
  if (encrypted.ret !== 0) {
    snpPageReclaim(world, pfn);
    return encrypted.ret;
  }
  vcpu.guestStateProtected = true;
  world.move('vmsaProtected', vcpu.index, { vcpu: vcpu.index }, 'VmsaEncrypted');
  return 0;
}

/** sev_es_sync_vmsa: KVM's copy of the registers becomes the bytes of the VMSA. @returns 0 or a negative errno */
function syncVmsa(world: World, vcpu: Vcpu): number {
  const index = vcpu.index;
  if (vcpu.guestStateProtected) {
    if (world.facet('lf.failure') === 'noUnwind')
      hostWritesGuestPage(world, vcpu.launchVmsaPfn, 'VmsaOverwritten');
    return refuseCall(world, call, 'VmsaAlreadyProtected');
  }
  if (vcpu.guestDebug || (vcpu.dr7 & ~DR7_FIXED) !== 0n) return refuseCall(world, call, 'VmsaDebugActive');
  const features = world.vm.vmsaFeatures;
  world.vm.finishedVmsaFeatures = features;
  const page = world.image('kernel', vcpu.launchVmsaPfn);
  vmsa.set(page, 'sevFeatures', features);
  vmsa.set(page, 'rax', vcpu.vmsaRax);
  vmsa.set(page, 'dr7', vcpu.dr7);
  world.move('vmsaBuilt', index, { vcpu: index, pfn: vcpu.launchVmsaPfn, features, rax: vcpu.vmsaRax });
  return 0;
}
