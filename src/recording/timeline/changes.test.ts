/** What a step changed, held to the two worlds before and after it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex } from '../../base/hex';
import { pageFieldNames, type PageFieldName } from '../../engine/memory/page-bits';
import { formatVariable } from '../../engine/state/schema';
import type { World } from '../../engine/world';
import { profileIds } from '../../profiles/profiles';
import { profile } from '../../profiles/resolve';
import { runScenario } from '../../scenarios/run';
import { actLine, type Line } from '../../scenarios/scenario';
import { runs } from '../../testing/effort';
import { anyAct } from '../../testing/scenarios/any-act';
import type { Change } from './changes';
import { Timeline } from './timeline';

/** All that a world holds, and what its images are called. */
interface State {
  readonly words: Int32Array;
  readonly pages: readonly Int32Array[];
  readonly imageNames: readonly string[];
}

function stateOf(world: World): State {
  return {
    words: world.arena.words.slice(),
    pages: world.pages.fields.map((field) => {
      const values = new Int32Array(field.pageCount);
      for (const { first, count, value } of field.runs()) values.fill(value, first, first + count);
      return values;
    }),
    imageNames: world.pageImages.map(({ side, frame }) => `${side} page ${hex(frame)}`),
  };
}

/** The longest runs from `from` on in which `same` holds between neighbours and `wanted` of the first. */
function runsIn(
  end: number,
  wanted: (at: number) => boolean,
  same: (a: number, b: number) => boolean,
): { first: number; count: number }[] {
  const found: { first: number; count: number }[] = [];
  for (let first = 0; first < end;) {
    let next = first + 1;
    while (next < end && same(first, next)) next++;
    if (wanted(first)) found.push({ first, count: next - first });
    first = next;
  }
  return found;
}

function variableChanges(world: World, before: State, after: State): Change[] {
  return world.instances.flatMap(({ name, group, instance }) =>
    group.slots.flatMap((slot): Change[] => {
      const at = instance.base + slot.offset;
      const wordsOf = ({ words }: State): number[] => [...words.slice(at, at + slot.words)];
      const [old, now] = [wordsOf(before), wordsOf(after)];
      if (old.every((word, i) => word === now[i])) return [];
      const text = ([low = 0, high = 0]: number[]): string => formatVariable(slot.variable, low, high);
      const { doc } = slot.variable;
      return [
        { kind: 'variable', instance: name, variable: slot.name, before: text(old), after: text(now), doc },
      ];
    }),
  );
}

function byteChanges(world: World, before: State, after: State): Change[] {
  const images = [
    ...world.kvmRun.map((image, imageIndex) => ({ image, imageIndex, isKvmRun: true })),
    ...world.pageImages.map((page, imageIndex) => ({
      image: world.bytesOf(page),
      imageIndex,
      isKvmRun: false,
    })),
  ];
  return images.flatMap(({ image: { base, byteLength }, imageIndex, isKvmRun }) => {
    const bytesOf = ({ words }: State): Buffer => Buffer.from(words.buffer, base * 4, byteLength);
    const [old, now] = [bytesOf(before), bytesOf(after)];
    if (old.equals(now)) return [];
    const differs = (at: number): boolean => old[at] !== now[at];
    const image = isKvmRun ? `kvm_run v${imageIndex}` : (after.imageNames[imageIndex] ?? '');
    return runsIn(byteLength, differs, (a, b) => differs(a) === differs(b)).map(
      ({ first: at, count: length }): Change => ({ kind: 'bytes', image, imageIndex, isKvmRun, at, length }),
    );
  });
}

function pageChanges(before: State, after: State): Change[] {
  return before.pages.flatMap((old, index) => {
    const now = after.pages[index] as Int32Array;
    const field = pageFieldNames[index] as PageFieldName;
    if (Buffer.from(old.buffer).equals(Buffer.from(now.buffer))) return [];
    return runsIn(
      old.length,
      (at) => old[at] !== now[at],
      (a, b) => old[a] === old[b] && now[a] === now[b],
    ).map(({ first, count }): Change => {
      const [from, to] = [old[first] as number, now[first] as number];
      return { kind: 'pages', field, first, count, before: from, after: to };
    });
  });
}

test('each variable, each range of bytes and each run of pages that differs is told once, and nothing else', () => {
  const lists = fc.array(anyAct, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(lists, fc.constantFrom(...profileIds), fc.boolean(), (acts, id, launched) => {
      const launch: Line[] = launched ? [{ kind: 'launch' }] : [];
      const scenario = { lines: [...launch, ...acts.map(actLine)] };
      const { timeline } = runScenario(scenario, profile(id), (world) => new Timeline(world), {
        maxSteps: 120,
      });
      let before = stateOf(timeline.at(0).world);
      for (let step = 0; step < timeline.stepCount; step++) {
        const { world } = timeline.at(step + 1);
        const after = stateOf(world);
        expect(timeline.step(step).changes).toEqual([
          ...variableChanges(world, before, after),
          ...byteChanges(world, before, after),
          ...pageChanges(before, after),
        ]);
        before = after;
      }
    }),
    { numRuns: runs(10) },
  );
});
