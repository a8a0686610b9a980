/** The per-page facts of the world: which field holds which bits. */

/** By GFN: the attribute of the VMM, the mappings, and the guest's own view. */
export const gfnBits = {
  /** KVM_MEMORY_ATTRIBUTE_PRIVATE. */
  attributePrivate: 1 << 0,
  /** The nested page table maps the guest_memfd page. */
  mappedPrivate: 1 << 1,
  /** The nested page table maps the shared page. */
  mappedShared: 1 << 2,
  /** The guest maps the page with the C-bit. */
  guestPrivate: 1 << 3,
  /** The guest validated the page and did not rescind it. */
  guestValidated: 1 << 4,
  /** The guest uses the page as VMSA. */
  guestVmsa: 1 << 5,
  /** The guest ever had a view of the page. */
  guestKnows: 1 << 6,
  /** The nested page table has an entry for emulated MMIO: no slot was there when the frame was accessed. */
  mappedMmio: 1 << 7,
  /** The entry of the nested page table does not allow writes. */
  mappedReadOnly: 1 << 8,
  /** It is so because of dirty logging alone: a write makes it writable without a look-up. */
  writeProtected: 1 << 9,
} as const;

/** By PFN: the RMP entry. */
export const rmpBits = {
  assigned: 1 << 0,
  twoMeg: 1 << 1,
  immutable: 1 << 2,
  validated: 1 << 3,
  vmsa: 1 << 4,
} as const;
export const RMP_ASID_SHIFT = 8;
export const RMP_ASID_MASK = 0xffff;

/** By PFN: the state of the host's page allocator. */
export const hostPageBits = {
  /** guest_memfd holds the page. */
  present: 1 << 0,
  /** Its content counts as initialised. */
  upToDate: 1 << 1,
  /** Hardware-poisoned. */
  poisoned: 1 << 2,
  /** Its first bytes were never written. */
  garbage: 1 << 3,
  /** A kernel page that is allocated now. */
  allocated: 1 << 4,
  /** The kernel has no struct page and no direct-map address for it. */
  noDirectMap: 1 << 5,
} as const;
/** How often a page is on the leak list, from this bit on. */
export const LEAK_COUNT_SHIFT = 8;
/** Kind and number of a kernel page, from these bits on: kind 1 VMSA, 2 firmware, 3 request. */
export const KERNEL_KIND_SHIFT = 12;
export const KERNEL_NUMBER_SHIFT = 16;

/** By page of userspace's source buffers: how the kernel can reach it. */
export const userBits = {
  readOnly: 1 << 0,
  unmapped: 1 << 1,
} as const;

/** By page of the VMM's mapping of guest memory: how a look-up by KVM ends. */
export const mappingBits = {
  readOnly: 1 << 0,
  unmapped: 1 << 1,
  /** Hardware-poisoned. */
  poisoned: 1 << 2,
  /** The quick look-up fails, one that may wait works. */
  slow: 1 << 3,
} as const;

/** By PFN: the key under which the bytes of a page were written. */
export const contentKeyBits = {
  /** ASID of the guest; 0 for the host, which uses no key. */
  asid: 0xffff,
  /** Only the first eight bytes are under it. */
  firstBytesOnly: 1 << 16,
  /** All bytes are zero under it, whatever `contentLow` and `contentHigh` keep of the host. */
  zeroed: 1 << 17,
} as const;

/** The fields, in the order of their numbers in the write log. */
export const pageFieldNames = [
  'gfn',
  'sharedLow',
  'sharedHigh',
  'rmp',
  'rmpGfnLow',
  'rmpGfnHigh',
  'hostPage',
  'contentLow',
  'contentHigh',
  'user',
  'userLow',
  'userHigh',
  'mapping',
  'contentKey',
  'contentHome',
] as const;
export type PageFieldName = (typeof pageFieldNames)[number];
