import { expect, test } from 'vitest';
import { defaultProfile } from '../profiles/resolve';
import { parseScenario, problemText } from './parse';
import { memoryTape } from './memory-tape';
import { runScenario } from './run';

const STEPS = 3000;

function stormOf(memory: string) {
  const parsed = parseScenario(`ghcb-scenario 1
vm      vcpus=2 memory=${memory}
guest   storm
launch  standard
run     until=steps:${STEPS}
end ghcb-scenario
`);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return runScenario(parsed.scenario, defaultProfile(), memoryTape);
}

test('it makes as many steps as are asked for, all of them conversions that KVM and the VMM carry out', () => {
  const { timeline, problems } = stormOf('1G');
  expect(problems).toEqual([]);
  expect(timeline.stepCount).toBeGreaterThanOrEqual(STEPS);
  expect(timeline.findings().map(({ finding }) => finding)).toEqual([]);
  const kinds = new Set(Array.from({ length: timeline.stepCount }, (_, i) => timeline.step(i).move?.kind));
  expect(kinds).toContain('mapGpaRangeExit');
  const verbs = new Set(timeline.acts.map(({ act }) => act.verb));
  expect(verbs).toContain('step');
});

test('without memory for it, the run says how much it needs', () => {
  expect(stormOf('64M').problems[0]?.message).toMatch(/storm needs 100 MiB/);
});

test('the same text makes the same run', () => {
  expect(stormOf('1G').timeline.world.digest()).toEqual(stormOf('1G').timeline.world.digest());
});
