import { describe, expect, test } from 'vitest';
import type { ProfileName } from '../../src/profiles/resolve';
import { isLong, sampled } from '../../src/testing/effort';
import { engineReport, pscInvariants, sortedWords } from './psc-engine';
import { definesOf, missingProgram, report } from './spin.mjs';

const ids: readonly ProfileName[] = ['part2-v4', 'linux-6.12', 'linux-6.17', 'linux-7.2', 'linux-7.3'];
/** Scopes that the engine has searched in less than a second. */
const short = ['small', 'msr', 'mixed', 'lifecycle'];
const scopes = isLong ? [...short, 'unbacked', 'smash', 'half-done'] : short;
const runs = scopes.flatMap((scope) => ids.map((id) => ({ scope, id })));

const missing = missingProgram();
describe.skipIf(missing !== '')(missing === '' ? 'engine and psc.pml' : `skipped: ${missing}`, () => {
  test.each(sampled(runs, 3))('$scope under $id: the same states, verdicts and lengths', ({ id, scope }) => {
    const question = { model: 'psc', profile: id, scope };
    const model = report(question);
    const engine = engineReport(definesOf(question), id);
    const lengths = pscInvariants.flatMap((name) => {
      const verdict = model.properties[name];
      return verdict?.verdict === 'violated' ? [[name, verdict.acts] as const] : [];
    });
    expect(engine.lengths).toEqual(Object.fromEntries(lengths));
    const states = model.abstractStates.map((line) => sortedWords(line.split(' '))).sort();
    expect(engine.abstractStates).toEqual(states);
  });
});
