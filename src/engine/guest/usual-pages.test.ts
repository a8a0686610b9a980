/** The pages that menus offer lie in the first slot, whatever its size. */
import { expect, test } from 'vitest';
import { Run } from '../../testing/engine/test-run';
import { usualPages } from './usual-pages';

const page = (frame: number): bigint => BigInt(frame) << 12n;

test.each([
  // The frame behind the last is none.
  [{ gfn: 0, n: 0x140 }, 0, 0x13f, 0x121],
  [{ gfn: 0, n: 0x141 }, 0, 0x140, 0x121],
  [{ gfn: 0, n: 0x121 }, 0, 0x120, 0x120],
  [{ gfn: 0, n: 0x122 }, 0, 0x121, 0x121],
  [{ gfn: 0, n: 0x122 }, 1, 0x121, 0x121],
  [{ gfn: 0, n: 0x200 }, 1, 0x142, 0x122],
  [{ gfn: 0x80, n: 0x200 }, 3, 0x1c6, 0x1a4],
  [{ gfn: 0x80, n: 1 }, 0, 0x80, 0x80],
])('with the slot %j, v%i', (slot, vcpu, plain, vmsa) => {
  const { world } = new Run().vmm('create-vm', {}).vmm('memslot', slot);
  expect(usualPages(world, vcpu)).toEqual({ page: page(plain), vmsa: page(vmsa) });
});

test('without a slot they are where they would be', () => {
  const { world } = new Run().vmm('create-vm', {});
  expect(usualPages(world, 1)).toEqual({ page: page(0x142), vmsa: page(0x122) });
});
