/**
 * The answer of a comparison in at most 25 lines: the verdict, the act, what differs, the facet that decides with its
 * sources, and a link. The whole mail holds the steps and the scenario.
 */
import { sourceText } from '../abi/source';
import type { Resumable } from '../base/resumable';
import type { FacetDifference } from '../profiles/compare';
import { comparedLineText } from '../recording/comparison/lines';
import type { Comparison } from '../recording/comparison/model';
import { MAIL_COLUMNS } from '../scenarios/mail';
import { lineText } from '../scenarios/print';
import { headOf } from '../scenarios/scenario';
import { letterOf } from './comparison-outline';
import { decidingDifferences } from './deciding-facets';
import { decisiveRow, toldIn } from './decisive-row';
import { byValue, differenceText } from './difference-text';
import type { Exported } from './exported';
import { fitted, safeLine } from './mail-lines';
import { isFound } from './row-text';

export const SHORT_MAIL_LINES = 25;
/** Lines that a part may take; the facets take what is left. */
const MOST = { title: 2, names: 3, act: 3, does: 8, group: 3, state: 3, alone: 15 } as const;

export function* shortMail(exported: Exported): Resumable<string> {
  const { runs, comparison, link } = exported;
  const { title } = headOf(runs[0]?.scenario ?? { lines: [] });
  const isOne = runs.length === 1;
  const names = comparison.names.map((name, run) => (isOne ? '' : `${letterOf(run)} `) + name);
  const head = [
    ...(title === '' ? [] : shortened(fitted(title, 0), MOST.title)),
    ...shortened(fitted(names.join(', '), 0), MOST.names),
  ];
  const room = SHORT_MAIL_LINES - head.length - (link === undefined ? 0 : 1);
  const body = isOne ? alone(exported) : yield* compared(comparison, room);
  const lines = [...head, ...body].map(safeLine);
  return [...lines, ...(link === undefined ? [] : [`<${link}>`]), ''].join('\n');
}

/** How a single run ended. */
function alone({ runs }: Exported): string[] {
  const [run] = runs;
  if (!run) return [];
  const { timeline, expectations, problems, scenario } = run;
  const failed = expectations.filter(({ ok }) => !ok);
  const held = `${expectations.length - failed.length} of ${expectations.length} expectations hold`;
  const wrong = failed.map(
    ({ line, actual }) => `FAILED: ${lineText(scenario.lines[line])}, it is ${actual}`,
  );
  const found = timeline
    .findings()
    .filter(({ finding }) => isFound(finding))
    .map(({ step, finding: { kind, text } }) => `step ${step + 1}, ${kind}: ${text}`);
  const told = [...problems.map(({ message }) => message), ...wrong, ...found];
  return [
    ...fitted(`${timeline.stepCount} steps; ${held}.`, 0),
    ...shortened(
      told.flatMap((text) => fitted(text, 2)),
      MOST.alone,
    ),
  ];
}

/** @param room lines that are left */
function* compared(comparison: Comparison, room: number): Resumable<string[]> {
  const { rows, divergences } = comparison;
  const row = decisiveRow(comparison);
  if (row === undefined) return [`They do the same in all ${rows.length} steps.`];
  const told = toldFrom(comparison, row);
  const line = rows[row]?.line ?? -1;
  const act = comparedLineText(comparison, line);
  const counted = divergences.length > 1 ? `; ${divergences.length} of ${rows.length} steps differ` : '';
  const lines = [
    ...shortened(fitted(`They differ at step ${row + 1}, ${act}${counted}:`, 0), MOST.act),
    ...shortened(whatTheyDo(comparison, row, told), MOST.does),
    ...stateAfter(comparison, line),
  ];
  return [...lines, ...facetBlocks(yield* facetsOf(comparison, row, told), room - lines.length)];
}

/** By run, what it tells guest and VMM from a row to the end of its line. */
function toldFrom(comparison: Comparison, row: number): readonly string[] {
  const { runs, rows } = comparison;
  const line = rows[row]?.line;
  const within = rows.flatMap((one, at) => (at >= row && one.line === line ? [at] : []));
  return runs.map((_, run) => {
    const refused = within.map((at) => rows[at]?.refused[run]).find((why) => why !== undefined);
    if (refused !== undefined) return `not possible: ${refused}`;
    const texts = within.flatMap((at) => toldIn(comparison, at, run) ?? []);
    return texts.length === 0 ? 'tells guest and VMM nothing' : texts.join('; then ');
  });
}

/** What each run tells guest and VMM; where all tell the same, what else differs in the row. */
function whatTheyDo(comparison: Comparison, row: number, told: readonly string[]): string[] {
  if (new Set(told).size > 1)
    return byValue(told).flatMap((text) => shortened(fitted(text.replace(' ', ': '), 2), MOST.group));
  const differences = comparison.rows[row]?.differences ?? [];
  return differences.flatMap((one) => shortened(fitted(differenceText(one), 2), MOST.group));
}

/** Which runs have the same value: equal for values that part the runs in the same way. */
export const partition = (values: readonly string[]): string =>
  values.map((value) => values.indexOf(value)).join();

/** The facets that decide in a line: first those that part the runs as what they tell does, then those of the row. */
function* facetsOf(
  comparison: Comparison,
  row: number,
  told: readonly string[],
): Resumable<FacetDifference[]> {
  const line = comparison.rows[row]?.line;
  const all = [
    ...(yield* decidingDifferences(comparison, (one) => one === row)),
    ...(yield* decidingDifferences(comparison, (one) => one !== row && comparison.rows[one]?.line === line)),
  ];
  const once = all.filter(({ name }, at) => all.findIndex((one) => one.name === name) === at);
  const parts = ({ values }: FacetDifference): boolean => partition(values) === partition(told);
  return [...once.filter(parts), ...once.filter((facet) => !parts(facet))];
}

/** The declared state that differs once a line is over, without the bytes that were shared. */
function stateAfter(comparison: Comparison, line: number): string[] {
  const last = comparison.rows.findLastIndex((row) => row.line === line);
  const shown = comparison
    .stateAfter(last)
    .filter(({ name }) => /^v\d+\.[^.]+$/.test(name))
    .map(differenceText);
  return shown.length === 0 ? [] : shortened(fitted(`After it ${shown.join('; ')}`, 0), MOST.state);
}

/** Whole facets, as many as there is room for; the names of the others. */
export function facetBlocks(facets: readonly FacetDifference[], room: number): string[] {
  const blocks = facets.map(facetLines);
  const lines: string[] = [];
  for (const [at, block] of blocks.entries()) {
    const rest = facets.slice(at).map(({ name }) => name);
    const others = shortened(fitted(`Decided by ${rest.slice(1).join(', ')} too.`, 0), 2);
    const isLast = rest.length === 1;
    if (lines.length + block.length + (isLast ? 0 : others.length) > room) {
      const left = room - lines.length;
      return left < 1
        ? lines
        : [...lines, ...shortened(fitted(`Decided by ${rest.join(', ')}${at > 0 ? ' too' : ''}.`, 0), left)];
    }
    lines.push(...block);
  }
  return lines;
}

/** Each value with the source of the first run that has it. */
function facetLines({ name, values, sources }: FacetDifference): string[] {
  const told = values.map((value) => {
    const source = sources[values.indexOf(value)];
    return source ? `${value}; ${sourceText(source)}` : value;
  });
  return [`Decided by ${name}:`, ...byValue(told).flatMap((text) => shortened(fitted(text, 2), MOST.group))];
}

/** At most so many lines; a line that is not the last says by dots that something is missing. */
export function shortened(lines: readonly string[], most: number): string[] {
  if (lines.length <= most) return [...lines];
  const kept = lines.slice(0, most);
  return [...kept.slice(0, -1), `${(kept.at(-1) ?? '').slice(0, MAIL_COLUMNS - 6)} ...`];
}
