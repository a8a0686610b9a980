/** All that a scenario asks a search: its questions under one profile, and which profiles of a list can be told apart. */
import { ok, problem, type Result } from '../../base/result';
import type { Resumable } from '../../base/resumable';
import type { Act } from '../../engine/acts';
import { parseProfileSpec, type ResolvedProfile } from '../../profiles/resolve';
import type { Scenario } from '../../scenarios/scenario';
import { checkedFor, questionsOf, type Property, type Question } from './property';
import { rootWorld } from './root';
import { scopeOf, type Scope } from './scope';
import { search, type Progress, type Searched, type SearchLimits } from './search';
import type { StateMap } from './state-map';

/** One search that belongs to an exploration, and under which profile or profiles it was made. */
export interface Explored {
  readonly profiles: readonly string[];
  readonly searched: Searched;
}

export interface Exploration {
  readonly scope: Scope;
  readonly parts: Resumable<readonly Explored[]>;
  /** What is done: the searches that ended, and where the present one stands. */
  readonly progress: () => { readonly done: readonly Explored[]; readonly now: Progress | undefined };
  /** All that is known so far, the present search included. */
  readonly soFar: () => readonly Explored[];
  /** The states of the search that ended last, or of the present one. */
  readonly map: (maxNodes: number) => StateMap | undefined;
}

/** Guest and VMM see the same under two profiles. */
const alikeQuestion = (one: string, other: string): Question => ({
  name: `alike ${one} ${other}`,
  says: `Guest and VMM see the same under ${one} and ${other}.`,
  sense: 'bad',
});

/** @param properties instead of those that the scenario names */
export function explore(
  scenario: Scenario,
  profiles: readonly ResolvedProfile[],
  { properties, ...limits }: SearchLimits & { readonly properties?: readonly Property[] } = {},
): Result<Exploration> {
  const found = scopeOf(scenario);
  if (!found.ok) return found;
  const scope = properties ? { ...found.value, properties } : found.value;
  const plans: Plan[] = [];
  const questions = questionsOf(scope.properties);
  if (questions.length > 0) for (const profile of profiles) plans.push({ profiles: [profile], questions });
  for (const property of scope.properties) {
    if (property.kind !== 'alike') continue;
    const pairs = pairsOf(property.specs);
    if (!pairs.ok) return pairs;
    for (const pair of pairs.value)
      plans.push({ profiles: pair, questions: [alikeQuestion(pair[0].spec, pair[1].spec)] });
  }
  for (const plan of plans.slice(0, 1)) {
    const roots = rootsOf(scope, plan);
    if (!roots.ok) return roots;
  }
  return ok(new Explorer(scope, plans, limits));
}

interface Plan {
  readonly profiles: readonly ResolvedProfile[];
  readonly questions: readonly Question[];
}

function pairsOf(specs: readonly string[]): Result<(readonly [ResolvedProfile, ResolvedProfile])[]> {
  const profiles: ResolvedProfile[] = [];
  for (const spec of specs) {
    const parsed = parseProfileSpec(spec);
    if (!parsed.ok) return parsed;
    profiles.push(parsed.value);
  }
  return ok(profiles.flatMap((one, at) => profiles.slice(at + 1).map((other) => [one, other] as const)));
}

function rootsOf({ scenario }: Scope, { profiles, questions }: Plan) {
  const checked = checkedFor(questions);
  const roots = profiles.map((profile) => rootWorld(scenario, profile, checked));
  const wrong = roots.find((root) => !root.ok);
  if (wrong && !wrong.ok) return problem(wrong.error.message);
  return ok(roots.flatMap((root) => (root.ok ? [root.value] : [])));
}

class Explorer implements Exploration {
  readonly parts: Resumable<readonly Explored[]>;
  private readonly done: Explored[] = [];
  private last: ReturnType<typeof search> | undefined;
  private now: { readonly plan: Plan; readonly search: ReturnType<typeof search> } | undefined;

  constructor(
    readonly scope: Scope,
    private readonly plans: readonly Plan[],
    private readonly limits: SearchLimits,
  ) {
    this.parts = this.run();
  }

  readonly progress = () => ({ done: this.done, now: this.now?.search.progress() });

  readonly soFar = (): readonly Explored[] => {
    const { now } = this;
    return now ? [...this.done, { profiles: specsOf(now.plan), searched: now.search.soFar() }] : this.done;
  };

  readonly map = (maxNodes: number): StateMap | undefined => (this.now?.search ?? this.last)?.map(maxNodes);

  private *run(): Resumable<readonly Explored[]> {
    for (const plan of this.plans) {
      const roots = rootsOf(this.scope, plan);
      if (!roots.ok) throw new Error(roots.error.message);
      const now = search(this.scope, plan.questions, roots.value, this.limits);
      this.now = { plan, search: now };
      const searched = yield* now.parts;
      this.now = undefined;
      this.last = now;
      this.done.push({ profiles: specsOf(plan), searched });
      yield;
    }
    return this.done;
  }
}

const specsOf = ({ profiles }: Plan): string[] => profiles.map(({ spec }) => spec);

/** Whether what was found is the opposite of what the scenario claims: a violation, or a way that does not exist. */
export type Verdict = 'holds' | 'fails' | 'open';

/** What a search says about a question. Where not everything was looked at, no way found means nothing. */
export function verdictOf(
  { question, way }: { readonly question: Question; readonly way?: readonly Act[] },
  { end }: Pick<Searched, 'end'>,
): Verdict {
  if (way) return question.sense === 'bad' ? 'fails' : 'holds';
  if (end !== 'exhausted') return 'open';
  return question.sense === 'bad' ? 'holds' : 'fails';
}
