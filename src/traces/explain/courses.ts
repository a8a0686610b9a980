/**
 * Scenarios of a log. Requests of one trace follow each other in one machine; a line that stands alone, and a plan that
 * needs a launch of its own, gets a machine of its own.
 */
import { actLine, defaultVm, type Line, type Scenario, type VmSettings } from '../../scenarios/scenario';
import { guest, scenarioOf, type Plan } from '../../scenarios/from-value/plan';
import type { Exchange } from './exchanges';

/** An exchange with its place in a scenario. */
export interface Placed {
  readonly exchange: Exchange;
  /** Its lines in the scenario: from, up to and without. */
  readonly from: number;
  readonly to: number;
}

/** One run. */
export interface Course {
  readonly scenario: Scenario;
  readonly exchanges: readonly Placed[];
}

const needsOwnMachine = ({ inTrace }: Exchange, plan: Plan): boolean =>
  !inTrace || plan.launch !== undefined || (plan.vm?.vcpus ?? defaultVm.vcpus) < defaultVm.vcpus;

/** A note before each request: its line as it stands in the log. */
export type Annotated = 'with lines' | 'acts only';

/** The scenarios of a log, in the order of their first requests. Exchanges without acts are in none. */
export function coursesOf(exchanges: readonly Exchange[], annotated: Annotated = 'acts only'): Course[] {
  const courses: Course[] = [];
  let together: (readonly [Exchange, Plan])[] = [];
  const close = (): void => {
    if (together.length > 0) courses.push(oneMachine(together, annotated));
    together = [];
  };
  for (const exchange of exchanges) {
    const { planned } = exchange;
    if (typeof planned === 'string') continue;
    if (needsOwnMachine(exchange, planned)) courses.push(alone(exchange, planned));
    else {
      together.push([exchange, planned]);
      if (endsTheVm(exchange)) close();
    }
  }
  close();
  return courses;
}

const ENDINGS = [
  'termination-msr',
  'termination-nae',
  'unsupported-event',
  'qemu-run-failed',
  'qemu-exit-reason',
];

/** After such lines the VM is gone: what follows in the log is of another one. */
const endsTheVm = ({ seen }: Exchange): boolean => seen.some(({ form }) => ENDINGS.includes(form?.id ?? ''));

function alone(exchange: Exchange, plan: Plan): Course {
  const scenario = scenarioOf(plan);
  const from = scenario.lines.findIndex(({ kind }) => kind === 'act' || kind === 'launch');
  return { scenario, exchanges: [{ exchange, from, to: scenario.lines.length }] };
}

/** A line of a log as a note has it: one blank between words, and what a note cannot hold left out. */
const inProse = (raw: string): string =>
  raw
    .replace(/[^\x20-\x7e]/g, ' ')
    .trim()
    .split(/ +/)
    .join(' ')
    .slice(0, MOST_OF_A_LINE);

/** Characters of a line that a note repeats. */
const MOST_OF_A_LINE = 300;

/** All requests on one machine that is large enough for each of them. */
function oneMachine(together: readonly (readonly [Exchange, Plan])[], annotated: Annotated): Course {
  const most = (of: (vm: Partial<VmSettings>) => number, least: number): number =>
    Math.max(least, ...together.map(([, { vm = {} }]) => of(vm)));
  const callers = [...new Set(together.map(([{ vcpu = 0 }]) => vcpu))].filter((vcpu) => vcpu > 0);
  const vcpus = Math.max(
    most(({ vcpus: count = 0 }) => count, defaultVm.vcpus),
    ...callers.map((vcpu) => vcpu + 1),
  );
  const memory = most(({ memory: bytes = 0 }) => bytes, defaultVm.memory);
  const vm = {
    ...(vcpus === defaultVm.vcpus ? {} : { vcpus }),
    ...(memory === defaultVm.memory ? {} : { memory }),
  };
  const profile = together.length === 1 ? together[0]?.[1].profile : undefined;
  const start = scenarioOf({
    title: 'The requests of a trace',
    vm,
    ...(profile ? { profile } : {}),
    acts: callers.map((target) => guest('init-sipi', { target })),
  });
  const lines: Line[] = [...start.lines];
  const exchanges = together.map(([exchange, { before = [], acts }]): Placed => {
    if (annotated === 'with lines')
      lines.push({ kind: 'note', text: `Line ${exchange.line.number}: ${inProse(exchange.line.raw)}` });
    const from = lines.length;
    lines.push(...before.map(actLine), ...acts.map(actLine));
    return { exchange, from, to: lines.length };
  });
  return { scenario: { lines }, exchanges };
}
