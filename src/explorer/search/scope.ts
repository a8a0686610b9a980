/** What the lines `explore` of a scenario say together, and why a search cannot begin. */
import { ok, problem, type Result } from '../../base/result';
import type { Act } from '../../engine/acts';
import { threadNames } from '../../engine/state/thread';
import { headOf, type Line, type Scenario } from '../../scenarios/scenario';
import { schedulesItself } from '../../scenarios/settle';
import type { Clause } from '../../scenarios/scope';
import { DEFAULT_PROPERTY, type Property } from './property';

/** An act that the search may take. */
export interface ScopeAct {
  readonly act: Act;
  /** Which of the bounds `times` counts it; -1 for as often as possible. */
  readonly counter: number;
}

export interface Scope {
  /** The acts above, and the lines `explore`, which say who schedules the threads. */
  readonly scenario: Scenario;
  readonly acts: readonly ScopeAct[];
  /** How often the acts of each counter may be taken. */
  readonly times: readonly number[];
  /** Threads go on after each act by themselves. */
  readonly threadsGoOn: boolean;
  readonly properties: readonly Property[];
  readonly maxStates: number | undefined;
  readonly maxDepth: number | undefined;
}

const isClause = <W extends Clause['what']>(
  what: W,
  clause: Clause,
): clause is Extract<Clause, { readonly what: W }> => clause.what === what;

const clausesOf = (lines: readonly Line[]): Clause[] =>
  lines.flatMap((line) => (line.kind === 'explore' ? [line.clause] : []));

/** Whether a scenario has a scope. */
export const hasScope = ({ lines }: Scenario): boolean => lines.some(({ kind }) => kind === 'explore');

/** @returns the scope, or why there is none */
export function scopeOf(scenario: Scenario): Result<Scope> {
  const clauses = clausesOf(scenario.lines);
  const { host, vm } = headOf(scenario);
  const acts: ScopeAct[] = [];
  const times: number[] = [];
  for (const clause of clauses) {
    if (!isClause('acts', clause)) continue;
    const counter = clause.times ? times.push(clause.times.count) - 1 : -1;
    for (const act of clause.acts) acts.push({ act, counter });
  }
  const [personal] = acts.filter(({ act }) => host !== 'manual' && act.actor === 'vmm' && isOwn(act.verb));
  if (personal)
    return problem(
      `'vmm ${personal.act.verb}' is what the personality of 'host ${host}' does after each act; a search takes it in any order under 'host manual'`,
    );
  if (clauses.some((clause) => isClause('threads', clause))) acts.push(...threadActs(vm.vcpus, acts));
  if (acts.length === 0)
    return problem(`no line says what may be done, such as 'explore v0 ap-create target=1 vmsa=0x121000'`);
  const properties = clauses.flatMap(propertiesOf);
  const limits = clauses.filter((clause) => isClause('limit', clause));
  return ok({
    scenario,
    acts,
    times,
    threadsGoOn: !schedulesItself(scenario),
    properties: properties.length > 0 ? properties : [DEFAULT_PROPERTY],
    maxStates: limits.findLast(({ states }) => states !== undefined)?.states,
    maxDepth: limits.findLast(({ depth }) => depth !== undefined)?.depth,
  });
}

/** What a personality does by itself. */
const isOwn = (verb: string): boolean => verb === 'answer' || verb === 'run' || verb === 'handle';

/** Every thread may go on at any time. */
function threadActs(vcpus: number, others: readonly ScopeAct[]): ScopeAct[] {
  const wakes = Array.from({ length: vcpus }, (_, vcpu): Act => ({
    actor: 'kvm',
    verb: 'wake',
    args: { vcpu },
  }));
  const goOn = threadNames
    .slice(0, vcpus + 1)
    .map((thread): Act => ({ actor: 'kvm', verb: 'continue', args: { thread } }));
  const known = new Set(others.map(({ act }) => JSON.stringify([act.verb, act.args], asText)));
  return [...wakes, ...goOn]
    .filter((act) => !known.has(JSON.stringify([act.verb, act.args], asText)))
    .map((act) => ({ act, counter: -1 }));
}

const asText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

function propertiesOf(clause: Clause): Property[] {
  switch (clause.what) {
    case 'invariants':
      return [{ kind: 'invariants', names: clause.names }];
    case 'never':
      return [{ kind: 'never', text: clause.text, filter: clause.filter }];
    case 'some':
      return [
        {
          kind: 'some',
          text: clause.text,
          filter: clause.filter,
          ...(clause.then ? { then: clause.then } : {}),
        },
      ];
    case 'alike':
      return [{ kind: 'alike', specs: clause.specs }];
    default:
      return [];
  }
}
