/** Memory ioctls as a VMM calls them: slots, attributes, guest_memfd. */
import { bytesToPages, gfnToGpa, isPageAligned, PAGE_BYTES, pagesToBytes } from '../../abi/address';
import { hex } from '../../base/hex';
import { errno, errnoText } from '../../abi/errno';
import {
  FALLOC_PUNCH_HOLE_KEEP_SIZE,
  GUEST_MEMFD_FLAG_MMAP,
  KVM_MEM_GUEST_MEMFD,
  KVM_MEM_LOG_DIRTY_PAGES,
  KVM_MEM_READONLY,
  KVM_MEMORY_ATTRIBUTE_PRIVATE,
} from '../../abi/kvm-structs';
import type { KnownValue } from '../../profiles/facets';
import { usesGuestMemfd } from '../../profiles/facets/guest-memory';
import { offersCertificateExits } from '../../profiles/facets/vmgexit';
import { refused, type ActArguments, type Outcome } from '../acts';
import { setMemoryAttributes } from '../kvm/memory/attributes';
import { preFaultMemory } from '../kvm/memory/pre-fault';
import { gmemFallocate, openFile, usualFile } from '../kvm/memory/gmem';
import { closeGmem } from '../kvm/teardown/close-files';
import {
  isBeyondWidth,
  nextFreeGmemPage,
  nextSlotNumber,
  setMemoryRegion,
  slotOfNumber,
  userAddressOf,
  type MemoryRegion,
} from '../kvm/memory/memory-slots';
import { zapGfns } from '../frames/attributes';
import { gmemPageOf, slotHasGmem, slotOf, userPageOfGfn } from '../frames/slots';
import { mappingBits } from '../memory/page-bits';
import { supportedFeatures } from '../kvm/launch/init2';
import { refusesAttributes, refusesFallocate, type AttributeArguments } from '../kvm/memory/ioctl-arguments';
import { refuseCall } from '../kvm/launch/sev-call';
import { GUEST_MAPPING, registerRegion, uaddrOfGfn, USER_END } from '../kvm/memory/user-memory';
import type { HandlersOf } from '../handlers';
import type { Vcpu } from '../state/vcpu';
import { refusesCalls } from '../kvm/threads/locks';
import type { GmemFile } from '../state/vm';
import { FILE_COUNT, type World } from '../world';

const noVm = (world: World): Outcome => (world.vm.exists ? undefined : refused('there is no VM'));

/** Whether there is guest_memfd, with memory attributes beside it. */
const hasGmem = (world: World): boolean => usesGuestMemfd(world.facet('mem.private'));

/** An ioctl that this kernel does not have. @returns -ENOTTY */
function noSuchIoctl(world: World, call: string): number {
  return refuseCall(world, call, 'NoSuchIoctl', 'ENOTTY');
}

/** The check at the start of every ioctl: a bugged or dead VM refuses it. */
const gate = (world: World): number => (refusesCalls(world) ? -errno.EIO : 0);

/** VMM acts on guest memory. */
export const memoryHandlers = {
  memslot: setRegion,
  'hypercall-exits': (world, { mask }) => {
    const impossible = noVm(world);
    if (impossible) return impossible;
    const wanted = mask ?? 0x1000n;
    const ret = gate(world) || ((wanted & ~0x1000n) === 0n ? 0 : -errno.EINVAL);
    if (ret === 0) world.vm.hypercallExits = wanted !== 0n;
    world.vm.ioctlRet = ret;
    world.move('ioctlReturns', -1, { call: 'KVM_CAP_EXIT_HYPERCALL', ret: errnoText(ret), error: '-' });
    return undefined;
  },
  'set-attributes': (world, args) => {
    const impossible = noVm(world);
    if (impossible) return impossible;
    if (!hasGmem(world)) {
      world.vm.ioctlRet = noSuchIoctl(world, 'KVM_SET_MEMORY_ATTRIBUTES');
      return undefined;
    }
    const wanted = attributeArguments(args);
    const isPrivate = wanted.attributes !== 0n;
    const refusal = refusesAttributes(world, wanted);
    const ret =
      gate(world) ||
      (refusal
        ? refuseCall(world, 'KVM_SET_MEMORY_ATTRIBUTES', refusal)
        : setMemoryAttributes(world, args.gfn, bytesToPages(wanted.size), isPrivate));
    world.vm.ioctlRet = ret;
    const attribute = isPrivate ? 'PRIVATE' : 'shared';
    world.move('attributesSet', -1, { gfn: args.gfn, pages: args.n, attribute, ret: errnoText(ret) });
    return undefined;
  },
  'punch-hole': fallocate,
  'close-gmem': (world, { file: index }) => {
    if (!hasGmem(world)) return refused('there is no guest_memfd');
    const file = openFileOf(world, index ?? 0);
    if (!file) return refused(`guest_memfd ${index ?? 0} is not open`);
    world.move('gmemReleased', -1, {});
    closeGmem(world, file);
    return undefined;
  },
  'user-memory': (world, { gfn, n, access }) => {
    const { mapping } = world.pages;
    const first = userPageOfGfn(world, gfn);
    if (!mapping.has(first) || first + n > mapping.pageCount)
      return refused(`the VMM maps ${mapping.pageCount} pages for its guest`);
    mapping.setRun(first, n, userAccess[access]);
    zapGfns(world, gfn, n);
    world.invalidations += 1;
    world.move('userMemorySet', -1, { gfn, pages: n, access }, 'UserMemoryChanged');
    return undefined;
  },
  'register-region': (world, args) => {
    const impossible = noVm(world);
    if (impossible) return impossible;
    const uaddr = args.uaddr ?? uaddrOfGfn(args.gfn ?? 0);
    const bytes = pagesToBytes(args.n ?? 1);
    if (!gate(world) && !registerRegion(world, uaddr, bytes)) return refused('no room for one more region');
    const ret = gate(world);
    world.vm.ioctlRet = ret;
    world.move('regionRegistered', -1, { uaddr, bytes, ret: errnoText(ret) }, 'RegionRegistered');
    return undefined;
  },
  'create-gmem': (world, { flags, size }) => {
    const impossible = noVm(world);
    if (impossible) return impossible;
    if (world.files.every(({ exists }) => exists))
      return refused(`this world has ${FILE_COUNT} guest_memfd files`);
    world.vm.ioctlRet = gate(world) || createGmem(world, flags ?? 0n, size ?? PAGE_BYTES);
    return undefined;
  },
  'device-attribute': (world, { attribute }) => {
    world.vm.ioctlRet = deviceAttribute(world, attribute);
    return undefined;
  },
  'pre-fault': (world, args) => {
    const impossible = noVm(world);
    if (impossible) return impossible;
    if (world.facet('preFault.beforeFinish') === 'noIoctl') {
      world.vm.ioctlRet = noSuchIoctl(world, 'KVM_PRE_FAULT_MEMORY');
      return undefined;
    }
    const vcpu = vcpuOfPreFault(world, args.vcpu);
    if (!vcpu) return refused('there is no such vCPU, and KVM_PRE_FAULT_MEMORY is an ioctl of a vCPU');
    const range = { gpa: gfnToGpa(args.gfn), size: pagesToBytes(args.n), flags: 0n };
    const dead = gate(world);
    const { ret, gpa, size } = dead ? { ret: dead, ...range } : preFaultMemory(world, vcpu, range);
    world.vm.ioctlRet = ret;
    world.vm.preFaultGpa = gpa;
    world.vm.preFaultSize = size;
    world.move('preFaulted', -1, { gfn: args.gfn, pages: args.n, ret: errnoText(ret) });
    return undefined;
  },
} satisfies Partial<HandlersOf<'vmm'>>;

const userAccess = {
  rw: 0,
  r: mappingBits.readOnly,
  none: mappingBits.unmapped,
  poisoned: mappingBits.poisoned,
} as const;

/** A guest_memfd with an open descriptor. */
function openFileOf(world: World, index: number): GmemFile | undefined {
  const file = index === 0 ? usualFile(world) : world.files[index];
  return file?.open ? file : undefined;
}

const slotFlags = { none: 0, 'dirty-log': KVM_MEM_LOG_DIRTY_PAGES, readonly: KVM_MEM_READONLY } as const;

/** What the descriptor of guest_memfd leads to. */
function fileOfSlot(world: World, args: ActArguments<'vmm', 'memslot'>): MemoryRegion['file'] {
  if (args.fd === 'bad') return 'closed';
  if (args.fd === 'foreign') return 'otherFile';
  return openFileOf(world, args.file ?? 0) ?? 'closed';
}

/** Memory that no mapping of this world covers begins where the mapping does. */
function userAddressFor({ gfn, n, 'user-gfn': page }: ActArguments<'vmm', 'memslot'>): bigint {
  const address = uaddrOfGfn(page ?? gfn);
  return page === undefined && address + pagesToBytes(n) > USER_END ? GUEST_MAPPING : address;
}

/** The ioctl as the act fills it. Without guest_memfd a slot is userspace memory, also for its private pages. */
function regionOf(world: World, args: ActArguments<'vmm', 'memslot'>): MemoryRegion {
  const number = args.slot ?? nextSlotNumber(world);
  const old = slotOfNumber(world, number);
  const backing = args.backing ?? 'guest-memfd';
  const file = fileOfSlot(world, args);
  const usual = typeof file === 'object' && backing !== 'none' ? nextFreeGmemPage(world, file) : 0;
  const bindsFile = hasGmem(world) && backing !== 'none' && args.n > 0;
  return {
    slot: number,
    flags: slotFlags[args.flag ?? 'none'] | (bindsFile ? KVM_MEM_GUEST_MEMFD : 0),
    gpa: gfnToGpa(args.gfn),
    size: pagesToBytes(args.n),
    userAddr: args['user-gfn'] === undefined && old ? userAddressOf(old) : userAddressFor(args),
    file,
    offset: pagesToBytes(args.gmem ?? usual) + (args.skew ?? 0n),
  };
}

/** KVM_SET_USER_MEMORY_REGION2. */
function setRegion(world: World, args: ActArguments<'vmm', 'memslot'>): Outcome {
  const impossible = noVm(world) ?? outsideWorld(world, args);
  if (impossible) return impossible;
  const region = regionOf(world, args);
  const old = slotOfNumber(world, region.slot);
  if (!old && args.n > 0 && world.slots.every(({ used }) => used))
    return refused(`this world has ${world.slots.length} memory slots, and all are used`);
  const from = old?.firstGfn;
  const extras = {
    backing: hasGmem(world) ? 'none' : 'userPages',
    registered: args.registered ?? true,
    largePages: args['large-pages'] ?? false,
  } as const;
  const ret = gate(world) || setMemoryRegion(world, region, extras);
  world.vm.ioctlRet = ret;
  const made = slotOfNumber(world, region.slot);
  if (ret === 0 && made && args.backing === 'closed') made.backing = 'closed';
  const text = errnoText(ret);
  if (old && from !== undefined) {
    const what = args.n === 0 ? 'deleted' : from === args.gfn ? 'changed' : `moved to gfn ${hex(args.gfn)}`;
    world.move('memslotChanged', -1, { slot: region.slot, what, ret: text });
  } else {
    const backing = made?.backing ?? (args.backing === 'none' ? 'none' : 'guestMemfd');
    world.move('memslotSet', -1, { gfn: args.gfn, pages: args.n, backing, ret: text });
  }
  return undefined;
}

/** Frames that KVM would take and this world does not have. */
function outsideWorld(world: World, { gfn, n }: ActArguments<'vmm', 'memslot'>): Outcome {
  const { gfnCount } = world.config;
  if (gfn + n <= gfnCount || isBeyondWidth(world, { firstGfn: gfn, pages: n })) return undefined;
  return refused(
    `this world has the frames 0 to ${hex(gfnCount - 1)}; KVM makes slots up to the width of physical addresses`,
  );
}

/** fallocate. */
function fallocate(world: World, args: ActArguments<'vmm', 'punch-hole'>): Outcome {
  if (!hasGmem(world)) return refused('there is no guest_memfd');
  const slot = args.file === undefined ? slotOf(world, args.gfn) : undefined;
  if (args.file === undefined && !slotHasGmem(slot)) return refused('no guest_memfd behind this frame');
  const file = openFileOf(world, args.file ?? slot?.file ?? 0);
  if (!file) return refused('this guest_memfd is not open');
  const first = slot ? gmemPageOf(slot, args.gfn) - file.firstPfn : args.gfn;
  const mode = args.mode ?? PUNCH_HOLE_KEEP_SIZE;
  const offset = pagesToBytes(first) + (args.skew ?? 0n);
  const length = args.len ?? pagesToBytes(args.n);
  const refusal = refusesFallocate(mode, offset, length);
  if (refusal) {
    world.vm.ioctlRet = refuseCall(world, 'fallocate', refusal.rule, refusal.errno);
    return undefined;
  }
  const ret = gmemFallocate(world, file, { mode: Number(mode), offset, length });
  world.vm.ioctlRet = ret;
  const shown = { first: first + file.firstPfn, pages: bytesToPages(length), ret: errnoText(ret) };
  world.move(mode === PUNCH_HOLE_KEEP_SIZE ? 'holePunched' : 'gmemAllocated', -1, shown);
  return undefined;
}

const PUNCH_HOLE_KEEP_SIZE = BigInt(FALLOC_PUNCH_HOLE_KEEP_SIZE);

/** struct kvm_memory_attributes as the act fills it. */
function attributeArguments(args: ActArguments<'vmm', 'set-attributes'>): AttributeArguments {
  const { gfn, n, private: isPrivate, attributes, flags = 0n, len, skew = 0n } = args;
  return {
    address: BigInt.asUintN(64, gfnToGpa(gfn) + skew),
    size: len ?? pagesToBytes(n),
    attributes: attributes ?? (isPrivate ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0n),
    flags,
  };
}

/** Whether KVM_CREATE_GUEST_MEMFD takes MMAP. */
const mmapFlag: Record<KnownValue<'gmem.mmapFlag'>, bigint> = {
  refused: 0n,
  accepted: GUEST_MEMFD_FLAG_MMAP,
};

/** KVM_CREATE_GUEST_MEMFD. @returns 0 or a negative errno */
function createGmem(world: World, flags: bigint, size: bigint): number {
  const call = 'KVM_CREATE_GUEST_MEMFD';
  if (!hasGmem(world)) return noSuchIoctl(world, call);
  const legal = flags === 0n ? 0n : mmapFlag[world.facet('gmem.mmapFlag')];
  if ((flags & ~legal) !== 0n) return refuseCall(world, call, 'GmemFlags');
  if (size === 0n || size >> 63n !== 0n || !isPageAligned(size)) return refuseCall(world, call, 'GmemSize');
  const file = openFile(world, { bytes: size, flags: Number(flags) });
  if (file) world.move('gmemCreated', -1, { file: file.index, bytes: size, flags: Number(flags) });
  return 0;
}

/** KVM_GET_DEVICE_ATTR. @returns 0 or a negative errno */
function deviceAttribute(
  world: World,
  attribute: ActArguments<'vmm', 'device-attribute'>['attribute'],
): number {
  const call = 'KVM_GET_DEVICE_ATTR';
  const values = {
    'vmsa-features': () => supportedFeatures(world),
    'snp-policy-bits': () =>
      world.facet('attr.snpPolicyBits') === 'yes' ? world.host.policyBits : undefined,
    'snp-req-certs': () => (offersCertificateExits(world.facet('gr.certs')) ? 1n : undefined),
  };
  const value = values[attribute]();
  if (value === undefined) return refuseCall(world, call, 'AttributeUnknown', 'ENXIO');
  world.move('deviceAttribute', -1, { attribute, value });
  return 0;
}

/** The vCPU of a KVM_PRE_FAULT_MEMORY; nobody says which: one whose thread is in userspace, or the first between two KVM_RUN. */
export function vcpuOfPreFault(world: World, index: number | undefined): Vcpu | undefined {
  const existing = world.vcpus.filter((vcpu) => vcpu.exists);
  if (index !== undefined) return existing.find((vcpu) => vcpu.index === index);
  return existing.find((vcpu) => vcpu.run === 'inUserspace') ?? existing[0];
}
