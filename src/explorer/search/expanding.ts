/**
 * What acts that are known lead to, for many states at once. It reads flat tables and nothing else, so that several threads
 * can do it side by side on the same memory while nobody writes there.
 */

/** The tables that are read. */
export interface Expandable {
  /** Words of a packed state, and acts of the scope. */
  readonly words: number;
  readonly acts: number;
  /** Trees of the acts, and what leaves do: see `Memo`. */
  readonly nodes: Int32Array;
  readonly kinds: Int32Array;
  readonly changeStarts: Int32Array;
  readonly changes: Int32Array;
  /** Which cells are dead: see `DeadCells`. */
  readonly guardWords: Int32Array;
  readonly keep: Int32Array;
  /** The states, and where they are found: see `StateTable`. */
  readonly states: Int32Array;
  readonly slots: Int32Array;
}

/** A state that is not in the table. */
export const NOT_STORED = -1;
/** Kinds of leaves, as `Memo` keeps them: an act that is no transition, one that is, one that answers questions too, one that the model lacks. */
export const REFUSED = 0;
export const TAKEN = 1;
export const HITS = 2;
export const GAP = 3;
/** A node of a tree is word, shift, mask and cell, and behind them what follows for each value. */
export const HEADER = 4;

/**
 * Numbers of one attempt in the result: its leaf, which is negative where the act is not known in that state; of a transition
 * the number of the state that it leads to, if that is stored, and that state.
 */
export const attemptSize = (words: number): number => 2 + words;

/** Expands states of the table; the attempts of the first state come first. */
export function expand(known: Expandable, from: number, to: number, out: Int32Array): void {
  const { words, acts, nodes, kinds, changeStarts, changes, states } = known;
  const size = attemptSize(words);
  const probe = new Int32Array(words);
  let at = 0;
  for (let state = from; state < to; state++) {
    const base = state * words;
    for (let act = 0; act < acts; act++, at += size) {
      let node = nodes[act] as number;
      while (node > 0) {
        const word = states[base + (nodes[node] as number)] as number;
        node = nodes[
          node + HEADER + ((word >>> (nodes[node + 1] as number)) & (nodes[node + 2] as number))
        ] as number;
      }
      const leaf = -1 - node;
      out[at] = leaf;
      if (leaf < 0 || kinds[leaf] === REFUSED || kinds[leaf] === GAP) continue;
      for (let i = 0; i < words; i++) probe[i] = states[base + i] as number;
      const last = changeStarts[leaf + 1] as number;
      for (let i = changeStarts[leaf] as number; i < last; i += 3) {
        const word = changes[i] as number;
        probe[word] = ((probe[word] as number) & (changes[i + 1] as number)) | (changes[i + 2] as number);
      }
      mask(known, probe);
      out[at + 1] = find(known, probe);
      for (let i = 0; i < words; i++) out[at + 2 + i] = probe[i] as number;
    }
  }
}

/** Puts every dead cell of a packed state to what it is where the search begins. */
export function mask({ guardWords, keep }: Pick<Expandable, 'guardWords' | 'keep'>, state: Int32Array): void {
  const words = state.length;
  for (let at = 0; at < guardWords.length; at += 4) {
    const value =
      ((state[guardWords[at] as number] as number) >>> (guardWords[at + 1] as number)) &
      (guardWords[at + 2] as number);
    const row = (guardWords[at + 3] as number) + value * words;
    for (let i = 0; i < words; i++) state[i] = (state[i] as number) & (keep[row + i] as number);
  }
}

/** The number of a packed state; `NOT_STORED` when it is not in the table. */
function find({ words, states, slots }: Expandable, probe: Int32Array): number {
  return slots[placeOf(words, states, slots, probe)] as number;
}

/** The slot of a packed state, or the free one where it belongs. */
export function placeOf(words: number, states: Int32Array, slots: Int32Array, probe: Int32Array): number {
  const last = slots.length - 1;
  let at = hashOf(probe, 0, words) & last;
  for (;;) {
    const state = slots[at] as number;
    if (state === NOT_STORED) return at;
    const from = state * words;
    let i = 0;
    while (i < words && states[from + i] === probe[i]) i++;
    if (i === words) return at;
    at = (at + 1) & last;
  }
}

export function hashOf(words: Int32Array, from: number, count: number): number {
  let hash = 0;
  for (let at = from; at < from + count; at++) {
    hash = Math.imul(hash ^ (words[at] as number), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/** Threads that expand states side by side. */
export interface Expanders {
  /** Memory that all threads see. */
  readonly allocate: Allocate;
  /** Threads that work, the one that calls included. */
  readonly threads: number;
  /**
   * Expands states, each thread a part of them. What is read must stay as it is until this returns.
   * @returns what `expand` gives
   */
  expand(known: Expandable, from: number, to: number): Int32Array;
}

/** Makes an array of zeros. */
export type Allocate = (length: number) => Int32Array;
export const ownMemory: Allocate = (length) => new Int32Array(length);
