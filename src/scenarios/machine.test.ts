import { expect, test } from 'vitest';
import { memoryRegions } from './machine';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const regionsOf = (memory: number, flash: number): [gfn: number, n: number][] =>
  memoryRegions({ vcpus: 1, maxphyaddr: 48, memory, flash }).map(({ gfn, n }) => [gfn, n]);

test.each<[string, number, number, [number, number][]]>([
  ['memory below the device hole is one slot', 2.75 * GIB, 0, [[0, 0xb_0000]]],
  [
    'of more memory 2 GiB stay below the hole, the others begin at 4 GiB',
    4 * GIB,
    0,
    [
      [0, 0x8_0000],
      [0x10_0000, 0x8_0000],
    ],
  ],
  [
    'flash ends at 4 GiB',
    8 * MIB,
    MIB,
    [
      [0, 0x800],
      [0xf_ff00, 0x100],
    ],
  ],
])('%s', (_, memory, flash, regions) => expect(regionsOf(memory, flash)).toEqual(regions));
