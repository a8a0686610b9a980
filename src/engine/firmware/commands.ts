/** SNP firmware commands: the checks in the firmware's order, by the charts, and what each command changes. */
import { firmwareStatus, type FirmwareStatusName } from '../../abi/firmware';
import { snpPolicy } from '../../abi/kvm-structs';
import { carryOut } from '../../machines/effects';
import { encryptPage } from '../frames/content-key';
import { rmpBits } from '../memory/page-bits';
import {
  asidInRmp,
  hasRmpEntry,
  pageState,
  pageTransition,
  rmpEntry,
  rmpFirmwareWrite,
} from '../hardware/rmp';
import type { World } from '../world';
import { resetMessageCounts } from './guest-request';

/** The firmware interface of the simulated host: version 1.55, simultaneous multi-threading on, one socket. */
const API_MAJOR = 1;
const API_MINOR = 55;

/** What KVM passes with LAUNCH_FINISH, and the result of the firmware's checks on it. */
export interface FinishParameters {
  readonly idBlock: 'none' | 'good' | 'digestDiffers' | 'policyDiffers' | 'algorithm' | 'signature';
  readonly authorKey: boolean;
  readonly authorSignatureGood: boolean;
  readonly vcekDisabled: boolean;
}

const success = firmwareStatus.SUCCESS;

/** The status that the chart names for a refusal. */
const refuseFirmware = ({ status }: { status: FirmwareStatusName }): number => firmwareStatus[status];

/** The first checks of every command on a guest. */
function guestFacts(world: World, contextPfn: number) {
  return {
    reservedZero: true,
    platformReady: true,
    contextPage: hasRmpEntry(world, contextPfn) && pageState(world, contextPfn) === 'Context',
  };
}

export function gctxCreate(world: World, pfn: number): number {
  const refused = carryOut(pageTransition(world, pfn, { type: 'SNP_GCTX_CREATE' }).effects, {
    refuseFirmware,
  });
  const facts = { reservedZero: true, platformReady: true, firmwarePage: refused === undefined };
  const effects = world.decideLaunch({ type: 'SNP_GCTX_CREATE', ...facts });
  const makeContextPage = (): number => {
    rmpFirmwareWrite(world, pfn, rmpBits.vmsa, 0);
    resetMessageCounts(world);
    return success;
  };
  return carryOut(effects, { refuseFirmware, makeContextPage }) ?? success;
}

/** Bits that the firmware of this host does not know must be zero; it knows what it reports, and MIGRATE_MA. */
function policyLegal({ host }: World, policy: bigint): boolean {
  const { abiMajor, abiMinor, smt, reservedOne } = snpPolicy.decode(policy);
  const versionKnown = abiMajor < API_MAJOR || (abiMajor === API_MAJOR && abiMinor <= API_MINOR);
  const reservedZero = (policy & ~(host.policyBits | snpPolicy.encode({ migrateMa: 1 }))) === 0n;
  return versionKnown && smt === 1 && reservedOne === 1 && reservedZero;
}

export function launchStart(world: World, contextPfn: number, policy: bigint): number {
  const facts = { ...guestFacts(world, contextPfn), policyLegal: policyLegal(world, policy) };
  return carryOut(world.decideLaunch({ type: 'SNP_LAUNCH_START', ...facts }), { refuseFirmware }) ?? success;
}

const bitOf = (asid: number): number => 1 << asid;

export function activate(world: World, contextPfn: number, asid: number): number {
  const { host } = world;
  const effects = world.decideLaunch({
    type: 'SNP_ACTIVATE',
    ...guestFacts(world, contextPfn),
    asidUnusedInRmp: !asidInRmp(world, asid),
    socketLegal: true,
    asidFree: (host.asidsOwned & bitOf(asid)) === 0,
    guestInactive: !world.vm.activated,
    asidClean: (host.asidsDirty & bitOf(asid)) === 0,
  });
  const bindAsid = (): number => {
    host.asidsOwned |= bitOf(asid);
    world.vm.activated = true;
    return success;
  };
  return carryOut(effects, { refuseFirmware, bindAsid }) ?? success;
}

/** The firmware's verdict on a page of type CPUID; see `cpuidVerdict`. */
export type CpuidVerdict = 'legal' | 'malformed' | 'corrected';

export interface LaunchUpdatePage {
  readonly pfn: number;
  readonly vmsa: boolean;
  /** The firmware's verdict on a CPUID page; other pages are legal. */
  readonly content: CpuidVerdict;
  /** The firmware supports the page type. */
  readonly typeKnown: boolean;
  /** A ZERO page: the firmware clears what the host left there. */
  readonly cleared: boolean;
}

export function launchUpdatePage(world: World, contextPfn: number, page: LaunchUpdatePage): number {
  const { pfn } = page;
  const effects = world.decideLaunch({
    type: 'SNP_LAUNCH_UPDATE',
    ...guestFacts(world, contextPfn),
    pagePreGuest: pageState(world, pfn) === 'Pre-Guest',
    sizeMatches: !rmpEntry(world, pfn).twoMeg,
    typeKnown: page.typeKnown,
    activated: world.vm.activated,
    pageOwned: rmpEntry(world, pfn).asid === world.vm.asid,
    contentLegal: page.content === 'legal',
  });
  const makeGuestValid = (): number => {
    rmpFirmwareWrite(world, pfn, rmpBits.validated | (page.vmsa ? rmpBits.vmsa : 0), rmpBits.immutable);
    encryptPage(world, pfn, page.cleared);
    return success;
  };
  return carryOut(effects, { refuseFirmware, makeGuestValid }) ?? success;
}

export function launchFinish(world: World, contextPfn: number, parameters: FinishParameters): number {
  const { idBlock, authorKey, authorSignatureGood, vcekDisabled } = parameters;
  const badAuthor = idBlock === 'good' && authorKey && !authorSignatureGood;
  const identity = badAuthor ? ('authorSignature' as const) : idBlock;
  const facts = { ...guestFacts(world, contextPfn), activated: world.vm.activated, identity };
  const inLaunch = world.vm.gstate === 'LAUNCH';
  const effects = world.decideLaunch({ type: 'SNP_LAUNCH_FINISH', ...facts });
  const status = carryOut(effects, { refuseFirmware }) ?? success;
  // The parameters are checked after the guest's state.
  if (inLaunch && (idBlock !== 'none' || vcekDisabled)) {
    const bit = (set: boolean): number => (set ? 1 : 0);
    world.move('finishParameters', -1, {
      idBlock: bit(idBlock !== 'none'),
      authorKey: bit(authorKey),
      vcekDisabled: bit(vcekDisabled),
    });
  }
  return status;
}

export function decommission(world: World, contextPfn: number): number {
  const ran = world.vm.gstate === 'RUNNING';
  const effects = world.decideLaunch({ type: 'SNP_DECOMMISSION', ...guestFacts(world, contextPfn) });
  const freeGuest = (): number => {
    rmpFirmwareWrite(world, contextPfn, 0, rmpBits.vmsa);
    releaseAsid(world, ran);
    return success;
  };
  return carryOut(effects, { refuseFirmware, freeGuest }) ?? success;
}

/** The ASID of a guest that ran may be bound again after a DF_FLUSH; one that never ran left it clean. */
function releaseAsid({ host, vm }: World, ran: boolean): void {
  if (!vm.activated) return;
  host.asidsOwned &= ~bitOf(vm.asid);
  if (ran) host.asidsDirty |= bitOf(vm.asid);
  vm.activated = false;
}

/** Clears `immutable` of 4 KiB; a page that is not immutable stays as it is. The size is checked first. */
export function pageReclaim(world: World, pfn: number): number {
  if (rmpEntry(world, pfn).twoMeg) return firmwareStatus.INVALID_PAGE_SIZE;
  const taken = pageTransition(world, pfn, { type: 'SNP_PAGE_RECLAIM' });
  const status = carryOut(taken.effects, { refuseFirmware }) ?? success;
  if (status === success && taken.target >= 0) rmpFirmwareWrite(world, pfn, 0, rmpBits.immutable);
  return status;
}

export function dfFlush(world: World): number {
  world.host.asidsDirty = 0;
  return success;
}
