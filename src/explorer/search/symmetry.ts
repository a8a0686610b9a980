/**
 * vCPUs that can exchange their names. States that differ in such names only are one state, of which the search stores
 * one form. Nobody promises that two vCPUs are alike. An exchange is tried where the acts of the scope become acts of the
 * scope. Then each act that the search takes is performed by the handlers under exchanged names as well, and must read, write
 * and find the same under exchanged names. Where it does not, the search begins again without this exchange.
 */
import { exchangeOf } from './exchange';
import type { LiveCells } from './live-cells';
import type { Memo } from './memo';
import { NO_LEAF } from './performing';
import type { Scope } from './scope';
import { Swap } from './swap';
import type { Taker } from './taking';

/** vCPUs whose names are exchanged at most: all their orders are looked at. */
const MAX_ALIKE = 4;

export class Symmetry {
  /** vCPUs that are alike as far as is known. */
  private alike: readonly number[];
  private readonly swaps = new Map<string, Swap>();
  /** Exchanges, one after the other, that lead through all orders of the vCPUs. */
  private steps: readonly Swap[] = [];
  /** All exchanges of two. */
  private pairs: readonly (readonly [number, Swap])[] = [];
  /** By leaf: it was held against what the acts do that it becomes. */
  private isMirrored = new Uint8Array(1 << 8);
  private spare: readonly [Int32Array, Int32Array] = [none, none];

  /** @param scope nothing where all names count */
  constructor(
    scope: Scope | undefined,
    taker: Taker,
    private readonly live: LiveCells,
    private readonly memo: Memo,
  ) {
    const all = scope ? Array.from({ length: taker.vcpus }, (_, vcpu) => vcpu) : [];
    for (const one of all)
      for (const other of all.slice(one + 1)) {
        const exchange = scope && exchangeOf(scope, taker, one, other);
        const swap = exchange && new Swap(exchange, live, (cell) => taker.namesIn(cell));
        if (swap) this.swaps.set(`${one} ${other}`, swap);
      }
    const groups = all.map((one) => all.filter((other) => one === other || this.swapOf(one, other)));
    const [largest = []] = groups.sort((a, b) => b.length - a.length);
    this.alike = largest.slice(-MAX_ALIKE);
    this.decide();
  }

  get isOn(): boolean {
    return this.steps.length > 0;
  }

  private swapOf(one: number, other: number): Swap | undefined {
    return this.swaps.get(`${Math.min(one, other)} ${Math.max(one, other)}`);
  }

  private decide(): void {
    const { alike } = this;
    this.pairs = alike.flatMap((one, at) =>
      alike.slice(at + 1).flatMap((other) => {
        const swap = this.swapOf(one, other);
        return swap ? [[one, swap] as const] : [];
      }),
    );
    this.steps = stepsThroughOrders(alike.length).flatMap(
      ([one, other]) => this.swapOf(alike[one] as number, alike[other] as number) ?? [],
    );
  }

  /** The vCPU of a pair that are not alike with the lower number is the odd one: mostly the one that boots. */
  private drop(one: number): void {
    this.alike = this.alike.filter((vcpu) => vcpu !== one);
    this.decide();
  }

  /** Packed states have a new form. @returns false where it lacks cells or values, which are noted now */
  begin(): boolean {
    for (const [, swap] of this.pairs) swap.close();
    if (this.live.isStale) return false;
    for (const [, swap] of this.pairs) swap.compile();
    this.isMirrored.fill(0);
    this.spare = [new Int32Array(this.live.words), new Int32Array(this.live.words)];
    return true;
  }

  /**
   * Puts a packed state into the form that is stored. The live cells may be stale behind it.
   * @returns how many of the steps were done
   */
  canonical(words: Int32Array): number {
    const { steps } = this;
    let [now, next] = this.spare;
    let done = 0;
    now.set(words);
    for (let step = 0; step < steps.length; step++) {
      (steps[step] as Swap).apply(now, next);
      [now, next] = [next, now];
      if (!isLess(now, words)) continue;
      words.set(now);
      done = step + 1;
    }
    return done;
  }

  /** How many states a stored one stands for: as many as there are forms of it under other names. */
  formsOf(words: Int32Array): number {
    const forms = new Set([words.join()]);
    let [now, next] = this.spare;
    now.set(words);
    for (const step of this.steps) {
      step.apply(now, next);
      [now, next] = [next, now];
      forms.add(now.join());
    }
    return forms.size;
  }

  /** The act of the names before some steps that became an act by them. */
  actBefore(done: number, act: number): number {
    let before = act;
    for (let step = done - 1; step >= 0; step--) before = (this.steps[step] as Swap).actOf(before);
    return before;
  }

  /**
   * Holds what an act does in a state against what it does under exchanged names, each leaf once.
   * @param perform performs an act in a packed state, or says `NO_LEAF` where the pass ends
   * @returns false where the pass ends
   */
  mirror(
    state: Int32Array,
    act: number,
    leaf: number,
    perform: (words: Int32Array, act: number) => number,
  ): boolean {
    if (this.isMirrored[leaf] === 1) return true;
    const open: [Int32Array, number, number][] = [[Int32Array.from(state), act, leaf]];
    for (let one = open.pop(); one; one = open.pop()) {
      const [words, by, known] = one;
      this.mark(known);
      for (const [odd, swap] of this.pairs) {
        const there = new Int32Array(words.length);
        swap.apply(words, there);
        if (this.live.isStale) return false;
        const byThere = swap.actOf(by);
        let leafThere = this.memo.leafOf(byThere, there);
        if (leafThere < 0) leafThere = perform(there, byThere);
        if (leafThere === NO_LEAF) return false;
        const likeness = swap.compare(this.memo.leaf(known), this.memo.leaf(leafThere));
        if (likeness === 'different') this.drop(odd);
        if (likeness !== 'alike') return false;
        if (this.isMirrored[leafThere] !== 1) open.push([there, byThere, leafThere]);
      }
    }
    return true;
  }

  private mark(leaf: number): void {
    if (leaf >= this.isMirrored.length) {
      const bigger = new Uint8Array(Math.max(leaf + 1, this.isMirrored.length * 2));
      bigger.set(this.isMirrored);
      this.isMirrored = bigger;
    }
    this.isMirrored[leaf] = 1;
  }
}

const none = new Int32Array(0);

function isLess(one: Int32Array, other: Int32Array): boolean {
  for (let at = 0; at < one.length; at++) {
    const difference = (one[at] as number) - (other[at] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Exchanges of places that lead through all orders of some things, each once but the first (Heap's algorithm). */
function stepsThroughOrders(count: number): (readonly [number, number])[] {
  const steps: (readonly [number, number])[] = [];
  const orders = (size: number): void => {
    if (size < 2) return;
    for (let at = 0; at < size; at++) {
      orders(size - 1);
      if (at < size - 1) steps.push([size % 2 === 0 ? at : 0, size - 1]);
    }
  };
  orders(count);
  return steps;
}
