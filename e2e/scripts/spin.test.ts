import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isLong, sampled } from '../../src/testing/effort';
import { missingProgram, profiles, propertiesOf, readProjection, report, shortestActs } from './spin.mjs';

const models = ['ap-lifecycle', 'psc'];

/** The tables of docs/models.md: by model, scope and row the cell of each profile. */
function documented(): { model: string; scope: string; row: string; cells: string[] }[] {
  const text = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^\| `([\w-]+)` `([\w-]+)` +\| ([\w ]+?) +\| (.*) \|$/gm)].map(
    ([, model = '', scope = '', row = '', rest = '']) => ({
      model,
      scope,
      row,
      cells: rest.split(/ *\| */).slice(0, profiles.length),
    }),
  );
}

const rows = documented();
const scopes = [...new Set(rows.map(({ model, scope }) => `${model} ${scope}`))];
/** Scopes that gcc and the verifier have done in a few seconds. */
const short = [
  'ap-lifecycle never-started',
  'ap-lifecycle late',
  'psc small',
  'psc half-done',
  'psc unbacked',
];
const runs = scopes
  .filter((name) => isLong || short.includes(name))
  .flatMap((name) => profiles.map((profile) => ({ name, profile })));

test.each(models)('%s: the projection has a sentence for each property', (model) => {
  const { properties } = readProjection(model);
  expect(Object.keys(properties)).toEqual(propertiesOf(model).map(([name]) => name));
});

test('the tables name scopes of the projections, all but the long ones', () => {
  const known = models.flatMap((model) =>
    Object.entries(readProjection(model).scopes)
      .filter(([, { about }]) => !about.endsWith(' Long.'))
      .map(([scope]) => `${model} ${scope}`),
  );
  expect([...scopes].sort()).toEqual(known.sort());
});

const missing = missingProgram();
describe.skipIf(missing !== '')(missing === '' ? 'SPIN' : `skipped: ${missing}`, () => {
  test.each(sampled(runs, 2))('$name under $profile: verdicts, shortest lengths and states', (run) => {
    const [model = '', scope = ''] = run.name.split(' ');
    const found = report({ model, profile: run.profile, scope, hashBits: isLong ? 24 : 20 });
    const cells = Object.fromEntries(
      rows
        .filter((row) => row.model === model && row.scope === scope)
        .map(({ row, cells }) => [row, cells[profiles.indexOf(run.profile)]]),
    );
    // A property that holds under all profiles has no row.
    const verdicts = Object.entries(found.properties).flatMap(([name, verdict]) => {
      if (verdict.verdict === 'violated') return [[name, String(verdict.acts)]];
      return name in cells ? [[name, 'holds']] : [];
    });
    expect({
      ...Object.fromEntries(verdicts),
      states: String(found.states),
      'abstract states': String(found.abstractStates.length),
    }).toEqual(cells);
    expect(new Set(found.abstractStates).size).toBe(found.abstractStates.length);
  });

  test('an assertion finds a shortest violation of the same length as the report', () => {
    const question = { model: 'ap-lifecycle', profile: 'linux-7.2', scope: 'never-started' };
    expect(shortestActs(question, 'DestroySticky')).toHaveLength(5);
    expect(shortestActs({ ...question, profile: 'linux-7.3' }, 'DestroySticky')).toEqual([]);
  });

  test('a facet given beside the profile decides', () => {
    const { properties } = report({
      model: 'ap-lifecycle',
      profile: 'linux-6.12',
      scope: 'never-started',
      defines: { ON_ERROR: 'badInputOffline', REFUSALS: 1 },
    });
    expect(properties['FailureIsNoOp']).toEqual({ verdict: 'violated', acts: 1 });
    expect(properties['NoLandmine']).toMatchObject({ verdict: 'violated' });
  });

  test('an unknown scope is named with the known ones', () => {
    expect(() => report({ model: 'psc', profile: 'linux-7.2', scope: 'nowhere' })).toThrow(
      'psc has no scope nowhere, but small',
    );
  });
});
