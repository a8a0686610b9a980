/**
 * The boot of a Linux SNP guest after its firmware, one instruction at a time: arch/x86/coco/sev/core.c and
 * arch/x86/boot/startup/sev-shared.c of Linux 7.2, and before them as much of OVMF as the APs need: INIT-SIPI starts
 * each AP on its launch VMSA, where it waits in an AP reset hold until Linux creates it anew.
 */
import { gfnToGpa } from '../../../abi/address';
import {
  GHCB_SNP_UNSUPPORTED,
  GHCB_TERM_PSC,
  GHCB_TERM_PVALIDATE,
  GHCB_TERM_REGISTER,
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
  LEAST_PAGES,
  perCpuGhcb,
  SEC_GHCB,
  SERIAL_PORT,
} from './machine';
import {
  apCount,
  checkOk,
  checkPvalidate,
  features,
  general,
  haltForEver,
  ovmfConversion,
  ovmfReasons,
  protocol,
  register,
  version,
  type Reasons,
} from './negotiation';
import { each, once, type Phase, type Program, type Reason } from './program';

const LINUX_SET = 1;

const linuxReason = (rule: Reason['rule'], code: number, set = LINUX_SET): Reason => ({
  who: 'Linux',
  set,
  code,
  rule,
});
const linuxReasons: Reasons = {
  noProtocol: linuxReason('LinuxGivesUp', protocol.code, protocol.set),
  noCommonVersion: linuxReason('LinuxGivesUp', protocol.code, protocol.set),
  noSnp: linuxReason('LinuxNoSnp', GHCB_SNP_UNSUPPORTED, 0),
  notRegistered: linuxReason('LinuxNotRegistered', GHCB_TERM_REGISTER),
};
const onPvalidate = linuxReason('LinuxPvalidate', GHCB_TERM_PVALIDATE);

const firmwareConversion = { ...ovmfConversion, limit: PSC_MAX_ENTRIES, slice: PSC_MAX_ENTRIES };
const linuxConversion = {
  limit: PSC_LINUX_MAX_ENTRIES,
  slice: PSC_LINUX_MAX_ENTRIES,
  reads: 'headerAndReserved',
  onRefusal: linuxReason('LinuxPscRefused', GHCB_TERM_PSC),
  onHeader: linuxReason('LinuxPscHeader', GHCB_TERM_PSC),
  onPvalidate,
} as const;

/** OVMF on the boot processor. */
const firmware: readonly Phase[] = [
  version('firmware: version', ovmfReasons, { asksVersion1: true }),
  features('firmware: features', ovmfReasons),
  register('firmware: GHCB', () => SEC_GHCB, ovmfReasons),
  conversion({ name: 'firmware: accept', to: 'private', range: () => FIRMWARE_RANGE, ...firmwareConversion }),
  conversion({
    name: 'firmware: GHCB pages of the APs',
    to: 'shared',
    range: (at) => (apCount(at) > 0 ? { gfn: firmwareGhcb(1), n: apCount(at) } : undefined),
    ...firmwareConversion,
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
    { verb: 'pvalidate', args: { gpa: gfnToGpa(BOOT_GHCB), validate: false } },
    checkPvalidate(onPvalidate),
  ),
  once(
    'GHCB page: shared',
    { verb: 'msr-psc', args: { gfn: BOOT_GHCB, op: 'shared' } },
    checkOk('the page state change was refused', linuxReason('LinuxPageRefused', GHCB_TERM_PSC)),
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
    const gpa = gfnToGpa(apVmsa(target));
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
  leastPages: LEAST_PAGES,
  afterTermination: 'halts',
  phases,
  entry: ({ index, vcpu }) => {
    if (index === 0) return 0;
    return vcpu.vmsa === 'guestVmsa' ? AP_KERNEL : AP_FIRMWARE;
  },
};
