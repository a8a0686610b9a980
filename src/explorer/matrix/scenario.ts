/** The shortest scenario of a cell, as the text that people open, edit and mail. */
import type { Act } from '../../engine/acts';
import { printScenario } from '../../scenarios/print';
import { actLine, type Line, type Scenario, type VmKey } from '../../scenarios/scenario';
import { valueOn, type Axis, type Choice, type MatrixChart, type NamedEvent, type NamedState } from './chart';
import type { Cell } from './cell';

/** The titles of the values that differ from the grid's. */
function variedText(axes: readonly Axis[] | undefined, choice: Choice): string {
  const varied = (axes ?? []).filter((axis) => valueOn(axis, choice) !== axis.values[0]?.id);
  return varied
    .map((axis) => `${axis.title} ${axis.values.find(({ id }) => id === choice[axis.id])?.title ?? ''}`)
    .join(', ');
}

/** A cell in words: the event, then the state. */
export function cellTitle(
  { state, event }: { readonly state: NamedState; readonly event: NamedEvent },
  { stateChoice, eventChoice }: Pick<Cell, 'stateChoice' | 'eventChoice'>,
): string {
  const varied = [variedText(event.axes, eventChoice), variedText(state.axes, stateChoice)];
  const rest = varied.filter((text) => text !== '').join(', ');
  return `${event.title} / ${state.title}${rest === '' ? '' : ` (${rest})`}`;
}

function vmLine({ vm }: MatrixChart): Line {
  const written: { name: VmKey; text: string }[] = [
    { name: 'vcpus', text: String(vm.vcpus) },
    { name: 'memory', text: `${vm.memory >> 20}M` },
  ];
  return { kind: 'vm', settings: { vcpus: vm.vcpus, memory: vm.memory }, written };
}

/** @param profiles as they are written; the cell's acts lead there under the profile of the cell */
export function cellScenario(
  place: { readonly chart: MatrixChart; readonly state: NamedState; readonly event: NamedEvent },
  cell: Cell,
  profiles: readonly string[] = [cell.profile],
): Scenario {
  const { chart, state, event } = place;
  const lines = (acts: readonly Act[]): Line[] => acts.map(actLine);
  return {
    lines: [
      { kind: 'title', text: cellTitle(place, cell) },
      { kind: 'profile', specs: profiles },
      vmLine(chart),
      { kind: 'guest', program: 'manual' },
      { kind: 'host', personality: chart.host },
      ...(chart.launched ? [{ kind: 'launch' } as const] : []),
      ...lines(cell.acts.root),
      { kind: 'note', text: `${state.title}: ${state.says}` },
      ...lines(cell.acts.way),
      { kind: 'note', text: `${event.title}: ${event.says}` },
      ...lines(cell.acts.event),
    ],
  };
}

export const cellText = (...args: Parameters<typeof cellScenario>): string =>
  printScenario(cellScenario(...args));
