/**
 * The scopes that ship, under every generation: an invariant of which the reference says that a generation breaks it is
 * broken by a way that is no longer than the one it lists, and one of which it says nothing is broken by none. The lists
 * were written from what was read of the generations.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import type { InvariantName } from '../../engine/rules/invariants';
import { columnIds } from '../../profiles/facet';
import { profileIds } from '../../profiles/profiles';
import { profile, type ProfileName } from '../../profiles/resolve';
import { parseScenario, problemText } from '../../scenarios/parse';
import type { Scenario } from '../../scenarios/scenario';
import { sampled } from '../../testing/effort';
import { isListed, type Listed } from '../../testing/profiles/by-generation';
import { explore } from './exploration';
import type { Searched } from './search';

/** `unsaid`: generations of which no source says what they do here. */
type Row = readonly [InvariantName, listed: number, breaksIn: Listed, unsaid?: readonly ProfileName[]];

const all: readonly ProfileName[] = profileIds;
const allBut = (...held: ProfileName[]): Listed => [
  ...all.filter((id) => !held.includes(id)),
  ...held.map((id) => `-${id}` as const),
];
const none: Listed = [];

/** Threads go on after each act, as the reference counts: what wakes them is no act of a sequence. */
function preset(name: string, { threads }: { readonly threads: boolean }): Scenario {
  const text = readFileSync(new URL(`../../../public/scenarios/${name}.ghcb`, import.meta.url), 'utf8');
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  if (threads) return parsed.scenario;
  const lines = parsed.scenario.lines.filter(
    (line) =>
      !(line.kind === 'explore' && line.clause.what === 'threads') &&
      !(line.kind === 'act' && line.act.actor === 'kvm'),
  );
  return { lines };
}

function searched(scenario: Scenario, id: ProfileName, maxStates: number): Searched {
  const exploration = explore(scenario, [profile(id)], { maxStates, whole: true });
  if (!exploration.ok) throw new Error(exploration.error.message);
  const [first] = finish(exploration.value.parts);
  if (!first) throw new Error('nothing was searched');
  return first.searched;
}

const presets: Readonly<Record<string, readonly Row[]>> = {
  'explore-ap': [
    ['NoRunWithoutVmsa', 1, all],
    ['DestroySticky', 2, ['v14', 'linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2', '-linux-7.3']],
    ['OfflineDistinguishable', 1, allBut('as-reviewed'), ['as-reviewed']],
    // One act more than from a running vCPU, which the hold is left for.
    ['SymmetricUnhalt', 3, ['part2-v4']],
    [
      'DeclaredFeaturesUniform',
      1,
      ['part2-v4', 'as-reviewed', 'part2-v5', 'v11', 'v14', 'linux-6.11', 'linux-6.12'],
    ],
    ['FailureIsNoOp', 1, ['part2-v5', 'v11', 'v14', 'linux-6.11']],
    ['ErrorsAreVisible', 1, allBut('as-reviewed'), ['as-reviewed']],
    ['NoDoubleCreate', 2, allBut('as-reviewed'), ['as-reviewed']],
    ['NoLandmine', 2, ['part2-v5', 'v11', 'v14', 'linux-6.11']],
    ['VmsaReturnedOrLeaked', 0, none],
  ],
  'explore-launch': [
    ['NoRunWithoutVmsa', 1, allBut('as-reviewed')],
    ['LaunchFinishAtomic', 2, allBut('as-reviewed')],
    [
      'HostKeepsOutOfGuestPages',
      2,
      ['part2-v4', 'part2-v5', 'v11', 'v14', 'linux-6.11', '-linux-6.12', 'linux-6.17'],
    ],
    ['LeakImpliesBug', 5, ['part2-v4', 'part2-v5', 'v11', 'v14']],
    ['RmpMatchesAttribute', 3, ['v11']],
    ['UpdateTouchesOnlyOwnPages', 3, ['part2-v4']],
    [
      'ErrorCauseSurvives',
      2,
      ['v14', 'linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2'],
      ['as-reviewed'],
    ],
    ['NoUpdateAfterFinish', 0, none],
    ['VmsaReturnedOrLeaked', 0, none],
    ['WaitEnds', 2, ['linux-7.2', 'linux-7.3']],
  ],
  'explore-update': [
    ['PartialSuccessVisible', 2, ['part2-v5', 'v11']],
    ['UpdateTouchesOnlyOwnPages', 3, ['part2-v4']],
    ['RmpMatchesAttribute', 3, ['v11']],
    ['LeakImpliesBug', 5, ['part2-v4', 'part2-v5', 'v11', 'v14']],
    [
      'ErrorCauseSurvives',
      2,
      ['v14', 'linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2'],
      ['as-reviewed'],
    ],
    ['NoUpdateAfterFinish', 0, none],
    ['HostKeepsOutOfGuestPages', 0, none],
  ],
  'explore-psc': [
    ['PscReportsTruth', 3, allBut('part2-v4', 'part2-v5')],
    ['NoUnrequestedConversion', 1, ['linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2'], ['as-reviewed']],
    ['PscProgressMonotonic', 0, none],
    ['PscBoundedExits', 0, none],
    ['NoStaleReturn', 2, ['v11', 'v14', 'linux-6.11', 'linux-6.12']],
    ['VmmCannotForgeGuestCode', 3, ['v11', 'v14']],
    ['KvmOwnsAbi', 1, ['v11', 'v14']],
  ],
  'explore-termination': [
    ['TermDecodable', 1, all, ['as-reviewed']],
    ['NdataCoversData', 1, none],
    ['TypeIsPlainEnum', 1, ['as-reviewed']],
    ['ExitReasonFitsPayload', 1, none],
    ['NoStaleReturn', 2, ['v11', 'v14', 'linux-6.11', 'linux-6.12']],
  ],
  'explore-teardown': [
    ['VmsaReturnedOrLeaked', 0, none],
    ['HostKeepsOutOfGuestPages', 0, none],
    ['DestroySticky', 0, none],
  ],
  'explore-threads': [
    ['WaitEnds', 2, all],
    ['NoRunWithoutVmsa', 2, allBut('as-reviewed')],
  ],
};

/** No search of these ends within reason: what was requested of an AP stays in more places. */
const isEndless = (name: string, id: ProfileName): boolean =>
  name === 'explore-ap' && ['part2-v4', 'as-reviewed', 'part2-v5'].includes(id);
const FAR_ENOUGH = 20_000;

for (const [name, rows] of Object.entries(presets)) {
  describe(name, () => {
    const columns = ['linux-7.3', ...sampled(columnIds, 2)] as const;
    test.each(columns)('breaks under %s what is said to break, as fast, and nothing else', (id) => {
      const scenario = preset(name, { threads: false });
      const { answers, end } = searched(scenario, id, isEndless(name, id) ? FAR_ENOUGH : 100_000);
      if (!isEndless(name, id)) expect(end).toBe('exhausted');
      for (const [invariant, listed, breaksIn, unsaid = []] of rows) {
        if (unsaid.includes(id)) continue;
        const way = answers.find(({ question }) => question.invariant === invariant)?.way;
        const expected = isListed(breaksIn, id) ? 'a way' : 'none';
        expect(`${invariant}: ${way ? 'a way' : 'none'}`).toBe(`${invariant}: ${expected}`);
        if (way) expect(way.length).toBeLessThanOrEqual(listed);
      }
    });
  });
}

describe('where threads go on in any order', () => {
  test.each([
    'explore-ap',
    'explore-launch',
    'explore-threads',
    'explore-psc',
    'explore-termination',
    'explore-update',
  ])('%s is exhausted under linux-7.3', (name) => {
    const { end, gaps } = searched(preset(name, { threads: true }), 'linux-7.3', 200_000);
    expect({ end, gaps }).toEqual({ end: 'exhausted', gaps: 0 });
  });
});
