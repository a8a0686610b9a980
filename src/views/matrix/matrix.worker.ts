/** Computes the matrix beside the page. */
import { ChartRun } from '../../explorer/matrix/cell';
import { eventById, stateById } from '../../explorer/matrix/chart';
import { chartById } from '../../explorer/matrix/charts';
import { rowOf } from '../../explorer/matrix/rows';
import { cellText } from '../../explorer/matrix/scenario';
import { parseProfileSpec } from '../../profiles/resolve';
import type { FullCell, Question, Reply } from './messages';

const runs = new Map<string, ChartRun>();

function runOf(chartId: string, spec: string): ChartRun {
  const key = `${chartId} ${spec}`;
  const known = runs.get(key);
  if (known) return known;
  const chart = chartById(chartId);
  const profile = parseProfileSpec(spec);
  if (!chart) throw new Error(`there is no chart "${chartId}"`);
  if (!profile.ok) throw new Error(profile.error.message);
  const run = new ChartRun(chart, profile.value);
  runs.set(key, run);
  return run;
}

const say = (reply: Reply): void => postMessage(reply);

function tellChart(chartId: string, spec: string): void {
  const run = runOf(chartId, spec);
  for (const state of run.chart.states) {
    say({ kind: 'row', chart: chartId, profile: spec, state: state.id, cells: rowOf(run, state) });
  }
}

function tellCell(question: Extract<Question, { kind: 'cell' }>): void {
  const { choice, profiles } = question;
  const cells = profiles.map((spec): FullCell => {
    const run = runOf(question.chart, spec);
    const state = stateById(run.chart, question.state);
    const event = eventById(run.chart, question.event);
    if (!state || !event) throw new Error('the chart has no such cell');
    const address = { state, event, stateChoice: choice, eventChoice: choice };
    const cell = run.cell(address);
    const text = cellText({ chart: run.chart, state, event }, cell, profiles);
    return { cell, decided: run.decided(address), text };
  });
  say({ kind: 'cell', id: question.id, cells });
}

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  try {
    if (data.kind === 'chart') tellChart(data.chart, data.profile);
    else tellCell(data);
    say({ kind: 'done' });
  } catch (error) {
    say({ kind: 'failed', what: error instanceof Error ? error.message : String(error) });
  }
});
