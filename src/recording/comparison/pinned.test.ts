/**
 * Small comparisons row by row, to be read: what each run does in it, which runs did the same, what differs, and the facets
 * that were asked. A file begins with its runs, A, B, ...: a scenario of `public/scenarios/`, a kernel, and words that
 * leave out the lines of the scenario in which they stand.
 *
 * VMGEXIT_WRITE_TRANSCRIPTS=1 writes what is now found into the files; what changed is then read and judged like code.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hex } from '../../base/hex';
import { moveText } from '../../engine/moves';
import { profile } from '../../profiles/resolve';
import type { ProfileName } from '../../profiles/resolve';
import { parseScenario, problemText } from '../../scenarios/parse';
import { runScenario, type Run } from '../../scenarios/run';
import { Timeline } from '../timeline/timeline';
import { compare } from './comparison';
import { comparedLineText, isOneText } from './lines';
import type { Comparison, FieldDifference, KvmRunDifference } from './model';

const folder = join(import.meta.dirname, 'pinned');
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
const letter = (run: number): string => String.fromCharCode(65 + run);

/** @param line `run ap-6-destroy-before-create linux-7.2 [without make-vmsa]` */
function runOf(line: string): Run<Timeline> {
  const [, slug = '', kernel, , left] = line.split(' ');
  const path = join(import.meta.dirname, `../../../public/scenarios/${slug}.ghcb`);
  const text = readFileSync(path, 'utf8').split('\n');
  const kept = text.filter((one) => left === undefined || !one.includes(left) || one.startsWith('expect'));
  const parsed = parseScenario(kept.join('\n'));
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return runScenario(parsed.scenario, profile(kernel as ProfileName), (world) => new Timeline(world));
}

/** What each run has, runs that have the same together. */
function byRun(values: readonly (string | undefined)[]): string {
  const of = new Map<string, string>();
  values.forEach((value = '-', run) => of.set(value, (of.get(value) ?? '') + letter(run)));
  return [...of].map(([value, runs]) => `${runs}: ${value}`).join(' | ');
}

const difference = ({ name, values, frames }: FieldDifference): string =>
  `${name}${frames === undefined ? '' : ` and ${frames} frames`} = ${byRun(values)}`;

const bytes = ({ vcpu, at, length, bytes: of, fields }: KvmRunDifference): string =>
  `kvm_run v${vcpu} ${hex(at)}+${length} = ${byRun(of.map((run) => run && Buffer.from(run).toString('hex')))}` +
  ` as ${byRun(fields.map((field) => field?.name))}`;

function toldOf(comparison: Comparison): string[] {
  const { runs, lines, rows, firstDivergence, divergences } = comparison;
  const told: string[] = [`one text: ${isOneText(comparison)}, first difference in row ${firstDivergence}`];
  let line = -1;
  rows.forEach((row, index) => {
    if (row.line !== line) told.push(comparedLineText(comparison, row.line));
    line = row.line;
    const made = row.steps.map((step, run) => {
      const move = step === undefined ? undefined : runs[run]?.timeline.step(step).move;
      const text = move && `${move.vcpu < 0 ? '' : `v${move.vcpu} `}${moveText(move)}`;
      return row.refused[run] === undefined ? text : `refused ${row.refused[run]}`;
    });
    if (!divergences.includes(index) && lines[line]?.line.kind === 'launch') return;
    const groups = row.groups.map((group) => group.map(letter).join('')).join(' ');
    const uncertain = row.uncertain.length > 0 ? ` (${row.uncertain.map(letter).join('')} uncertain)` : '';
    told.push(`  ${index} ${groups}${uncertain}  ${byRun(made)}`);
    told.push(...row.differences.map((one) => `      ${difference(one)}`));
    if (divergences.includes(index))
      told.push(
        ...comparison.facetsOf(index).map(({ name }) => `      asked ${name}`),
        ...comparison.kvmRunDifferences(index).map((one) => `      ${bytes(one)}`),
      );
  });
  return [
    ...told,
    'at the end',
    ...comparison.stateAfter(rows.length - 1).map((one) => `      ${difference(one)}`),
  ];
}

test.each(files)('%s', (file) => {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const written = text.split('\n').filter((line) => line.startsWith('run '));
  const told = [...written, ...toldOf(compare(written.map(runOf))), ''].join('\n');
  if (process.env['VMGEXIT_WRITE_TRANSCRIPTS'] === '1') writeFileSync(path, told);
  else expect(told).toBe(text);
});
