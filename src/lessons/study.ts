/** Everything a lesson says of runs, held to the runs: what the command line checks, and the tests of the lessons that ship. */
import { MAX_PROBLEMS } from '../base/limits';
import type { Resumable } from '../base/resumable';
import { didYouMean, nearest } from '../base/text';
import { compareInParts } from '../recording/comparison/comparison';
import type { Comparison } from '../recording/comparison/model';
import { attemptProblems } from './attempt';
import { checkedClaims } from './claims';
import type { Block, Lesson, LessonProblem, Screen } from './lesson';
import { predictionOf, type Prediction } from './predict';
import { pageLinks, type Prose } from './prose';
import { profileOf, type LessonRun, type LessonRuns } from './runs';
import { positionOf } from './where';

/** @yields between its parts. @returns what is wrong with what the lesson says of runs, by line */
export function* studyProblems(lesson: Lesson, runs: LessonRuns): Resumable<readonly LessonProblem[]> {
  const problems = new Map<string, LessonProblem>();
  for (const screen of lesson.screens) {
    for (const problem of yield* screenProblems(screen, runs, lesson.screens.length))
      problems.set(`${problem.line} ${problem.message}`, problem);
    if (problems.size >= MAX_PROBLEMS) break;
    yield;
  }
  return [...problems.values()].toSorted((a, b) => a.line - b.line).slice(0, MAX_PROBLEMS);
}

function* screenProblems(
  screen: Screen,
  runs: LessonRuns,
  screens: number,
): Resumable<readonly LessonProblem[]> {
  const { setting, where, blocks } = screen;
  const links = blocks.flatMap((block) => linkProblems(block, runs, screens));
  const scenario = runs.scenarioOf(setting.scenario);
  if (!scenario.ok) {
    const profiles = setting.profiles.map(profileOf).flatMap((one) => (one.ok ? [] : [one.problem]));
    return [...links, scenario.problem, ...profiles];
  }
  const made: LessonRun[] = [];
  const problems: LessonProblem[] = [...links];
  for (const spec of runs.profilesOf(setting, scenario.value)) {
    const run = yield* runs.run(setting, spec);
    if (run.ok) made.push(run.value);
    else problems.push(run.problem);
  }
  const [first] = made;
  if (!first || made.length < setting.profiles.length) return problems;
  const needsComparison = where.at === 'divergence' || blocks.some(({ kind }) => kind === 'compare');
  const comparison = needsComparison && made.length > 1 ? yield* compareInParts(made) : undefined;
  const place = yield* positionOf(first, where, comparison);
  if (!place.ok) problems.push(place.problem);
  for (const block of blocks) problems.push(...(yield* blockProblems(block, screen, { runs, comparison })));
  return problems;
}

function* blockProblems(
  block: Block,
  screen: Screen,
  { runs, comparison }: { readonly runs: LessonRuns; readonly comparison: Comparison | undefined },
): Resumable<readonly LessonProblem[]> {
  switch (block.kind) {
    case 'predict': {
      const prediction = yield* predictionOf(runs, block, screen);
      return prediction.ok ? notShown(prediction.value, screen, runs, block.line) : prediction.problems;
    }
    case 'try':
      return yield* attemptProblems(runs, block, screen);
    case 'check': {
      const { checked, problems } = yield* checkedClaims(runs, block, screen);
      const failed = checked
        .filter(({ holds }) => !holds)
        .map(({ claim, spec, found }) => ({
          line: claim.written.line,
          message: `under ${spec} this does not hold: ${claim.kind} ${claim.written.text}; ${found}`,
        }));
      return [...problems, ...failed];
    }
    case 'compare': {
      const differ = (comparison?.divergences.length ?? 0) > 0;
      if (differ === block.differ) return [];
      return [
        {
          line: block.line,
          message: differ ? 'the runs differ' : 'the runs differ nowhere: say so with a line same',
        },
      ];
    }
    default:
      return [];
  }
}

/** A question about a run that the screen does not show: its deciding step could not be shown either. */
function notShown(
  { spec }: Prediction,
  { setting }: Screen,
  runs: LessonRuns,
  line: number,
): readonly LessonProblem[] {
  const scenario = runs.scenarioOf(setting.scenario);
  const shown = (scenario.ok ? runs.profilesOf(setting, scenario.value) : []).flatMap((written) => {
    const profile = profileOf(written);
    return profile.ok ? [profile.value.spec] : [];
  });
  if (shown.includes(spec)) return [];
  return [
    {
      line,
      message: `the question is about ${spec}, and the screen shows ${shown.join(', ')}: name it in 'goto', under`,
    },
  ];
}

const proseIn = (block: Block): readonly Prose[] => {
  if (block.kind === 'prose') return [block.prose];
  return block.kind === 'aside' || block.kind === 'note' || block.kind === 'source' ? block.prose : [];
};

/** Links to scenarios and lessons that do not ship. */
function linkProblems(block: Block, { library }: LessonRuns, screens: number): readonly LessonProblem[] {
  const { line } = block;
  return pageLinks(proseIn(block)).flatMap((href): LessonProblem[] => {
    const [, kind = '', name = ''] = /^#\/([^/?]*)\/?([^/?]*)/.exec(href) ?? [];
    const known = kind === 's' ? library.slugs : kind === 'l' ? library.lessons : undefined;
    if (!known || known.includes(name)) return [];
    const own = Number(name);
    if (kind === 'l' && own >= 1 && own <= screens) return [];
    const near = nearest(name, known);
    const message = `the link ${href.slice(0, 80)} leads nowhere${didYouMean(name, known)}`;
    return [near === undefined ? { line, message } : { line, message, nearest: near }];
  });
}
