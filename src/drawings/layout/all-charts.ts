/** Every chart of the machines, laid out. The build runs this file; the page gets its result as `virtual:charts`. */
import ELK from 'elkjs/lib/elk.bundled.js';
import { exchangeChart } from '../../machines/exchange';
import { launchChart } from '../../machines/launch';
import { pageChart } from '../../machines/page';
import { vcpuChart } from '../../machines/vcpu';
import type { ChartLayouts, RegionLayout } from '../chart-layout';
import { chartModel } from '../chart-model';
import { layoutChart } from './elk';

export async function layoutAllCharts(): Promise<ChartLayouts> {
  const elk = new ELK();
  const layouts: Record<string, Record<string, RegionLayout>> = {};
  for (const chart of [vcpuChart, launchChart, exchangeChart, pageChart]) {
    layouts[chart.id] = await layoutChart(elk, chartModel(chart));
  }
  return layouts;
}
