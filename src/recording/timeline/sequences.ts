/**
 * Sequences of small integers, each kept once and named by a number. Steps repeat the same facets, transitions and
 * moves over and over; the timeline writes the number.
 */

const FREE = 0;

/** A tree in which a node stands for the sequence on the way to it; the root, 0, is the empty one. */
export class Sequences {
  private parents = new Int32Array(64);
  private items = new Int32Array(64);
  /** Open addressing over (parent, item); holds nodes, of which the root is none. */
  private slots = new Int32Array(256);
  private count = 1;

  get byteLength(): number {
    return this.count * 8 + this.slots.length * 4;
  }

  /** @returns the sequence that continues `node` by `item` */
  extend(node: number, item: number): number {
    const mask = this.slots.length - 1;
    let at = Math.imul(Math.imul(node, 0x9e3779b1) ^ item, 0x85ebca6b);
    at = (at ^ (at >>> 15)) & mask;
    for (;;) {
      const found = this.slots[at] as number;
      if (found === FREE) return this.add(node, item, at);
      if (this.parents[found] === node && this.items[found] === item) return found;
      at = (at + 1) & mask;
    }
  }

  /** The items of a sequence, in order. */
  read(node: number): number[] {
    const items: number[] = [];
    for (let n = node; n !== 0; n = this.parents[n] as number) items.push(this.items[n] as number);
    return items.reverse();
  }

  /** `first` continued by the items of `second`. */
  join(first: number, second: number): number {
    return this.read(second).reduce((node, item) => this.extend(node, item), first);
  }

  private add(parent: number, item: number, slot: number): number {
    const node = this.count++;
    if (node === this.parents.length) this.grow();
    this.parents[node] = parent;
    this.items[node] = item;
    this.slots[slot] = node;
    if (this.count * 2 > this.slots.length) this.rehash();
    return node;
  }

  private grow(): void {
    const twice = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const bigger = new Int32Array(old.length * 2);
      bigger.set(old);
      return bigger;
    };
    this.parents = twice(this.parents);
    this.items = twice(this.items);
  }

  private rehash(): void {
    const { count } = this;
    this.slots = new Int32Array(this.slots.length * 2);
    const mask = this.slots.length - 1;
    for (let node = 1; node < count; node++) {
      const parent = this.parents[node] as number;
      let at = Math.imul(Math.imul(parent, 0x9e3779b1) ^ (this.items[node] as number), 0x85ebca6b);
      at = (at ^ (at >>> 15)) & mask;
      while (this.slots[at] !== FREE) at = (at + 1) & mask;
      this.slots[at] = node;
    }
  }
}

/** Texts, each kept once and named by a number. */
export class Texts {
  private readonly codes = new Map<string, number>();
  private readonly texts: string[] = [];
  byteLength = 0;

  code(text: string): number {
    const known = this.codes.get(text);
    if (known !== undefined) return known;
    const code = this.texts.length;
    this.codes.set(text, code);
    this.texts.push(text);
    this.byteLength += text.length * 2 + 16;
    return code;
  }

  text(code: number): string {
    return this.texts[code] as string;
  }
}
