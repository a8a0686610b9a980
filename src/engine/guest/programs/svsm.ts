/**
 * coconut-svsm at VMPL0, as far as it talks to the hypervisor: kernel/src/sev/ghcb.rs, msr_protocol.rs and
 * platform/snp.rs. It needs more than mainline KVM offers, which shows when it starts its guest at VMPL2. Unlike the
 * original, the program does not wait for its APs.
 */
import { gfnToGpa } from '../../../abi/address';
import { SVM_VMGEXIT_AP_CREATE_ON_INIT } from '../../../abi/ap-creation';
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
  checkOk,
  checkPvalidate,
  general,
  haltForEver,
  register,
  type Reasons,
} from './negotiation';
import {
  each,
  givesUp,
  once,
  type At,
  type GivesUp,
  type Note,
  type Phase,
  type Program,
  type Reason,
} from './program';

/** Every failure is a panic, and a panic uses reason 0:0. */
const panic = (rule: Reason['rule'] = 'SvsmGivesUp'): Reason => ({ who: 'coconut-svsm', ...general, rule });
const onRegister: Pick<Reasons, 'notRegistered'> = { notRegistered: panic('SvsmNotRegistered') };

const VERSION = 2;
const GUEST_VMPL = 2;
const wantedFeatures = HV_FEATURE_SNP | HV_FEATURE_AP_CREATION | HV_FEATURE_MULTI_VMPL;

function checkVersion({ vcpu }: At): GivesUp | undefined {
  const answer = vcpu.guestReadMsr;
  if (ghcbMsrInfo(answer) !== GHCB_MSR_SEV_INFO_RESP)
    return givesUp('no answer to the version request', panic('SvsmVersion'));
  const { minVersion, maxVersion } = sevInfoResponse.decode(answer);
  const isIn = minVersion <= VERSION && maxVersion >= VERSION;
  return isIn
    ? undefined
    : givesUp(`version 2 is not in ${minVersion} to ${maxVersion}`, panic('SvsmVersion'));
}

/** Missing features are logged, and the boot continues. */
function checkFeatures({ vcpu }: At): GivesUp | Note | undefined {
  const answer = vcpu.guestReadMsr;
  if (ghcbMsrInfo(answer) !== GHCB_MSR_HV_FT_RESP)
    return givesUp('no answer to the features request', panic('SvsmFeatures'));
  const missing = wantedFeatures & ~BigInt(featuresResponse.decode(answer).features);
  return missing === 0n
    ? undefined
    : {
        text: `hypervisor features 0x${missing.toString(16)} are missing, and it goes on`,
        rule: 'SvsmFeatures',
      };
}

const early: readonly Phase[] = [
  once('version', { verb: 'msr', args: { value: BigInt(GHCB_MSR_SEV_INFO_REQ) } }, checkVersion),
  once('features', { verb: 'hv-features', args: { form: 'msr' } }, checkFeatures),
  once(
    'GHCB page: rescind',
    { verb: 'pvalidate', args: { gpa: gfnToGpa(svsmGhcb(0)), validate: false } },
    checkPvalidate(panic()),
  ),
  once(
    'GHCB page: shared',
    { verb: 'msr-psc', args: { gfn: svsmGhcb(0), op: 'shared' } },
    checkOk('the page state change was refused', panic('SvsmPageRefused')),
  ),
  register('GHCB page: register', svsmGhcb, onRegister),
];

/** One VMGEXIT for a batch: a batch that is done in part, or refused in SW_EXITINFO2, counts as done. */
const svsmConversion = {
  limit: PSC_MAX_ENTRIES,
  slice: PSC_MAX_ENTRIES,
  reads: 'info1',
  onRefusal: panic('SvsmCallFailed'),
  onHeader: panic('SvsmCallFailed'),
  onPvalidate: panic(),
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
  callFailed,
);

/** Any SW_EXITINFO1 but 0 is an error, whatever SW_EXITINFO2 says. */
function callFailed({ vcpu }: Pick<At, 'vcpu'>): GivesUp | undefined {
  const { guestReadInfo1: info1, guestReadInfo2: info2 } = vcpu;
  return info1 === 0n ? undefined : givesUp(`VmgexitError(${info1}, ${info2})`, panic('SvsmCallFailed'));
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
  if (vcpu.instructionCode !== 0) return givesUp(`RMPADJUST fails with ${vcpu.instructionCode}`, panic());
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
    return (isCreate ? callFailed(at) : checkVmsa(at)) ?? at.cursor + 1n;
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
    callFailed,
  ),
];

const bootProcessor: readonly Phase[] = [...early, ...memory, startAps, ...startGuest, haltForEver];
/** An AP at VMPL0: its GHCB page, then it idles. */
const ap: readonly Phase[] = [register('AP: GHCB', svsmGhcb, onRegister), haltForEver];

export const svsm: Program = {
  name: 'coconut-svsm',
  leastPages: LEAST_PAGES,
  afterTermination: 'asksAgain',
  phases: [...bootProcessor, ...ap],
  entry: ({ index, vcpu }) => {
    if (index === 0) return 0;
    return vcpu.vmsa === 'guestVmsa' ? bootProcessor.length : undefined;
  },
};
