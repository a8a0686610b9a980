/**
 * What acts did, by what they read: a decision tree for each act over the live cells, in the order in which it reads them.
 * An act is a function of the cells that it reads, so that what is found here is what the handler would do again.
 */
import { assert } from '../../base/assert';
import { GAP, HEADER, HITS, ownMemory, REFUSED, TAKEN, type Allocate } from './expanding';
import type { LiveCells } from './live-cells';
import type { Taken } from './taking';

const UNKNOWN = 0;

interface Known {
  readonly act: number;
  readonly taken: Taken;
  /** It was found out under what does not hold any more. */
  isOutdated: boolean;
}

export class Memo {
  private readonly known: Known[] = [];
  /** The first `actCount` places are the roots of the acts. A place holds nothing, a node, or -1 - the number of a leaf. */
  nodes: Int32Array;
  private top: number;
  /** By leaf: where its changes of words start. Each is a word, the bits that stay, and the bits that are set. */
  changeStarts: Int32Array;
  changes: Int32Array;
  /** By leaf. */
  kinds: Int32Array;
  private changesTop = 0;
  /** By word, while a leaf is compiled: the bits that it leaves, and those that it sets. */
  private stay = new Int32Array(0);
  private bits = new Int32Array(0);
  private leaves = 0;

  constructor(
    private readonly actCount: number,
    private readonly live: LiveCells,
    private readonly allocate: Allocate = ownMemory,
  ) {
    this.nodes = allocate(1 << 12);
    this.changeStarts = allocate(1 << 8);
    this.changes = allocate(1 << 10);
    this.kinds = allocate(1 << 8);
    this.top = actCount;
  }

  get size(): number {
    return this.known.length;
  }

  /** Everything that acts are known to do. */
  get all(): readonly { readonly taken: Taken }[] {
    return this.known.filter(({ isOutdated }) => !isOutdated);
  }

  leaf(number: number): Taken {
    return (this.known[number] as Known).taken;
  }

  /** What an act does in a packed state; a negative number when that is not known. */
  leafOf(act: number, words: Int32Array): number {
    const { nodes } = this;
    let at = nodes[act] as number;
    while (at > 0) {
      const value =
        ((words[nodes[at] as number] as number) >>> (nodes[at + 1] as number)) & (nodes[at + 2] as number);
      at = nodes[at + HEADER + value] as number;
    }
    return -1 - at;
  }

  /** Puts what an act leaves of a packed state into another one. */
  apply(leaf: number, from: Int32Array, into: Int32Array): void {
    const { changes, changeStarts } = this;
    const last = changeStarts[leaf + 1] as number;
    for (let i = 0; i < into.length; i++) into[i] = from[i] as number;
    for (let i = changeStarts[leaf] as number; i < last; i += 3) {
      const word = changes[i] as number;
      into[word] = ((into[word] as number) & (changes[i + 1] as number)) | (changes[i + 2] as number);
    }
  }

  /** The packed state behind what was done on a way that begins where the search does. */
  wordsAfter(way: readonly number[]): Int32Array<ArrayBuffer> {
    let words = new Int32Array(this.live.words);
    for (const leaf of way) {
      const next = new Int32Array(words.length);
      this.apply(leaf, words, next);
      words = next;
    }
    return words;
  }

  /** Packed states changed their form: all that is known is written anew. */
  rebuild(): void {
    this.nodes.fill(UNKNOWN);
    this.top = this.actCount;
    this.changesTop = 0;
    this.leaves = 0;
    const { changed } = this.live;
    for (const one of this.known) {
      one.isOutdated ||=
        changed.size > 0 && one.taken.idle.some((cells) => cells.some((cell) => changed.has(cell)));
      this.insert(one);
    }
    changed.clear();
  }

  /** @returns the number of the leaf; the packed form may be stale behind it */
  add(act: number, taken: Taken): number {
    const { live } = this;
    live.noteReads(taken.reads.cells);
    live.noteWrites(taken.writes);
    const one = { act, taken, isOutdated: false };
    this.known.push(one);
    if (this.known.length > this.kinds.length) this.kinds = this.grown(this.kinds);
    this.kinds[this.known.length - 1] = kindOf(taken);
    if (!live.isStale) this.insert(one);
    return this.known.length - 1;
  }

  private insert({ act, taken, isOutdated }: Known): void {
    if (!isOutdated) this.plant(act, taken);
    this.compile(taken);
  }

  private plant(act: number, taken: Taken): void {
    const { live } = this;
    const { cells, values } = taken.reads;
    let place = act;
    for (let at = 0; at < cells.length; at++) {
      const cell = cells[at] as number;
      if (!live.isLive(cell)) continue;
      let node = this.nodes[place] as number;
      if (node === UNKNOWN) {
        const mask = live.mask[cell] as number;
        node = this.place(HEADER + mask + 1);
        this.nodes[node] = live.word[cell] as number;
        this.nodes[node + 1] = live.shift[cell] as number;
        this.nodes[node + 2] = mask;
        this.nodes[node + 3] = cell;
        this.nodes[place] = node;
      }
      assert(node > 0 && this.nodes[node + 3] === cell, 'an act reads the same cells in the same states');
      place = node + HEADER + live.indexOf(cell, values[at] as number);
    }
    assert(this.nodes[place] === UNKNOWN, 'an act that is known is not performed again');
    this.nodes[place] = -1 - this.leaves;
  }

  private grown(old: Int32Array): Int32Array {
    const bigger = this.allocate(old.length * 2);
    bigger.set(old);
    return bigger;
  }

  private place(size: number): number {
    const at = this.top;
    this.top += size;
    if (this.top > this.nodes.length) {
      const bigger = this.allocate(Math.max(this.top, this.nodes.length * 2));
      bigger.set(this.nodes);
      this.nodes = bigger;
    }
    return at;
  }

  /** What the writes of an act do to the words of a packed state. */
  private compile({ writes }: Taken): void {
    const { live } = this;
    if (this.stay.length < live.words) {
      this.stay = new Int32Array(live.words);
      this.bits = new Int32Array(live.words);
    }
    const { stay, bits } = this;
    stay.fill(-1);
    bits.fill(0);
    for (let at = 0; at < writes.cells.length; at++) {
      const cell = writes.cells[at] as number;
      if (!live.isLive(cell)) continue;
      const word = live.word[cell] as number;
      const shift = live.shift[cell] as number;
      stay[word] = (stay[word] as number) & ~((live.mask[cell] as number) << shift);
      bits[word] = (bits[word] as number) | (live.indexOf(cell, writes.values[at] as number) << shift);
    }
    if (this.leaves + 2 > this.changeStarts.length) this.changeStarts = this.grown(this.changeStarts);
    while (this.changesTop + live.words * 3 > this.changes.length) this.changes = this.grown(this.changes);
    for (let word = 0; word < live.words; word++) {
      if (stay[word] === -1) continue;
      this.changes[this.changesTop++] = word;
      this.changes[this.changesTop++] = stay[word] as number;
      this.changes[this.changesTop++] = bits[word] as number;
    }
    this.leaves++;
    this.changeStarts[this.leaves] = this.changesTop;
  }
}

function kindOf({ outcome, hits }: Taken): number {
  if (outcome === 'gap') return GAP;
  if (outcome === 'refused') return REFUSED;
  return hits.length > 0 ? HITS : TAKEN;
}
