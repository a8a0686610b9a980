/**
 * The matrix of Linux 7.2, one sign a cell, and some cells with all that they say: to be read beside the reference.
 *
 * VMGEXIT_WRITE_TRANSCRIPTS=1 writes what they now are into the files; what changed is then read and judged like code.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { profile } from '../../profiles/resolve';
import { actLine } from '../../scenarios/scenario';
import { lineText } from '../../scenarios/print';
import { ChartRun, type Cell } from './cell';
import { matrixCharts } from './charts';
import type { MatrixChart } from './chart';
import { outcomeSigns } from './outcomes';

const folder = join(import.meta.dirname, 'pinned');
/** How many events lie between the cells of two states that are told whole. */
const STRIDE = 7;

function cellLines(title: string, { outcome, because, answer, facts, remarks, acts }: Cell): string[] {
  const changed = facts.filter(({ before, after }) => before !== after);
  return [
    title,
    `    ${outcome}: ${because}`,
    ...(answer ? [`    answer ${answer}`] : []),
    ...changed.map(({ title: name, before, after }) => `    ${name}: ${before} -> ${after}`),
    ...remarks.map((remark) => `    ! ${remark}`),
    ...acts.way.map((act) => `    by ${lineText(actLine(act))}`),
  ];
}

function matrixOf(chart: MatrixChart): string {
  const run = new ChartRun(chart, profile('linux-7.2'));
  const lines: string[] = chart.events.map(({ title }, index) => `${String(index + 1).padStart(3)} ${title}`);
  const whole: string[] = [];
  chart.states.forEach((state, row) => {
    const cells = chart.events.map((event) => run.cell({ state, event }));
    const signs = cells.map(({ outcome }) => outcomeSigns[outcome].sign);
    lines.push(`${state.title}`, `    ${signs.join(' ')}`);
    const column = (row * STRIDE) % chart.events.length;
    const cell = cells[column];
    if (cell) whole.push(...cellLines(`${state.title} / ${chart.events[column]?.title ?? ''}`, cell));
  });
  return [...lines, '', ...whole, ''].join('\n');
}

test.each(matrixCharts)('chart $id', (chart) => {
  const path = join(folder, `${chart.id}.txt`);
  const told = matrixOf(chart);
  if (process.env['VMGEXIT_WRITE_TRANSCRIPTS'] === '1') writeFileSync(path, told);
  else expect(told).toBe(readFileSync(path, 'utf8'));
});
