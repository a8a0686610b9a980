// The test configuration knows test files only; the virtual module is declared beside the view that imports it.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="../../views/matrix/virtual-matrix.d.ts" />
import { charts as named, rows as built } from 'virtual:matrix';
import { describe, expect, test } from 'vitest';
import { ChartRun } from '../../explorer/matrix/cell';
import { matrixCharts, namedCharts } from '../../explorer/matrix/charts';
import { isPacked, packedRow, rowOf } from '../../explorer/matrix/rows';
import { sampled } from '../../testing/effort';
import { profilesOf } from './matrix';
import { FRONT_SCENARIO } from './plugin';

const profiles = profilesOf(FRONT_SCENARIO);
const all = matrixCharts.flatMap((chart) => profiles.map((profile) => ({ chart, profile, id: chart.id })));

test('what the build has of the matrix is every chart under the profiles of the front page, and nothing else', () => {
  expect(profiles.map(({ spec }) => spec)).toEqual(['part2-v4', 'as-reviewed', 'linux-7.2']);
  const found = Object.entries(built.charts).map(([chart, rows]) => [chart, Object.keys(rows)]);
  expect(found).toEqual(matrixCharts.map(({ id }) => [id, profiles.map(({ spec }) => spec)]));
  expect(isPacked(built, 'vcpu', 'linux-6.12')).toBe(false);
  expect(
    packedRow(built, { chart: 'vcpu', profile: 'linux-6.12', state: 'created-on-init' }),
  ).toBeUndefined();
});

test('what the build has of names is what the charts say, for every row and column', () => {
  expect(named).toEqual(namedCharts());
  expect(named.map(({ states }) => states.map(({ id }) => id))).toEqual(
    matrixCharts.map(({ states }) => states.map(({ id }) => id)),
  );
});

describe.each(sampled(all, 2))('chart $id under $profile.spec', ({ chart, profile }) => {
  test('each row of the build is what the engine computes now', () => {
    const run = new ChartRun(chart, profile);
    for (const state of chart.states) {
      const place = { chart: chart.id, profile: profile.spec, state: state.id };
      expect(packedRow(built, place), state.id).toEqual(rowOf(run, state));
    }
  });
});
