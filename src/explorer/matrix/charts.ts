/** The charts of the edge matrix, and the names of all that is in them. */
import type { MatrixChart, NamedChart, NamedEvent, NamedState } from './chart';
import { launchMatrix } from './launch';
import { pageMatrix } from './page';
import { pscMatrix } from './psc';
import { vcpuMatrix } from './vcpu';

export const matrixCharts: readonly MatrixChart[] = [vcpuMatrix, launchMatrix, pageMatrix, pscMatrix];

/** The chart that opens by default. */
export const firstMatrix: MatrixChart = vcpuMatrix;

export const chartById = (id: string): MatrixChart | undefined =>
  matrixCharts.find((chart) => chart.id === id);

const stateNames = ({ id, title, says, words, axes, answered }: NamedState): NamedState => ({
  id,
  title,
  says,
  ...(words && { words }),
  ...(axes && { axes }),
  ...(answered && { answered }),
});
const eventNames = ({ id, title, says, words, axes, answered }: NamedEvent): NamedEvent => ({
  id,
  title,
  says,
  answered,
  ...(words && { words }),
  ...(axes && { axes }),
});

/** Of every chart what needs no engine. */
export const namedCharts = (): readonly NamedChart[] =>
  matrixCharts.map(({ id, title, says, launched, states, events }) => ({
    id,
    title,
    says,
    launched,
    states: states.map(stateNames),
    events: events.map(eventNames),
  }));
