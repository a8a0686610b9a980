/** A trail of SPIN, as `spin -t` or `pan -r` prints it, as acts of a scenario. */
import { ok, problem, type Result } from '../../base/result';
import type { Act } from '../../engine/acts';
import { invariantNames, type InvariantName } from '../../engine/rules/invariants';
import type { World } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';
import { memoryTape } from '../../scenarios/memory-tape';
import { parseScenario } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import { headOf, type Line, type Scenario } from '../../scenarios/scenario';
import { scenarioTo } from '../search/counterexample';
import { rootWorld } from '../search/root';
import { scopeOf } from '../search/scope';
import { apPages } from './ap';
import { isUnprintedTrail } from './is-trail';
import { apLine, pscLine, pscStart, type Words } from './acts';
import { propertiesOf, type ModelId } from './models';
import { bufferOf, pscPages } from './psc';

/** An act that a model printed. */
export interface TrailAct {
  /** Counted from 1. */
  readonly line: number;
  readonly words: Words;
}

export interface Trail {
  readonly model: ModelId;
  readonly acts: readonly TrailAct[];
  /** The number of the property that an assertion names. */
  readonly property: number | undefined;
}

const ACT = /(?:^|\s)act (guest|vmm|kvm) ([a-z-]+)((?: [a-z-]+=[\w-]+)*)\s*$/;
const ONLY_PSC = new Set(
  'write-entry write-header psc psc-msr touch pvalidate punch-hole convert set-attributes answer enable-exits'.split(
    ' ',
  ),
);

/** Reads what SPIN printed; lines that are no act are passed over. */
export function parseTrail(text: string): Result<Trail> {
  if (isUnprintedTrail(text))
    return problem('this is the file that pan writes, with numbers; print it with `spin -t` or `pan -r`');
  const acts: TrailAct[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (!/(?:^|\s)act /.test(line)) continue;
    const [, actor = '', verb = '', rest = ''] = ACT.exec(line) ?? [];
    if (actor === '') return problem(`'${line.trim()}' is no act of a model`, `line ${index + 1}`);
    const pairs = rest.split(' ').filter((word) => word !== '');
    const args = new Map(pairs.map((pair) => pair.split('=') as [string, string]));
    acts.push({ line: index + 1, words: { actor, verb, args } });
  }
  const [first] = acts;
  if (!first) return problem("it has no line with an act, such as 'act guest init vcpu=1'");
  const isPsc = ({ words: { verb, args } }: TrailAct): boolean =>
    ONLY_PSC.has(verb) || (verb === 'run' && !args.has('vcpu'));
  const model = isPsc(first) ? 'psc' : 'ap-lifecycle';
  const other = acts.find((act) => isPsc(act) !== isPsc(first));
  if (other) return problem('acts of two models stand in one trail', `line ${other.line}`);
  const [, left, right] = /\((\d+) ?!= ?(\d+)\)? ?\|\|/.exec(text) ?? [];
  return ok({ model, acts, property: left !== undefined && left === right ? Number(left) : undefined });
}

/** A trail as a scenario that runs. */
export interface ReadTrail {
  readonly scenario: Scenario;
  /** Acts of the trail that the scenario has. */
  readonly acts: number;
  /** The property that SPIN found broken, as the engine names it. */
  readonly invariant: InvariantName | undefined;
  /** The run shows it: its last act breaks the invariant. Also true where the trail names none. */
  readonly isShown: boolean;
}

/** The engine's invariant for a property of a model; one of it is half of the engine's. */
function invariantOf({ model, property }: Trail): InvariantName | undefined {
  const name = propertiesOf(model).find(({ number }) => number === property)?.name;
  const own = name === 'ArmedDistinguishable' ? 'OfflineDistinguishable' : name;
  return invariantNames.find((known) => known === own);
}

/** What turns the words of one model into a line of a scenario; nothing where a personality does the act itself. */
function lineMaker(trail: Trail, scenario: Scenario, world: World) {
  const scope = scopeOf(scenario);
  const known = scope.ok
    ? scope.value
    : {
        scenario,
        acts: [],
        times: [],
        threadsGoOn: false,
        properties: [],
        maxStates: undefined,
        maxDepth: undefined,
      };
  const isManual = headOf(scenario).host === 'manual';
  if (trail.model === 'ap-lifecycle') {
    const pages = apPages(known, world);
    return { start: [], lineOf: (words: Words) => apLine(words, pages, isManual) };
  }
  const writer = world.vcpus[1]?.run === 'inGuest' ? 1 : 0;
  const buffer = { at: bufferOf(world), pages: pscPages(known, world), writer };
  return { start: pscStart(buffer), lineOf: (words: Words) => pscLine(words, buffer, isManual) };
}

function actOf(line: string, vcpus: number): Act | undefined {
  const parsed = parseScenario(`ghcb-scenario 1\nvm vcpus=${vcpus}\n${line}\nend ghcb-scenario\n`);
  if (!parsed.ok) return undefined;
  return parsed.scenario.lines.flatMap((one) => (one.kind === 'act' ? [one.act] : []))[0];
}

/** @param scenario the one whose scope the model was written from */
export function readTrail(scenario: Scenario, profile: ResolvedProfile, text: string): Result<ReadTrail> {
  const trail = parseTrail(text);
  if (!trail.ok) return trail;
  const root = rootWorld(scenario, profile, new Set());
  if (!root.ok) return root;
  const { start, lineOf } = lineMaker(trail.value, scenario, root.value);
  const { vcpus } = headOf(scenario).vm;
  const first = start.flatMap((line) => actOf(line, vcpus) ?? []);
  const way: { readonly act: Act; readonly line: number }[] = [];
  for (const { line, words } of trail.value.acts) {
    const made = lineOf(words);
    if (made === undefined) continue;
    const act = actOf(made, vcpus);
    const printed = [words.actor, words.verb, ...[...words.args].map((pair) => pair.join('='))].join(' ');
    if (!act) return problem(`'${printed}' is no act of this scenario`, `line ${line}`);
    way.push({ act, line });
  }
  const invariant = invariantOf(trail.value);
  const bare = scenarioTo(scenario, [profile.spec], {
    says: invariant ?? 'A trail of SPIN',
    way: [...first, ...way.map(({ act }) => act)],
    after: [{ kind: 'note', text: `SPIN found this way in its model ${trail.value.model}.` }],
  });
  const misfit = misfitOf(bare, profile, way);
  if (misfit) return misfit;
  const acts = way.length;
  if (!invariant) return ok({ scenario: bare, acts, invariant, isShown: true });
  const expected = withExpectation(bare, invariant);
  const run = runScenario(expected, profile, memoryTape);
  return ok({ scenario: expected, acts, invariant, isShown: run.expectations.every(({ ok: met }) => met) });
}

/** The first act that cannot be taken, by its line in the trail. */
function misfitOf(
  scenario: Scenario,
  profile: ResolvedProfile,
  way: readonly { readonly line: number }[],
): Extract<Result<never>, { ok: false }> | undefined {
  const run = runScenario(scenario, profile, memoryTape);
  const places = scenario.lines.flatMap((line, index) => (line.kind === 'act' ? [index] : []));
  const first = places.length - way.length;
  for (const [at, { line }] of way.entries()) {
    const refused = run.lines[places[first + at] ?? -1]?.refused;
    if (refused !== undefined) return problem(`this act cannot be taken here: ${refused}`, `line ${line}`);
  }
  return undefined;
}

function withExpectation(scenario: Scenario, invariant: InvariantName): Scenario {
  const path = `violations.${invariant}`;
  const expect: Line = {
    kind: 'expect',
    profiles: [],
    text: `${path} > 0`,
    filter: { kind: 'compare', path, operator: '>', value: '0' },
  };
  const last = scenario.lines.findLastIndex(({ kind }) => kind === 'act');
  return { lines: [...scenario.lines.slice(0, last + 1), expect, ...scenario.lines.slice(last + 1)] };
}
