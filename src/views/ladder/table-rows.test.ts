import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseProfileSpec } from '../../profiles/resolve';
import { compare } from '../../recording/comparison/comparison';
import { Timeline } from '../../recording/timeline/timeline';
import { parseScenario } from '../../scenarios/parse';
import { runScenario, type Run } from '../../scenarios/run';
import { rowsOfComparison, rowsOfRun, type TableLine, type TableRows } from './table-rows';

const file = join(import.meta.dirname, '../../../public/scenarios/psc-batch.ghcb');
const parsed = parseScenario(readFileSync(file, 'utf8'));

function runUnder(spec: string): Run<Timeline> {
  const profile = parseProfileSpec(spec);
  if (!profile.ok || !parsed.ok) throw new Error('psc-batch does not run');
  return runScenario(parsed.scenario, profile.value, (world) => new Timeline(world));
}
const all = (rows: TableRows): readonly (readonly TableLine[])[] =>
  Array.from({ length: rows.rowCount }, (_, row) => rows.linesOf(row));

test('a run alone has the rows of a comparison of one', () => {
  const run = runUnder('linux-7.2');
  expect(all(rowsOfRun(run.timeline))).toEqual(all(rowsOfComparison(compare([run]))));
});

test('v14 and linux-7.2: a row in which the exits differ has a line for A and one for B', () => {
  const rows = rowsOfComparison(compare([runUnder('v14'), runUnder('linux-7.2')]));
  const split = all(rows).filter((_, row) => rows.isSplit(row));
  expect(split.some(([a, b]) => a?.text.includes('VMGEXIT') && b?.text.includes('HYPERCALL'))).toBe(true);
  expect(new Set(split.map((lines) => lines.map(({ runs }) => runs).join('|')))).toContain('A|B');
  expect(rows.linesAbove(rows.rowCount)).toBe(all(rows).flat().length);
});
