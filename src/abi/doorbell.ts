/** The #HV doorbell page of restricted injection. Mainline KVM does not implement it. */
import { struct, word } from './layout';
import { source } from './source';

const linux = source.mail('restricted injection delivery patch', 'Melody Wang', 'Sep 2024');
const svsm = source.svsm('kernel/src/sev/hv_doorbell.rs', 'doorbell page');
const descriptor = source.svsm('kernel/src/cpu/apic.rs', 'per-VMPL event descriptors');

/** The second byte of the page. */
export const doorbellFlags = word(
  '#HV doorbell flags',
  linux,
  {
    nmiPending: { bits: [0, 0], as: 'flag', doc: 'An NMI is pending' },
    mcePending: { bits: [1, 1], as: 'flag', doc: 'A #MC is pending' },
    reserved: { bits: [6, 2], reserved: true, doc: 'Zero' },
    noFurtherSignal: {
      bits: [7, 7],
      as: 'flag',
      doc: 'Signalled already; the guest clears it before it drains',
    },
  },
  { bits: 8 },
);

/** Which descriptors to look at: coconut-svsm only, Linux patches call it reserved. */
export const doorbellVmplEvents = word(
  '#HV per-VMPL events',
  svsm,
  {
    vmpl1: { bits: [0, 0], as: 'flag', doc: 'Look at the descriptor of VMPL 1' },
    vmpl2: { bits: [1, 1], as: 'flag', doc: 'Look at the descriptor of VMPL 2' },
    vmpl3: { bits: [2, 2], as: 'flag', doc: 'Look at the descriptor of VMPL 3' },
    reserved: { bits: [7, 3], reserved: true, doc: 'Zero' },
  },
  { bits: 8 },
);

/** Status of one descriptor. */
export const doorbellStatus = word(
  '#HV descriptor status',
  descriptor,
  {
    vector: { bits: [7, 0], as: 'hex', doc: 'Pending vector' },
    nmi: { bits: [8, 8], as: 'flag', doc: 'NMI' },
    mce: { bits: [9, 9], as: 'flag', doc: '#MC' },
    levelSensitive: { bits: [10, 10], as: 'flag', doc: 'Level-sensitive' },
    reserved11: { bits: [13, 11], reserved: true, doc: 'Zero' },
    multipleVectors: { bits: [14, 14], as: 'flag', doc: 'Several vectors: scan irr and bit 31' },
    reserved15: { bits: [26, 15], reserved: true, doc: 'Zero' },
    ipiRequested: { bits: [27, 27], as: 'flag', doc: 'IPI requested' },
    reserved28: { bits: [30, 28], reserved: true, doc: 'Zero' },
    vector31: { bits: [31, 31], as: 'flag', doc: 'Vector 31 is pending' },
  },
  { bits: 32 },
);

/** One per-VMPL descriptor. */
export const doorbellDescriptor = struct('#HV descriptor', descriptor, 64, {
  status: { at: 0, size: 4, word: doorbellStatus, doc: 'What is pending' },
  irr: { at: 4, size: 4, array: 7, as: 'hex', doc: 'Requested vectors 32..255' },
  isr: { at: 32, size: 4, array: 8, as: 'hex', doc: 'Vectors in service' },
});

/** Bytes from the start of the page to the descriptor of VMPL 1, 2 or 3. */
export const doorbellDescriptorOffset = (vmpl: 1 | 2 | 3): number => vmpl * 0x40;

/** The part of the page that is described. */
export const doorbellPage = struct('#HV doorbell page', linux, 0x100, {
  vector: { at: 0x00, size: 1, as: 'hex', doc: 'Pending vector, 0 for none' },
  flags: { at: 0x01, size: 1, word: doorbellFlags, doc: 'NMI, #MC, no further signal' },
  noEoiRequired: { at: 0x02, size: 1, as: 'flag', doc: 'No EOI required' },
  vmplEvents: { at: 0x03, size: 1, word: doorbellVmplEvents, doc: 'Descriptors with events', source: svsm },
  reserved: { at: 0x04, size: 60, reserved: true, doc: 'Reserved' },
  vmpl1: { at: 0x40, size: 64, doc: 'Descriptor of VMPL 1', source: svsm },
  vmpl2: { at: 0x80, size: 64, doc: 'Descriptor of VMPL 2', source: svsm },
  vmpl3: { at: 0xc0, size: 64, doc: 'Descriptor of VMPL 3', source: svsm },
});

/** The event word with which the posted KVM patch injects #HV. */
export const INJECT_HV = 0x8000_031cn;
