import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { finish as all } from '../../base/resumable';
import { describe, expect, test } from 'vitest';
import { parseProfileSpec } from '../../profiles/resolve';
import { parseFilter } from '../../scenarios/filter/parse';
import { parseScenario } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import { runs } from '../../testing/effort';
import { compare } from '../comparison/comparison';
import { Timeline } from '../timeline/timeline';
import { rowHits, stepHits } from './hits';

function runsOf(slug: string, specs: readonly string[]) {
  const text = readFileSync(new URL(`../../../public/scenarios/${slug}.ghcb`, import.meta.url), 'utf8');
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(slug);
  return specs.map((spec) => {
    const profile = parseProfileSpec(spec);
    if (!profile.ok) throw new Error(spec);
    return runScenario(parsed.scenario, profile.value, (world) => new Timeline(world));
  });
}

function filterOf(text: string) {
  const parsed = parseFilter(text, { vcpus: 2 });
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.filter;
}

describe('the steps of a run', () => {
  const [run] = runsOf('ap-create-on-init-then-create', ['linux-7.2']);
  const timeline = run?.timeline;
  if (!timeline) throw new Error('no run');
  const hits = (text: string): readonly number[] => all(stepHits(timeline, filterOf(text)));

  test('in which a value changed are those after which it is another', () => {
    const expected: number[] = [];
    for (let index = 0; index < timeline.stepCount; index++) {
      const before = timeline.at(index).world.vcpu(1).mpState;
      if (timeline.at(index + 1).world.vcpu(1).mpState !== before) expected.push(index);
    }
    expect(expected.length).toBeGreaterThan(2);
    expect(hits('v1.mpState changed')).toEqual(expected);
  });

  test('are found by their words, acts, moves and rules', () => {
    const creations = hits('text ~ "ap_creation"');
    expect(creations.map((index) => timeline.step(index).move?.kind)).toContain('naeAnswer');
    expect(hits('act ~ "ap-create target=1"').every((index) => index >= (creations[0] ?? 0))).toBe(true);
    const kind = timeline.step(creations[0] ?? 0).move?.kind ?? '';
    expect(hits(`move == ${kind}`)).toContain(creations[0]);
    expect(hits('rule != ""').length).toBeGreaterThan(0);
  });

  test('are those of one filter, of both, of neither', () => {
    const [a, b] = [hits('v1.mpState changed'), hits('text ~ "INIT"')];
    expect(hits('v1.mpState changed and text ~ "INIT"')).toEqual(a.filter((index) => b.includes(index)));
    const either = [...new Set([...a, ...b])].sort((x, y) => x - y);
    expect(hits('v1.mpState changed or text ~ "INIT"')).toEqual(either);
    const neither = hits('not (v1.mpState changed or text ~ "INIT")');
    expect(neither.length + either.length).toBe(timeline.stepCount);
  });

  test('a value is the one once the step is over', () => {
    const runnable = hits('v1.mpState == RUNNABLE');
    for (const index of runnable) expect(timeline.at(index + 1).world.vcpu(1).mpState).toBe('RUNNABLE');
    expect(runnable.length).toBeGreaterThan(0);
  });
});

test('rows of several runs: those that differ, and those that any run has', () => {
  const runs = runsOf('ap-create-on-init-then-create', ['linux-7.2', 'linux-7.2:ap.doubleCreate=reject']);
  const comparison = compare(runs);
  expect(all(rowHits(comparison, filterOf('differs')))).toEqual(comparison.divergences);
  const refused = all(rowHits(comparison, filterOf('text ~ "malformed"')));
  expect(refused).toHaveLength(1);
  expect(comparison.divergences).toContain(refused[0]);
});

test('any filter that can be read gives steps of the run, in order', () => {
  const [run] = runsOf('psc-batch', ['linux-7.2']);
  const timeline = run?.timeline;
  if (!timeline) throw new Error('no run');
  const names = fc.constantFrom(
    'v0.exit',
    'v1.mpState',
    'v0.ghcb.swExitCode',
    'v0.run.hypercall.args[1]',
    'guest.info2',
    'psc.entry[3].curPage',
    'page.0x100.rmp',
    'page.0xfffffff.rmp',
    'page.9007199254740993.kvm',
    'refused',
    'moves.mapGpaRangeExit',
    'violations.pscRet',
    'vm.gstate',
    'slot0.pages',
    'vmsa.v1.rmp',
    'text',
    'act',
    'move',
    'rule',
    '__proto__',
    'v0.constructor',
    'toString',
  );
  const values = fc.oneof(
    fc.constantFrom(
      'HYPERCALL',
      'yes',
      'no',
      '0',
      '-1',
      '0xffffffffffffffffffffffff',
      '9'.repeat(400),
      'no page',
      'none',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => JSON.stringify(text)),
  );
  const atom = fc.oneof(
    fc.tuple(names, fc.constantFrom('==', '!=', '<', '>=', 'has', '~'), values).map((all) => all.join(' ')),
    names.map((name) => `${name} changed`),
    fc.constantFrom('differs', 'findings.note'),
  );
  const { filter } = fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 5 },
      atom,
      tie('filter').map((inner) => `not (${inner})`),
      fc
        .tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter'))
        .map(([a, join, b]) => `(${a}) ${join} ${b}`),
    ),
  }));
  fc.assert(
    fc.property(filter, (text) => {
      const parsed = parseFilter(text, { vcpus: 2 });
      if (!parsed.ok) return;
      const found = all(stepHits(timeline, parsed.filter));
      expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
      expect(found.every((step) => step >= 0 && step < timeline.stepCount)).toBe(true);
    }),
    { numRuns: runs(30) },
  );
});
