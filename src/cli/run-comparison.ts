/** Several runs side by side as text: what all do once, where they part each run's own, in two columns where they fit. */
import { moveKinds } from '../engine/moves';
import { alignColumns, wrap } from '../base/text';
import { alikeText, lettersOf, letterOf, outlineOf, type OutlinePart } from '../exports/comparison-outline';
import { rowTexts, type RowText } from '../exports/row-text';
import { comparedLineText } from '../recording/comparison/lines';
import type { Comparison, FieldDifference } from '../recording/comparison/model';
import { lineText } from '../scenarios/print';
import { expectationText, summary } from './run-text';

/** Two runs stand in two columns from this width on. */
const TWO_COLUMNS = 132;
const BETWEEN = ' | ';
const INDENT = 10;

/** @param columns width of the terminal */
export function comparisonText(comparison: Comparison, columns: number): string[] {
  const { runs } = comparison;
  const names = comparison.names.map((name, run) => `${letterOf(run)}  ${name}`);
  const lines = outlineOf(comparison).flatMap((section) => {
    const { line, differs, parts } = section;
    const text = comparedLineText(comparison, line);
    if (!differs) return [` = ${text}`];
    const shown = parts.flatMap((part) => partLines(comparison, part, columns));
    return [`<> ${text}${alikeText(section, false)}`, ...shown];
  });
  const state = comparison.stateAfter(comparison.rows.length - 1);
  return [
    ...names,
    '',
    ...lines,
    '',
    ...(state.length === 0 ? [] : ['in the end', ...stateLines(state), '']),
    parting(comparison),
    ...runs.flatMap((run) => [summary(run), ...failures(run)]),
  ];
}

/** Where the runs part, in one line. */
export function parting(comparison: Comparison): string {
  const { rows, firstDivergence, divergences } = comparison;
  if (firstDivergence === undefined) return 'no difference';
  const line = comparedLineText(comparison, rows[firstDivergence]?.line ?? -1);
  return `first difference at step ${firstDivergence + 1}: ${line} (${divergences.length} of ${rows.length} steps differ)`;
}

function partLines(comparison: Comparison, { kind, first, end }: OutlinePart, columns: number): string[] {
  if (kind === 'gap') return [`${' '.repeat(INDENT)}... ${end - first} steps alike`];
  const { runs, rows } = comparison;
  const width = Math.floor((columns - 4 - BETWEEN.length) / 2);
  const isWide = runs.length === 2 && columns >= TWO_COLUMNS;
  return rows.slice(first, end).flatMap((row, at) => {
    const number = first + at + 1;
    const { texts, quiet } = rowTexts(comparison, row);
    const isShared = texts.some((text) => text.runs.length === runs.length);
    const own =
      isWide && !isShared
        ? beside(texts, number, width)
        : texts.flatMap((text) => stacked(text, number, runs.length));
    const mark = row.groups.length > 1 ? '<>' : row.uncertain.length > 0 ? ' ?' : '  ';
    return [...own.map((line, i) => (i === 0 ? mark : '  ') + line), ...stateLines(quiet)];
  });
}

/** Number, vCPU and lanes of a step. */
function headText({ step }: RowText, number: number): string {
  if (!step?.move) return ' '.repeat(6);
  const { from, to } = moveKinds[step.move.kind];
  const vcpu = (step.move.vcpu < 0 ? '' : `v${step.move.vcpu}`).padEnd(3);
  const lanes = `${from}${from === to ? '' : `>${to}`}`.padEnd(12);
  return `${String(number).padStart(5)} ${vcpu} ${lanes} `;
}

/** @param count of all runs; letters stand where it is not done by all */
function stacked(text: RowText, number: number, count: number): string[] {
  const letters = (text.runs.length < count ? lettersOf(text.runs) : '').padEnd(INDENT - 4);
  const start = ` ${letters}${headText(text, number)}`;
  return [`${start}${text.text}`, ...text.findings.map((found) => ' '.repeat(start.length) + found)];
}

/** A and B beside each other; a run that did nothing leaves its column empty. */
function beside(texts: readonly RowText[], number: number, width: number): string[] {
  const cells = [0, 1].map((run) => {
    const text = texts.find(({ runs }) => runs.includes(run));
    if (!text) return [];
    const head = headText(text, number);
    const words = [text.text, ...text.findings].flatMap((part) => wrap(part, width - head.length));
    return words.map((line, i) => (i === 0 ? head : ' '.repeat(head.length)) + line);
  });
  const count = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: count }, (_, i) =>
    `  ${cells.map((cell) => (cell[i] ?? '').padEnd(width)).join(BETWEEN)}`.trimEnd(),
  );
}

function stateLines(differences: readonly FieldDifference[]): string[] {
  const rows = differences.map(({ name, values, frames = 1 }) => [
    frames > 1 ? `${name} (${frames} pages)` : name,
    ...values.map((value, run) => `${letterOf(run)} ${value ?? '-'}`),
  ]);
  return alignColumns(rows).map((line) => ' '.repeat(INDENT) + line);
}

function failures({ expectations, scenario }: Comparison['runs'][number]): string[] {
  return expectations
    .filter(({ ok }) => !ok)
    .map((result) => `  ${lineText(scenario.lines[result.line])}  ${expectationText(result)}`);
}
