/** A prediction: its choices are what the named runs give, and the right one is what the run gives that is asked about. */
import type { Resumable } from '../base/resumable';
import { stepHits } from '../recording/filter/hits';
import type { Filter } from '../scenarios/filter/filter';
import { lineText } from '../scenarios/print';
import type { Line, Scenario } from '../scenarios/scenario';
import { actOf, lineIndexOf, linesFrom, linesTo } from './acts';
import { filterOf, wrong, type Answer } from './answer';
import type { Alternative, LessonProblem, PredictBlock, Screen, Written } from './lesson';
import { profileOf, type LessonRun, type LessonRuns } from './runs';
import { stepsOfLine } from './where';

export interface Choice {
  /** The value as expectations spell it, or `yes` and `no`. */
  readonly value: string;
  /** What the author calls it. */
  readonly words: string | undefined;
  readonly isRight: boolean;
  /** Which runs give it, in words. */
  readonly from: readonly string[];
}

export interface Prediction {
  /** The profile that is asked about. */
  readonly spec: string;
  /** In an order that says nothing of which one is right. */
  readonly choices: readonly Choice[];
  /** Steps of its run up to the one that decides: it refutes the wrong choices. */
  readonly position: number;
}

/** The act that is asked about: a line of the scenario. */
export function actAskedAbout({ act }: PredictBlock, { where }: Pick<Screen, 'where'>): Written | undefined {
  return act ?? (where.at === 'before' || where.at === 'after' ? where.act : undefined);
}

/** @returns the prediction, or everything that is wrong with it */
export function* predictionOf(
  runs: LessonRuns,
  block: PredictBlock,
  screen: Pick<Screen, 'setting' | 'where'>,
): Resumable<
  | { readonly ok: true; readonly value: Prediction }
  | { readonly ok: false; readonly problems: readonly LessonProblem[] }
> {
  const asked = askedOf(runs, block, screen);
  if (!asked.ok) return { ok: false, problems: [asked.problem] };
  const { under } = asked.value;
  const main = yield* outcome(runs, asked.value, asWritten(asked.value, under));
  if (!main.ok) return { ok: false, problems: [main.problem] };
  const found = new Map<string, string[]>([[main.value.value, [`under ${under.text}`]]]);
  const problems: LessonProblem[] = [];
  for (const other of block.others) {
    const variant = variantOf(asked.value, other);
    const result = variant.ok ? yield* outcome(runs, asked.value, variant.value) : variant;
    if (!result.ok) problems.push(result.problem);
    else found.set(result.value.value, [...(found.get(result.value.value) ?? []), wordsOf(other)]);
  }
  if (found.size < 2 && problems.length === 0)
    problems.push({
      line: block.line,
      message: `there is one choice only: each of the runs gives '${main.value.value}'`,
    });
  problems.push(...strayCalls(block, [...found.keys()]));
  if (problems.length > 0) return { ok: false, problems };
  const choices = [...found].map(([value, from]): Choice => ({
    value,
    words: calledBy(block, value),
    isRight: value === main.value.value,
    from,
  }));
  const position = yield* decidingStep(main.value, asked.value);
  return { ok: true, value: { spec: main.value.run.profile.spec, choices: choices.sort(byValue), position } };
}

interface Asked {
  readonly scenario: Scenario;
  /** Index of the line. */
  readonly act: number;
  readonly under: Written;
  readonly filter: Filter;
  readonly block: PredictBlock;
}

function askedOf(
  runs: LessonRuns,
  block: PredictBlock,
  screen: Pick<Screen, 'setting' | 'where'>,
): Answer<Asked> {
  const scenario = runs.scenarioOf(screen.setting.scenario);
  if (!scenario.ok) return scenario;
  const written = actAskedAbout(block, screen);
  if (!written)
    return wrong(block.line, `'predict' needs a line 'act ...', or a 'goto' before or after an act`);
  const act = lineIndexOf(scenario.value, written);
  if (!act.ok) return act;
  const under = block.under ?? runs.profilesOf(screen.setting, scenario.value)[0];
  if (!under) return wrong(block.line, 'no profile is named');
  const filter = askedFilter(scenario.value, block);
  if (!filter.ok) return filter;
  return {
    ok: true,
    value: { scenario: scenario.value, act: act.value, under, filter: filter.value, block },
  };
}

/** Of a value, a comparison whose one side is looked at. */
function askedFilter(scenario: Scenario, { of: { what, written } }: PredictBlock): Answer<Filter> {
  if (what === 'whether') return filterOf(scenario, written, 'act');
  const named = filterOf(scenario, { ...written, text: `${written.text} changed` }, 'act');
  if (!named.ok) return named;
  return { ok: true, value: { kind: 'compare', path: written.text, operator: '==', value: '' } };
}

/** What runs: lines up to the act, the act, and what follows, which decides how far the VMM goes by itself. */
interface Variant {
  readonly upTo: readonly Line[];
  readonly rest: readonly Line[];
  readonly under: Written;
  /** It is the scenario under a profile: a line that is not possible there leaves what is seen as it is. */
  readonly isAsWritten: boolean;
}

const asWritten = ({ scenario, act }: Asked, under: Written): Variant => ({
  upTo: linesTo(scenario, act + 1),
  rest: linesFrom(scenario, act + 1),
  under,
  isAsWritten: true,
});

function variantOf(asked: Asked, { kind, written }: Alternative): Answer<Variant> {
  if (kind === 'under') return { ok: true, value: asWritten(asked, written) };
  const { scenario, act, under } = asked;
  const other = actOf(scenario, written);
  if (!other.ok) return other;
  const kept = kind === 'first' ? scenario.lines.slice(act, act + 1) : [];
  const upTo = [...linesTo(scenario, act), other.value, ...kept];
  return { ok: true, value: { upTo, rest: linesFrom(scenario, act + 1), under, isAsWritten: false } };
}

interface Outcome {
  readonly value: string;
  readonly run: LessonRun;
  /** Index of the act among the lines of the run. */
  readonly act: number;
}

/** What is seen once the act is over. */
function* outcome(
  runs: LessonRuns,
  { filter, block }: Asked,
  { upTo, rest, under, isAsWritten }: Variant,
): Resumable<Answer<Outcome>> {
  const profile = profileOf(under);
  if (!profile.ok) return profile;
  const expect: Line = { kind: 'expect', profiles: [], text: block.of.written.text, filter };
  const run = yield* runs.runLines([...upTo, expect, ...rest], profile.value);
  const act = upTo.length - 1;
  const refused = run.lines[act]?.refused ?? run.problems.find(({ line }) => line <= act)?.message;
  if (refused !== undefined && !isAsWritten)
    return wrong(under.line, `under ${under.text}, '${lineText(upTo[act])}' cannot be performed: ${refused}`);
  const [seen] = run.expectations;
  const value = block.of.what === 'whether' ? (seen?.ok ? 'yes' : 'no') : (seen?.actual ?? '');
  return { ok: true, value: { value, run, act } };
}

/** The last step of the act that changed what is asked about, or its last step. */
function* decidingStep({ run, act }: Outcome, { filter }: Asked): Resumable<number> {
  const { first, end } = stepsOfLine(run, act);
  if (filter.kind !== 'compare') return end;
  const hits = yield* stepHits(run.timeline, { kind: 'changed', path: filter.path });
  const deciding = hits.findLast((step) => step >= first && step < end);
  return deciding === undefined ? end : deciding + 1;
}

function wordsOf({ kind, written: { text } }: Alternative): string {
  if (kind === 'under') return `under ${text}`;
  return kind === 'instead' ? `with "${text}" in its place` : `with "${text}" before it`;
}

const isValue = (value: string, called: string): boolean =>
  value === called || value.startsWith(`${called} (`);

const calledBy = ({ calls }: PredictBlock, value: string): string | undefined =>
  calls.find((call) => isValue(value, call.value))?.words;

function strayCalls({ calls }: PredictBlock, values: readonly string[]): readonly LessonProblem[] {
  return calls
    .filter((call) => !values.some((value) => isValue(value, call.value)))
    .map(({ line, value }) => ({
      line,
      message: `no run gives '${value.slice(0, 80)}'; they give ${values.map((one) => `'${one}'`).join(', ')}`,
    }));
}

function byValue({ value: a }: Choice, { value: b }: Choice): number {
  const [x, y] = [Number(a.split(' ')[0]), Number(b.split(' ')[0])];
  if (!Number.isNaN(x) && !Number.isNaN(y) && x !== y) return x - y;
  return a < b ? -1 : 1;
}
