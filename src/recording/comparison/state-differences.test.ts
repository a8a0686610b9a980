/** Which names two runs differ in at two places, held to the worlds themselves. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gpaToGfn } from '../../abi/address';
import { hex } from '../../base/hex';
import { isUnknownPath, observe } from '../../engine/observe';
import { NO_GPA, NO_PFN, type World } from '../../engine/world';
import { profileIds } from '../../profiles/profiles';
import { profile } from '../../profiles/resolve';
import { observedText } from '../../scenarios/filter/value';
import { runScenario } from '../../scenarios/run';
import { actLine, type Line } from '../../scenarios/scenario';
import { runs as runsOf } from '../../testing/effort';
import { anyAct } from '../../testing/scenarios/any-act';
import { Timeline } from '../timeline/timeline';
import type { FieldDifference } from './model';
import { pageDifferences } from './page-differences';
import { stateDifferences, worldsAt } from './state-differences';

const launched: Line = { kind: 'launch' };
const small: Line = { kind: 'vm', settings: { memory: 2 << 20 }, written: [{ name: 'memory', text: '2M' }] };
/** Acts after a launch or without one, under any generation. */
const anyInput = fc.record({
  acts: fc.array(anyAct, { maxLength: 8 }),
  id: fc.constantFrom(...profileIds),
  isLaunched: fc.boolean(),
  place: fc.nat(),
});

/** Holds for two or three runs, each at some place. */
function atPlaces(
  count: number,
  check: (timelines: readonly Timeline[], positions: readonly number[]) => void,
): void {
  fc.assert(
    fc.property(fc.array(anyInput, { minLength: 2, maxLength: 3 }), (inputs) => {
      const timelines = inputs.map(({ acts, id, isLaunched }) => {
        const lines = [small, ...(isLaunched ? [launched] : []), ...acts.map(actLine)];
        const options = { maxSteps: 150 };
        return runScenario({ lines }, profile(id), (world) => new Timeline(world), options).timeline;
      });
      check(
        timelines,
        inputs.map(({ place }, run) => place % ((timelines[run]?.stepCount ?? 0) + 1)),
      );
    }),
    { numRuns: runsOf(count) },
  );
}

const textIn = (world: World, path: string): string | undefined => {
  const found = observe(world, path);
  return isUnknownPath(found) ? undefined : observedText(found);
};
const byName = (a: FieldDifference, b: FieldDifference): number => (a.name < b.name ? -1 : 1);

const aspects = [
  'attribute',
  'rmp',
  'rmp.validated',
  'rmp.vmsa',
  'rmp.asid',
  'rmp.twoMeg',
  'guest',
  'kvm',
  'content',
];

/** Every frame asked about every aspect; frames that differ alike as one. */
function pagesThatDiffer(worlds: readonly World[]): FieldDifference[] {
  const end = Math.min(...worlds.map(({ config }) => config.gfnCount));
  return aspects.flatMap((aspect) => {
    const found: (FieldDifference & { frames: number })[] = [];
    let open: string | undefined;
    for (let gfn = 0; gfn < end; gfn++) {
      const name = `page.${hex(gfn)}.${aspect}`;
      const values = worlds.map((world) => textIn(world, name));
      const key = new Set(values).size > 1 ? JSON.stringify(values) : undefined;
      const last = found.at(-1);
      if (key !== undefined && key === open && last)
        found[found.length - 1] = { ...last, frames: last.frames + 1 };
      else if (key !== undefined) found.push({ name, values, frames: 1 });
      open = key;
    }
    return found;
  });
}

describe('frames', () => {
  test('that differ are told by each aspect, the first of several alike with their number', () => {
    atPlaces(4, (timelines, positions) => {
      const worlds = worldsAt(timelines, positions);
      const found = pageDifferences(worlds);
      expect([...found].sort(byName)).toEqual(pagesThatDiffer(worlds).sort(byName));
      const frames = found.map(({ name }) => Number(name.split('.')[1]));
      expect(frames).toEqual([...frames].sort((a, b) => a - b));
    });
  });
});

describe('the state of several runs', () => {
  test('at one place differs from itself in nothing', () => {
    atPlaces(4, ([timeline], [place = 0]) => {
      if (timeline) expect(stateDifferences([timeline, timeline], [place, place])).toEqual([]);
    });
  });

  test('differs in the same names in whatever order the runs are named, each once, each with values that differ', () => {
    atPlaces(10, (timelines, positions) => {
      const found = stateDifferences(timelines, positions);
      const turned = stateDifferences([...timelines].reverse(), [...positions].reverse());
      expect(
        turned.map(({ values, ...rest }) => ({ ...rest, values: [...values].reverse() })).sort(byName),
      ).toEqual([...found].sort(byName));
      expect(new Set(found.map(({ name }) => name)).size).toBe(found.length);
      for (const { name, values } of found) expect(new Set(values).size, name).toBeGreaterThan(1);
    });
  });

  test('is told for each declared variable whose words differ, all ones as none', () => {
    atPlaces(10, (timelines, positions) => {
      const worlds = worldsAt(timelines, positions);
      const [first] = worlds;
      if (!first) return;
      const told = stateDifferences(timelines, positions);
      // Threads have two words in their name; the bytes of images have a test of their own.
      const wanted = first.instances
        .filter(({ name }) => /^\w+$/.test(name) && !name.startsWith('image'))
        .flatMap(({ name, group, instance }) =>
          group.slots.flatMap((slot) => {
            const of = worlds.map(({ arena, instances }) => {
              const same = instances.find((one) => one.name === name);
              const at = (same?.instance.base ?? instance.base) + slot.offset;
              return [...arena.words.slice(at, at + slot.words)].join();
            });
            return new Set(of).size > 1 ? [`${name}.${slot.name}`] : [];
          }),
        );
      const variables = told.filter(({ name }) => /^\w+\.\w+$/.test(name) && !name.startsWith('page.'));
      expect(variables.map(({ name }) => name).sort()).toEqual(wanted.sort());
      for (const { name, values } of variables) {
        const [instance = '', variable = ''] = name.split('.');
        if (!/^(v\d+|vm)$/.test(instance)) continue;
        values.forEach((value, run) => {
          const { vm, vcpus } = worlds[run] as World;
          const of = instance === 'vm' ? vm : vcpus[Number(instance.slice(1))];
          const raw = (of as unknown as Readonly<Record<string, unknown>>)[variable];
          if (typeof raw !== 'number' && typeof raw !== 'bigint') return;
          const isNone = raw === NO_GPA || raw === NO_PFN || raw === -1;
          expect(value === 'none', `${name} ${raw}`).toBe(isNone);
        });
      }
    });
  });

  test('is told for each 8 bytes that differ of a page that a guest or KVM stored bytes in', () => {
    atPlaces(10, (timelines, positions) => {
      const worlds = worldsAt(timelines, positions);
      const told = new Map(
        stateDifferences(timelines, positions)
          .filter(({ name }) => / page /.test(name))
          .map(({ name, values }) => [name, values]),
      );
      const pages = worlds.map((world) => {
        const ghcbs: readonly number[] = world.vcpus.map(({ guestGhcbGpa }) => gpaToGfn(guestGhcbGpa));
        const used = world.pageImages.filter(
          ({ used, side, frame }) => used && !(side === 'shared' && ghcbs.includes(frame)),
        );
        return new Map(used.map((image) => [`${image.side} page ${hex(image.frame)}`, world.bytesOf(image)]));
      });
      const wanted = [...new Set(pages.flatMap((of) => [...of.keys()]))].flatMap((page) =>
        Array.from({ length: 512 }, (_, word) => word * 8).flatMap((at): [string, unknown][] => {
          const values = pages.map((of) => of.get(page)?.u64(at));
          const present = values.filter((value) => value !== undefined);
          if (new Set(present).size < 2) return [];
          return [
            [`${page} +${hex(at)}`, values.map((value) => (value === undefined ? undefined : hex(value)))],
          ];
        }),
      );
      expect(told).toEqual(new Map(wanted as [string, (string | undefined)[]][]));
    });
  });
});
