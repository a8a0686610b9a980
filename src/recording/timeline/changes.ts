/** The changes of a step, by the names of the declared state. */
import { itemAt } from '../../base/assert';
import { hex } from '../../base/hex';
import { pageFieldNames, type PageFieldName } from '../../engine/memory/page-bits';
import { formatVariable, type Slot } from '../../engine/state/schema';
import type { World } from '../../engine/world';
import type { Memory } from './writes';

/** One change of a step. */
export type Change =
  | {
      readonly kind: 'variable';
      /** `v1`, `vm`, `slot0`. */
      readonly instance: string;
      readonly variable: string;
      readonly before: string;
      readonly after: string;
      readonly doc: string;
    }
  | {
      readonly kind: 'bytes';
      /** `kvm_run v0`, `shared page 0x80`. */
      readonly image: string;
      /** Index in `world.kvmRun`, or in `world.pageImages`. */
      readonly imageIndex: number;
      readonly isKvmRun: boolean;
      readonly at: number;
      readonly length: number;
    }
  | {
      readonly kind: 'pages';
      readonly field: PageFieldName;
      readonly first: number;
      readonly count: number;
      readonly before: number;
      readonly after: number;
    };

/** Where a word of the arena belongs. */
type Place =
  | { readonly kind: 'variable'; readonly instance: string; readonly slot: Slot; readonly address: number }
  | { readonly kind: 'image'; readonly index: number; readonly isKvmRun: boolean; readonly base: number };

/** The meaning of every word of a world's arena. */
export class ArenaMap {
  private readonly places: (Place | undefined)[] = [];

  constructor(private readonly world: World) {
    for (const { name, group, instance } of world.instances) {
      for (const slot of group.slots) {
        const address = instance.base + slot.offset;
        const place: Place = { kind: 'variable', instance: name, slot, address };
        for (let word = 0; word < slot.words; word++) this.places[address + word] = place;
      }
    }
    world.kvmRun.forEach((image, index) => this.placeImage(image, index, true));
    world.pageImages.forEach((image, index) => this.placeImage(world.bytesOf(image), index, false));
  }

  at(address: number): Place | undefined {
    return this.places[address];
  }

  /**
   * Addresses by name, for worlds whose layouts differ: words of variables and of `kvm_run`. Images of pages are left out,
   * since they are allocated on demand.
   */
  named(): ReadonlyMap<string, number> {
    return new Map(
      this.places.flatMap((_, address) => {
        const name = this.nameOf(address);
        return name === undefined ? [] : [[name, address] as const];
      }),
    );
  }

  /** The name of a word in {@link named}. */
  nameOf(address: number): string | undefined {
    const place = this.places[address];
    if (place?.kind === 'variable') return `${place.instance}.${place.slot.name}.${address - place.address}`;
    return place?.isKvmRun ? `kvm_run ${place.index} ${address - place.base}` : undefined;
  }

  /** The name of an image in views: the page it stands for, read through `read`. */
  imageName(index: number, isKvmRun: boolean, read: (address: number) => number): string {
    if (isKvmRun) return `kvm_run v${index}`;
    const image = this.world.pageImages[index];
    if (!image) return `image ${index}`;
    const value = (name: 'side' | 'frame'): number => read(image.base + image.group.offsetOf(name));
    const side = formatVariable(image.group.variables.side, value('side'));
    return `${side} page ${hex(value('frame') >>> 0)}`;
  }

  private placeImage(image: { base: number; byteLength: number }, index: number, isKvmRun: boolean): void {
    const place: Place = { kind: 'image', index, isKvmRun, base: image.base };
    for (let word = 0; word < image.byteLength / 4; word++) this.places[image.base + word] = place;
  }
}

/** Collects the changes of one step from its writes; the memory is in the state before the step. */
export class ChangeList {
  readonly changes: Change[] = [];
  private readonly differences = new Map<number, number>();

  constructor(
    private readonly map: ArenaMap,
    private readonly memory: Memory,
  ) {}

  addWord(address: number, difference: number): void {
    this.differences.set(address, difference);
  }

  addRun(field: number, first: number, count: number, difference: number): void {
    const pages = itemAt(this.memory.fields, field, 'field of pages');
    for (let at = first; at < first + count;) {
      const length = pages.runLength(at, first + count - at);
      const before = pages.get(at);
      this.changes.push({
        kind: 'pages',
        field: pageFieldNames[field] as PageFieldName,
        first: at,
        count: length,
        before,
        after: before ^ difference,
      });
      at += length;
    }
  }

  /** The changes of the added words; variables first, pages last. */
  finish(): readonly Change[] {
    const words: Change[] = [];
    const bytes: Change[] = [];
    for (const address of this.differences.keys()) {
      const place = this.map.at(address);
      if (place?.kind === 'variable') {
        const isLaterHalf = address !== place.address && this.differences.has(place.address);
        if (!isLaterHalf) words.push(this.variable(place));
      } else if (place) this.bytes(bytes, place, address);
    }
    return [...words, ...bytes, ...this.changes];
  }

  private readonly before = (address: number): number => this.memory.arena.read(address);
  private readonly after = (address: number): number =>
    this.before(address) ^ (this.differences.get(address) ?? 0);

  private variable({ instance, slot, address }: Extract<Place, { kind: 'variable' }>): Change {
    const text = (read: (at: number) => number): string =>
      formatVariable(slot.variable, read(address), slot.words === 2 ? read(address + 1) : 0);
    const before = text(this.before);
    const after = text(this.after);
    return { kind: 'variable', instance, variable: slot.name, before, after, doc: slot.variable.doc };
  }

  /** Adds the bytes of a word that differ, each as part of the range before it when they touch. */
  private bytes(out: Change[], place: Extract<Place, { kind: 'image' }>, address: number): void {
    const difference = this.differences.get(address) as number;
    for (let byte = 0; byte < 4; byte++) {
      if (((difference >>> (byte * 8)) & 0xff) === 0) continue;
      const at = (address - place.base) * 4 + byte;
      const last = out.at(-1);
      const { index: imageIndex, isKvmRun } = place;
      if (
        last?.kind === 'bytes' &&
        last.isKvmRun === isKvmRun &&
        last.imageIndex === imageIndex &&
        last.at + last.length === at
      ) {
        out[out.length - 1] = { ...last, length: last.length + 1 };
      } else {
        const image = this.map.imageName(imageIndex, isKvmRun, this.after);
        out.push({ kind: 'bytes', image, imageIndex, isKvmRun, at, length: 1 });
      }
    }
  }
}
