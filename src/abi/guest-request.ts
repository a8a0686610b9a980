/** SNP guest requests: the sealed message, the certificate table, and the secrets page that holds the keys. */
import { struct, word } from './layout';
import { source } from './source';

const linux = source.kernel('7.2.13', 'arch/x86/include/asm/sev.h', 'SNP guest messages');
const virtee = source.virtee('src', 'certificate table');
const reserved = { reserved: true, doc: 'Reserved' } as const;

/** Message types. Odd ones are requests, the next even number is the answer. */
export const SNP_MSG_REPORT_REQ = 5;
export const guestMessageTypes = {
  1: 'CPUID request',
  2: 'CPUID response',
  3: 'key request',
  4: 'key response',
  5: 'report request',
  6: 'report response',
  7: 'export request',
  8: 'export response',
  9: 'import request',
  10: 'import response',
  11: 'absorb request',
  12: 'absorb response',
  13: 'VMRK request',
  14: 'VMRK response',
  17: 'TSC info request',
  18: 'TSC info response',
} as const;

/** Offset of the type byte, the only part of the message that KVM reads. */
export const GUEST_MESSAGE_TYPE_OFFSET = 0x34;
/** Bytes of the header. */
export const GUEST_MESSAGE_HEADER_SIZE = 96;
/** The only header version, AES-256-GCM, and the number of keys (VMPCK 0 to 3). */
export const GUEST_MESSAGE_HEADER_VERSION = 1;
export const GUEST_MESSAGE_ALGO = 1;
export const GUEST_MESSAGE_KEYS = 4;
/** Payload bytes of a report request: struct snp_report_req of linux/sev-guest.h. */
export const SNP_REPORT_REQUEST_SIZE = 96;

/** The header of a message page; from `algo` on it is authenticated, the payload behind it is encrypted. */
export const guestMessageHeader = struct('SNP guest message header', linux, GUEST_MESSAGE_HEADER_SIZE, {
  authTag: { at: 0x00, size: 32, doc: 'Authentication tag' },
  sequenceNumber: { at: 0x20, size: 8, as: 'dec', doc: 'Message sequence number of the VMPCK' },
  reserved28: { at: 0x28, size: 8, array: 1, ...reserved },
  algo: { at: 0x30, size: 1, names: { 1: 'AES-256-GCM' }, doc: 'AEAD algorithm' },
  headerVersion: { at: 0x31, size: 1, as: 'dec', doc: 'Header version' },
  headerSize: { at: 0x32, size: 2, as: 'dec', doc: 'Header size in bytes' },
  messageType: {
    at: GUEST_MESSAGE_TYPE_OFFSET,
    size: 1,
    as: 'dec',
    names: guestMessageTypes,
    doc: 'Message type',
  },
  messageVersion: { at: 0x35, size: 1, as: 'dec', doc: 'Version of this message type' },
  payloadSize: { at: 0x36, size: 2, as: 'dec', doc: 'Payload size in bytes' },
  reserved38: { at: 0x38, size: 4, ...reserved },
  vmpck: { at: 0x3c, size: 1, as: 'dec', doc: 'Index of the key that seals the message' },
  reserved3d: { at: 0x3d, size: 35, ...reserved },
});

/** Answer to a TSC info request; the request is 128 zero bytes. */
export const tscInfoResponse = struct('SNP TSC info response', linux, 128, {
  status: { at: 0, size: 4, doc: 'Firmware status' },
  reserved4: { at: 4, size: 4, ...reserved },
  tscScale: { at: 8, size: 8, doc: 'TSC scale' },
  tscOffset: { at: 16, size: 8, doc: 'TSC offset' },
  tscFactor: { at: 24, size: 4, doc: 'Decrease from nominal to mean frequency, in 1/100000' },
  reserved28: { at: 28, size: 100, ...reserved },
});

/** One entry of the certificate table; 24 zero bytes close the table, the blobs follow. */
export const CERT_TABLE_ENTRY_SIZE = 24;
export const certTableEntry = struct('Certificate table entry', virtee, CERT_TABLE_ENTRY_SIZE, {
  guid: { at: 0, size: 16, doc: 'What the blob is (GUID, first three groups little-endian)' },
  offset: { at: 16, size: 4, doc: 'Bytes from the start of the table' },
  length: { at: 20, size: 4, as: 'dec', doc: 'Bytes' },
});

/** GUIDs of the certificate table. */
export const certificateGuids = {
  'c0b406a4-a803-4952-9743-3fb6014cd0ae': 'ARK',
  '4ab7b379-bbac-4fe4-a02f-05aef327c782': 'ASK',
  '63da758d-e664-4564-adc5-f4b93be8accd': 'VCEK',
  'a8074bc2-a25a-483e-aae6-39c045a0b8a1': 'VLEK',
  '92f81bc3-5811-4d3d-97ff-d19f88dc67ea': 'CRL',
} as const;

/** The second word of the secrets page. */
const secretsFlags = word(
  'Secrets page flags',
  linux,
  {
    imiEn: { bits: [0, 0], as: 'flag', doc: 'The guest was launched from an initial migration image' },
    reserved: { bits: [31, 1], ...reserved },
  },
  { bits: 32 },
);

/** The page firmware fills for the guest at launch. */
export const secretsPage = struct('SNP secrets page', linux, 4096, {
  version: { at: 0x000, size: 4, as: 'dec', doc: 'Layout version' },
  flags: { at: 0x004, size: 4, word: secretsFlags, doc: 'Flags' },
  fms: { at: 0x008, size: 4, doc: 'Family, model, stepping' },
  reserved00c: { at: 0x00c, size: 4, ...reserved },
  gosvw: { at: 0x010, size: 16, doc: 'Guest OS visible workarounds' },
  vmpck0: { at: 0x020, size: 32, doc: 'VMPCK 0' },
  vmpck1: { at: 0x040, size: 32, doc: 'VMPCK 1' },
  vmpck2: { at: 0x060, size: 32, doc: 'VMPCK 2' },
  vmpck3: { at: 0x080, size: 32, doc: 'VMPCK 3' },
  messageSequence: {
    at: 0x0a0,
    size: 4,
    array: 4,
    as: 'dec',
    doc: 'Sequence counter of each VMPCK, kept by the guest',
  },
  apJumpTable: { at: 0x0b0, size: 8, as: 'gpa', doc: 'GPA of the AP jump table' },
  reserved0b8: { at: 0x0b8, size: 40, ...reserved },
  guestUsage: { at: 0x0e0, size: 32, doc: 'Free for the guest' },
  vmsaTweakBitmap: { at: 0x100, size: 64, doc: 'VMSA tweak bitmap' },
  svsmBase: { at: 0x140, size: 8, as: 'gpa', doc: 'GPA of the SVSM' },
  svsmSize: { at: 0x148, size: 8, doc: 'Size of the SVSM in bytes' },
  svsmCaa: { at: 0x150, size: 8, as: 'gpa', doc: 'GPA of the SVSM calling area' },
  svsmMaxVersion: { at: 0x158, size: 4, as: 'dec', doc: 'Highest SVSM protocol version' },
  svsmGuestVmpl: { at: 0x15c, size: 1, as: 'dec', doc: 'VMPL the guest runs at' },
  reserved15d: { at: 0x15d, size: 3, ...reserved },
  tscFactor: { at: 0x160, size: 4, doc: 'Decrease from nominal to mean TSC frequency' },
  reserved164: { at: 0x164, size: 3740, ...reserved },
});
