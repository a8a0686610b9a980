/**
 * Steps whose moves are equal but whose writes differ: one kernel presets an answer field, another does not. A difference
 * belongs to the step in which it first appears; differences that existed before that step were reported earlier.
 */
import { itemAt } from '../../base/assert';
import { gfnBits, LEAK_COUNT_SHIFT, pageFieldNames, type PageFieldName } from '../../engine/memory/page-bits';
import type { PageField } from '../../engine/memory/page-field';
import type { World } from '../../engine/world';
import { ByteReader } from '../timeline/byte-stream';
import { ArenaMap } from '../timeline/changes';
import { isReported } from './state-differences';
import type { Timeline } from '../timeline/timeline';
import { readWrites } from '../timeline/writes';

/** One run's step: what it wrote, old XOR new, and the memory before it. */
interface Written {
  readonly world: World;
  readonly words: ReadonlyMap<number, number>;
  readonly runs: readonly PageRun[];
}

interface PageRun {
  readonly field: number;
  readonly first: number;
  readonly end: number;
  readonly difference: number;
}

const ALL_BITS = -1;

/**
 * The bits of the page facts that a comparison reports (page-differences.ts). Mappings, allocations and the content of a
 * page that was never filled are left out: they become visible when the page is used.
 */
const reportedBits: Readonly<Partial<Record<PageFieldName, number>>> = {
  gfn:
    gfnBits.attributePrivate |
    gfnBits.guestPrivate |
    gfnBits.guestValidated |
    gfnBits.guestVmsa |
    gfnBits.guestKnows,
  rmp: ALL_BITS,
  hostPage: 0xf << LEAK_COUNT_SHIFT,
  contentLow: ALL_BITS,
  contentHigh: ALL_BITS,
};

/** Compares what steps with equal moves wrote. */
export class UnreportedDifferences {
  private readonly maps = new Map<number, ArenaMap>();
  private readonly named = new Map<number, ReadonlyMap<string, number>>();
  /** Machines of one size: an address has the same meaning in all of them. */
  private readonly isOneLayout: boolean;

  constructor(private readonly timelines: readonly Timeline[]) {
    const sizes = timelines.map(({ world: { config } }) => `${config.vcpus} ${config.slots ?? ''}`);
    this.isOneLayout = new Set(sizes).size < 2;
  }

  /** Splits runs with equal moves by the state that first differs in these steps. @param group runs that each have a step */
  split(group: readonly number[], steps: readonly (number | undefined)[]): number[][] {
    const [first = 0] = group;
    const own = this.timeline(first);
    const wroteSame = (run: number): boolean =>
      run === first || own.wroteSame(steps[first] ?? 0, this.timeline(run), steps[run] ?? 0);
    // Every run changed the same bits: words that were equal are still equal.
    if (this.isOneLayout && group.every(wroteSame)) return [[...group]];
    const written = group.map((run) => this.read(run, steps[run] ?? 0));
    const signs = group.map(() => '');
    const sign = (name: string, before: readonly number[], after: readonly number[]): void => {
      if (beginsToDiffer(before, after)) after.forEach((value, i) => (signs[i] += `${name}=${value} `));
    };
    if (this.isOneLayout) this.compareWords(written, sign);
    else this.compareNamedWords(group, written, sign);
    this.comparePages(written, sign);
    const parts = new Map<string, number[]>();
    group.forEach((run, i) => {
      const part = parts.get(signs[i] ?? '');
      if (part) part.push(run);
      else parts.set(signs[i] ?? '', [run]);
    });
    return [...parts.values()];
  }

  private timeline(run: number): Timeline {
    return this.timelines[run] as Timeline;
  }

  private read(run: number, step: number): Written {
    const timeline = this.timeline(run);
    const words = new Map<number, number>();
    const runs: PageRun[] = [];
    readWrites(
      new ByteReader(timeline.writes(step), 0),
      (address, difference) => words.set(address, difference),
      (field, first, count, difference) => runs.push({ field, first, end: first + count, difference }),
    );
    return { world: timeline.at(step).world, words, runs };
  }

  private compareWords(written: readonly Written[], sign: Sign): void {
    const addresses = new Set(written.flatMap(({ words }) => [...words.keys()]));
    const onePage = new Map<number, boolean>();
    for (const address of addresses) {
      if (!this.isComparable(address, written, onePage)) continue;
      const before = written.map(({ world }) => world.arena.read(address));
      const after = written.map(({ words }, i) => (before[i] as number) ^ (words.get(address) ?? 0));
      sign(String(address), before, after);
    }
  }

  /** As {@link compareWords} where an address means something else in each world. */
  private compareNamedWords(group: readonly number[], written: readonly Written[], sign: Sign): void {
    const names = new Set(
      written.flatMap(({ words }, i) =>
        [...words.keys()].flatMap((address) => this.mapOf(group[i] ?? 0).nameOf(address) ?? []),
      ),
    );
    for (const name of names) {
      const addresses = group.flatMap((run) => this.namesOf(run).get(name) ?? []);
      if (addresses.length < group.length || !isReported(name.split('.')[0] ?? '')) continue;
      const before = written.map(({ world }, i) => world.arena.read(addresses[i] as number));
      const after = written.map(
        ({ words }, i) => (before[i] as number) ^ (words.get(addresses[i] as number) ?? 0),
      );
      sign(name, before, after);
    }
  }

  private mapOf(run: number): ArenaMap {
    const map = this.maps.get(run) ?? new ArenaMap(this.timeline(run).world);
    this.maps.set(run, map);
    return map;
  }

  private namesOf(run: number): ReadonlyMap<string, number> {
    const names = this.named.get(run) ?? this.mapOf(run).named();
    this.named.set(run, names);
    return names;
  }

  /**
   * Whether a word has the same meaning in all runs: page images are allocated on demand, in an order that may differ. An
   * image that one of the runs allocates or drops in this step has its meaning after the step, or before it.
   * @param onePage what is known of images in this step
   */
  private isComparable(address: number, written: readonly Written[], onePage: Map<number, boolean>): boolean {
    const place = this.mapOf(0).at(address);
    if (!place) return false;
    if (place.kind === 'variable') return isReported(place.instance);
    if (place.isKvmRun) return true;
    let isOne = onePage.get(place.index);
    if (isOne === undefined) {
      isOne = isOnePage(written, place.index, true) || isOnePage(written, place.index, false);
      onePage.set(place.index, isOne);
    }
    return isOne;
  }

  private comparePages(written: readonly Written[], sign: Sign): void {
    const fields = new Set(written.flatMap(({ runs }) => runs.map(({ field }) => field)));
    const last = Math.min(...this.timelines.map(({ world }) => world.config.gmemPages));
    for (const field of fields) {
      const name = pageFieldNames[field] as PageFieldName;
      const reported = reportedBits[name] ?? 0;
      const own = written.map(({ runs }) => runs.filter((run) => run.field === field));
      const edges = own.flatMap((runs) => runs.flatMap(({ first, end }) => [first, end]));
      const cuts = [...new Set(edges)].sort((a, b) => a - b);
      cuts.slice(0, -1).forEach((from, i) => {
        const differences = own.map(
          (runs) => runs.find(({ first, end }) => first <= from && from < end)?.difference ?? 0,
        );
        if (differences.every((difference) => difference === differences[0])) return;
        const pages = written.map(({ world }) => world.pages.fields[field] as PageField);
        // Pages behind guest memory are the kernel's own.
        const end = name === 'gfn' ? (cuts[i + 1] ?? from) : Math.min(cuts[i + 1] ?? from, last);
        for (let at = from; at < end;) {
          const before = pages.map((page) => page.get(at) & reported);
          const after = before.map((value, run) => value ^ ((differences[run] ?? 0) & reported));
          sign(`${name}.${at}`, before, after);
          at += Math.min(...pages.map((page) => page.runLength(at, end - at)));
        }
      });
    }
  }
}

/** Whether an image stands for the same page in all runs. @param after the step, or before it */
function isOnePage(written: readonly Written[], index: number, after: boolean): boolean {
  const pages = written.map(({ world, words }) => {
    const { base, group } = itemAt(world.pageImages, index, 'image');
    return (['used', 'side', 'frame'] as const).map((name) => {
      const at = base + group.offsetOf(name);
      return world.arena.read(at) ^ (after ? (words.get(at) ?? 0) : 0);
    });
  });
  return pages.every((page) => page[0] !== 0 && page.every((fact, i) => fact === pages[0]?.[i]));
}

type Sign = (name: string, before: readonly number[], after: readonly number[]) => void;

/** Whether two runs had the same value before and have different values after. */
function beginsToDiffer(before: readonly number[], after: readonly number[]): boolean {
  const afterOf = new Map<number, number>();
  return before.some((value, i) => {
    const own = after[i] as number;
    const other = afterOf.get(value);
    afterOf.set(value, own);
    return other !== undefined && other !== own;
  });
}
