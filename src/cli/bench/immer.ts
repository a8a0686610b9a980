/** The same history kept as immutable states with immer: what a person would write first. */
import { produce, setAutoFreeze } from 'immer';
import type { Timeline } from '../../recording/timeline/timeline';
import { count, leastWork, line, milliseconds, part } from './measure';
import { sameWrites } from './same-writes';
import { longTimeline } from './timeline';

const STEPS = 100_000;
const REGION = 512;
/** The least of so many runs counts; those of immer take twenty times as long, and are warm after the first. */
const RUNS = 10;
const RUNS_OF_IMMER = 3;

interface State {
  readonly variables: Record<string, string>;
  /** By field, then by 2 MiB region: one value, or one for each page. */
  readonly pages: Record<string, Record<number, number | number[]>>;
  readonly images: Record<string, Record<number, number>>;
}

/** What a step writes, ready to be put into a state. */
type Patch =
  | { readonly kind: 'variable'; readonly name: string; readonly value: string }
  | { readonly kind: 'bytes'; readonly image: string; readonly at: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'pages';
      readonly field: string;
      readonly first: number;
      readonly count: number;
      readonly value: number;
    };

function patchesOf(timeline: Timeline, step: number): readonly Patch[] {
  const { world } = timeline.at(step + 1);
  return timeline.step(step).changes.flatMap((change): Patch | [] => {
    if (change.kind === 'variable')
      return { kind: 'variable', name: `${change.instance}.${change.variable}`, value: change.after };
    if (change.kind === 'pages') {
      const { field, first, count: pages, after } = change;
      return { kind: 'pages', field, first, count: pages, value: after };
    }
    const { image, imageIndex, isKvmRun, at, length } = change;
    const page = world.pageImages[imageIndex];
    const bytes = isKvmRun ? world.kvmRun[imageIndex] : page && world.bytesOf(page);
    return bytes ? { kind: 'bytes', image, at, bytes: bytes.toBytes(at, length) } : [];
  });
}

function put(state: State, patch: Patch): void {
  if (patch.kind === 'variable') state.variables[patch.name] = patch.value;
  else if (patch.kind === 'bytes') {
    const image = (state.images[patch.image] ??= {});
    patch.bytes.forEach((byte, i) => (image[patch.at + i] = byte));
  } else {
    const field = (state.pages[patch.field] ??= {});
    const end = patch.first + patch.count;
    for (let at = patch.first; at < end;) {
      const region = Math.floor(at / REGION);
      const stop = Math.min((region + 1) * REGION, end);
      if (stop - at === REGION) field[region] = patch.value;
      else {
        const known = field[region] ?? 0;
        const pages = typeof known === 'number' ? new Array<number>(REGION).fill(known) : known;
        for (let page = at; page < stop; page++) pages[page % REGION] = patch.value;
        if (typeof known === 'number') field[region] = pages;
      }
      at = stop;
    }
  }
}

/** The same writes, one immutable state after each step. */
function immutableStates(patches: readonly (readonly Patch[])[]): number {
  const states: State[] = [{ variables: {}, pages: {}, images: {} }];
  for (const own of patches)
    states.push(
      produce(states[states.length - 1] as State, (draft) => {
        for (const patch of own) put(draft, patch);
      }),
    );
  return states.length;
}

export function benchImmer(): void {
  const timeline = longTimeline(STEPS);
  const again = sameWrites(timeline);
  const patches = Array.from({ length: timeline.stepCount }, (_, step) => patchesOf(timeline, step));
  if (again().digest() !== timeline.digest()) throw new Error('the same writes came to another world');
  setAutoFreeze(false); // faster, and nobody else writes to these states
  const built = leastWork(() => void longTimeline(STEPS), RUNS);
  const kept = leastWork(() => void again(), RUNS);
  const immer = leastWork(() => void immutableStates(patches), RUNS_OF_IMMER);
  part('The same history with immer, processor time');
  line('steps', count(timeline.stepCount));
  line('their writes as immutable states', milliseconds(immer), 'nothing is performed');
  line(
    'their writes kept here',
    milliseconds(kept),
    `nothing is performed: ${(immer / kept).toFixed(1)} x, bar 20 x`,
  );
  line('performed, checked and kept here', milliseconds(built), `${(immer / built).toFixed(1)} x`);
}
