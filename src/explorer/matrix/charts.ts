/** The charts of the edge matrix, and look-ups in them. */
import type { MatrixChart, MatrixEvent, MatrixState } from './chart';
import { launchMatrix } from './launch';
import { pageMatrix } from './page';
import { pscMatrix } from './psc';
import { vcpuMatrix } from './vcpu';

export const matrixCharts: readonly MatrixChart[] = [vcpuMatrix, launchMatrix, pageMatrix, pscMatrix];

/** The chart that opens by default. */
export const firstMatrix: MatrixChart = vcpuMatrix;

export const chartById = (id: string): MatrixChart | undefined =>
  matrixCharts.find((chart) => chart.id === id);
export const stateById = (chart: MatrixChart, id: string): MatrixState | undefined =>
  chart.states.find((state) => state.id === id);
export const eventById = (chart: MatrixChart, id: string): MatrixEvent | undefined =>
  chart.events.find((event) => event.id === id);
