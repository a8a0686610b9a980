/**
 * coconut-svsm at VMPL0, as far as it talks to the hypervisor: kernel/src/sev/ghcb.rs, msr_protocol.rs and
 * platform/snp.rs. It needs more than mainline KVM offers, which shows when it starts its guest at VMPL2. Unlike the
 * original, the program does not wait for its APs.
 */
import { gfnToGpa } from '../../../abi/address';
import { SVM_VMGEXIT_AP_CREATE_ON_INIT } from '../../../abi/ap-creation';
import { responseInfo1 } from '../../../abi/error-words';
import {
  featuresResponse,
  GHCB_MSR_HV_FT_RESP,
  GHCB_MSR_SEV_INFO_REQ,
  GHCB_MSR_SEV_INFO_RESP,
  ghcbMsrInfo,
  HV_FEATURE_AP_CREATION,
  HV_FEATURE_MULTI_VMPL,
  HV_FEATURE_SNP,
  sevInfoResponse,
} from '../../../abi/ghcb-msr';
import { PSC_MAX_ENTRIES, PSC_OP_PSMASH, PSC_OP_UNSMASH } from '../../../abi/psc';
import { conversion } from './conversion';
import {
  GUEST_FIRMWARE,
  LEAST_PAGES,
  SVSM_IMAGE,
  SVSM_SHARED,
  svsmGhcb,
  svsmGuestVmsa,
  svsmVmsa,
} from './machine';
import {
  apCount,
  because,
  checkOk,
  checkPvalidate,
  general,
  haltForEver,
  register,
  type Reasons,
} from './negotiation';
import { each, once, type At, type GivesUp, type Phase, type Program } from './program';

/** Every failure is a panic, and a panic uses reason 0:0. */
const panics: Reasons = {
  noProtocol: general,
  noCommonVersion: general,
  noSnp: general,
  notRegistered: general,
  pageState: general,
  pvalidate: general,
};

const VERSION = 2;
const GUEST_VMPL = 2;
const wantedFeatures = HV_FEATURE_SNP | HV_FEATURE_AP_CREATION | HV_FEATURE_MULTI_VMPL;

function checkVersion({ vcpu }: At): GivesUp | undefined {
  const answer = vcpu.guestReadMsr;
  if (ghcbMsrInfo(answer) !== GHCB_MSR_SEV_INFO_RESP)
    return because('no answer to the version request', general);
  const { minVersion, maxVersion } = sevInfoResponse.decode(answer);
  const isIn = minVersion <= VERSION && maxVersion >= VERSION;
  return isIn ? undefined : because(`version 2 is not in ${minVersion} to ${maxVersion}`, general);
}

/** Missing features are logged, and the boot continues. */
function checkFeatures({ vcpu }: At): GivesUp | string | undefined {
  const answer = vcpu.guestReadMsr;
  if (ghcbMsrInfo(answer) !== GHCB_MSR_HV_FT_RESP)
    return because('no answer to the features request', general);
  const missing = wantedFeatures & ~BigInt(featuresResponse.decode(answer).features);
  return missing === 0n
    ? undefined
    : `hypervisor features 0x${missing.toString(16)} are missing, and it goes on`;
}

const early: readonly Phase[] = [
  once('version', { verb: 'msr', args: { value: BigInt(GHCB_MSR_SEV_INFO_REQ) } }, checkVersion),
  once('features', { verb: 'hv-features', args: { form: 'msr' } }, checkFeatures),
  once(
    'GHCB page: rescind',
    { verb: 'pvalidate', args: { gpa: gfnToGpa(svsmGhcb(0)), validate: false } },
    checkPvalidate(general),
  ),
  once(
    'GHCB page: shared',
    { verb: 'msr-psc', args: { gfn: svsmGhcb(0), op: 'shared' } },
    checkOk('the page state change was refused', general),
  ),
  register('GHCB page: register', svsmGhcb, panics),
];

/** One VMGEXIT for a batch: a batch that is done in part counts as done. */
const svsmConversion = {
  limit: PSC_MAX_ENTRIES,
  slice: PSC_MAX_ENTRIES,
  reads: 'nothing',
  onRefusal: general,
  onPvalidate: general,
} as const;

/** PSMASH and UNSMASH are sent like any other page state change. */
const smashes = [PSC_OP_PSMASH, PSC_OP_UNSMASH] as const;
const smash: Phase = each(
  'own pages: smash and unsmash',
  (_, turn) => {
    const operation = smashes[turn];
    if (operation === undefined) return undefined;
    const entry = { operation, gfn: SVSM_IMAGE.gfn, twoMeg: true, currentPage: 0 };
    return { verb: 'psc', args: { entries: [entry] } };
  },
  ({ vcpu }) => (vcpu.guestResult === 'ok' ? undefined : vmgexitError({ vcpu })),
);

function vmgexitError({ vcpu }: Pick<At, 'vcpu'>): GivesUp {
  const info1 = responseInfo1.decode(vcpu.guestReadInfo1).response;
  return because(`VmgexitError(${info1}, ${vcpu.guestReadInfo2})`, general);
}

const memory: readonly Phase[] = [
  conversion({
    name: 'GHCB pages of the APs',
    to: 'shared',
    range: (at) => (apCount(at) > 0 ? { gfn: svsmGhcb(1), n: apCount(at) } : undefined),
    ...svsmConversion,
  }),
  conversion({ name: 'share pages', to: 'shared', range: () => SVSM_SHARED, ...svsmConversion }),
  conversion({ name: 'take them back', to: 'private', range: () => SVSM_SHARED, ...svsmConversion }),
  smash,
  conversion({ name: 'guest firmware', to: 'private', range: () => GUEST_FIRMWARE, ...svsmConversion }),
];

const checkVmsa = ({ vcpu }: At): GivesUp | undefined => {
  if (vcpu.instructionCode !== 0) return because(`RMPADJUST fails with ${vcpu.instructionCode}`, general);
  return undefined;
};

/** Each AP at VMPL0: its VMSA, then CREATE. */
const startAps: Phase = {
  name: 'APs',
  emit: (at) => {
    const target = Number(at.cursor >> 1n) + 1;
    if (target > apCount(at)) return undefined;
    const gpa = gfnToGpa(svsmVmsa(target));
    if ((at.cursor & 1n) === 0n) return { verb: 'make-vmsa', args: { gpa } };
    return { verb: 'ap-create', args: { target, vmsa: gpa, vmpl: 0 } };
  },
  check: (at) => {
    const isCreate = (at.cursor & 1n) === 1n;
    const failure = isCreate ? at.vcpu.guestResult !== 'ok' && vmgexitError(at) : checkVmsa(at);
    return failure || at.cursor + 1n;
  },
};

/** The guest at VMPL2 on this vCPU. KVM reads the VMPL as part of the request number. */
const startGuest: readonly Phase[] = [
  once(
    'guest VMSA',
    ({ index }) => ({ verb: 'make-vmsa', args: { gpa: gfnToGpa(svsmGuestVmsa(index)) } }),
    checkVmsa,
  ),
  once(
    `guest VMSA: request ${SVM_VMGEXIT_AP_CREATE_ON_INIT}`,
    ({ index }) => ({
      verb: 'ap-create-on-init',
      args: { target: index, vmsa: gfnToGpa(svsmGuestVmsa(index)), vmpl: GUEST_VMPL },
    }),
    (at) => (at.vcpu.guestResult === 'ok' ? undefined : vmgexitError(at)),
  ),
];

const bootProcessor: readonly Phase[] = [...early, ...memory, startAps, ...startGuest, haltForEver];
/** An AP at VMPL0: its GHCB page, then it idles. */
const ap: readonly Phase[] = [register('AP: GHCB', svsmGhcb, panics), haltForEver];

export const svsm: Program = {
  name: 'coconut-svsm',
  leastPages: LEAST_PAGES,
  givesUpRule: 'SvsmGivesUp',
  afterTermination: 'asksAgain',
  phases: [...bootProcessor, ...ap],
  entry: ({ index, vcpu }) => {
    if (index === 0) return 0;
    return vcpu.vmsa === 'guestVmsa' ? bootProcessor.length : undefined;
  },
};
