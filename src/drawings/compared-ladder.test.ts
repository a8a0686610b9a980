import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseProfileSpec, type ResolvedProfile } from '../profiles/resolve';
import { profileIds } from '../profiles/profiles';
import { compare } from '../recording/comparison/comparison';
import { type Comparison } from '../recording/comparison/model';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import {
  dashOf,
  differingWords,
  drawnGroups,
  layoutComparedLadder,
  layoutTelling,
  markedLabel,
  visibleRows,
} from './compared-ladder';
import { planLadder } from './ladder';
import { isSplit, lettersOf, partings, rowGroups, sharedValues } from './compared-rows';

const profileOf = (spec: string): ResolvedProfile => {
  const parsed = parseProfileSpec(spec);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};

function comparisonOf(slug: string, specs: readonly string[]): Comparison {
  const file = join(import.meta.dirname, `../../public/scenarios/${slug}.ghcb`);
  const parsed = parseScenario(readFileSync(file, 'utf8'));
  if (!parsed.ok) throw new Error(`${slug} does not parse`);
  const { scenario } = parsed;
  return compare(specs.map((spec) => runScenario(scenario, profileOf(spec), (world) => new Timeline(world))));
}

const front = comparisonOf('ap-create-on-init-then-create', ['part2-v4', 'as-reviewed', 'linux-7.2']);
const heights = { act: 24, step: 32 };

describe('a label too long for its row', () => {
  const text = 'look up the page of VMSA 0x122000 · v1.mpState UNINITIALIZED';
  const content = { from: 'kvm', to: 'kvm', vcpu: -1, text } as const;
  const differs = text.split(' ').map((word) => word === 'UNINITIALIZED');

  test.each([88, 95, 100, 110])('keeps what tells it from the other at its end: %i columns', (columns) => {
    const plan = planLadder({ vcpus: [0, 1], columns, gutter: 3 });
    const { row, label } = layoutTelling(plan, content, differs);
    const said = label.map((piece) => piece.text).join(' ');
    expect(said).toMatch(/ · v1\.mpState UNINITIALIZED$/);
    expect(label.filter(({ strong }) => strong).map((piece) => piece.text)).toEqual(['UNINITIALIZED']);
    expect(row.cut).toBe(said !== text);
  });

  test('is whole where there is room', () => {
    const plan = planLadder({ vcpus: [0, 1], columns: 140, gutter: 3 });
    expect(layoutTelling(plan, content, differs).row.cut).toBe(false);
  });

  test('is cut at its end where nothing tells it apart', () => {
    const plan = planLadder({ vcpus: [0], columns: 88 });
    const long = { ...content, text: 'a '.repeat(60).trim() };
    expect(layoutTelling(plan, long, []).label.at(-1)?.text).toMatch(/…$/);
  });
});

describe('a second create, refused by B and taken by A', () => {
  const pair = comparisonOf('ap-create-on-init-then-create', ['linux-7.2', 'as-reviewed']);
  const { firstDivergence: first = -1 } = pair;

  test('they part where A takes the request, and the answers stand beside each other', () => {
    expect(partings(pair)).toContain(first);
    expect(drawnGroups(pair, first).map(({ runs }) => runs)).toEqual([[0]]);
    const later = pair.divergences.filter((row) => row >= first);
    const answer = later.map((row) => drawnGroups(pair, row)).find(({ length }) => length > 1);
    expect(answer?.map(({ runs }) => runs)).toEqual([[0], [1]]);
    expect(answer?.[1]?.step?.rule).toBe('ApAlreadyCreated');
  });

  test('a run that made no such step has no line of its own, and is told last', () => {
    const row = pair.rows[first];
    expect(row && rowGroups(pair, row).at(-1)).toMatchObject({ runs: [1], step: undefined });
  });
});

test.each([[['linux-7.2', 'linux-6.12']], [[...profileIds]]])(
  'under %j every row is as high as the acts and the groups that stand in it',
  (specs) => {
    const comparison = comparisonOf('ap-create-on-init-then-create', specs);
    const { topOf, heads, rowCount } = layoutComparedLadder(comparison);
    expect(rowCount).toBe(comparison.rows.length);
    for (let row = 0; row < rowCount; row++) {
      const of = comparison.rows[row];
      const lines = of && isSplit(of) ? Math.max(1, drawnGroups(comparison, row).length) : 1;
      const acts = heads.get(row)?.length ?? 0;
      expect(topOf(row + 1, heights) - topOf(row, heights)).toBe(acts * heights.act + lines * heights.step);
    }
  },
);

test('every act that made a step stands above the row in which it begins, once for the runs that have it alike', () => {
  const { heads } = layoutComparedLadder(front);
  const told = [...heads.values()].flat();
  const acts = front.runs.map(({ timeline }) => timeline.acts.filter(({ stepCount }) => stepCount > 0));
  acts.forEach((ofRun, run) => {
    expect(told.filter(({ runs }) => runs.includes(run))).toHaveLength(ofRun.length);
  });
});

test.each([
  [0, 100],
  [500, 300],
  [1e6, 10],
])('a window at %d of height %d shows exactly the rows that reach into it', (top, height) => {
  const { rowCount, topOf } = layoutComparedLadder(front);
  const at = (row: number): number => topOf(row, heights);
  const { first, end } = visibleRows(rowCount, at, { top, height });
  const inside = Array.from({ length: rowCount }, (_, row) => row).filter(
    (row) => at(row + 1) > top && at(row) <= top + height,
  );
  expect(Array.from({ length: end - first }, (_, i) => first + i)).toEqual(inside);
});

test('what differs is told word by word', () => {
  expect(differingWords(['answered 0x0/0x0', 'answered 0x2/0x5'])).toEqual([
    [false, true],
    [false, true],
  ]);
  expect(differingWords(['kick v1', 'kick v1 again'])).toEqual([
    [false, false],
    [false, false, true],
  ]);
});

test('a label is cut where the bold words begin and end, and no letter moves', () => {
  const pieces = [{ column: 5, line: 0 as const, text: 'AP_CREATION answered 0x0/0x0 now' }];
  expect(markedLabel(pieces, [false, false, true, false])).toEqual([
    { column: 5, line: 0, text: 'AP_CREATION answered', strong: false },
    { column: 26, line: 0, text: '0x0/0x0', strong: true },
    { column: 34, line: 0, text: 'now', strong: false },
  ]);
});

test('nine runs have nine lines and nine letters', () => {
  const runs = Array.from({ length: 9 }, (_, run) => run);
  expect(new Set(runs.map((run) => dashOf([run]))).size).toBe(9);
  expect(dashOf([0])).toBe('');
  expect(lettersOf([0, 2, 8], 9)).toBe('ACI');
  expect(lettersOf(runs, 9)).toBe('');
});

test('equal values are told once, with all that have them', () => {
  expect(sharedValues(['RUNNABLE', 'HALTED', 'RUNNABLE', undefined])).toEqual([
    { runs: [0, 2], value: 'RUNNABLE' },
    { runs: [1], value: 'HALTED' },
    { runs: [3], value: undefined },
  ]);
});
