/** A run as text for a mail: 72 columns, the scenario first, so that the reader can run it. */
import { wrap } from '../base/text';
import { folded } from '../base/fold';
import { compareRuns } from '../scenarios/compare';
import { MAIL_COLUMNS } from '../scenarios/mail';
import { printScenario } from '../scenarios/print';
import type { Run } from '../scenarios/run';
import type { Tape } from '../scenarios/tape';
import { expectationText, lineText, summary } from './run-text';

/** `text` in lines of the mail, the first at `indent`, what does not fit two further in. */
function fitted(text: string, indent: number): string[] {
  const [first = '', ...rest] = wrap(text, MAIL_COLUMNS - indent - 2);
  return [' '.repeat(indent) + first, ...rest.map((line) => ' '.repeat(indent + 2) + line)];
}

/** What each line of the scenario did, told by the runs; equal runs are told once. */
export function runMail(runs: readonly Run<Tape>[]): string[] {
  const [first] = runs;
  if (!first) return [];
  const names = runs.map((run, i) => `${letter(i)}: ${run.profile.spec}`);
  const told = compareRuns(runs).flatMap((comparison) => {
    const line = first.scenario.lines[comparison.line];
    const title = line ? fitted(lineText(line), 0) : [];
    if (comparison.same) return ['', ...title, ...movesText(comparison.moves[0] ?? [], '', 4)];
    const each = runs.flatMap((_, i) => [
      ...movesText(comparison.moves[i] ?? [], `${letter(i)} `, 2),
      ...(comparison.visible[i] ?? []).flatMap((text) => fitted(`${letter(i)} => ${text}`, 2)),
    ]);
    return ['', ...title, `  differs:`, ...each];
  });
  const results = runs.flatMap((run) => [
    ...fitted(summary(run), 0),
    ...run.expectations.filter(({ ok }) => !ok).flatMap((e) => fitted(expectationText(e), 2)),
  ]);
  return [...names, ...told, '', ...results, '', ...printScenario(first.scenario).trimEnd().split('\n')];
}

/** Moves that differ in numbers alone, many times over, are told once. */
function movesText(moves: readonly string[], mark: string, indent: number): string[] {
  return folded(
    moves,
    (text) => text.replace(/0x[0-9a-f]+|\d+/g, '#'),
    (text) => fitted(mark + text, indent),
    ({ times }) => `${' '.repeat(indent)}${mark}... ${times - 1} times more`,
  );
}

const letter = (index: number): string => String.fromCharCode(65 + index);
