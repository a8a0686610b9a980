/** Memory ioctls as a VMM calls them: slots, attributes, guest_memfd. */
import { bytesToPages, gfnToGpa, pagesToBytes } from '../../abi/address';
import { errno, errnoText } from '../../abi/errno';
import {
  FALLOC_PUNCH_HOLE_KEEP_SIZE,
  GUEST_MEMFD_FLAG_MMAP,
  KVM_MEMORY_ATTRIBUTE_PRIVATE,
} from '../../abi/kvm-structs';
import type { KnownValue } from '../../profiles/facets';
import { usesGuestMemfd } from '../../profiles/facets/guest-memory';
import { offersCertificateExits } from '../../profiles/facets/vmgexit';
import { refused, type ActArguments, type Outcome } from '../acts';
import { setMemoryAttributes } from '../kvm/memory/attributes';
import { preFaultMemory } from '../kvm/memory/pre-fault';
import { punchHole, releaseGmem } from '../kvm/memory/gmem';
import { isBeyondWidth, nextFreeGmemPage, setUserMemoryRegion2 } from '../kvm/memory/memory-slots';
import { gmemPageOf, slotHasGmem, slotOf } from '../frames/slots';
import { supportedFeatures } from '../kvm/launch/init2';
import {
  refusesAttributes,
  refusesFallocate,
  refusesSlot,
  type AttributeArguments,
} from '../kvm/memory/ioctl-arguments';
import { refuseCall } from '../kvm/launch/sev-call';
import { registerRegion, uaddrOfGfn } from '../kvm/memory/user-memory';
import type { HandlersOf } from '../handlers';
import type { Vcpu } from '../state/vcpu';
import { refusesCalls } from '../kvm/threads/locks';
import type { World } from '../world';

const backings = { 'guest-memfd': 'guestMemfd', none: 'none', closed: 'closed' } as const;
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
  memslot: (world, args) => {
    const impossible = noVm(world);
    if (impossible) return impossible;
    // Without guest_memfd a slot is userspace memory, also for its private pages.
    const backing = hasGmem(world) ? backings[args.backing ?? 'guest-memfd'] : 'userPages';
    const firstGmemPage = args.gmem ?? (backing === 'none' ? 0 : nextFreeGmemPage(world));
    const refusal =
      hasGmem(world) &&
      refusesSlot(world, {
        guestMemfd: backing === 'guestMemfd',
        flag: args.flag ?? 'none',
        fd: args.fd ?? 'own',
        offset: args.skew ?? 0n,
      });
    const range = { firstGfn: args.gfn, pages: args.n };
    if (!refusal && args.gfn + args.n > world.config.gfnCount && !isBeyondWidth(world, range))
      return refused('this world has no such frame; KVM makes slots up to the width of physical addresses');
    const ret =
      gate(world) ||
      (refusal ? refuseCall(world, 'KVM_SET_USER_MEMORY_REGION2', refusal.rule, refusal.errno) : 0) ||
      setUserMemoryRegion2(world, {
        ...range,
        backing,
        firstGmemPage,
        registered: args.registered ?? true,
        largePages: args['large-pages'] ?? false,
      });
    world.vm.ioctlRet = ret;
    world.move('memslotSet', -1, { gfn: args.gfn, pages: args.n, backing, ret: errnoText(ret) });
    return undefined;
  },
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
    if (!refusal && args.gfn + bytesToPages(wanted.size) > world.config.gfnCount)
      return refused('this world has no such frame; KVM takes attributes where no memory is');
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
  'punch-hole': (world, args) => {
    const slot = slotOf(world, args.gfn);
    if (!slotHasGmem(slot) || !hasGmem(world)) return refused('no guest_memfd behind this frame');
    const first = gmemPageOf(slot, args.gfn);
    const mode = args.mode ?? PUNCH_HOLE_KEEP_SIZE;
    const offset = pagesToBytes(first) + (args.skew ?? 0n);
    const refusal = refusesFallocate(mode, offset, args.len ?? pagesToBytes(args.n));
    if (refusal) {
      world.vm.ioctlRet = refuseCall(world, 'fallocate', refusal.rule, refusal.errno);
      return undefined;
    }
    if (mode !== PUNCH_HOLE_KEEP_SIZE) return refused('allocating pages beforehand is not modelled');
    punchHole(world, first, args.len === undefined ? args.n : bytesToPages(args.len));
    world.vm.ioctlRet = 0;
    world.move('holePunched', -1, { first, pages: args.n, ret: '0' });
    return undefined;
  },
  'close-gmem': (world) => {
    if (!hasGmem(world)) return refused('there is no guest_memfd');
    world.move('gmemReleased', -1, {});
    releaseGmem(world);
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
    world.vm.ioctlRet = gate(world) || createGmem(world, flags ?? 0n, size ?? 0x1000n);
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
  if (size === 0n || size % 0x1000n !== 0n) return refuseCall(world, call, 'GmemSize');
  if (flags !== 0n) {
    world.finding(
      'unmodelled',
      'shared accesses to such a slot are served from guest_memfd, the mapping gives SIGBUS',
    );
  }
  world.move('ioctlReturns', -1, { call, ret: '0', error: '-' });
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
