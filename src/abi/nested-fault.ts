/** Error code of a nested page fault, as KVM sees it. */
import { word } from './layout';
import { marked, source } from './source';

const kvm = source.kernel('7.2.13', 'arch/x86/include/asm/kvm_host.h', 'PFERR error code bits');
const apm = source.apm('#VC error codes');
/** KVM makes the nested walks of its own as user accesses, as the processor does; traces of nested faults show the bit. */
const nestedWalk = source.kernel('6.12.117', 'arch/x86/kvm/x86.c', 'translate_nested_gpa', 'inferred');
const shadowStack = source.mail(
  '20240228024147.41573-4-seanjc@google.com',
  'Sean Christopherson',
  '27 Feb 2024',
);

export const PFERR_GUEST_FINAL_MASK = 1n << 32n;
export const PFERR_GUEST_PAGE_MASK = 1n << 33n;
export const PFERR_GUEST_RMP_MASK = 1n << 31n;
export const PFERR_GUEST_ENC_MASK = 1n << 34n;
export const PFERR_GUEST_SIZEM_MASK = 1n << 35n;
export const PFERR_GUEST_VMPL_MASK = 1n << 36n;
/** Not hardware: KVM sets it for an access to private memory, on SNP whenever ENC is set. */
export const PFERR_PRIVATE_ACCESS = 1n << 49n;

/** EXITINFO1 of a nested page fault, with the bit KVM adds. */
export const nestedFault = word('Nested page fault error code', kvm, {
  present: { bits: [0, 0], as: 'flag', doc: 'The page was present' },
  write: { bits: [1, 1], as: 'flag', doc: 'Write access' },
  user: {
    bits: [2, 2],
    as: 'flag',
    doc: 'User access, which every nested access counts as',
    source: nestedWalk,
  },
  reservedBit: { bits: [3, 3], as: 'flag', doc: 'A reserved bit was set: emulated MMIO' },
  fetch: { bits: [4, 4], as: 'flag', doc: 'Instruction fetch' },
  other5: { bits: [30, 5], as: 'hex', doc: 'Protection keys, shadow stacks, SGX: not used here' },
  rmp: { bits: [31, 31], as: 'flag', doc: 'RMP violation' },
  final: { bits: [32, 32], as: 'flag', doc: 'While translating the final address' },
  page: { bits: [33, 33], as: 'flag', doc: 'While walking the guest page tables' },
  enc: { bits: [34, 34], as: 'flag', doc: 'The access had the C-bit set' },
  sizeMismatch: { bits: [35, 35], as: 'flag', doc: 'RMP entry and mapping differ in page size' },
  vmpl: { bits: [36, 36], as: 'flag', doc: 'VMPL permission missing' },
  sss: {
    bits: [37, 37],
    as: 'flag',
    doc: 'Supervisor shadow stack permission of the VMPL, when VMPL SSS is on',
    source: shadowStack,
  },
  other38: { bits: [47, 38], as: 'hex', doc: 'Not used here' },
  implicitAccess: { bits: [48, 48], as: 'flag', doc: 'KVM: implicit access during emulation' },
  privateAccess: { bits: [49, 49], as: 'flag', doc: 'KVM: access to private memory' },
  other50: { bits: [63, 50], as: 'hex', doc: 'Not used here' },
});

/** #VC error code in the guest for a Guest-Invalid page accessed with the C-bit; KVM is not involved. */
export const PAGE_NOT_VALIDATED = { code: 0x404, source: marked(apm, 'unconfirmed') } as const;
