/** What a VMM passes to KVM's ioctls: KVM_MEMORY_ENCRYPT_OP and its arguments, memory, capabilities, numbers. */
import { firmwareStatusNames } from './firmware';
import { struct, word } from './layout';
import { sevFeatures } from './sev-features';
import { source } from './source';

const uapi = source.uapi(
  'asm/kvm.h',
  'KVM_MEMORY_ENCRYPT_OP structures, offsets printed by a compiled program',
);
const memory = source.uapi('linux/kvm.h', 'memory structures, offsets printed by a compiled program');
const pad = { doc: 'Padding' } as const;

/** VM types of KVM_CREATE_VM. */
export const KVM_X86_DEFAULT_VM = 0;
export const KVM_X86_SW_PROTECTED_VM = 1;
export const KVM_X86_SEV_VM = 2;
export const KVM_X86_SEV_ES_VM = 3;
export const KVM_X86_SNP_VM = 4;
export const KVM_X86_TDX_VM = 5;

export const vmTypes = {
  [KVM_X86_DEFAULT_VM]: 'KVM_X86_DEFAULT_VM',
  [KVM_X86_SW_PROTECTED_VM]: 'KVM_X86_SW_PROTECTED_VM',
  [KVM_X86_SEV_VM]: 'KVM_X86_SEV_VM',
  [KVM_X86_SEV_ES_VM]: 'KVM_X86_SEV_ES_VM',
  [KVM_X86_SNP_VM]: 'KVM_X86_SNP_VM',
  [KVM_X86_TDX_VM]: 'KVM_X86_TDX_VM',
} as const;

/** Commands of KVM_MEMORY_ENCRYPT_OP that an SNP VM uses. */
export const KVM_SEV_INIT2 = 22;
export const KVM_SEV_SNP_LAUNCH_START = 100;
export const KVM_SEV_SNP_LAUNCH_UPDATE = 101;
export const KVM_SEV_SNP_LAUNCH_FINISH = 102;
export const KVM_SEV_SNP_ENABLE_REQ_CERTS = 103;
/** Commands below this number are refused with -EPERM once SNP is active. */
export const KVM_SEV_SNP_FIRST_COMMAND = 100;

export const sevCommands = {
  0: 'KVM_SEV_INIT',
  1: 'KVM_SEV_ES_INIT',
  16: 'KVM_SEV_GUEST_STATUS',
  [KVM_SEV_INIT2]: 'KVM_SEV_INIT2',
  [KVM_SEV_SNP_LAUNCH_START]: 'KVM_SEV_SNP_LAUNCH_START',
  [KVM_SEV_SNP_LAUNCH_UPDATE]: 'KVM_SEV_SNP_LAUNCH_UPDATE',
  [KVM_SEV_SNP_LAUNCH_FINISH]: 'KVM_SEV_SNP_LAUNCH_FINISH',
  [KVM_SEV_SNP_ENABLE_REQ_CERTS]: 'KVM_SEV_SNP_ENABLE_REQ_CERTS',
} as const;

/** struct kvm_sev_cmd: copied back also when the command failed. */
export const kvmSevCmd = struct('struct kvm_sev_cmd', uapi, 24, {
  id: { at: 0, size: 4, as: 'dec', names: sevCommands, doc: 'Command' },
  pad0: { at: 4, size: 4, ...pad },
  data: { at: 8, size: 8, doc: 'User address of the argument' },
  error: { at: 16, size: 4, names: firmwareStatusNames, doc: 'Out: firmware status' },
  sevFd: { at: 20, size: 4, as: 'dec', doc: 'File descriptor of the SEV device' },
});

/** struct kvm_sev_init, argument of KVM_SEV_INIT2. */
export const kvmSevInit = struct('struct kvm_sev_init', uapi, 48, {
  vmsaFeatures: {
    at: 0,
    size: 8,
    word: sevFeatures,
    doc: 'SEV_FEATURES of every VMSA; SNP_ACTIVE must not be passed',
  },
  flags: { at: 8, size: 4, doc: 'Must be 0' },
  ghcbVersion: { at: 12, size: 2, as: 'dec', doc: 'Highest GHCB protocol version; 0 is the default, 2' },
  pad1: { at: 14, size: 2, ...pad },
  pad2: { at: 16, size: 4, array: 8, ...pad },
});

/** Policy bit 17 must be set. */
export const SNP_POLICY_RESERVED_MUST_BE_ONE = 1n << 17n;
/** The policy most VMMs launch with: SMT allowed, bit 17. */
export const SNP_POLICY_COMMON = 0x3_0000n;

/** The guest policy that firmware enforces. */
export const snpPolicy = word(
  'SNP guest policy',
  source.kernel('7.2.13', 'include/linux/psp-sev.h', 'SNP policy bits'),
  {
    abiMinor: { bits: [7, 0], as: 'dec', doc: 'Least firmware ABI, minor' },
    abiMajor: { bits: [15, 8], as: 'dec', doc: 'Least firmware ABI, major' },
    smt: { bits: [16, 16], as: 'flag', doc: 'SMT allowed; KVM 6.12 demands it' },
    reservedOne: { bits: [17, 17], is: 1n, doc: 'Reserved, must be one' },
    migrateMa: { bits: [18, 18], as: 'flag', doc: 'Migration agent allowed; KVM refuses it' },
    debug: { bits: [19, 19], as: 'flag', doc: 'Debugging allowed' },
    singleSocket: { bits: [20, 20], as: 'flag', doc: 'Single socket only; KVM 6.12 refuses it' },
    cxlAllow: { bits: [21, 21], as: 'flag', doc: 'CXL devices allowed' },
    memAes256Xts: { bits: [22, 22], as: 'flag', doc: 'AES-256-XTS required' },
    raplDis: { bits: [23, 23], as: 'flag', doc: 'RAPL must be off' },
    ciphertextHidingDram: { bits: [24, 24], as: 'flag', doc: 'Ciphertext hiding required' },
    pageSwapDisable: { bits: [25, 25], as: 'flag', doc: 'Page swapping disabled' },
    reserved: { bits: [63, 26], reserved: true, doc: 'Not known to KVM' },
  },
);

/** Policy bits KVM 7.2 can support (what firmware reports limits them further): all named ones but MIGRATE_MA. */
export const KVM_SNP_POLICY_BITS_7_2 = 0x3fb_ffffn;
/** Policy bits that KVM 6.12 knows: 0..17, 19, 20. */
export const KVM_SNP_POLICY_BITS_6_12 = 0x1b_ffffn;

/** struct kvm_sev_snp_launch_start. */
export const launchStart = struct('struct kvm_sev_snp_launch_start', uapi, 64, {
  policy: { at: 0, size: 8, word: snpPolicy, doc: 'Guest policy' },
  gosvw: { at: 8, size: 16, doc: 'Guest OS visible workarounds' },
  flags: { at: 24, size: 2, doc: 'Must be 0' },
  pad0: { at: 26, size: 6, ...pad },
  pad1: { at: 32, size: 8, array: 4, ...pad },
});

/** Page types of LAUNCH_UPDATE. */
export const KVM_SEV_SNP_PAGE_TYPE_NORMAL = 1;
export const KVM_SEV_SNP_PAGE_TYPE_VMSA = 2;
export const KVM_SEV_SNP_PAGE_TYPE_ZERO = 3;
export const KVM_SEV_SNP_PAGE_TYPE_UNMEASURED = 4;
export const KVM_SEV_SNP_PAGE_TYPE_SECRETS = 5;
export const KVM_SEV_SNP_PAGE_TYPE_CPUID = 6;

export const launchUpdateTypes = {
  [KVM_SEV_SNP_PAGE_TYPE_NORMAL]: 'NORMAL',
  [KVM_SEV_SNP_PAGE_TYPE_VMSA]: 'VMSA',
  [KVM_SEV_SNP_PAGE_TYPE_ZERO]: 'ZERO',
  [KVM_SEV_SNP_PAGE_TYPE_UNMEASURED]: 'UNMEASURED',
  [KVM_SEV_SNP_PAGE_TYPE_SECRETS]: 'SECRETS',
  [KVM_SEV_SNP_PAGE_TYPE_CPUID]: 'CPUID',
} as const;

/** struct kvm_sev_snp_launch_update: gfnStart, uaddr and len are written back after each success. */
export const launchUpdate = struct('struct kvm_sev_snp_launch_update', uapi, 64, {
  gfnStart: { at: 0, size: 8, doc: 'First guest frame' },
  uaddr: { at: 8, size: 8, doc: 'User address of the source bytes; ignored for ZERO' },
  len: { at: 16, size: 8, doc: 'Bytes left; loop until it is 0' },
  type: { at: 24, size: 1, as: 'dec', names: launchUpdateTypes, doc: 'Page type; VMSA is refused' },
  pad0: { at: 25, size: 1, ...pad },
  flags: { at: 26, size: 2, doc: 'Must be 0' },
  pad1: { at: 28, size: 4, ...pad },
  pad2: { at: 32, size: 8, array: 4, ...pad },
});

/** Bytes of the ID block and of its authentication information. */
export const ID_BLOCK_SIZE = 96;
export const ID_AUTH_SIZE = 4096;

/** struct kvm_sev_snp_launch_finish. */
export const launchFinish = struct('struct kvm_sev_snp_launch_finish', uapi, 88, {
  idBlockUaddr: { at: 0, size: 8, doc: 'User address of the ID block (96 bytes)' },
  idAuthUaddr: { at: 8, size: 8, doc: 'User address of the ID authentication (4096 bytes)' },
  idBlockEn: { at: 16, size: 1, as: 'flag', doc: 'Use the ID block' },
  authKeyEn: { at: 17, size: 1, as: 'flag', doc: 'Check the author key; passed on only with an ID block' },
  vcekDisabled: { at: 18, size: 1, as: 'flag', doc: 'The guest must not use the VCEK' },
  hostData: { at: 19, size: 32, doc: 'Host data for attestation reports' },
  pad0: { at: 51, size: 3, ...pad },
  flags: { at: 54, size: 2, doc: 'Must be 0' },
  pad1: { at: 56, size: 8, array: 4, ...pad },
});

/** The only memory attribute, the same number as the flag of exit 39 in another namespace. */
export const KVM_MEMORY_ATTRIBUTE_PRIVATE = 1n << 3n;

export const memoryAttributeBits = word('Memory attributes', memory, {
  reservedLow: { bits: [2, 0], reserved: true, doc: 'Refused' },
  private: { bits: [3, 3], as: 'flag', doc: 'The range is private' },
  reserved: { bits: [63, 4], reserved: true, doc: 'Refused' },
});

/** struct kvm_memory_attributes. */
export const kvmMemoryAttributes = struct('struct kvm_memory_attributes', memory, 32, {
  address: { at: 0, size: 8, as: 'gpa', doc: 'First GPA' },
  size: { at: 8, size: 8, doc: 'Bytes' },
  attributes: { at: 16, size: 8, word: memoryAttributeBits, doc: 'What the range shall be' },
  flags: { at: 24, size: 8, doc: 'Must be 0' },
});

/** Flags of a memslot. */
export const KVM_MEM_LOG_DIRTY_PAGES = 1;
export const KVM_MEM_READONLY = 2;
export const KVM_MEM_GUEST_MEMFD = 4;

export const memoryRegionFlags = word(
  'Memory region flags',
  memory,
  {
    logDirtyPages: { bits: [0, 0], as: 'flag', doc: 'Dirty logging' },
    readonly: { bits: [1, 1], as: 'flag', doc: 'Read-only' },
    guestMemfd: { bits: [2, 2], as: 'flag', doc: 'Backed by guest_memfd' },
    reserved: { bits: [31, 3], reserved: true, doc: 'Refused' },
  },
  { bits: 32 },
);

/** struct kvm_userspace_memory_region2. */
export const kvmUserspaceMemoryRegion2 = struct('struct kvm_userspace_memory_region2', memory, 160, {
  slot: { at: 0, size: 4, as: 'dec', doc: 'Slot number, address space in the upper half' },
  flags: { at: 4, size: 4, word: memoryRegionFlags, doc: 'Flags' },
  guestPhysAddr: { at: 8, size: 8, as: 'gpa', doc: 'First GPA' },
  memorySize: { at: 16, size: 8, doc: 'Bytes; 0 deletes the slot' },
  userspaceAddr: { at: 24, size: 8, doc: 'User address of the shared backing' },
  guestMemfdOffset: { at: 32, size: 8, doc: 'Bytes into the guest_memfd' },
  guestMemfd: { at: 40, size: 4, as: 'dec', doc: 'File descriptor of the private backing' },
  pad1: { at: 44, size: 4, ...pad },
  pad2: { at: 48, size: 8, array: 14, ...pad },
});

/** Flags of a guest_memfd. For SNP only MMAP can be valid; 6.12 knows no flag at all. */
export const GUEST_MEMFD_FLAG_MMAP = 1n;
export const GUEST_MEMFD_FLAG_INIT_SHARED = 2n;

/** struct kvm_create_guest_memfd. */
export const kvmCreateGuestMemfd = struct('struct kvm_create_guest_memfd', memory, 64, {
  size: { at: 0, size: 8, doc: 'Bytes' },
  flags: { at: 8, size: 8, doc: 'Flags: 1 MMAP, 2 INIT_SHARED' },
  reserved: { at: 16, size: 8, array: 6, doc: 'Reserved' },
});

/** struct kvm_pre_fault_memory. */
export const kvmPreFaultMemory = struct('struct kvm_pre_fault_memory', memory, 64, {
  gpa: { at: 0, size: 8, as: 'gpa', doc: 'First GPA; advanced as pages are mapped' },
  size: { at: 8, size: 8, doc: 'Bytes left' },
  flags: { at: 16, size: 8, doc: 'Must be 0' },
  padding: { at: 24, size: 8, array: 5, ...pad },
});

/** Capabilities. */
export const kvmCapabilities = {
  KVM_CAP_MP_STATE: 14,
  KVM_CAP_EXIT_HYPERCALL: 201,
  KVM_CAP_SYSTEM_EVENT_DATA: 215,
  KVM_CAP_USER_MEMORY2: 231,
  KVM_CAP_MEMORY_FAULT_INFO: 232,
  KVM_CAP_MEMORY_ATTRIBUTES: 233,
  KVM_CAP_GUEST_MEMFD: 234,
  KVM_CAP_VM_TYPES: 235,
  KVM_CAP_PRE_FAULT_MEMORY: 236,
} as const;

/** args[0] of KVM_CAP_EXIT_HYPERCALL that lets page state changes exit; every other bit is -EINVAL. */
export const EXIT_HYPERCALL_VALID_MASK = 1n << 12n;

/** Device attribute group of SEV on the KVM system fd, and its attributes. */
export const KVM_X86_GRP_SEV = 1;
export const sevDeviceAttributes = {
  KVM_X86_SEV_VMSA_FEATURES: 0,
  KVM_X86_SNP_POLICY_BITS: 1,
  KVM_X86_SEV_SNP_REQ_CERTS: 2,
} as const;

/** Ioctl numbers. */
export const kvmIoctls = {
  KVM_CREATE_VM: 0xae01,
  KVM_CHECK_EXTENSION: 0xae03,
  KVM_CREATE_VCPU: 0xae41,
  KVM_RUN: 0xae80,
  KVM_GET_MP_STATE: 0x8004_ae98,
  KVM_SET_MP_STATE: 0x4004_ae99,
  KVM_ENABLE_CAP: 0x4068_aea3,
  KVM_MEMORY_ENCRYPT_OP: 0xc008_aeba,
  KVM_SET_USER_MEMORY_REGION2: 0x40a0_ae49,
  KVM_SET_MEMORY_ATTRIBUTES: 0x4020_aed2,
  KVM_CREATE_GUEST_MEMFD: 0xc040_aed4,
  KVM_PRE_FAULT_MEMORY: 0xc040_aed5,
} as const;

/** fallocate mode that frees guest_memfd pages: KEEP_SIZE | PUNCH_HOLE. No other mode works. */
export const FALLOC_PUNCH_HOLE_KEEP_SIZE = 3;
