import { describe, expect, test } from 'vitest';
import { finish } from '../../src/base/resumable';
import type { World } from '../../src/engine/world';
import { explore } from '../../src/explorer/search/exploration';
import { rootWorld } from '../../src/explorer/search/root';
import { scopeOf } from '../../src/explorer/search/scope';
import { walk } from '../../src/explorer/walk';
import { profile, type ProfileName } from '../../src/profiles/resolve';
import { parseScenario, problemText } from '../../src/scenarios/parse';
import type { Scenario } from '../../src/scenarios/scenario';
import { apAbove, apActs, apWhole, END } from '../../src/cli/bench/ap-scope';
import { isLong, sampled } from '../../src/testing/effort';
import { missingProgram, report } from './spin.mjs';

/** A scope of the model, and the same acts of the engine. */
interface Pair {
  readonly name: string;
  readonly scope?: string;
  readonly defines?: Record<string, string | number>;
  readonly lines: string;
  /** The plain walk keeps a log of all writes, which a large scope is too much for. */
  readonly comparesStates: boolean;
}

const pairs: readonly Pair[] = [
  { name: 'never-started', scope: 'never-started', lines: apActs, comparesStates: true },
  {
    name: 'holds, HLT, kicks, signals, mp_state, a page without memslot',
    ...apWhole,
    comparesStates: false,
  },
];

function scenarioOf(lines: string): Scenario {
  const parsed = parseScenario(apAbove + lines + END);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}

const yes = (is: boolean): string => (is ? 'yes' : 'no');
const vmsas: Record<string, string> = { launchVmsa: 'launch', guestVmsa: 'page-1', noVmsa: 'invalid' };
const pages: Record<string, string> = { '121000': 'page-1', '7fff000': 'no-slot' };
const requested = ['updatePending', 'destroyPending', 'requestLeftOver'];
const armed = ['updatePending', 'destroyPending', 'createdOnInit'];
const threads: Record<string, string> = { inUserspace: 'in-vmm', inGuest: 'in-guest' };

/** vCPU 1 in the words of ap-lifecycle.json. */
function inWords(world: World): string {
  const v = world.vcpu(1);
  return Object.entries({
    mp_state: v.mpState,
    vmsa: vmsas[v.vmsa],
    'pending-gpa': pages[v.pendingVmsaGpa.toString(16)] ?? 'none',
    armed: yes(armed.includes(v.creation)),
    'has-guest-vmsa': yes(v.vmsa !== 'launchVmsa'), // from 6.11 on one tells the other
    'update-requested': yes(requested.includes(v.creation)),
    init: v.initLatched ? 'latched' : 'no',
    sipi: v.sipiLatched ? 'latched' : 'no',
    'received-first-sipi': yes(v.receivedFirstSipi),
    'ap-reset-hold-type': v.holdType,
    'pv-unhalted': yes(v.pvUnhalted),
    signal: v.signalPending ? 'pending' : 'no',
    thread: threads[v.run] ?? (v.waitsForInit ? 'blocked-uninitialized' : 'blocked'),
  })
    .map(([name, value]) => `vcpu1.${name}=${value}`)
    .join(' ');
}

function engineStates(scenario: Scenario, id: ProfileName): string[] {
  const scope = scopeOf(scenario);
  if (!scope.ok) throw new Error(scope.error.message);
  const root = rootWorld(scenario, profile(id), new Set());
  if (!root.ok) throw new Error(root.error.message);
  const seen = new Set<string>();
  const acts = scope.value.acts.map(({ act }) => act);
  const visit = (world: World): boolean => seen.add(inWords(world)).size > 0;
  const { isComplete } = walk(root.value, () => acts, { maxStates: 100_000, visit });
  expect(isComplete).toBe(true);
  return [...seen].sort();
}

function engineLengths(scenario: Scenario, id: ProfileName): Record<string, number> {
  const exploration = explore(scenario, [profile(id)]);
  if (!exploration.ok) throw new Error(exploration.error.message);
  const [found] = finish(exploration.value.parts);
  expect(found?.searched.end).toBe('exhausted');
  const answers =
    found?.searched.answers.filter(({ question }) => question.name !== 'ErrorsAreVisible') ?? [];
  return Object.fromEntries(
    answers.flatMap(({ question, way }) => (way ? [[question.name, way.length]] : [])),
  );
}

function modelLengths(properties: ReturnType<typeof report>['properties']): Record<string, number> {
  const lengths: Record<string, number> = Object.fromEntries(
    Object.entries(properties).flatMap(([name, verdict]) =>
      verdict.verdict === 'violated' ? [[name, verdict.acts]] : [],
    ),
  );
  // The engine's OfflineDistinguishable is both of them; it finds that a page cannot be had when the request is served.
  const own = ['ArmedDistinguishable', 'OfflineDistinguishable', 'ErrorsAreVisible'];
  const common = Object.entries(lengths).filter(([name]) => !own.includes(name));
  const rest: Record<string, number> = Object.fromEntries(common);
  const { ArmedDistinguishable = Infinity, OfflineDistinguishable = Infinity } = lengths;
  const shorter = Math.min(ArmedDistinguishable, OfflineDistinguishable);
  return shorter < Infinity ? { ...rest, OfflineDistinguishable: shorter } : rest;
}

const ids: ProfileName[] = ['part2-v4', 'linux-6.12', 'linux-6.17', 'linux-7.2', 'linux-7.3'];
const missing = missingProgram();
describe.skipIf(missing !== '')(missing === '' ? 'engine and Promela model' : `skipped: ${missing}`, () => {
  const runs = pairs.flatMap((pair) => ids.map((id) => ({ ...pair, id })));
  test.each(
    isLong
      ? runs
      : sampled(
          runs.filter(({ scope }) => scope),
          2,
        ),
  )('$id, $name: the same verdicts, lengths and states', (run) => {
    const { id, scope, defines, lines, comparesStates } = run;
    const model = report({
      model: 'ap-lifecycle',
      profile: id,
      ...(scope ? { scope } : {}),
      ...(defines ? { defines } : {}),
    });
    const scenario = scenarioOf(lines);
    expect(engineLengths(scenario, id)).toEqual(modelLengths(model.properties));
    // The chart has one word for a CREATE that waits, with or without the armed flag; part2-v4 has both.
    if (comparesStates && id !== 'part2-v4') expect(engineStates(scenario, id)).toEqual(model.abstractStates);
  });
});
