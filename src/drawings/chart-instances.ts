/** The charts that live in a world, and what one step did to each. */
import { rmpGfn } from '../engine/hardware/rmp';
import { gfnToGpa } from '../abi/address';
import { pageStateOf } from '../abi/rmp';
import { RMP_ASID_MASK, RMP_ASID_SHIFT, rmpBits } from '../engine/memory/page-bits';
import { backingOf } from '../engine/page-class';
import type { World } from '../engine/world';
import type { Chart } from '../machines/compile';
import { exchangeChart } from '../machines/exchange';
import { launchChart } from '../machines/launch';
import { pageChart } from '../machines/page';
import { vcpuChart } from '../machines/vcpu';
import type { Change } from '../recording/timeline/timeline';
import type { TakenTransition } from '../recording/timeline/timeline';
import { arrowFinder, waysOf } from './chart-model';
import { decideAll, type Decision, type RegionStates } from './chart-step';

export interface ChartInstance {
  readonly id: string;
  readonly chart: Chart;
  /** vCPU index, -1 for the VM. */
  readonly index: number;
  /** Name of the declared instance that holds the state: `v0`, `vm`. */
  readonly holder: string;
}

/** Every chart that holds state: two for each vCPU, one for the launch. */
export function chartInstances(world: World): ChartInstance[] {
  const ofVcpu = (chart: Chart) => (index: number) =>
    ({ id: `${chart.id}-${index}`, chart, index, holder: `v${index}` }) satisfies ChartInstance;
  const vcpus = world.vcpus.map((_, index) => index);
  return [
    ...vcpus.map(ofVcpu(vcpuChart)),
    { id: 'launch', chart: launchChart, index: -1, holder: 'vm' },
    ...vcpus.map(ofVcpu(exchangeChart)),
  ];
}

/** The states a chart is in now. */
export function regionStates(world: World, { chart, holder }: ChartInstance): RegionStates {
  const named = world.instances.find(({ name }) => name === holder);
  if (!named) return {};
  const { group, instance } = named;
  return Object.fromEntries(
    chart.regions.map(({ name, states }) => [
      name,
      states[world.arena.read(instance.base + group.offsetOf(name))] ?? '?',
    ]),
  );
}

/** The states before the changes of a step were made. */
export function statesBefore(now: RegionStates, changes: readonly Change[], holder: string): RegionStates {
  const before = { ...now };
  for (const change of changes) {
    if (change.kind !== 'variable' || change.instance !== holder || !(change.variable in before)) continue;
    before[change.variable] = change.before;
  }
  return before;
}

export interface InstanceStep {
  readonly before: RegionStates;
  readonly now: RegionStates;
  readonly decisions: readonly Decision[];
  /** A mismatch as text: XState against the table, or the table against the world. */
  readonly disagreement: string | undefined;
}

/** The part of a step that concerns one chart. */
export interface SteppedWorld {
  readonly world: World;
  readonly transitions: readonly TakenTransition[];
  readonly changes: readonly Change[];
}

const isFor = (instance: ChartInstance, taken: TakenTransition): boolean =>
  taken.chart === instance.chart.id && taken.instance === instance.index;

/** What the last step did to a chart; the world is in the state after it. */
export function instanceStep(instance: ChartInstance, step: SteppedWorld): InstanceStep {
  const now = regionStates(step.world, instance);
  const events = step.transitions.filter((taken) => isFor(instance, taken)).map(({ event }) => event);
  if (events.length === 0) return { before: now, now, decisions: [], disagreement: undefined };
  const before = statesBefore(now, step.changes, instance.holder);
  const decisions = decideAll(instance.chart, before, events);
  const reached = decisions.at(-1)?.states ?? before;
  const wrong = Object.keys(now).find((region) => now[region] !== reached[region]);
  const xstate = decisions.find(({ disagreement }) => disagreement !== undefined);
  return {
    before,
    now,
    decisions,
    disagreement: xstate
      ? `XState says ${xstate.disagreement ?? ''}`
      : wrong && `the table says ${wrong} ${reached[wrong] ?? '?'}, the world says ${now[wrong] ?? '?'}`,
  };
}

/** State of the RMP entry that a word makes, and of none. */
export function rmpStateName(word: number, gfn: number): string {
  const bit = (mask: number): boolean => (word & mask) !== 0;
  const state = pageStateOf({
    assigned: bit(rmpBits.assigned),
    validated: bit(rmpBits.validated),
    immutable: bit(rmpBits.immutable),
    vmsa: bit(rmpBits.vmsa),
    asid: (word >>> RMP_ASID_SHIFT) & RMP_ASID_MASK,
    gpa: gfnToGpa(gfn),
  });
  return state ?? 'no state of the table';
}

/** The arrow of the page chart that leads from one state to another, whatever made it. */
function pageArrow(before: string, now: string): string | undefined {
  const [region] = pageChart.regions;
  const code = region?.states.indexOf(before) ?? -1;
  if (!region || code < 0) return undefined;
  const find = arrowFinder(pageChart, region);
  const ways = pageChart.eventTypes.flatMap((event) => waysOf(pageChart, region, code, event));
  const way = ways.find(({ target }) => target === now);
  return way && find(before, way);
}

export interface PageStep {
  readonly before: string;
  readonly now: string;
  /** The arrow between them, when the step changed the state. */
  readonly arrow: string | undefined;
}

/** The page chart holds no state of its own: the RMP entry of a page gives its state. */
export function pageStep(world: World, gfn: number, changes: readonly Change[]): PageStep | undefined {
  const { pfn } = backingOf(world, gfn);
  if (pfn < 0) return undefined;
  const number = rmpGfn(world, pfn);
  const now = rmpStateName(world.pages.rmp.get(pfn), number);
  const change = changes.find(
    (one) => one.kind === 'pages' && one.field === 'rmp' && pfn >= one.first && pfn < one.first + one.count,
  );
  const before = change?.kind === 'pages' ? rmpStateName(change.before, number) : now;
  return { before, now, arrow: before === now ? undefined : pageArrow(before, now) };
}

export { pageChart };
