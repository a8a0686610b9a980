/** How a guest negotiates with its hypervisor: protocol version, features, and registration of the GHCB page. */
import { gfnToGpa } from '../../../abi/address';
import {
  featuresResponse,
  GHCB_MSR_HV_FT_RESP,
  GHCB_MSR_REG_GPA_RESP,
  GHCB_MSR_SEV_INFO_REQ,
  GHCB_MSR_SEV_INFO_RESP,
  GHCB_SEV_ES_GEN_REQ,
  GHCB_SEV_ES_PROT_UNSUPPORTED,
  HV_FEATURE_SNP,
  ghcbMsrInfo,
  registerGpaResponse,
  sevInfoResponse,
} from '../../../abi/ghcb-msr';
import { each, givesUp, once, type At, type GivesUp, type Phase, type Reason } from './program';

/** The termination reason for each failure. */
export interface Reasons {
  /** The hypervisor does not support the protocol, or no version in common. */
  readonly noProtocol: Reason;
  readonly noCommonVersion: Reason;
  readonly noSnp: Reason;
  readonly notRegistered: Reason;
}

export const general = { set: 0, code: GHCB_SEV_ES_GEN_REQ };
export const protocol = { set: 0, code: GHCB_SEV_ES_PROT_UNSUPPORTED };

/** A reason of OVMF: the general one for every failure but those of version and features. */
export const ovmfReason = (rule: Reason['rule'], { set, code } = general): Reason => ({
  who: 'OVMF',
  set,
  code,
  rule,
});
export const ovmfReasons: Reasons = {
  noProtocol: ovmfReason('OvmfGivesUp'),
  noCommonVersion: ovmfReason('OvmfGivesUp', protocol),
  noSnp: ovmfReason('OvmfNoSnp', protocol),
  notRegistered: ovmfReason('OvmfNotRegistered'),
};
/** OVMF's page state changes. */
export const ovmfConversion = {
  reads: 'header',
  onRefusal: ovmfReason('OvmfPscRefused'),
  onHeader: ovmfReason('OvmfPscRefused'),
  onPvalidate: ovmfReason('OvmfPvalidate'),
} as const;

/** @param asksVersion1 a hypervisor of version 1 is asked for its features; else it counts as one that has none */
function checkVersion({ vcpu }: At, reasons: Reasons, asksVersion1: boolean): GivesUp | undefined {
  const answer = vcpu.guestReadMsr;
  if (ghcbMsrInfo(answer) !== GHCB_MSR_SEV_INFO_RESP)
    return givesUp('no answer to the version request', reasons.noProtocol);
  const { minVersion, maxVersion } = sevInfoResponse.decode(answer);
  if (maxVersion < 1 || minVersion > 2) {
    return givesUp(`no common version in ${minVersion} to ${maxVersion}`, reasons.noCommonVersion);
  }
  const takesNone = maxVersion < 2 && !asksVersion1;
  return takesNone ? givesUp('a version 1 hypervisor has no features', reasons.noSnp) : undefined;
}

function checkFeatures({ vcpu }: At, reasons: Reasons): GivesUp | undefined {
  const answer = vcpu.guestReadMsr;
  const { features } = featuresResponse.decode(answer);
  const hasSnp = ghcbMsrInfo(answer) === GHCB_MSR_HV_FT_RESP && (BigInt(features) & HV_FEATURE_SNP) !== 0n;
  return hasSnp ? undefined : givesUp('the hypervisor does not offer SNP', reasons.noSnp);
}

export const version = (name: string, reasons: Reasons, { asksVersion1 = false } = {}): Phase =>
  once(name, { verb: 'msr', args: { value: BigInt(GHCB_MSR_SEV_INFO_REQ) } }, (at) =>
    checkVersion(at, reasons, asksVersion1),
  );

export const features = (name: string, reasons: Reasons): Phase =>
  once(name, { verb: 'hv-features', args: { form: 'msr' } }, (at) => checkFeatures(at, reasons));

/** Registers the GHCB page of the vCPU; the hypervisor must repeat the address. */
export const register = (
  name: string,
  gfnFor: (index: number) => number,
  reasons: Pick<Reasons, 'notRegistered'>,
): Phase =>
  once(
    name,
    ({ index }) => ({ verb: 'register-ghcb', args: { gpa: gfnToGpa(gfnFor(index)) } }),
    ({ vcpu, index }) => {
      const answer = vcpu.guestReadMsr;
      const isResponse = ghcbMsrInfo(answer) === GHCB_MSR_REG_GPA_RESP;
      const same = isResponse && registerGpaResponse.decode(answer).gfn === gfnFor(index);
      return same ? undefined : givesUp('the GHCB address was not registered', reasons.notRegistered);
    },
  );

export const checkPvalidate =
  (reason: Reason) =>
  ({ vcpu }: At): GivesUp | undefined =>
    vcpu.instructionCode === 0 ? undefined : givesUp(`PVALIDATE fails with ${vcpu.instructionCode}`, reason);

export const checkOk =
  (why: string, reason: Reason) =>
  ({ vcpu }: At): GivesUp | undefined =>
    vcpu.guestResult === 'ok' ? undefined : givesUp(why, reason);

export const apCount = ({ world }: At): number => world.vcpus.filter((vcpu) => vcpu.exists).length - 1;

/** The guest has finished, or waits for an event that does not occur. */
export const haltForEver = each('halt', () => ({ verb: 'hlt', args: {} }));
