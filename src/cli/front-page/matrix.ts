/** The edge matrix under the profiles of the front page, computed by the engine when the site is built. */
import { readFileSync } from 'node:fs';
import { assert } from '../../base/assert';
import { ChartRun } from '../../explorer/matrix/cell';
import type { NamedChart } from '../../explorer/matrix/chart';
import { matrixCharts, namedCharts } from '../../explorer/matrix/charts';
import { packRows, type PackedRows } from '../../explorer/matrix/rows';
import { parseProfileSpec, type ResolvedProfile } from '../../profiles/resolve';
import { parseScenario } from '../../scenarios/parse';
import { headOf } from '../../scenarios/scenario';

/** The profiles that a scenario names. @param file its path */
export function profilesOf(file: string): readonly ResolvedProfile[] {
  const parsed = parseScenario(readFileSync(file, 'utf8'));
  assert(parsed.ok, `${file} is a scenario`);
  return headOf(parsed.scenario).profiles.map((spec) => {
    const resolved = parseProfileSpec(spec);
    assert(resolved.ok, `${file} names a profile`);
    return resolved.value;
  });
}

/** Every chart: its names, and its rows under the profiles that a scenario names. @param file its path */
export const matrixOf = (
  file: string,
): { readonly charts: readonly NamedChart[]; readonly rows: PackedRows } => ({
  charts: namedCharts(),
  rows: packRows(matrixCharts, profilesOf(file), (chart, profile) => new ChartRun(chart, profile)),
});
