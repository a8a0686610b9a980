/** KVM_SEV_SNP_LAUNCH_START: a firmware context, its policy, and the ASID bound to it. */
import {
  SEV_CMD_SNP_ACTIVATE,
  SEV_CMD_SNP_DECOMMISSION,
  SEV_CMD_SNP_GCTX_CREATE,
  SEV_CMD_SNP_LAUNCH_START,
} from '../../../abi/firmware';
import {
  KVM_SNP_POLICY_BITS_6_12,
  snpPolicy,
  SNP_POLICY_RESERVED_MUST_BE_ONE,
} from '../../../abi/kvm-structs';
import { SVM_SEV_FEAT_SECURE_TSC } from '../../../abi/sev-features';
import { carryOut } from '../../../machines/effects';
import type { KnownValue } from '../../../profiles/facets';
import { activate, decommission, gctxCreate, launchStart } from '../../firmware/commands';
import { sevDoCmd } from '../../firmware/psp';
import type { RuleId } from '../../rules';
import { NO_PFN, type World } from '../../world';
import { snpAllocFirmwarePage, snpFreeFirmwarePage } from '../memory/kernel-pages';
import {
  argumentReadable,
  goesOn,
  refuseCall,
  replyOf,
  sevIssueCmd,
  type SevCommand,
  type SevReply,
} from './sev-call';

/** struct kvm_sev_snp_launch_start. */
export interface LaunchStartArguments {
  readonly policy: bigint;
  readonly flags: number;
}

const call = 'KVM_SEV_SNP_LAUNCH_START';

type Policy = KnownValue<'ls.policy'>;

const knownOnly = (policy: bigint): boolean => (policy & ~KVM_SNP_POLICY_BITS_6_12) === 0n;
function manySmtThreads(policy: bigint): boolean {
  const { smt, singleSocket } = snpPolicy.decode(policy);
  return smt === 1 && singleSocket === 0;
}

/** The policies that KVM passes to the firmware. */
const policyAllowed: Record<Policy, (world: World, policy: bigint) => boolean> = {
  any: () => true,
  smtRequired: (_, policy) => manySmtThreads(policy),
  knownSmtRequired: (_, policy) => knownOnly(policy) && manySmtThreads(policy),
  known: (_, policy) => knownOnly(policy),
  firmwareMask: (world, policy) => (policy & ~world.host.policyBits) === 0n,
};

/** Whether KVM itself checks the bit that must be one. */
const wantsReservedBit: Record<Policy, boolean> = {
  any: false,
  smtRequired: false,
  knownSmtRequired: true,
  known: true,
  firmwareMask: true,
};

/** KVM's checks of flags and policy. */
function verdictOn(world: World, { policy, flags }: LaunchStartArguments) {
  const rule = world.facet('ls.policy');
  return {
    flagsZero: flags === 0,
    policySupported: policyAllowed[rule](world, policy),
    policyComplete: !wantsReservedBit[rule] || (policy & SNP_POLICY_RESERVED_MUST_BE_ONE) !== 0n,
  };
}
const accepted = { flagsZero: true, policySupported: true, policyComplete: true } as const;

/** Whether the context is created before flags and policy are checked, and kept when they are refused. */
function contextFirst(world: World, verdict: ReturnType<typeof verdictOn>): boolean {
  const fine = verdict.flagsZero && verdict.policySupported && verdict.policyComplete;
  return !fine && world.facet('ls.refusal') === 'context';
}

export function snpLaunchStart(world: World, command: SevCommand, args: LaunchStartArguments): SevReply {
  const { vm } = world;
  const secureTsc = (vm.vmsaFeatures & SVM_SEV_FEAT_SECURE_TSC) !== 0n;
  const verdict = verdictOn(world, args);
  const later = contextFirst(world, verdict);
  const replaces = vm.contextPfn !== NO_PFN && world.facet('ls.twice') === 'replacesContext';
  if (replaces) return startSecond(world, command);
  const effects = world.decideLaunch({
    type: 'START',
    snp: vm.type === 'snp',
    readable: argumentReadable(command),
    ...(later ? accepted : verdict),
    tscKnown: !secureTsc || world.host.tscKhz !== 0,
  });
  const refused = carryOut(effects, {
    warn: () => warned(world),
    refuse: ({ reason }) => refuseCall(world, call, reason),
    createContext: goesOn,
  });
  if (refused) return replyOf(refused);
  return startGuest(world, command, args, later ? verdict : undefined);
}

function warned(world: World): number {
  world.move('kernelWarn', -1, { what: call });
  return 0;
}

/** A second context: the ASID is bound to the first, so that ACTIVATE fails and the new context is given back. */
function startSecond(world: World, command: SevCommand): SevReply {
  world.finding(
    'unmodelled',
    'this kernel makes a second context, gives it back and has forgotten the first by then: the model keeps the first',
  );
  const reply = replyOf(0);
  reply.ret = snpBindAsid(world, command, reply);
  return reply;
}

/** @param verdict the error of KVM's checks after the context was created */
function startGuest(
  world: World,
  command: SevCommand,
  { policy }: LaunchStartArguments,
  verdict: ReturnType<typeof verdictOn> | undefined,
): SevReply {
  const { vm } = world;
  const reply = replyOf(0);
  const context = snpContextCreate(world, command, reply);
  if (context === NO_PFN) {
    reply.ret = refuseCall(world, call, 'ContextNotCreated', 'ENOTTY');
    return reply;
  }
  vm.contextPfn = context;
  world.sendLaunch({ type: 'CONTEXT_CREATED' });
  if (verdict) {
    const effects = world.decideLaunch({ type: 'START_CHECKS', ...verdict });
    const refuse = ({ reason }: { reason: RuleId }): number => refuseCall(world, call, reason);
    reply.ret = carryOut(effects, { refuse, startGuest: goesOn }) ?? 0;
    return reply;
  }

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
