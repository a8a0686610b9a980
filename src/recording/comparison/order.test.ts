/** In which order runs are aligned does not follow from who is A: older generations come first. */
import { expect, test } from 'vitest';
import { profileIds } from '../../profiles/profiles';
import { profile, type ProfileName } from '../../profiles/resolve';
import { parseScenario } from '../../scenarios/parse';
import { lineText } from '../../scenarios/print';
import { runScenario, type Run } from '../../scenarios/run';
import { Timeline } from '../timeline/timeline';
import { compare } from './comparison';

function run(id: ProfileName, act: string): Run<Timeline> {
  const parsed = parseScenario(`ghcb-scenario 1\nguest manual\nlaunch standard\n${act}\nend ghcb-scenario\n`);
  if (!parsed.ok) throw new Error('the scenario of this test is wrong');
  return runScenario(parsed.scenario, profile(id), (world) => new Timeline(world));
}

/** The two lines that stand for nothing in the other text. */
const alone = (...runs: readonly Run<Timeline>[]): string[] =>
  compare(runs).lines.flatMap(({ line, of }) => (of.includes(undefined) ? [lineText(line)] : []));

const [oldest = 'part2-v4', ...others] = profileIds;
test.each(others)(
  'of two lines at one place the one of the oldest generation comes before the one of %s',
  (id) => {
    const [hlt, enter] = ['v0 hlt', 'vmm run vcpu=0'];
    expect(alone(run(id, hlt), run(oldest, enter))).toEqual([enter, hlt]);
    expect(alone(run(id, enter), run(oldest, hlt))).toEqual([hlt, enter]);
    expect(alone(run(oldest, hlt), run(id, enter))).toEqual([hlt, enter]);
  },
);
