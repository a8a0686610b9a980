/**
 * The boot of a Linux SNP guest after its firmware, one instruction at a time: arch/x86/coco/sev/core.c and
 * arch/x86/boot/startup/sev-shared.c of Linux 7.2, and before them as much of OVMF as the APs need: INIT-SIPI starts
 * each AP on its launch VMSA, where it waits in an AP reset hold until Linux creates it anew.
 */
import {
  featuresResponse,
  GHCB_MSR_HV_FT_RESP,
  GHCB_MSR_REG_GPA_RESP,
  GHCB_MSR_SEV_INFO_REQ,
  GHCB_MSR_SEV_INFO_RESP,
  GHCB_SEV_ES_GEN_REQ,
  GHCB_SEV_ES_PROT_UNSUPPORTED,
  GHCB_SNP_UNSUPPORTED,
  GHCB_TERM_PSC,
  GHCB_TERM_PVALIDATE,
  GHCB_TERM_REGISTER,
  HV_FEATURE_SNP,
  ghcbMsrInfo,
  registerGpaResponse,
  sevInfoResponse,
} from '../../../abi/ghcb-msr';
import { PSC_LINUX_MAX_ENTRIES, PSC_MAX_ENTRIES } from '../../../abi/psc';
import { conversion } from './conversion';
import {
  acceptedUnit,
  apVmsa,
  BOOT_GHCB,
  bounceBuffer,
  DEVICE_REGISTER,
  FIRMWARE_RANGE,
  firmwareGhcb,
  perCpuGhcb,
  SEC_GHCB,
  SERIAL_PORT,
} from './machine';
import { each, givesUp, once, type At, type GivesUp, type Phase, type Program } from './program';

const gpaOf = (gfn: number): bigint => BigInt(gfn) << 12n;
const LINUX_SET = 1;

interface Reasons {
  /** The hypervisor does not speak the protocol at all, or in no common version. */
  readonly noProtocol: Omit<GivesUp, 'why'>;
  readonly noCommonVersion: Omit<GivesUp, 'why'>;
  readonly noSnp: Omit<GivesUp, 'why'>;
  readonly notRegistered: Omit<GivesUp, 'why'>;
  readonly pageState: Omit<GivesUp, 'why'>;
  readonly pvalidate: Omit<GivesUp, 'why'>;
}

const general = { set: 0, code: GHCB_SEV_ES_GEN_REQ };
const protocol = { set: 0, code: GHCB_SEV_ES_PROT_UNSUPPORTED };

const linuxReasons: Reasons = {
  noProtocol: protocol,
  noCommonVersion: protocol,
  noSnp: { set: 0, code: GHCB_SNP_UNSUPPORTED },
  notRegistered: { set: LINUX_SET, code: GHCB_TERM_REGISTER },
  pageState: { set: LINUX_SET, code: GHCB_TERM_PSC },
  pvalidate: { set: LINUX_SET, code: GHCB_TERM_PVALIDATE },
};
/** OVMF ends with the general reason whatever failed. */
const ovmfReasons: Reasons = {
  noProtocol: general,
  noCommonVersion: protocol,
  noSnp: protocol,
  notRegistered: general,
  pageState: general,
  pvalidate: general,
};

const because = (why: string, reason: Omit<GivesUp, 'why'>): GivesUp => givesUp(why, reason.set, reason.code);

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

const version = (name: string, reasons: Reasons): Phase =>
  once(name, { verb: 'msr', args: { value: BigInt(GHCB_MSR_SEV_INFO_REQ) } }, (at) =>
    checkVersion(at, reasons),
  );

const features = (name: string, reasons: Reasons): Phase =>
  once(name, { verb: 'hv-features', args: { form: 'msr' } }, (at) => checkFeatures(at, reasons));

/** Registers the GHCB page of the vCPU; the hypervisor must repeat the address. */
const register = (name: string, gfnFor: (index: number) => number, reasons: Reasons): Phase =>
  once(
    name,
    ({ index }) => ({ verb: 'register-ghcb', args: { gpa: gpaOf(gfnFor(index)) } }),
    ({ vcpu, index }) => {
      const answer = vcpu.guestReadMsr;
      const isResponse = ghcbMsrInfo(answer) === GHCB_MSR_REG_GPA_RESP;
      const same = isResponse && registerGpaResponse.decode(answer).gfn === gfnFor(index);
      return same ? undefined : because('the GHCB address was not registered', reasons.notRegistered);
    },
  );

const checkPvalidate = ({ vcpu }: At): GivesUp | undefined =>
  vcpu.instructionCode === 0
    ? undefined
    : because(`PVALIDATE fails with ${vcpu.instructionCode}`, linuxReasons.pvalidate);

const checkOk =
  (why: string, reason: Omit<GivesUp, 'why'>) =>
  ({ vcpu }: At): GivesUp | undefined =>
    vcpu.guestResult === 'ok' ? undefined : because(why, reason);

const apCount = ({ world }: At): number => world.vcpus.filter((vcpu) => vcpu.exists).length - 1;

const ovmfConversion = { limit: PSC_MAX_ENTRIES, onRefusal: general, onPvalidate: general };
const linuxConversion = {
  limit: PSC_LINUX_MAX_ENTRIES,
  onRefusal: linuxReasons.pageState,
  onPvalidate: linuxReasons.pvalidate,
};

/** OVMF on the boot processor. */
const firmware: readonly Phase[] = [
  version('firmware: version', ovmfReasons),
  features('firmware: features', ovmfReasons),
  register('firmware: GHCB', () => SEC_GHCB, ovmfReasons),
  conversion({ name: 'firmware: accept', to: 'private', range: () => FIRMWARE_RANGE, ...ovmfConversion }),
  conversion({
    name: 'firmware: GHCB pages of the APs',
    to: 'shared',
    range: (at) => (apCount(at) > 0 ? { gfn: firmwareGhcb(1), n: apCount(at) } : undefined),
    ...ovmfConversion,
  }),
  each('firmware: INIT-SIPI', (at, turn) =>
    turn < apCount(at) ? { verb: 'init-sipi', args: { target: turn + 1 } } : undefined,
  ),
];

/** The kernel before it has a GHCB page: the MSR protocol alone. */
const early: readonly Phase[] = [
  version('version', linuxReasons),
  features('features', linuxReasons),
  once(
    'GHCB page: rescind',
    { verb: 'pvalidate', args: { gpa: gpaOf(BOOT_GHCB), validate: false } },
    checkPvalidate,
  ),
  once(
    'GHCB page: shared',
    { verb: 'msr-psc', args: { gfn: BOOT_GHCB, op: 'shared' } },
    checkOk('the page state change was refused', linuxReasons.pageState),
  ),
  register('GHCB page: register', () => BOOT_GHCB, linuxReasons),
];

/** Lazy acceptance: one request for every 2 MiB unit. */
function acceptUnits(units: number): Phase[] {
  return Array.from({ length: units }, (_, turn) =>
    conversion({
      name: `accept unit ${turn}`,
      to: 'private',
      range: ({ world }) => acceptedUnit(world, turn),
      ...linuxConversion,
    }),
  );
}
const MOST_UNITS = 4 + 32;

const runtime: readonly Phase[] = [
  ...acceptUnits(MOST_UNITS),
  conversion({
    name: 'bounce buffer',
    to: 'shared',
    range: ({ world }) => bounceBuffer(world),
    ...linuxConversion,
  }),
  conversion({
    name: 'GHCB pages of the CPUs',
    to: 'shared',
    range: (at) => ({ gfn: perCpuGhcb(0), n: apCount(at) + 1 }),
    ...linuxConversion,
  }),
];

/** Each AP in turn: a new VMSA page, then CREATE. A failure leaves that AP out, the boot goes on. */
const wakeAps: Phase = {
  name: 'AP creation',
  emit: (at) => {
    const target = Number(at.cursor >> 1n) + 1;
    if (target > apCount(at)) return undefined;
    const gpa = gpaOf(apVmsa(target));
    if ((at.cursor & 1n) === 0n) return { verb: 'make-vmsa', args: { gpa } };
    return { verb: 'ap-create', args: { target, vmsa: gpa } };
  },
  check: ({ cursor, vcpu }) => {
    const vmsaFailed = (cursor & 1n) === 0n && vcpu.instructionCode !== 0;
    return cursor + (vmsaFailed ? 2n : 1n);
  },
};

const text = 'Linux\n';
const devices: readonly Phase[] = [
  once('features again', { verb: 'hv-features', args: { form: 'nae' } }),
  once('serial: status', { verb: 'io-in', args: { port: SERIAL_PORT + 5, size: 1 } }),
  each('serial: text', (_, turn) => {
    if (turn >= text.length) return undefined;
    return { verb: 'io-out', args: { port: SERIAL_PORT, size: 1, value: BigInt(text.charCodeAt(turn)) } };
  }),
  once('device: write', { verb: 'mmio-write', args: { gpa: DEVICE_REGISTER, len: 4, value: 1n } }),
  once('device: read', { verb: 'mmio-read', args: { gpa: DEVICE_REGISTER, len: 4 } }),
];

const goodbye = once('termination', {
  verb: 'terminate',
  args: { form: 'msr', set: general.set, code: general.code },
});
const haltForEver = each('halt', () => ({ verb: 'hlt', args: {} }));

const bootProcessor: readonly Phase[] = [
  ...firmware,
  ...early,
  ...runtime,
  wakeAps,
  ...devices,
  goodbye,
  haltForEver,
];

/** OVMF on an AP: its own GHCB page, then the hold. */
const apFirmware: readonly Phase[] = [
  register('AP firmware: GHCB', firmwareGhcb, ovmfReasons),
  each('AP firmware: hold', () => ({ verb: 'hold', args: { form: 'nae' } })),
];

/** Linux on an AP, from its new VMSA: its own GHCB page, then idle. */
const apKernel: readonly Phase[] = [register('AP: GHCB', perCpuGhcb, linuxReasons), haltForEver];

const phases: readonly Phase[] = [...bootProcessor, ...apFirmware, ...apKernel];
const AP_FIRMWARE = bootProcessor.length;
const AP_KERNEL = AP_FIRMWARE + apFirmware.length;

export const linux: Program = {
  name: 'Linux',
  phases,
  entry: ({ index, vcpu }) => {
    if (index === 0) return 0;
    return vcpu.vmsa === 'guestVmsa' ? AP_KERNEL : AP_FIRMWARE;
  },
};
