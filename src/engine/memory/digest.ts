/**
 * The identity of a state: a sum over everything that is not zero, so that it can be kept up to date write by write
 * and undone the same way, and does not depend on how pages are stored.
 */
import type { Resumable } from '../../base/resumable';
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

/** Contribution of pages with one value in a field. Products of one factor are summed before they are multiplied. */
function addPages(
  digest: Digest,
  field: number,
  { first, end, value, sign }: { first: number; end: number; value: number; sign: 1 | -1 },
): void {
  if (value === 0) return;
  let [low, high] = [0, 0];
  for (let page = first; page < end; page++) {
    const p = spread(pagePlace(field, page));
    low = (low + (p | 1)) | 0;
    high = (high + (spread(p ^ 0x5bd1e995) | 1)) | 0;
  }
  const q = spread(value);
  digest.low = (digest.low + sign * Math.imul(low, q)) | 0;
  digest.high = (digest.high + sign * Math.imul(high, spread(q ^ value))) | 0;
}

/** Words or pages in a part: some milliseconds. */
const PART = 1 << 17;

/** The digest of all memory, computed from scratch: the time grows with the pages that are not zero. */
export function* digestInParts(arena: Arena, fields: readonly PageField[]): Resumable<Digest> {
  const digest = { low: 0, high: 0 };
  for (let at = 0; at < arena.used; at++) {
    add(digest, wordPlace(at), arena.read(at), 1);
    if (at % PART === PART - 1) yield;
  }
  let left = PART;
  for (const field of fields) {
    for (const { first, count, value } of field.runs()) {
      for (let from = first; from < first + count;) {
        const end = Math.min(first + count, from + left);
        addPages(digest, field.id, { first: from, end, value, sign: 1 });
        left -= end - from;
        from = end;
        if (left > 0) continue;
        yield;
        left = PART;
      }
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
      const pages = { first, end: first + count };
      addPages(digest, -1 - tag, { ...pages, value: data[top - 3] as number, sign: -1 });
      addPages(digest, -1 - tag, { ...pages, value: data[top - 2] as number, sign: 1 });
      top -= 5;
    }
  }
}

export const digestText = ({ low, high }: Digest): string =>
  (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');
