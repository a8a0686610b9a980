/** Memory ioctls as a VMM calls them: slots, attributes, guest_memfd. */
import { errno, errnoText } from '../../abi/errno';
import { refused, type Outcome } from '../acts';
import { setMemoryAttributes } from '../kvm/attributes';
import { privatePage, punchHole, releaseGmem } from '../kvm/gmem';
import { gmemPageOf, nextFreeGmemPage, setUserMemoryRegion2, slotHasGmem, slotOf } from '../kvm/memory-slots';
import type { HandlersOf } from '../perform';
import type { World } from '../world';

const backings = { 'guest-memfd': 'guestMemfd', none: 'none', closed: 'closed' } as const;
const noVm = (world: World): Outcome => (world.vm.exists ? undefined : refused('there is no VM'));

/** The gate of every ioctl of a VM that KVM gave up. */
const gate = (world: World): number => (world.vm.health === 'bugged' ? -errno.EIO : 0);

/** VMM acts on guest memory. */
export const memoryHandlers = {
  memslot: (world, args) => {
    const impossible = noVm(world);
    if (impossible) return impossible;
    const backing = backings[args.backing ?? 'guest-memfd'];
    const firstGmemPage = args.gmem ?? (backing === 'none' ? 0 : nextFreeGmemPage(world));
    const ret =
      gate(world) ||
      setUserMemoryRegion2(world, { firstGfn: args.gfn, pages: args.n, backing, firstGmemPage });
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
    const ret = gate(world) || setMemoryAttributes(world, args.gfn, args.n, args.private);
    world.vm.ioctlRet = ret;
    const attribute = args.private ? 'PRIVATE' : 'shared';
    world.move('attributesSet', -1, { gfn: args.gfn, pages: args.n, attribute, ret: errnoText(ret) });
    return undefined;
  },
  'punch-hole': (world, args) => {
    const slot = slotOf(world, args.gfn);
    if (!slotHasGmem(slot)) return refused('no guest_memfd behind this frame');
    const first = gmemPageOf(slot, args.gfn);
    punchHole(world, first, args.n);
    world.vm.ioctlRet = 0;
    world.move('holePunched', -1, { first, pages: args.n, ret: '0' });
    return undefined;
  },
  'close-gmem': (world) => {
    world.move('gmemReleased', -1, {});
    releaseGmem(world);
    return undefined;
  },
  'pre-fault': (world, args) => {
    const impossible = noVm(world);
    if (impossible) return impossible;
    const ret = gate(world) || preFault(world, args);
    world.vm.ioctlRet = ret;
    world.move('preFaulted', -1, { gfn: args.gfn, pages: args.n, ret: errnoText(ret) });
    return undefined;
  },
} satisfies Partial<HandlersOf<'vmm'>>;

/** KVM_PRE_FAULT_MEMORY of private pages. @returns 0 or a negative errno */
function preFault(world: World, { gfn, n }: { gfn: number; n: number }): number {
  if (!world.vm.preFaultAllowed) return -errno.EOPNOTSUPP;
  for (let frame = gfn; frame < gfn + n; frame++) {
    const page = privatePage(world, frame);
    if ('errno' in page) return -page.errno;
  }
  return 0;
}
