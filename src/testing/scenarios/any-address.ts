/** Addresses and frames at random over the whole range of a word, those at the edges of something most of all. */
import fc from 'fast-check';
import { gpaToGfn } from '../../abi/address';

const MOST = (1n << 64n) - 1n;
/** A machine of 4 MiB, as most property tests have it, and the default of `maxphyaddr`. */
const storeEnd = 0x40_0000n;
const maxPhysicalAddress = 1n << 48n;

/** Where something ends: pages and stores, words, tables, the C-bit, the widths of addresses. */
const edges = [0n, 0x1000n, 0x20_0000n, storeEnd, 1n << 30n, 1n << 32n, 1n << 36n, 1n << 40n, 1n << 44n]
  .concat([maxPhysicalAddress, 1n << 51n, 1n << 52n, 1n << 53n, 1n << 63n, 1n << 64n])
  .flatMap((edge) => [edge - 0x1000n, edge - 8n, edge - 1n, edge, edge + 1n, edge + 0x1000n])
  .filter((address) => address >= 0n && address <= MOST);

/** Any 64-bit word as an address. */
export const anyAddress: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...edges) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: MOST }) },
);

/** Any frame number of 52 bits. */
export const anyFrame: fc.Arbitrary<number> = anyAddress.map(gpaToGfn);
