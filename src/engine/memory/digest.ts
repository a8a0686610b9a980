/**
 * The identity of a state: a sum over everything that is not zero, so that it can be kept up to date write by write
 * and undone the same way, and does not depend on how pages are stored.
 */
import type { Arena, WriteLog } from './arena';
import type { PageField } from './page-field';

/** Two independent 32-bit sums. */
export interface Digest {
  low: number;
  high: number;
}

function spread(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

const ADDRESS_STEP = 0x9e3779b1;
const FIELD_STEP = 0x85ebca6b;

/** Contribution of one 32-bit value at one address; 0 for the value 0. */
function add(digest: Digest, place: number, value: number, sign: 1 | -1): void {
  if (value === 0) return;
  const p = spread(place);
  const q = spread(value);
  digest.low = (digest.low + sign * Math.imul(p | 1, q)) | 0;
  digest.high = (digest.high + sign * Math.imul(spread(p ^ 0x5bd1e995) | 1, spread(q ^ value))) | 0;
}

const wordPlace = (address: number): number => Math.imul(address + 1, ADDRESS_STEP);
const pagePlace = (field: number, page: number): number =>
  Math.imul(page + 1, ADDRESS_STEP) ^ Math.imul(field + 1, FIELD_STEP);

/** The digest of all memory, computed from scratch. */
export function digestOf(arena: Arena, fields: readonly PageField[]): Digest {
  const digest = { low: 0, high: 0 };
  for (let at = 0; at < arena.used; at++) add(digest, wordPlace(at), arena.read(at), 1);
  for (const field of fields) {
    for (const { first, count, value } of field.runs()) {
      for (let page = first; page < first + count; page++) add(digest, pagePlace(field.id, page), value, 1);
    }
  }
  return digest;
}

/** Brings a digest from log position `from` up to `to`. */
export function followLog(digest: Digest, log: WriteLog, from: number, to: number): void {
  const { data } = log;
  let top = to;
  while (top > from) {
    const tag = data[top - 1] as number;
    if (tag >= 0) {
      add(digest, wordPlace(tag), data[top - 3] as number, -1);
      add(digest, wordPlace(tag), data[top - 2] as number, 1);
      top -= 3;
    } else {
      const first = data[top - 5] as number;
      const count = data[top - 4] as number;
      for (let page = first; page < first + count; page++) {
        add(digest, pagePlace(-1 - tag, page), data[top - 3] as number, -1);
        add(digest, pagePlace(-1 - tag, page), data[top - 2] as number, 1);
      }
      top -= 5;
    }
  }
}

export const digestText = ({ low, high }: Digest): string =>
  (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');
