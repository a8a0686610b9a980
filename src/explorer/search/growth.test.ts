import { describe, expect, test } from 'vitest';
import { defaultProfile } from '../../profiles/resolve';
import { parseScenario } from '../../scenarios/parse';
import { explore } from './exploration';
import { estimateText, growthOf } from './growth';

const scope = `ghcb-scenario 1
vm      vcpus=2 memory=4M
guest   manual
launch  standard
explore v0 hlt
explore v0 hold form=msr
explore v1 hold form=msr
explore v0 init-sipi target=1
explore kvm wake vcpu=1
explore invariants
end ghcb-scenario
`;
function searched(maxStates: number) {
  const parsed = parseScenario(scope);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const exploration = explore(parsed.scenario, [defaultProfile()], { maxStates, whole: true });
  if (!exploration.ok) throw new Error(exploration.error.message);
  const { parts, progress } = exploration.value;
  while (!parts.next().done);
  const [done] = progress().done;
  if (!done) throw new Error('nothing was searched');
  return done.searched;
}

describe('the levels of a search', () => {
  test('are all states of one that is exhausted', () => {
    const { states, depth, levels, end } = searched(100_000);
    expect(end).toBe('exhausted');
    expect(levels.sizes.reduce((sum, size) => sum + size, 0)).toBe(states);
    expect(levels.sizes).toHaveLength(depth + 1);
    expect(levels.ahead).toBe(0);
  });

  test('are those of the whole search as far as one came that was stopped', () => {
    const whole = searched(100_000);
    const part = searched(Math.floor(whole.states / 2));
    expect(part.end).toBe('states');
    expect(part.levels.sizes).toEqual(whole.levels.sizes.slice(0, part.levels.sizes.length));
    const sum = part.levels.sizes.reduce((all, size) => all + size, 0);
    expect(sum + part.levels.ahead).toBe(part.states);
  });
});

describe('an estimate', () => {
  test.each<[string, Parameters<typeof estimateText>[0], number | undefined, string]>([
    ['nothing is known', { sizes: [], expanded: 0, ahead: 0 }, undefined, ''],
    ['a first level alone', { sizes: [1], expanded: 0, ahead: 0 }, undefined, ''],
    [
      'levels that double, of the last nothing expanded',
      { sizes: [1, 2, 4], expanded: 0, ahead: 0 },
      2,
      'A level has about 2.00 times the states of the one before it; if that goes on there are about 260 states within depth 7 (an estimate).',
    ],
    [
      'the last level is half expanded',
      { sizes: [1, 2, 4], expanded: 2, ahead: 6 },
      3,
      'A level has about 3.00 times the states of the one before it; if that goes on there are about 1,500 states within depth 7 (an estimate).',
    ],
    [
      'levels that shrink',
      { sizes: [100, 1000, 500], expanded: 0, ahead: 0 },
      0.5,
      'A level has about 0.50 times the states of the one before it; if that goes on there are about 2,100 states in all (an estimate).',
    ],
    ['nothing is left', { sizes: [1, 2, 4], expanded: 4, ahead: 0 }, 0, ''],
  ])('%s', (_, levels, growth, text) => {
    expect(growthOf(levels)).toBe(growth);
    expect(estimateText(levels)).toBe(text);
  });
});
