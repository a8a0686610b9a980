/**
 * Small scenarios with every step that they make, line by line, to be read beside the specification. A line of a
 * scenario stands at the margin; below it what happened: each move with its rule, each finding, why an act was refused, and
 * what guest and VMM see differently once everything came to rest. At the end stands the state: variables that are not as at
 * the start, runs of pages by field and by class, and a sum of the bytes of each page and of each kvm_run.
 *
 * VMGEXIT_WRITE_TRANSCRIPTS=1 writes what now happens into the files; what changed is then read and judged like code.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { enabledActs } from '../engine/enabled-acts';
import { parseProfileSpec } from '../profiles/resolve';
import { happened, Seen, stateOf } from '../testing/scenarios/told-run';
import { memoryTape } from './memory-tape';
import { parseScenario, problemText } from './parse';
import { lineText } from './print';
import { runScenario, type Run } from './run';
import { actLine, headOf, type Scenario } from './scenario';

const folder = join(import.meta.dirname, 'transcripts');
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
const MARGIN = '    ';

/** Whether the last line is a note that says so. */
function isAbout({ lines }: Scenario, what: string): boolean {
  const last = lines.at(-1);
  return last?.kind === 'note' && last.text === what;
}

/** What can be done at the end. */
function menuOf({ timeline, scenario }: Run): string[] {
  if (!isAbout(scenario, 'the menu')) return [];
  const entries = enabledActs(timeline.world);
  const possible = entries.filter(({ refused }) => !refused?.includes('does not execute guest code'));
  return [
    ...possible.map(({ act, refused, rule }) => {
      const why = refused === undefined ? '' : `: ${refused}`;
      return `${lineText(actLine(act))}${why}${rule === undefined ? '' : `  [${rule}]`}`;
    }),
    `and ${entries.length - possible.length} acts of vCPUs that execute no guest code`,
  ];
}

/** The usual launch is the same in all of them, but for those that are about it: its acts alone are told. */
function launched({ timeline, lines, scenario }: Run, line: number, seen: Seen): string[] {
  const { firstAct = 0, endAct = 0, visible = [] } = lines[line] ?? {};
  const acts = isAbout(scenario, 'the launch') ? timeline.acts.slice(firstAct, endAct) : [];
  const told = acts.map(({ act, refused: why }) => lineText(actLine(act)) + (why ? `: ${why}` : ''));
  return [...told, ...seen.news(visible)];
}

/** The scenario that a transcript is of, as it stands there, each line with what happened. */
function transcriptOf(written: readonly string[]): string {
  const parsed = parseScenario(['ghcb-scenario 1', ...written, 'end ghcb-scenario', ''].join('\n'));
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  const { scenario } = parsed;
  const profile = parseProfileSpec(headOf(scenario).profiles[0] ?? '');
  if (!profile.ok) throw new Error(profile.error.message);
  const run = runScenario(scenario, profile.value, memoryTape);
  const seen = new Seen();
  const told = scenario.lines.flatMap((_, index) => [
    written[index] ?? '',
    ...(scenario.lines[index]?.kind === 'launch' ? launched : happened)(run, index, seen).map(
      (text) => MARGIN + text,
    ),
  ]);
  const end = [...run.problems.map(({ message }) => `problem: ${message}`), ...menuOf(run)];
  const state = stateOf(run).map((text) => `state: ${text}`);
  return [...told, ...[...end, ...state].map((text) => MARGIN + text), ''].join('\n');
}

test.each(files)('%s', (file) => {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const told = transcriptOf(text.split('\n').filter((line) => line !== '' && !line.startsWith(MARGIN)));
  if (process.env['VMGEXIT_WRITE_TRANSCRIPTS'] === '1') writeFileSync(path, told);
  else expect(told).toBe(text);
});
