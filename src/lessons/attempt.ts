/** A task that the learner solves on the real timeline: a filter says when it is solved, stored acts show that it can be. */
import type { Resumable } from '../base/resumable';
import type { Filter } from '../scenarios/filter/filter';
import { stepHits } from '../recording/filter/hits';
import type { Line, Scenario } from '../scenarios/scenario';
import { actOf, lineIndexOf, linesTo } from './acts';
import { filterOf, wrong, type Answer } from './answer';
import type { LessonProblem, Screen, TryBlock, Where } from './lesson';
import { profileOf, type LessonRun, type LessonRuns } from './runs';

/** @returns how many steps there are up to the one that solves a task, if one does */
export function* solvedAt(
  { timeline }: Pick<LessonRun, 'timeline'>,
  filter: Filter,
): Resumable<number | undefined> {
  const [hit] = yield* stepHits(timeline, filter);
  return hit === undefined ? undefined : hit + 1;
}

export const untilFilter = (scenario: Scenario, { until }: TryBlock): Answer<Filter> =>
  filterOf(scenario, until, 'step');

/** The scenario up to the place of the screen, then the acts that solve the task. */
export function solutionLines(scenario: Scenario, block: TryBlock, where: Where): Answer<readonly Line[]> {
  const end = endOfStart(scenario, block, where);
  if (!end.ok) return end;
  const acts: Line[] = [];
  for (const written of block.solution) {
    const act = actOf(scenario, written);
    if (!act.ok) return act;
    acts.push(act.value);
  }
  return { ok: true, value: [...linesTo(scenario, end.value), ...acts] };
}

function endOfStart(scenario: Scenario, { line }: TryBlock, where: Where): Answer<number> {
  if (where.at === 'end') return { ok: true, value: scenario.lines.length };
  if (where.at === 'before' || where.at === 'after') {
    const index = lineIndexOf(scenario, where.act);
    return index.ok ? { ok: true, value: where.at === 'after' ? index.value + 1 : index.value } : index;
  }
  return wrong(line, `a screen with 'try' needs a 'goto' before or after an act, or to the end`);
}

/** Whether the task is open where the scenario ends, and solved by its solution. */
export function* attemptProblems(
  runs: LessonRuns,
  block: TryBlock,
  { setting, where }: Screen,
): Resumable<readonly LessonProblem[]> {
  const scenario = runs.scenarioOf(setting.scenario);
  if (!scenario.ok) return [];
  const until = untilFilter(scenario.value, block);
  const lines = solutionLines(scenario.value, block, where);
  const [spec] = runs.profilesOf(setting, scenario.value);
  const profile = spec && profileOf(spec);
  if (!until.ok || !lines.ok) return [until, lines].flatMap((one) => (one.ok ? [] : [one.problem]));
  if (!spec || !profile?.ok) return [];
  const problems: LessonProblem[] = [];
  const shipped = yield* runs.run(setting, spec);
  if (shipped.ok && (yield* solvedAt(shipped.value, until.value)) !== undefined)
    problems.push({
      line: block.until.line,
      message: `the scenario itself meets '${block.until.text}': nothing is left to do`,
    });
  const run = yield* runs.runLines(lines.value, profile.value);
  const [problem] = run.problems;
  if (problem)
    problems.push({
      line: block.solution[0]?.line ?? block.line,
      message: `the solution: ${problem.message}`,
    });
  else if ((yield* solvedAt(run, until.value)) === undefined)
    problems.push({
      line: block.solution.at(-1)?.line ?? block.line,
      message: `the solution does not solve the task: no step meets '${block.until.text}'`,
    });
  return problems;
}
