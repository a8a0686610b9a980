import fc from 'fast-check';
import { expect, test } from 'vitest';
import { profileIds } from '../profiles/profiles';
import { profile } from '../profiles/resolve';
import { runs } from '../testing/effort';
import { anyAct } from '../testing/scenarios/any-act';
import { memoryTape } from './memory-tape';
import { printScenario } from './print';
import { runScenario } from './run';
import { actLine, hostPersonalities, type Line } from './scenario';

/** Problems that are the writer's, not the model's. */
const harmless = /^the act does not fit the wire|^the run has/;

test('whatever acts come, under whatever kernel and VMM, the model has an answer and comes to rest', () => {
  const acts = fc.array(anyAct, { minLength: 1, maxLength: 12 });
  const ids = fc.constantFrom(...profileIds);
  const hosts = fc.constantFrom(...hostPersonalities);
  fc.assert(
    fc.property(acts, ids, hosts, fc.boolean(), (list, id, personality, launched) => {
      const head: Line[] = [
        { kind: 'profile', specs: [id] },
        { kind: 'host', personality },
      ];
      const launch: Line[] = launched ? [{ kind: 'launch' }] : [];
      const scenario = { lines: [...head, ...launch, ...list.map(actLine)] };
      const { problems } = runScenario(scenario, profile(id), memoryTape, { maxSteps: 60_000 });
      const serious = problems.filter(({ message }) => !harmless.test(message));
      expect(serious, printScenario(scenario)).toEqual([]);
    }),
    { numRuns: runs(200) },
  );
});
