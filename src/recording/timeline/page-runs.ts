/** Runs of pages whose value changed, gathered in any order and written down disjoint, in order, neighbours joined. */
import { assert } from '../../base/assert';
import type { ByteStream } from './byte-stream';
import { sortAscending } from './sort';

/** A run as stored says its place, or that it covers the same pages as the run before, or that it follows that run with the same length. */
const FIELD_LIMIT = 16;
const EXPLICIT = 0;
const SAME_PAGES = 1;
const NEXT_PAGES = 2;
/** Most bytes of a stored run. */
const RUN_BYTES = 1 + 5 + 5 + 5;
/** Room for the number of an edge beside its page in one exact number. */
const EDGE_LIMIT = 1 << 24;

/** What one field changed, as added: triples of first page, count and old XOR new. */
class FieldRuns {
  data = new Int32Array(12);
  top = 0;

  add(first: number, count: number, difference: number): void {
    if (this.top + 3 > this.data.length) {
      const bigger = new Int32Array(this.data.length * 2);
      bigger.set(this.data);
      this.data = bigger;
    }
    this.data[this.top++] = first;
    this.data[this.top++] = count;
    this.data[this.top++] = difference;
  }
}

export class PageRuns {
  private readonly byField: readonly FieldRuns[];
  private added = 0;
  // While writing: the run that the next one is encoded against.
  private lastFirst = 0;
  private lastCount = 0;

  constructor(fieldCount: number) {
    assert(fieldCount <= FIELD_LIMIT, 'a run says its field in four bits');
    this.byField = Array.from({ length: fieldCount }, () => new FieldRuns());
  }

  add(field: number, first: number, count: number, difference: number): void {
    if (difference === 0) return;
    (this.byField[field] as FieldRuns).add(first, count, difference);
    this.added++;
  }

  /** Writes the end of the words with the number of runs, then the runs; forgets them. */
  writeTo(out: ByteStream): void {
    if (this.added === 0) {
      out.unsigned(0);
      return;
    }
    let total = 0;
    for (const runs of this.byField) {
      if (runs.top !== 0) normalise(runs);
      total += runs.top / 3;
    }
    out.reserve(10 + total * RUN_BYTES);
    out.unsigned(total << 4);
    this.lastFirst = 0;
    this.lastCount = 0;
    for (let field = 0; field < this.byField.length; field++) {
      const runs = this.byField[field] as FieldRuns;
      for (let i = 0; i < runs.top; i += 3) {
        this.writeRun(out, field, runs.data[i] as number, runs.data[i + 1] as number);
        out.unsigned((runs.data[i + 2] as number) >>> 0);
      }
      runs.top = 0;
    }
    this.added = 0;
  }

  private writeRun(out: ByteStream, field: number, first: number, count: number): void {
    const { lastFirst, lastCount } = this;
    if (count === lastCount && first === lastFirst) out.unsigned(field | (SAME_PAGES << 4));
    else if (count === lastCount && first === lastFirst + lastCount) out.unsigned(field | (NEXT_PAGES << 4));
    else {
      out.unsigned(field | (EXPLICIT << 4));
      out.signed(first - (lastFirst + lastCount));
      out.unsigned(count);
    }
    this.lastFirst = first;
    this.lastCount = count;
  }
}

/** Leaves disjoint runs in ascending order, no two neighbours alike, none without a difference. */
function normalise(runs: FieldRuns): void {
  // A log that is read from its end gives back ascending writes as descending runs.
  if (isDescending(runs)) reverse(runs);
  if (isAscending(runs)) join(runs);
  else sweep(runs);
}

function isAscending({ data, top }: FieldRuns): boolean {
  for (let i = 3; i < top; i += 3) {
    if ((data[i] as number) < (data[i - 3] as number) + (data[i - 2] as number)) return false;
  }
  return true;
}

function isDescending({ data, top }: FieldRuns): boolean {
  for (let i = 3; i < top; i += 3) {
    if ((data[i] as number) + (data[i + 1] as number) > (data[i - 3] as number)) return false;
  }
  return true;
}

function reverse({ data, top }: FieldRuns): void {
  for (let low = 0, high = top - 3; low < high; low += 3, high -= 3) {
    for (let i = 0; i < 3; i++) {
      const value = data[low + i] as number;
      data[low + i] = data[high + i] as number;
      data[high + i] = value;
    }
  }
}

function join(runs: FieldRuns): void {
  const { data, top } = runs;
  runs.top = 3;
  for (let i = 3; i < top; i += 3)
    append(runs, data[i] as number, data[i + 1] as number, data[i + 2] as number);
}

/** Adds a run that starts at or after the end of the last one. */
function append(runs: FieldRuns, first: number, count: number, difference: number): void {
  const { data, top } = runs;
  const touches = top > 0 && (data[top - 3] as number) + (data[top - 2] as number) === first;
  if (touches && data[top - 1] === difference) data[top - 2] = (data[top - 2] as number) + count;
  else runs.add(first, count, difference);
}

/** Any order, any overlap: every run turns its difference on at its first page and off after its last. */
function sweep(runs: FieldRuns): void {
  const { top } = runs;
  const edgeCount = (top / 3) * 2;
  if (edgeCount > EDGE_LIMIT) throw new Error('too many page runs to join');
  if (sweepEdges.length < edgeCount) {
    sweepEdges = new Float64Array(edgeCount * 2);
    sweepRuns = new Int32Array(edgeCount * 3);
  }
  const copy = sweepRuns;
  copy.set(runs.data.subarray(0, top));
  const edges = sweepEdges.subarray(0, edgeCount);
  for (let i = 0; i < edgeCount; i++) {
    const run = (i >> 1) * 3;
    const page = (copy[run] as number) + (i & 1 ? (copy[run + 1] as number) : 0);
    edges[i] = page * EDGE_LIMIT + i;
  }
  sortAscending(edges);
  runs.top = 0;
  let difference = 0;
  let from = 0;
  for (let i = 0; i < edgeCount; i++) {
    const edge = edges[i] as number;
    const page = Math.floor(edge / EDGE_LIMIT);
    if (page > from && difference !== 0) append(runs, from, page - from, difference);
    from = page;
    difference ^= copy[((edge % EDGE_LIMIT) >> 1) * 3 + 2] as number;
  }
}
let sweepEdges = new Float64Array(64);
let sweepRuns = new Int32Array(96);
