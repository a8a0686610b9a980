/** The same history kept as immutable states with immer: what a person would write first. */
import { produce, setAutoFreeze } from 'immer';
import type { Timeline } from '../../recording/timeline/timeline';
import { count, line, part } from './measure';
import { longTimeline } from './timeline';

const STEPS = 100_000;
const REGION = 512;

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

export function benchImmer(): void {
  const start = performance.now();
  const timeline = longTimeline(STEPS);
  const own = performance.now() - start;
  const patches = Array.from({ length: timeline.stepCount }, (_, step) => patchesOf(timeline, step));
  setAutoFreeze(false); // faster, and nobody else writes to these states
  const states: State[] = [{ variables: {}, pages: {}, images: {} }];
  const begun = performance.now();
  for (const own of patches)
    states.push(
      produce(states[states.length - 1] as State, (draft) => {
        for (const patch of own) put(draft, patch);
      }),
    );
  const immer = performance.now() - begun;
  part('The same history with immer');
  line('steps', count(timeline.stepCount));
  line('performed and recorded here', `${own.toFixed(0)} ms`);
  line('written into immutable states', `${immer.toFixed(0)} ms`, 'the writes alone, nothing is performed');
  line('ratio', `${(immer / own).toFixed(1)} ×`, 'bar 20 ×');
}
