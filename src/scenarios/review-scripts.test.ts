/**
 * The scripts of the five review threads: each is a scenario that says of every generation what it does, and in which
 * two generations do not do the same. That they do it is held in `shipped.test.ts`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseInteger } from '../base/hex';
import { columnIds } from '../profiles/facet';
import { profileIds } from '../profiles/profiles';
import { appliesTo } from './expect';
import { holds } from './filter/value';
import { parseScenario, problemText } from './parse';
import { headOf, type ExpectLine, type Scenario } from './scenario';

const folder = join(import.meta.dirname, '../../public/scenarios');
const files = readdirSync(folder).filter((file) => file.endsWith('.ghcb'));

const threads = { lf: 5, ap: 9, ps: 8, lu: 6, tm: 6 };
const scripts = Object.entries(threads).flatMap(([thread, count]) =>
  Array.from({ length: count }, (_, i) => `${thread}-${i + 1}`),
);

function scenarioOf(file: string): Scenario {
  const parsed = parseScenario(readFileSync(join(folder, file), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}

/** Expectations with the index of the act that they are about. */
function expectationsOf({ lines }: Scenario): readonly { act: number; line: ExpectLine }[] {
  let act = -1;
  return lines.flatMap((line, index) => {
    if (line.kind === 'act' || line.kind === 'launch' || line.kind === 'runUntil') act = index;
    return line.kind === 'expect' ? [{ act, line }] : [];
  });
}

/** Whether what one expectation wants is what the other rules out. */
function contradict(one: ExpectLine, other: ExpectLine): boolean {
  const [a, b] = [one.filter, other.filter];
  if (a.kind !== 'compare' || b.kind !== 'compare' || a.path !== b.path || b.operator === '~') return false;
  const value = parseInteger(a.value) ?? a.value;
  if (a.operator !== '==' || (typeof value === 'string' && /^[<>h]/.test(b.operator))) return false;
  return !holds({ value }, b.operator, b.value);
}

/** Whether a scenario asks the same thing of two generations and expects another answer of each. */
function tellsApart(scenario: Scenario): boolean {
  const all = expectationsOf(scenario);
  return all.some((one) =>
    all.some((other) => {
      return one.act === other.act && contradict(one.line, other.line);
    }),
  );
}

test('there are 34 scripts', () => {
  expect(scripts).toHaveLength(34);
});

describe.each(scripts)('%s', (script) => {
  const own = files.filter(
    (file) => new RegExp(`^${script}b?-`).test(file) || file.startsWith(`${script}c-`),
  );
  const main = own.filter((file) => file.startsWith(`${script}-`));

  test('is one scenario for all nine generations, with the mail it comes from', () => {
    expect(main).toHaveLength(1);
    const head = headOf(scenarioOf(main[0] ?? ''));
    expect(head.profiles.slice(0, columnIds.length)).toEqual(columnIds);
    // One that is declared by its differences stands behind them where it differs.
    expect(head.profiles.slice(columnIds.length)).toEqual(
      profileIds.filter((id) => !columnIds.some((known) => known === id) && head.profiles.includes(id)),
    );
    expect(head.refs[0]).toMatch(/@/);
  });

  test.each(columnIds)('expects something of %s', (id) => {
    const expected = expectationsOf(scenarioOf(main[0] ?? '')).filter(({ line }) => appliesTo(line, id));
    expect(expected.length).toBeGreaterThan(0);
  });

  test('tells two kernels apart', () => {
    expect(own.some((file) => tellsApart(scenarioOf(file)))).toBe(true);
  });
});

interface Entry {
  readonly slug: string;
  readonly title: string;
  readonly group: string;
  readonly prose: string;
}

describe('the catalog', () => {
  const entries = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as readonly Entry[];

  test('lists every scenario once', () => {
    const slugs = entries.map(({ slug }) => `${slug}.ghcb`).sort();
    expect(slugs).toEqual([...files].sort());
  });

  test.each(entries)('$slug stands under its own title, in a group, with a paragraph', (entry) => {
    expect(entry.title).toBe(headOf(scenarioOf(`${entry.slug}.ghcb`)).title);
    expect(entry.group).not.toBe('');
    expect(entry.prose).not.toBe('');
  });
});
