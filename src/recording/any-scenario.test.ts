/**
 * Whatever a scenario says: under every generation it runs, and its recording replays to the same digest. `npm test` runs
 * each under three of them.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { profileIds, type ProfileId } from '../profiles/profiles';
import { profile } from '../profiles/resolve';
import { isLong, runs } from '../testing/effort';
import { anyAct } from '../testing/scenarios/any-act';
import { anyScenario } from '../testing/scenarios/any-scenario';
import { parseScenario, problemText } from '../scenarios/parse';
import { printScenario } from '../scenarios/print';
import { runScenario } from '../scenarios/run';
import { actLine, guestPrograms, hostPersonalities, type Line, type Scenario } from '../scenarios/scenario';
import { writeRecording } from './file/file';
import { playRecording } from './file/player';
import { Timeline } from './timeline/timeline';

/** Problems that are the writer's, not the model's. */
const harmless =
  /^the act does not fit the wire|^the run has|^the guest is manual|needs \d+ MiB of memory from address 0$/;

/** Acts whose numbers often mean something, before and after the launch; programs run for a few steps. */
const likelyScenario: fc.Arbitrary<Scenario> = fc
  .record({
    program: fc.oneof(
      { weight: 9, arbitrary: fc.constant('manual' as const) },
      fc.constantFrom(...guestPrograms),
    ),
    personality: fc.constantFrom(...hostPersonalities),
    before: fc.array(anyAct, { maxLength: 3 }),
    launched: fc.boolean(),
    after: fc.array(anyAct, { maxLength: 9 }),
  })
  .map(({ program, personality, before, launched, after }): Scenario => {
    const middle: Line[] = launched
      ? [{ kind: 'launch' }, { kind: 'runUntil', until: { what: 'steps', count: 40, text: '40' } }]
      : [];
    const memory = program === 'manual' ? '4M' : '32M';
    return {
      lines: [
        {
          kind: 'vm',
          settings: { memory: Number.parseInt(memory) << 20 },
          written: [{ name: 'memory', text: memory }],
        },
        { kind: 'guest', program },
        { kind: 'host', personality },
        ...before.map(actLine),
        ...middle,
        ...after.map(actLine),
      ],
    };
  });

const generations: fc.Arbitrary<readonly ProfileId[]> = isLong
  ? fc.constant(profileIds)
  : fc.shuffledSubarray([...profileIds], { minLength: 3, maxLength: 3 });

const textOf = (scenario: Scenario): string => printScenario(scenario);
function readBack(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}

test('print(parse(text)) is text, no run throws, and each recording replays to its own digest', () => {
  fc.assert(
    fc.property(
      fc.oneof(anyScenario, { weight: 3, arbitrary: likelyScenario }),
      generations,
      (written, ids) => {
        const text = textOf(written);
        const scenario = readBack(text);
        expect(textOf(scenario)).toBe(text);
        for (const id of ids) {
          const run = runScenario(scenario, profile(id), (world) => new Timeline(world), { maxSteps: 3_000 });
          const serious = run.problems.filter(({ message }) => !harmless.test(message));
          expect(serious, `${id}\n${text}`).toEqual([]);
          const file = finish(writeRecording(run.timeline, { engine: '0', profile: id, scenario: text }));
          const { played, problem } = playRecording(file);
          expect([problem, played?.difference], `${id}\n${text}`).toEqual([undefined, undefined]);
          expect(played?.timeline.digest()).toBe(run.timeline.digest());
        }
      },
    ),
    { numRuns: runs(40, 2000) },
  );
});
