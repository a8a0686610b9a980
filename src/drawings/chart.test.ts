// The test configuration knows test files only; the virtual module is declared beside its plugin.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./layout/virtual-charts.d.ts" />
import layouts from 'virtual:charts';
import { describe, expect, test } from 'vitest';
import type { Chart } from '../machines/compile';
import { exchangeChart } from '../machines/exchange';
import { launchChart } from '../machines/launch';
import { pageChart } from '../machines/page';
import { vcpuChart } from '../machines/vcpu';
import { chartType, type Box, type RegionLayout } from './chart-layout';
import { ANY_STATE, arrowFinder, chartModel, lineText, waysOf } from './chart-model';

const charts: readonly Chart[] = [vcpuChart, launchChart, exchangeChart, pageChart];
const regions = charts.flatMap((chart) =>
  chartModel(chart).regions.map((region, i) => ({ name: `${chart.id}.${region.name}`, chart, region, i })),
);
const layoutOf = (chart: string, region: string): RegionLayout => {
  const layout = layouts[chart]?.[region];
  if (!layout) throw new Error(`${chart}.${region} has no layout`);
  return layout;
};

describe('a chart as a drawing sees it', () => {
  test.each(regions)('$name: every change of state has an arrow', ({ chart, region, i }) => {
    const table = chart.regions[i];
    if (!table) throw new Error('no such region');
    const find = arrowFinder(chart, table);
    const ids = new Set(region.arrows.map(({ id }) => id));
    for (const [code, state] of table.states.entries()) {
      for (const event of chart.eventTypes) {
        for (const way of waysOf(chart, table, code, event)) {
          const arrow = find(state, way);
          if (way.target !== state) expect(ids, `${state} ${event} ${way.guard}`).toContain(arrow);
        }
      }
    }
  });

  test('a long guard is a footnote of its region, and every number has one', () => {
    const noted = regions.flatMap(({ region: { name, arrows, notes } }) =>
      arrows.flatMap(({ lines }) => lines.map((line) => ({ name, notes, ...line }))),
    );
    for (const line of noted) {
      const text = lineText(line);
      if (line.note === undefined)
        expect(text).toBe(line.guard ? `${line.event} [${line.guard}]` : line.event);
      else {
        expect(text).toBe(`${line.event} [${line.note}]`);
        expect(line.notes[line.note - 1]).toBe(line.guard);
      }
      expect(text.length, text).toBeLessThanOrEqual(40);
    }
    expect(noted.some(({ name, note }) => name === 'creation' && note !== undefined)).toBe(true);
  });

  test('what holds in every state is one arrow from "any"', () => {
    const creation = chartModel(vcpuChart).regions.find(({ name }) => name === 'creation');
    const destroying = creation?.arrows.filter(({ lines }) =>
      lines.some(({ event }) => event === 'AP_DESTROY'),
    );
    expect(destroying?.map(({ id }) => id)).toEqual([
      `${ANY_STATE}>destroyUnarmed`,
      `${ANY_STATE}>destroyPending`,
    ]);
  });

  test('guards are asked in order, and nothing behind an unconditional way', () => {
    const mpState = vcpuChart.regions.find(({ name }) => name === 'mpState');
    if (!mpState) throw new Error('no mpState');
    const ways = waysOf(vcpuChart, mpState, mpState.states.indexOf('INIT_RECEIVED'), 'SIPI');
    expect(ways.map(({ guard, target }) => [guard, target])).toEqual([['', 'RUNNABLE']]);
    const init = waysOf(vcpuChart, mpState, mpState.states.indexOf('HALTED'), 'INIT');
    expect(init.map(({ guard, target }) => [guard, target])).toEqual([
      ['destroyedForGood', 'HALTED'],
      ['isBootCpu', 'RUNNABLE'],
      ['else', 'INIT_RECEIVED'],
    ]);
  });
});

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe('the layout made at build time', () => {
  test.each(regions)('$name: everything stands somewhere, inside the frame', ({ chart, region }) => {
    const layout = layoutOf(chart.id, region.name);
    for (const state of region.states) expect(Object.keys(layout.states)).toContain(state);
    for (const { id } of region.arrows) expect(layout.arrows[id]?.points.length).toBeGreaterThan(1);
    const boxes = [
      ...Object.values(layout.states),
      ...Object.values(layout.arrows).flatMap(({ label }) => (label ? [label] : [])),
    ];
    for (const box of boxes) {
      expect(Math.min(box.x, box.y)).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(layout.width + 1);
      expect(box.y + box.height).toBeLessThanOrEqual(layout.height + 1);
    }
  });

  test.each(regions)('$name: no label lies on another or on a state', ({ chart, region }) => {
    const layout = layoutOf(chart.id, region.name);
    const labels = region.arrows.flatMap(({ id }) => {
      const label = layout.arrows[id]?.label;
      return label ? [{ id, label }] : [];
    });
    const clashes = labels.flatMap(({ id, label }, i) => [
      ...labels
        .slice(i + 1)
        .flatMap((other) => (overlap(label, other.label) ? [`${id} and ${other.id}`] : [])),
      ...Object.entries(layout.states).flatMap(([state, box]) =>
        overlap(label, box) ? [`${id} and ${state}`] : [],
      ),
    ]);
    expect(clashes).toEqual([]);
  });

  test.each(regions)('$name: every label has room for its text', ({ chart, region }) => {
    const layout = layoutOf(chart.id, region.name);
    for (const { id, lines } of region.arrows) {
      const longest = Math.max(...lines.map((line) => lineText(line).length));
      const label = layout.arrows[id]?.label;
      expect(label?.width).toBeGreaterThanOrEqual(longest * chartType.characterWidth);
      expect(label?.height).toBeGreaterThanOrEqual(lines.length * chartType.lineHeight);
    }
  });
});
