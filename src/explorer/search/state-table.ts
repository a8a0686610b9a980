/** Packed states in one flat table, each once, with the state and the act that led to it first. */

import { hashOf, NOT_STORED, ownMemory, placeOf, type Allocate } from './expanding';

export class StateTable {
  states: Int32Array;
  private capacity = 1 << 12;
  private parents = new Int32Array(1 << 12);
  private acts = new Uint16Array(1 << 12);
  slots: Int32Array;
  size = 0;
  /** The state that `meet` looks for. */
  readonly probe: Int32Array;

  /** @param words of one state */
  constructor(
    private readonly words: number,
    private readonly allocate: Allocate = ownMemory,
  ) {
    this.states = allocate(this.capacity * words);
    this.slots = allocate(1 << 13).fill(NOT_STORED);
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
    if (this.slots[at] !== NOT_STORED) return false;
    this.slots[at] = this.size;
    this.add(parent, act);
    return true;
  }

  /** The slot of the state in `probe`, or the free one where it belongs. */
  private placeOfProbe(): number {
    return placeOf(this.words, this.states, this.slots, this.probe);
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
    const states = this.allocate(this.capacity * this.words);
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
    const slots = this.allocate(this.slots.length * 2).fill(NOT_STORED);
    const mask = slots.length - 1;
    for (let state = 0; state < this.size; state++) {
      let at = hashOf(states, state * words, words) & mask;
      while (slots[at] !== NOT_STORED) at = (at + 1) & mask;
      slots[at] = state;
    }
    this.slots = slots;
  }
}
