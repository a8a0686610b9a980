/** From a range that userspace converts to the page state change of the guest that asks for it. */
import { bytesToPages, gpaToGfn, isPageAligned, pageStart, PAGES_PER_LARGE_PAGE } from '../../abi/address';
import { PSC_MAX_ENTRIES, PSC_OP_PRIVATE, PSC_OP_SHARED } from '../../abi/psc';
import { hex } from '../../base/hex';
import { guest, machineWith, memoryFor, type Planned } from '../../scenarios/from-value/plan';

interface ConvertedRange {
  readonly gpa: bigint;
  /** In bytes. */
  readonly size: bigint;
  readonly toPrivate: boolean;
  /** Its entries are of 2M. */
  readonly twoMeg: boolean;
}

/** One request whose entries KVM joins to the range. */
export function conversion({ gpa, size, toPrivate, twoMeg }: ConvertedRange): Planned {
  const step = twoMeg ? PAGES_PER_LARGE_PAGE : 1;
  if (!isPageAligned(gpa) || !isPageAligned(size) || size === 0n) return 'The range is of no whole pages.';
  const last = gpa + size - 1n;
  if (memoryFor([gpa, pageStart(last)]) === undefined)
    return `No machine of these scenarios has memory up to ${hex(last)}.`;
  const [gfn, pages] = [gpaToGfn(gpa), bytesToPages(size)];
  const count = pages / step;
  if (count > PSC_MAX_ENTRIES || !Number.isInteger(count))
    return `A request of a guest has at most ${PSC_MAX_ENTRIES} entries, and ${pages} pages are more.`;
  const operation = toPrivate ? PSC_OP_PRIVATE : PSC_OP_SHARED;
  const entries = Array.from({ length: count }, (_, index) => ({
    operation,
    gfn: gfn + index * step,
    twoMeg,
    currentPage: 0,
  }));
  return {
    title: `The guest asks for ${pages} ${pages === 1 ? 'page' : 'pages'} at ${hex(gpa)} to become ${toPrivate ? 'private' : 'shared'}`,
    vm: machineWith(gpa, pageStart(last)),
    acts: [guest('psc', { entries })],
  };
}
