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
import { each, givesUp, once, type At, type GivesUp, type Phase } from './program';

export type Reason = Omit<GivesUp, 'why'>;

/** The termination reason for each failure. */
export interface Reasons {
  /** The hypervisor does not support the protocol, or no version in common. */
  readonly noProtocol: Reason;
  readonly noCommonVersion: Reason;
  readonly noSnp: Reason;
  readonly notRegistered: Reason;
  readonly pageState: Reason;
  readonly pvalidate: Reason;
}

export const general = { set: 0, code: GHCB_SEV_ES_GEN_REQ };
export const protocol = { set: 0, code: GHCB_SEV_ES_PROT_UNSUPPORTED };

/** OVMF uses the general reason for every failure. */
export const ovmfReasons: Reasons = {
  noProtocol: general,
  noCommonVersion: protocol,
  noSnp: protocol,
  notRegistered: general,
  pageState: general,
  pvalidate: general,
};

export const because = (why: string, reason: Reason): GivesUp => givesUp(why, reason.set, reason.code);

/** A hypervisor of version 1 has no features and is not asked for them: no SNP. */
function checkVersion({ vcpu }: At, reasons: Reasons): GivesUp | undefined {
  const answer = vcpu.guestReadMsr;
  if (ghcbMsrInfo(answer) !== GHCB_MSR_SEV_INFO_RESP)
    return because('no answer to the version request', reasons.noProtocol);
  const { minVersion, maxVersion } = sevInfoResponse.decode(answer);
  if (maxVersion < 1 || minVersion > 2) {
    return because(`no common version in ${minVersion} to ${maxVersion}`, reasons.noCommonVersion);
  }
  return maxVersion < 2 ? because('a version 1 hypervisor has no features', reasons.noSnp) : undefined;
}

function checkFeatures({ vcpu }: At, reasons: Reasons): GivesUp | undefined {
  const answer = vcpu.guestReadMsr;
  const { features } = featuresResponse.decode(answer);
  const hasSnp = ghcbMsrInfo(answer) === GHCB_MSR_HV_FT_RESP && (BigInt(features) & HV_FEATURE_SNP) !== 0n;
  return hasSnp ? undefined : because('the hypervisor does not offer SNP', reasons.noSnp);
}

export const version = (name: string, reasons: Reasons): Phase =>
  once(name, { verb: 'msr', args: { value: BigInt(GHCB_MSR_SEV_INFO_REQ) } }, (at) =>
    checkVersion(at, reasons),
  );

export const features = (name: string, reasons: Reasons): Phase =>
  once(name, { verb: 'hv-features', args: { form: 'msr' } }, (at) => checkFeatures(at, reasons));

/** Registers the GHCB page of the vCPU; the hypervisor must repeat the address. */
export const register = (name: string, gfnFor: (index: number) => number, reasons: Reasons): Phase =>
  once(
    name,
    ({ index }) => ({ verb: 'register-ghcb', args: { gpa: gfnToGpa(gfnFor(index)) } }),
    ({ vcpu, index }) => {
      const answer = vcpu.guestReadMsr;
      const isResponse = ghcbMsrInfo(answer) === GHCB_MSR_REG_GPA_RESP;
      const same = isResponse && registerGpaResponse.decode(answer).gfn === gfnFor(index);
      return same ? undefined : because('the GHCB address was not registered', reasons.notRegistered);
    },
  );

export const checkPvalidate =
  (reason: Reason) =>
  ({ vcpu }: At): GivesUp | undefined =>
    vcpu.instructionCode === 0 ? undefined : because(`PVALIDATE fails with ${vcpu.instructionCode}`, reason);

export const checkOk =
  (why: string, reason: Reason) =>
  ({ vcpu }: At): GivesUp | undefined =>
    vcpu.guestResult === 'ok' ? undefined : because(why, reason);

export const apCount = ({ world }: At): number => world.vcpus.filter((vcpu) => vcpu.exists).length - 1;

/** The guest has finished, or waits for an event that does not occur. */
export const haltForEver = each('halt', () => ({ verb: 'hlt', args: {} }));
