/**
 * A world of which every cell that an act reads and writes is known. A cell is a word of the arena, one page of one field,
 * or whether a byte image exists. The handlers are the same; the accessors of this one world report to a trace.
 */
import { assert, Unmodelled } from '../../base/assert';
import { Arena, type WordAddress } from '../../engine/memory/arena';
import type { Image } from '../../engine/memory/image';
import type { PageField } from '../../engine/memory/page-field';
import type { PageImage } from '../../engine/state/vm';
import { lockHolders } from '../../engine/state/thread';
import { vcpuGroup } from '../../engine/state/vcpu';
import type { World } from '../../engine/world';
import type { Trace } from './trace';

/** Pages whose bytes may be asked for in a search, over all states of it. */
const MAX_IMAGES = 256;

type Side = PageImage['side'];

/** What the arena of a traced world does instead: all worlds of searches share these functions, so that they are compiled once. */
class TracedArena extends Arena {
  declare first: number;
  declare trace: Trace;

  override read(at: WordAddress): number {
    const value = super.read(at);
    this.trace.read(this.first + at, value);
    return value;
  }

  override read64(at: WordAddress): bigint {
    this.trace.read(this.first + at, this.words[at] as number);
    this.trace.read(this.first + at + 1, this.words[at + 1] as number);
    return super.read64(at);
  }

  override write(at: WordAddress, value: number): void {
    this.trace.write(this.first + at, this.words[at] as number);
    super.write(at, value);
  }
}

/** What the values of a cell may be names of, so that they differ between two vCPUs that are alike. */
export type NamesIn = 'threads' | 'pages' | undefined;

/** Which image stands for a page in every state. */
interface KnownImage {
  readonly number: number;
  readonly side: Side;
  readonly frame: number;
  index: number;
}

export class TracedWorld {
  private readonly fields: readonly PageField[];
  /** First cell of each field of pages. */
  private readonly firstOfField: readonly number[];
  private readonly firstImage: number;
  /** One behind the last cell. */
  readonly end: number;
  /** By side and frame: the order in which images were handed out is no part of a state. */
  private readonly images = new Map<Side, Map<number, KnownImage>>();
  private readonly imageNumbers: KnownImage[] = [];
  private usedIndexes = 0;
  private silent = 0;

  /** @param first number of the first cell */
  constructor(
    readonly world: World,
    private readonly first: number,
    private readonly trace: Trace,
  ) {
    this.fields = world.pages.fields;
    let next = first + world.arena.used;
    this.firstOfField = this.fields.map((field) => {
      next += field.pageCount;
      return next - field.pageCount;
    });
    this.firstImage = next;
    this.end = next + MAX_IMAGES;
    this.watchArena();
    this.watchFields();
    this.watchUndo();
    this.watchImages();
  }

  get(cell: number): number {
    const { world, first, firstImage } = this;
    if (cell >= firstImage) return this.imageExists(this.imageNumbers[cell - firstImage]) ? 1 : 0;
    if (cell < first + world.arena.used) return world.arena.words[cell - first] as number;
    const field = this.fieldOf(cell);
    this.silent++;
    const value = (this.fields[field] as PageField).get(cell - (this.firstOfField[field] as number));
    this.silent--;
    return value;
  }

  /** Writes without log and trace. */
  set(cell: number, value: number): void {
    const { world, first, firstImage } = this;
    if (cell >= firstImage) {
      this.setImage(this.imageNumbers[cell - firstImage], value === 1);
      return;
    }
    if (cell < first + world.arena.used) {
      world.arena.words[cell - first] = value;
      return;
    }
    const field = this.fieldOf(cell);
    (this.fields[field] as PageField).store(cell - (this.firstOfField[field] as number), 1, value);
  }

  /** Whether an image exists, and of which page it is, is told by cells of two kinds, which must agree. */
  tellsOfImage(cell: number): boolean {
    if (cell >= this.firstImage) return true;
    const at = cell - this.first;
    return this.world.pageImages.some(({ base, group }) => at >= base && at < base + group.words);
  }

  /** What belongs to one vCPU: what KVM keeps, what the invariants remember, `kvm_run`, and its thread. */
  cellsOfVcpu(vcpu: number): number[] {
    const { vcpus, vcpuHistory, threads, kvmRun } = this.world;
    const places = [vcpus[vcpu], vcpuHistory[vcpu], threads[vcpu + 1]].map((one) => {
      assert(one, 'a vCPU that exists');
      return { base: one.base, words: one.group.words };
    });
    const run = kvmRun[vcpu];
    assert(run, 'a vCPU has kvm_run');
    return [...places, { base: run.base, words: run.byteLength / 4 }].flatMap(({ base, words }) =>
      Array.from({ length: words }, (_, at) => this.first + base + at),
    );
  }

  /** What the values of a cell may be names of: numbers of 64 bits of a vCPU may be addresses. */
  namesIn(cell: number): NamesIn {
    const at = cell - this.first;
    const found = this.world.instances.find(
      ({ group, instance }) => at >= instance.base && at < instance.base + group.words,
    );
    const slot = found?.group.slots.find(
      ({ offset, words }) => at - found.instance.base >= offset && at - found.instance.base < offset + words,
    );
    if (slot?.variable.kind === lockHolders) return 'threads';
    return slot?.words === 2 && found?.group === vcpuGroup ? 'pages' : undefined;
  }

  /** What a cell is called, for people. */
  name(cell: number): string {
    const { world, first, firstImage } = this;
    const at = cell - first;
    if (cell >= firstImage) return `image ${cell - firstImage} exists`;
    if (at >= world.arena.used) {
      const field = this.fieldOf(cell);
      const names = Object.keys(world.pages);
      return `${names[field] ?? ''}[${(cell - (this.firstOfField[field] as number)).toString(16)}]`;
    }
    for (const { name, group, instance } of world.instances) {
      const slot = group.slots.find(
        ({ offset, words }) => at >= instance.base + offset && at < instance.base + offset + words,
      );
      if (slot) return `${name}.${slot.name}`;
    }
    return `word ${at}`;
  }

  private fieldOf(cell: number): number {
    let field = this.fields.length - 1;
    while ((this.firstOfField[field] as number) > cell) field--;
    return field;
  }

  private watchArena(): void {
    const { log } = this.world;
    const { first, trace } = this;
    const arena = Object.setPrototypeOf(this.world.arena, TracedArena.prototype) as TracedArena;
    arena.first = first;
    arena.trace = trace;
    log.onLookBack = (place) => {
      if (place >= 0) trace.lookBack(first + place, arena.words[place] as number);
      else this.lookBackAtField(-1 - place);
    };
  }

  /** Which pages of a field were changed depends on what every page was that the act wrote. */
  private lookBackAtField(field: number): void {
    const start = this.firstOfField[field] as number;
    const end = start + (this.fields[field] as PageField).pageCount;
    const { cells, length } = this.trace.written;
    for (let at = 0; at < length; at++) {
      const cell = cells[at] as number;
      if (cell >= start && cell < end) this.trace.lookBack(cell, 0);
    }
  }

  private watchFields(): void {
    this.fields.forEach((field, number) => {
      const start = this.firstOfField[number] as number;
      const { trace } = this;
      const get = field.get.bind(field);
      const runLength = field.runLength.bind(field);
      const setRun = field.setRun.bind(field);
      const uniformValue = field.uniformValue.bind(field);
      field.get = (page) => {
        const value = get(page);
        if (this.silent === 0) trace.read(start + page, value);
        return value;
      };
      field.runLength = (page, limit) => {
        const length = this.silently(() => runLength(page, limit));
        const end = Math.min(page + length + 1, page + limit, field.pageCount);
        if (this.silent === 0) for (let at = page; at < end; at++) field.get(at);
        return length;
      };
      field.uniformValue = (region) => {
        const from = region * 512;
        const to = Math.min(from + 512, field.pageCount);
        if (this.silent === 0) for (let at = from; at < to; at++) field.get(at);
        return this.silently(() => uniformValue(region));
      };
      field.setRun = (page, count, value) => {
        for (let at = page; at < page + count; at++)
          if (field.has(at))
            trace.write(
              start + at,
              this.silently(() => get(at)),
            );
        this.silently(() => setRun(page, count, value));
      };
    });
  }

  private silently<T>(work: () => T): T {
    this.silent++;
    try {
      return work();
    } finally {
      this.silent--;
    }
  }

  /** An act that is taken back wrote nothing. */
  private watchUndo(): void {
    const { world, trace } = this;
    const mark = world.mark.bind(world);
    const undo = world.undo.bind(world);
    world.mark = () => {
      const top = mark();
      trace.mark(this.first, top);
      return top;
    };
    world.undo = (to) => {
      undo(to);
      trace.undo(this.first, to);
    };
  }

  private watchImages(): void {
    const { world } = this;
    world.pageImages.forEach((image, index) => {
      if (!image.used) return;
      this.numberOf(image.side, image.frame).index = index;
      this.usedIndexes = Math.max(this.usedIndexes, index + 1);
    });
    world.findImage = (side, frame) => {
      const known = this.numberOf(side, frame);
      const exists = this.imageExists(known);
      this.trace.read(this.firstImage + known.number, exists ? 1 : 0);
      return exists ? this.bytesAt(known.index) : undefined;
    };
    const made = (side: Side, frame: number): Image => {
      const found = world.findImage(side, frame);
      if (found) return found;
      const known = this.numberOf(side, frame);
      if (known.index < 0) known.index = this.usedIndexes++;
      const image = world.pageImages[known.index];
      if (!image) throw new Unmodelled('a search in which so many pages are accessed');
      this.trace.write(this.firstImage + known.number, 0);
      image.used = true;
      image.side = side;
      image.frame = frame;
      return this.bytesAt(known.index);
    };
    // Whoever asks for the bytes gets the same, made or found.
    world.image = (side, frame) => world.apart(`image ${side} ${frame}`, () => made(side, frame));
    world.dropImage = (side, frame) => {
      const bytes = world.findImage(side, frame);
      const known = this.numberOf(side, frame);
      const image = world.pageImages[known.index];
      if (!bytes || !image) return;
      this.trace.write(this.firstImage + known.number, 1);
      bytes.clear();
      image.used = false;
      image.frame = 0;
      image.side = 'shared';
    };
  }

  private numberOf(side: Side, frame: number): KnownImage {
    const ofSide = this.images.get(side) ?? new Map<number, KnownImage>();
    this.images.set(side, ofSide);
    const known = ofSide.get(frame);
    if (known) return known;
    const made = { number: this.imageNumbers.length, side, frame, index: -1 };
    if (made.number >= MAX_IMAGES) throw new Unmodelled('a search that asks for the bytes of so many pages');
    ofSide.set(frame, made);
    this.imageNumbers.push(made);
    return made;
  }

  /** Makes an image exist or not, its bytes left as they are. */
  private setImage(known: KnownImage | undefined, exists: boolean): void {
    const image = this.world.pageImages[known?.index ?? -1];
    if (!known || !image) return;
    const { log } = this.world;
    const { top } = log;
    image.used = exists;
    image.side = exists ? known.side : 'shared';
    image.frame = exists ? known.frame : 0;
    log.top = top;
  }

  private imageExists(known: { readonly index: number } | undefined): boolean {
    const image = this.world.pageImages[known?.index ?? -1];
    if (!image) return false;
    const at = image.base + image.group.offsetOf('used');
    return this.world.arena.words[at] !== 0;
  }

  private bytesAt(index: number): Image {
    const image = this.world.pageImages[index];
    assert(image, 'an image has a place');
    return this.world.bytesOf(image);
  }
}
