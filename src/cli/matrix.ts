/** `matrix`: what happens to each event in each state, under one kernel generation or several. */
import { alignColumns, didYouMean, wrap } from '../base/text';
import { rules } from '../engine/rules';
import { ChartRun, type Cell } from '../explorer/matrix/cell';
import { chartById, matrixCharts } from '../explorer/matrix/charts';
import type { MatrixChart } from '../explorer/matrix/chart';
import { outcomeSigns, outcomes } from '../explorer/matrix/outcomes';
import { cellText } from '../explorer/matrix/scenario';
import { defaultProfileId } from '../profiles/profiles';
import { parseProfileList, type ResolvedProfile } from '../profiles/resolve';
import { fine, jsonPretty, readWords, UsageError, type Output } from './io';

function chartsNamed(words: readonly string[]): readonly MatrixChart[] {
  const [name, ...extra] = words;
  if (extra.length > 0) throw new UsageError('matrix takes at most one CHART');
  if (name === undefined) return matrixCharts;
  const chart = chartById(name);
  const known = matrixCharts.map(({ id }) => id);
  if (!chart)
    throw new UsageError(`no chart '${name}'${didYouMean(name, known)}; there are ${known.join(', ')}`);
  return [chart];
}

function profilesNamed(text: string | undefined): readonly ResolvedProfile[] {
  const parsed = parseProfileList(text ?? defaultProfileId);
  if (!parsed.ok) throw new UsageError(parsed.error.message);
  return parsed.value;
}

/** Every cell of a chart, by state, event and profile. */
function computed(chart: MatrixChart, profiles: readonly ResolvedProfile[]) {
  const runs = profiles.map((profile) => new ChartRun(chart, profile));
  return chart.states.map((state) => ({
    state,
    cells: chart.events.map((event) => ({ event, cells: runs.map((run) => run.cell({ state, event })) })),
  }));
}

function cellJson(chart: MatrixChart, cell: Cell, place: { state: string; event: string }): unknown {
  const state = chart.states.find(({ id }) => id === place.state);
  const event = chart.events.find(({ id }) => id === place.event);
  const reached = cell.outcome !== 'unreachable' && state !== undefined && event !== undefined;
  const {
    profile,
    outcome,
    because,
    answer,
    facts,
    facets,
    rules: applied,
    remarks,
    stateChoice,
    eventChoice,
    acts,
  } = cell;
  return {
    profile,
    outcome,
    because,
    fixed: { ...stateChoice, ...eventChoice },
    ...(reached
      ? {
          answer,
          facts,
          facets: Object.fromEntries(
            facets.map(({ name, value, confidence }) => [name, { value, confidence }]),
          ),
          rules: applied.map(({ id }) => id),
          remarks,
          shortestWay: acts.way.length,
          scenario: cellText({ chart, state, event }, cell),
        }
      : {}),
  };
}

function asJson(charts: readonly MatrixChart[], profiles: readonly ResolvedProfile[]): unknown {
  return {
    profiles: profiles.map(({ spec }) => spec),
    outcomes: outcomes.map((id) => ({ id, ...outcomeSigns[id] })),
    rules,
    charts: charts.map((chart) => ({
      id: chart.id,
      title: chart.title,
      says: chart.says,
      states: chart.states.map(({ id, title, says, axes = [] }) => ({ id, title, says, axes })),
      events: chart.events.map(({ id, title, says, axes = [] }) => ({ id, title, says, axes })),
      cells: computed(chart, profiles).flatMap(({ state, cells }) =>
        cells.map(({ event, cells: byProfile }) => ({
          state: state.id,
          event: event.id,
          link: `#/m/${chart.id}/${state.id}/${event.id}`,
          byProfile: byProfile.map((cell) => cellJson(chart, cell, { state: state.id, event: event.id })),
        })),
      ),
    })),
  };
}

/** Columns are numbered: their names are longer than their cells. */
function chartText(chart: MatrixChart, profiles: readonly ResolvedProfile[]): string[] {
  const rows = computed(chart, profiles).map(({ state, cells }) => [
    state.title,
    ...cells.map(({ cells: byProfile }) =>
      byProfile.map(({ outcome }) => outcomeSigns[outcome].sign).join(''),
    ),
  ]);
  const numbers = chart.events.map((_, index) => String(index + 1));
  return [
    `${chart.id}: ${chart.says}`,
    '',
    ...alignColumns([['', ...numbers], ...rows]),
    '',
    ...alignColumns(chart.events.map(({ title, says }, index) => [`  ${index + 1}`, title, says])),
    '',
  ];
}

function asText(charts: readonly MatrixChart[], profiles: readonly ResolvedProfile[]): string {
  const legend = outcomes.map((id) => `${outcomeSigns[id].sign} ${outcomeSigns[id].says}`).join(', ');
  const who =
    profiles.length === 1
      ? `Under ${profiles[0]?.spec ?? ''}.`
      : `In each cell from left to right: ${profiles.map(({ spec }) => spec).join(', ')}.`;
  return [
    ...charts.flatMap((chart) => chartText(chart, profiles)),
    ...wrap(who, 96),
    ...wrap(legend, 96),
  ].join('\n');
}

export function matrix(words: readonly string[]): Output {
  const { plain, options } = readWords(words, { profile: 'value', json: 'flag' });
  const charts = chartsNamed(plain);
  const profiles = profilesNamed(options.get('profile'));
  return fine(options.has('json') ? jsonPretty(asJson(charts, profiles)) : asText(charts, profiles));
}
