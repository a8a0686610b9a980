/** The claims of a `check`, each held to the runs of its screen. */
import type { Resumable } from '../base/resumable';
import { stepHits } from '../recording/filter/hits';
import { appliesTo } from '../scenarios/expect';
import { lineIndexOf, linesFrom, linesTo } from './acts';
import { filterOf, wrong, type Answer } from './answer';
import type { Scenario } from '../scenarios/scenario';
import type { CheckBlock, Claim, LessonProblem, Screen, Where, Written } from './lesson';
import { profileOf, type LessonRuns } from './runs';

/** A claim under one profile. */
export interface CheckedClaim {
  readonly claim: Claim;
  readonly spec: string;
  readonly holds: boolean;
  /** What was found instead, in words. */
  readonly found: string;
}

/** `@linux-7.2 guest.result == ok`: the profiles that a claim is about, and the filter. */
function partsOf({ text, line }: Written): {
  readonly profiles: readonly string[];
  readonly filter: Written;
} {
  const words = text.split(/\s+/);
  const count = words.findIndex((word) => !word.startsWith('@'));
  return {
    profiles: words.slice(0, Math.max(count, 0)).map((word) => word.slice(1)),
    filter: { text: words.slice(Math.max(count, 0)).join(' '), line },
  };
}

/** What a claim says, without its profiles. */
export const claimText = ({ written }: Claim): string => partsOf(written).filter.text;

export function* checkedClaims(
  runs: LessonRuns,
  block: CheckBlock,
  screen: Screen,
): Resumable<{ readonly checked: readonly CheckedClaim[]; readonly problems: readonly LessonProblem[] }> {
  const checked: CheckedClaim[] = [];
  const problems: LessonProblem[] = [];
  const scenario = runs.scenarioOf(screen.setting.scenario);
  if (!scenario.ok) return { checked, problems };
  for (const claim of block.claims) {
    const { profiles } = partsOf(claim.written);
    const specs = runs.profilesOf(screen.setting, scenario.value).filter((spec) => {
      const resolved = profileOf(spec);
      return resolved.ok && appliesTo({ profiles }, resolved.value.spec);
    });
    if (specs.length === 0)
      problems.push({
        line: claim.written.line,
        message: `no profile of the screen is one of ${profiles.join(', ')}`,
      });
    for (const spec of specs) {
      const result = yield* heldTo(runs, claim, screen, spec);
      if (result.ok) checked.push(result.value);
      else problems.push(result.problem);
      if (!result.ok) break;
    }
  }
  return { checked, problems };
}

/** The act that an expectation is about. */
function actClaimed(scenario: Scenario, where: Where, { line }: Written): Answer<number> {
  if ('act' in where) return lineIndexOf(scenario, where.act);
  if (where.at === 'end') return { ok: true, value: scenario.lines.length - 1 };
  return wrong(
    line,
    `'expect' is about an act: the screen needs a 'goto' before or after one, or to the end`,
  );
}

function* heldTo(
  runs: LessonRuns,
  claim: Claim,
  { setting, where }: Screen,
  spec: Written,
): Resumable<Answer<CheckedClaim>> {
  const { filter: written } = partsOf(claim.written);
  const scenario = runs.scenarioOf(setting.scenario);
  if (!scenario.ok) return scenario;
  const filter = filterOf(scenario.value, written, claim.kind === 'expect' ? 'act' : 'step');
  if (!filter.ok) return filter;
  if (claim.kind !== 'expect') {
    const run = yield* runs.run(setting, spec);
    if (!run.ok) return run;
    const hits = yield* stepHits(run.value.timeline, filter.value);
    const holds = claim.kind === 'some' ? hits.length > 0 : hits.length === 0;
    return {
      ok: true,
      value: { claim, spec: run.value.profile.spec, holds, found: `${hits.length} steps meet it` },
    };
  }
  const act = actClaimed(scenario.value, where, written);
  const profile = profileOf(spec);
  if (!act.ok) return act;
  if (!profile.ok) return profile;
  const run = yield* runs.runLines(
    [
      ...linesTo(scenario.value, act.value + 1),
      { kind: 'expect', profiles: [], text: written.text, filter: filter.value },
      ...linesFrom(scenario.value, act.value + 1),
    ],
    profile.value,
  );
  const [seen] = run.expectations;
  return {
    ok: true,
    value: {
      claim,
      spec: profile.value.spec,
      holds: seen?.ok ?? false,
      found: `it is ${seen?.actual ?? 'not reached'}`,
    },
  };
}
