/** Packed states in one flat table, each once, with the state and the act that led to it first. */

const FREE = -1;

export class StateTable {
  private states: Int32Array;
  private capacity = 1 << 12;
  private parents = new Int32Array(1 << 12);
  private acts = new Uint16Array(1 << 12);
  private slots = new Int32Array(1 << 13).fill(FREE);
  private mask = (1 << 13) - 1;
  size = 0;
  /** The state that `meet` looks for. */
  readonly probe: Int32Array;

  /** @param words of one state */
  constructor(private readonly words: number) {
    this.states = new Int32Array(this.capacity * words);
    this.probe = new Int32Array(words);
  }

  /** Bytes that the table takes, spare room included. */
  get byteLength(): number {
    const { states, parents, acts, slots } = this;
    return states.byteLength + parents.byteLength + acts.byteLength + slots.byteLength;
  }

  load(state: number, into: Int32Array): void {
    const { words, states } = this;
    for (let i = 0, at = state * words; i < words; i++) into[i] = states[at + i] as number;
  }

  parentOf(state: number): number {
    return this.parents[state] as number;
  }

  actTo(state: number): number {
    return this.acts[state] as number;
  }

  /** The state in `probe`; -1 when it is not in the table. */
  find(): number {
    return this.slots[this.placeOfProbe()] as number;
  }

  /** Adds the state in `probe` when it is new. @returns whether it was */
  meet(parent: number, act: number): boolean {
    const at = this.placeOfProbe();
    if (this.slots[at] !== FREE) return false;
    this.slots[at] = this.size;
    this.add(parent, act);
    return true;
  }

  /** The slot of the state in `probe`, or the free one where it belongs. */
  private placeOfProbe(): number {
    const { words, probe, states, slots, mask } = this;
    let at = hashOf(probe, 0, words) & mask;
    for (;;) {
      const state = slots[at] as number;
      if (state === FREE) return at;
      const from = state * words;
      let i = 0;
      while (i < words && states[from + i] === probe[i]) i++;
      if (i === words) return at;
      at = (at + 1) & mask;
    }
  }

  private add(parent: number, act: number): void {
    if (this.size === this.capacity) this.grow();
    const state = this.size++;
    this.states.set(this.probe, state * this.words);
    this.parents[state] = parent;
    this.acts[state] = act;
    if (this.size * 2 > this.slots.length) this.rehash();
  }

  private grow(): void {
    this.capacity *= 2;
    const states = new Int32Array(this.capacity * this.words);
    states.set(this.states);
    this.states = states;
    const parents = new Int32Array(this.capacity);
    parents.set(this.parents);
    this.parents = parents;
    const acts = new Uint16Array(this.capacity);
    acts.set(this.acts);
    this.acts = acts;
  }

  private rehash(): void {
    const { words, states } = this;
    this.slots = new Int32Array(this.slots.length * 2).fill(FREE);
    this.mask = this.slots.length - 1;
    for (let state = 0; state < this.size; state++) {
      let at = hashOf(states, state * words, words) & this.mask;
      while (this.slots[at] !== FREE) at = (at + 1) & this.mask;
      this.slots[at] = state;
    }
  }
}

function hashOf(words: Int32Array, from: number, count: number): number {
  let hash = 0;
  for (let at = from; at < from + count; at++) {
    hash = Math.imul(hash ^ (words[at] as number), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
