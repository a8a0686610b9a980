/** KVM_SEV_SNP_LAUNCH_START: a firmware context, its policy, and the ASID bound to it. */
import {
  SEV_CMD_SNP_ACTIVATE,
  SEV_CMD_SNP_DECOMMISSION,
  SEV_CMD_SNP_GCTX_CREATE,
  SEV_CMD_SNP_LAUNCH_START,
} from '../../abi/firmware';
import { KVM_SNP_POLICY_BITS_6_12, snpPolicy, SNP_POLICY_RESERVED_MUST_BE_ONE } from '../../abi/kvm-structs';
import { SVM_SEV_FEAT_SECURE_TSC } from '../../abi/sev-features';
import type { FacetValue } from '../../profiles/facets';
import { activate, decommission, gctxCreate, launchStart } from '../firmware/commands';
import { sevDoCmd } from '../firmware/psp';
import { NO_PFN, type World } from '../world';
import { snpAllocFirmwarePage, snpFreeFirmwarePage } from './kernel-pages';
import {
  argumentReadable,
  refusalOf,
  refuseCall,
  replyOf,
  sevIssueCmd,
  type SevCommand,
  type SevReply,
} from './sev-call';
import { facetOr } from './unspecified';

/** struct kvm_sev_snp_launch_start. */
export interface LaunchStartArguments {
  readonly policy: bigint;
  readonly flags: number;
}

const call = 'KVM_SEV_SNP_LAUNCH_START';

const knownOnly = (policy: bigint): boolean => (policy & ~KVM_SNP_POLICY_BITS_6_12) === 0n;

/** Which policies KVM lets through to the firmware. */
const policyAllowed: Record<
  Exclude<FacetValue<'ls.policy'>, 'unspecified'>,
  (world: World, policy: bigint) => boolean
> = {
  knownSmtRequired: (_, policy) => {
    const { smt, singleSocket } = snpPolicy.decode(policy);
    return knownOnly(policy) && smt === 1 && singleSocket === 0;
  },
  known: (_, policy) => knownOnly(policy),
  firmwareMask: (world, policy) => (policy & ~world.host.policyBits) === 0n,
};

export function snpLaunchStart(world: World, command: SevCommand, args: LaunchStartArguments): SevReply {
  const { vm } = world;
  const { policy } = args;
  const secureTsc = (vm.vmsaFeatures & SVM_SEV_FEAT_SECURE_TSC) !== 0n;
  const refused = refusalOf(
    world,
    call,
    world.sendLaunch({
      type: 'START',
      snp: vm.type === 'snp',
      readable: argumentReadable(command),
      flagsZero: args.flags === 0,
      policySupported: policyAllowed[facetOr(world, 'ls.policy', 'knownSmtRequired')](world, policy),
      policyComplete: (policy & SNP_POLICY_RESERVED_MUST_BE_ONE) !== 0n,
      tscKnown: !secureTsc || world.host.tscKhz !== 0,
    }),
  );
  if (refused) return replyOf(refused);
  return startGuest(world, command, policy);
}

function startGuest(world: World, command: SevCommand, policy: bigint): SevReply {
  const { vm } = world;
  const reply = replyOf(0);
  const context = snpContextCreate(world, command, reply);
  if (context === NO_PFN) {
    reply.ret = refuseCall(world, call, 'ContextNotCreated', 'ENOTTY');
    return reply;
  }
  vm.contextPfn = context;
  world.sendLaunch({ type: 'CONTEXT_CREATED' });

  const started = sevIssueCmd(command, reply, () =>
    sevDoCmd(world, SEV_CMD_SNP_LAUNCH_START, () => launchStart(world, context, policy)),
  );
  let { ret } = started;
  if (ret === 0) {
    vm.policy = policy;
    ret = snpBindAsid(world, command, reply);
  }
  if (ret !== 0) snpDecommissionContext(world);
  reply.ret = ret;
  return reply;
}

/** snp_context_create. @returns the context page, or NO_PFN */
function snpContextCreate(world: World, command: SevCommand, reply: SevReply): number {
  const pfn = snpAllocFirmwarePage(world);
  if (pfn === NO_PFN) return NO_PFN;
  const created = sevIssueCmd(command, reply, () =>
    sevDoCmd(world, SEV_CMD_SNP_GCTX_CREATE, () => gctxCreate(world, pfn)),
  );
  if (created.ret === 0) return pfn;
  snpFreeFirmwarePage(world, pfn);
  return NO_PFN;
}

/** snp_bind_asid. */
function snpBindAsid(world: World, command: SevCommand, reply: SevReply): number {
  const { contextPfn, asid } = world.vm;
  const bound = sevIssueCmd(command, reply, () =>
    sevDoCmd(world, SEV_CMD_SNP_ACTIVATE, () => activate(world, contextPfn, asid)),
  );
  return bound.ret;
}

/** snp_decommission_context. @returns whether the context is gone */
export function snpDecommissionContext(world: World): boolean {
  const { vm } = world;
  const { contextPfn } = vm;
  if (contextPfn === NO_PFN) return true;
  const done = sevDoCmd(world, SEV_CMD_SNP_DECOMMISSION, () => decommission(world, contextPfn));
  if (done.ret !== 0) {
    world.move('kernelWarn', -1, { what: 'DECOMMISSION failed' }, 'DecommissionFails');
    return false;
  }
  snpFreeFirmwarePage(world, contextPfn);
  vm.contextPfn = NO_PFN;
  if (vm.launch === 'started') world.sendLaunch({ type: 'CONTEXT_FREED' });
  return true;
}
