/** Steps that look alike part exactly where the state begins to differ in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Act } from '../../engine/acts';
import { gfnBits, hostPageBits, LEAK_COUNT_SHIFT, type PageFieldName } from '../../engine/memory/page-bits';
import type { perform } from '../../engine/perform';
import { World } from '../../engine/world';
import { profileIds } from '../../profiles/profiles';
import { defaultProfile, profile } from '../../profiles/resolve';
import { parseScenario } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import type { Scenario } from '../../scenarios/scenario';
import { isLong, sampled } from '../../testing/effort';
import { Timeline } from '../timeline/timeline';
import { compare } from './comparison';
import type { FieldDifference } from './model';
import { UnreportedDifferences } from './unreported-differences';

const folder = join(import.meta.dirname, '../../../public/scenarios');
const files = readdirSync(folder).filter((file) =>
  /^(ap|ps|lf|lu|seed|vmm|tm|conformance).*\.ghcb$/.test(file),
);

function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.scenario;
}

/** Which runs agree, of those that are asked about: equal values of every difference. */
function partsOf(differences: readonly FieldDifference[], group: readonly number[]): number[][] {
  const parts = new Map<string, number[]>();
  for (const run of group) {
    const key = JSON.stringify(differences.map(({ values }) => values[run] ?? null));
    parts.set(key, [...(parts.get(key) ?? []), run]);
  }
  return [...parts.values()];
}

describe.each(sampled(files, 6))('%s', (file) => {
  const scenario = scenarioOf(readFileSync(join(folder, file), 'utf8'));
  const runs = sampled(profileIds, 4).map((id) =>
    runScenario(scenario, profile(id), (world) => new Timeline(world)),
  );
  const comparison = compare(runs);
  // Of a long run its end.
  const rows = [...comparison.rows.entries()].slice(isLong ? 0 : -40);
  const states = new Map<number, readonly FieldDifference[]>();
  const stateAfter = (row: number): readonly FieldDifference[] => {
    const known = states.get(row) ?? comparison.stateAfter(row);
    states.set(row, known);
    return known;
  };

  test('runs whose state was and is the same did the same where their moves are the same', () => {
    for (const [index, { groups, steps, differences }] of rows) {
      if (groups.length < 2 || steps.some((step) => step === undefined)) continue;
      const moved = differences.some(({ name }) => /^[a-zA-Z0-9]+$/.test(name) && name !== 'rule');
      if (moved) continue;
      // No name of the step itself differs, so the state must have begun to.
      const before = partsOf(stateAfter(index - 1), [...runs.keys()]);
      const after = partsOf(stateAfter(index), [...runs.keys()]);
      expect(after.length, `row ${index}`).toBeGreaterThan(1);
      for (const group of groups)
        for (const was of before) {
          const both = group.filter((run) => was.includes(run));
          const [first] = both;
          const now = after.find((part) => part.includes(first ?? -1)) ?? [];
          expect(
            both.every((run) => now.includes(run)),
            `row ${index}: ${group.join()}`,
          ).toBe(true);
        }
    }
  });

  test('and runs in one group of a row had and have no state that began to differ in it', () => {
    for (const [index, { groups }] of rows) {
      const before = stateAfter(index - 1);
      const after = stateAfter(index);
      for (const group of groups)
        for (const was of partsOf(before, group))
          expect(partsOf(after, was), `row ${index} of runs ${was.join()}`).toHaveLength(1);
    }
  });
});

/** Something done to a world; an act of the runs below is a list of them. */
type Deed = (world: World) => void;
const performDeeds: typeof perform = (world, act) => {
  for (const deed of act as unknown as readonly Deed[]) deed(world);
  return undefined;
};
const PAGES = 64;
const shared = (at: number, frame: number, value = 7): Deed => {
  return (world) => world.image('shared', frame).setU8(at, value);
};
const page = (field: PageFieldName, first: number, value: number, count = 1): Deed => {
  return (world) => world.pages[field].setRun(first, count, value);
};
const nothing: Deed = () => undefined;

/** Which of the runs are still alike in a step in which each did its own deed, after what each did before. */
function partedBy(
  deeds: readonly Deed[],
  before: readonly Deed[] = [],
  vcpus: readonly number[] = [],
): number[][] {
  const timelines = deeds.map((deed, run) => {
    const world = new World({ vcpus: vcpus[run] ?? 1, gfnCount: PAGES, gmemPages: PAGES }, defaultProfile());
    const timeline = new Timeline(world, performDeeds);
    const move: Deed = (one) => one.move('msrRequest', 0, { name: 'GHCB_MSR', value: 1n });
    for (const each of [before[run] ?? nothing, deed])
      timeline.perform([each, move] as unknown as Act, 'user');
    return timeline;
  });
  return new UnreportedDifferences(timelines).split(
    [...deeds.keys()],
    deeds.map(() => 1),
  );
}

const alike = [[0, 1]];
const apart = [[0], [1]];
const { attributePrivate, mappedShared, guestValidated } = gfnBits;
describe('runs that make the same move', () => {
  test.each<[what: string, parts: number[][], one: Deed, other: Deed]>([
    ['write nothing', alike, nothing, nothing],
    ['write one variable alike', alike, (w) => (w.vm.asid = 3), (w) => (w.vm.asid = 3)],
    ['write one variable differently', apart, (w) => (w.vm.asid = 3), (w) => (w.vm.asid = 4)],
    ['write the high half of a register', apart, (w) => (w.vcpu(0).rax = 1n << 40n), nothing],
    ['write kvm_run differently', apart, (w) => w.kvmRun[0]?.setU8(9, 1), nothing],
    ['write a byte of one page differently', apart, shared(5, 8), shared(6, 8)],
    ['fill the image of another page at the same place', alike, shared(5, 8), shared(5, 9)],
    ['fill it with other bytes', alike, shared(5, 8), shared(5, 9, 3)],
    ['set the attribute of a frame', apart, page('gfn', 5, attributePrivate), nothing],
    [
      'set the attribute of another frame',
      apart,
      page('gfn', 5, attributePrivate),
      page('gfn', 6, attributePrivate),
    ],
    ['map a frame, which shows when it is used', alike, page('gfn', 5, mappedShared), nothing],
    ['validate the last frame', apart, page('gfn', PAGES - 1, guestValidated), nothing],
    ['change the RMP entry of a page of the guest', apart, page('rmp', PAGES - 1, 1), nothing],
    ['change the RMP entry of a page of the kernel', alike, page('rmp', PAGES, 1), nothing],
    ['change more of the same pages', apart, page('rmp', 3, 1, 2), page('rmp', 3, 1, 3)],
    [
      'change the same pages in other pieces',
      alike,
      page('rmp', 3, 1, 3),
      (w) => {
        page('rmp', 4, 1, 2)(w);
        page('rmp', 3, 1)(w);
      },
    ],
    ['leak a page', apart, page('hostPage', 5, 1 << LEAK_COUNT_SHIFT), nothing],
    ['allocate a page', alike, page('hostPage', 5, hostPageBits.present), nothing],
    ['fill a page', apart, page('contentLow', 5, 0x1234), nothing],
    ['fill its high half', apart, page('contentHigh', 5, 0x1234), nothing],
    ['write under another key', alike, page('contentKey', 5, 1), nothing],
  ])('and %s', (_, parts, one, other) => expect(partedBy([one, other])).toEqual(parts));

  const asid =
    (value: number): Deed =>
    (w) =>
      void (w.vm.asid = value);
  test('a difference belongs to the step in which it begins', () => {
    const cause: Deed = (w) => (w.vcpu(0).rax = 1n);
    // They differed before, and differ in the same way.
    expect(partedBy([cause, cause], [asid(1), asid(2)])).toEqual(alike);
    // They differed before and become equal, or differ in another way.
    expect(partedBy([asid(3), asid(3)], [asid(1), asid(2)])).toEqual(alike);
    expect(partedBy([asid(3), asid(4)], [asid(1), asid(2)])).toEqual(alike);
    // Two of three were equal.
    expect(partedBy([asid(3), asid(4), asid(5)], [asid(1), asid(2), asid(1)])).toEqual([[0], [1], [2]]);
    expect(partedBy([asid(3), asid(3), asid(5)], [asid(1), asid(2), asid(1)])).toEqual([[0, 1], [2]]);
    const rmp = (value: number): Deed => page('rmp', 7, value, 4);
    expect(partedBy([rmp(2), rmp(3)], [rmp(0), rmp(1)])).toEqual(alike);
    expect(partedBy([rmp(2), nothing], [page('rmp', 9, 1), rmp(1)])).toEqual(apart);
  });

  test('a page that both had has one meaning until one of them drops it', () => {
    const drop: Deed = (w) => w.dropImage('shared', 8);
    expect(partedBy([drop, nothing], [shared(5, 8), shared(5, 8)])).toEqual(apart);
    expect(partedBy([drop, drop], [shared(5, 8), shared(5, 8)])).toEqual(alike);
    // One had it, the other takes it now.
    expect(partedBy([shared(16, 8), shared(5, 8)], [shared(5, 8), nothing])).toEqual(apart);
    expect(partedBy([shared(5, 8, 9), shared(5, 8, 9)], [shared(5, 8), nothing])).toEqual(alike);
  });

  test('machines of another size are held to one another by names', () => {
    const rax =
      (value: bigint): Deed =>
      (w) =>
        void (w.vcpu(0).rax = value);
    const sizes = [1, 2];
    expect(partedBy([rax(1n), rax(1n)], [], sizes)).toEqual(alike);
    expect(partedBy([rax(1n), rax(2n)], [], sizes)).toEqual(apart);
    expect(partedBy([asid(1), nothing], [], sizes)).toEqual(apart);
    expect(partedBy([asid(1), asid(1)], [], sizes)).toEqual(alike);
    expect(partedBy([asid(3), asid(4)], [asid(1), asid(2)], sizes)).toEqual(alike);
    // A vCPU that only one of them has.
    expect(partedBy([nothing, (w) => (w.vcpu(1).rax = 1n)], [], sizes)).toEqual(alike);
    // Images of pages are allocated when they are needed.
    expect(partedBy([shared(1, 8), shared(1, 9)], [], sizes)).toEqual(alike);
    const run: Deed = (w) => w.kvmRun[0]?.setU8(9, 1);
    expect(partedBy([run, nothing], [], sizes)).toEqual(apart);
  });
});
