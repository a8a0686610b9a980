/**
 * The outcome of an event, derived from its moves and from the world before and after; no cell has its own code. The
 * first of these that holds:
 *
 * - impossible: the engine does not take the act in this state (a thread that holds the vCPU's mutex, no VM yet);
 * - unspecified: the event reached something not modelled, or the outcome depends on a facet whose value no source gives
 *   (every value of it is tried, see `cell.ts`);
 * - dead: the event itself ends in a failed entry, in a call that never returns, in an RMP fault of the host, in a VM that
 *   KVM declared broken, or in a KVM_RUN that fails where the guest waits for an answer;
 * - bad: accepted or refused, but a violation was found; or the answer is an error and the target was changed
 *   nevertheless; or the answer is success and its promise is not kept; or the *look-ahead* fails now and did not before;
 * - refused: the requester gets an error;
 * - ignored: no error, and nothing changed;
 * - accepted.
 *
 * The look-ahead is what happens next without a new decision of an actor: a VMM calls KVM_RUN again on the target when
 * its thread is in userspace, INIT and SIPI follow a CREATE_ON_INIT (charts and events declare `ahead`), and the threads
 * continue. It fails when an entry fails, a call never returns, or a violation is found.
 */
import type { World } from '../../engine/world';
import type { Answered, Choice, EventStep, MatrixChart, MatrixEvent } from './chart';
import { answerOf, type Answer } from './facts';
import type { Outcome } from './outcomes';
import { Tracer, type Trace } from './trace';
import { weights } from './weights';

export interface Verdict {
  readonly outcome: Outcome;
  /** One sentence: the reason. */
  readonly because: string;
}

/** The part of a world by which an event is judged. */
export interface Snapshot {
  /** Values of the chart's facts, in their order. */
  readonly facts: readonly string[];
  /** The same after the threads have continued. */
  readonly atRest: readonly string[];
  readonly bugged: boolean;
  /** How the look-ahead fails; empty when it does not. */
  readonly ahead: string;
}

/** Reads the world without changing it. */
export function snapshot(world: World, chart: MatrixChart, ahead: readonly EventStep[]): Snapshot {
  const factsNow = (): string[] => chart.facts.map((fact) => fact.of(world));
  const facts = factsNow();
  const bugged = world.vm.health !== 'sound';
  const mark = world.mark();
  const tracer = new Tracer(world).comeToRest();
  const atRest = factsNow();
  const { trace } = tracer.take(ahead, {});
  world.undo(mark);
  return { facts, atRest, bugged, ahead: failureIn(trace) ?? violationIn(trace) ?? surpriseIn(trace) ?? '' };
}

/** A failed guest entry, a call that never returns, an access that faults forever. */
function failureIn({ moves }: Trace): string | undefined {
  for (const { kind, vcpu, args } of moves) {
    if (kind === 'neverReturns') return `${String(args['what'])} is retried for ever`;
    if (kind === 'hostRmpFault') return `the host takes an RMP fault at ${String(args['name'])}: an oops`;
    if (kind === 'failEntry') return `entry of v${vcpu} fails: ${String(args['why'])}`;
    if (kind === 'rmpViolation') return `the access of v${vcpu} faults for ever: ${String(args['why'])}`;
  }
  return undefined;
}

/** A guest that loses memory which it had validated. */
const surpriseIn = ({ moves }: Trace): string | undefined =>
  moves.some(({ kind }) => kind === 'vcNotValidated')
    ? 'the guest gets #VC: its page is not validated any more'
    : undefined;

/** A violation that makes a state bad, see `weights.ts`. */
const violationIn = ({ findings }: Trace): string | undefined =>
  findings.find(
    ({ kind, invariant }) =>
      kind === 'violation' && (invariant === undefined || weights[invariant] === 'badState'),
  )?.text;

/** Invariants that were broken without making the state a bad one. */
export const remarksOn = ({ findings }: Trace): string[] =>
  findings.flatMap(({ text, invariant }) =>
    invariant !== undefined && weights[invariant] === 'remark' ? [`${invariant}: ${text}`] : [],
  );

/** The input for judging one event. */
export interface Happened {
  readonly chart: MatrixChart;
  readonly event: MatrixEvent;
  readonly answered: Answered;
  readonly choice: Choice;
  readonly before: Snapshot;
  readonly trace: Trace;
  readonly after: Snapshot;
  /** The world after the event. */
  readonly world: World;
}

export function judge(happened: Happened): Verdict {
  const { chart, event, answered, trace, world } = happened;
  if (trace.impossible !== undefined) return { outcome: 'impossible', because: trace.impossible };
  const gap = trace.findings.find(({ kind }) => kind === 'unmodelled');
  if (gap) return { outcome: 'unspecified', because: `not modelled: ${gap.text}` };
  const answer = answerOf(world, chart, answered, trace.moves);
  const dead = deathBy(happened, answer);
  if (dead !== undefined) return { outcome: 'dead', because: dead };
  const changes = changesOf(happened);
  const bad = badState(happened, answer, changes);
  if (bad !== undefined) return { outcome: 'bad', because: bad };
  if (answer.kind === 'error') return { outcome: 'refused', because: `answered ${answer.text}` };
  const changed = changes.length > 0 ? changes.join(', ') : undefined;
  if (changed !== undefined) return { outcome: 'accepted', because: changed };
  if (event.mayChangeNothing && answer.kind === 'success')
    return { outcome: 'accepted', because: `answered ${answer.text}` };
  const told = answer.kind === 'success' ? 'answered with success; ' : '';
  return { outcome: 'ignored', because: `${told}nothing changed` };
}

/** errno values after which a VMM simply calls KVM_RUN again. */
const EAGAIN = 11;
const EINTR = 4;

function deathBy(
  { chart, answered, before, trace, after, world }: Happened,
  answer: Answer,
): string | undefined {
  const failure = failureIn(trace);
  if (failure !== undefined) return failure;
  if (after.bugged && !before.bugged) return 'KVM gives the VM up';
  if (answered !== 'nae' && answered !== 'msr') return undefined;
  const { run, runErrno } = world.vcpu(chart.caller);
  if (answer.kind !== 'none' || run !== 'inUserspace') return undefined;
  if (runErrno === 0 || runErrno === EAGAIN || runErrno === EINTR) return undefined;
  return `the guest has no answer: KVM_RUN fails with errno ${runErrno}`;
}

/** Effects as text: counted facts that differ. A change that would also happen without the event does not count. */
function changesOf({ chart, before, after }: Happened): string[] {
  return chart.facts.flatMap(({ title, counts }, index) => {
    const [from, to] = [before.facts[index] ?? '', after.facts[index] ?? ''];
    return counts && from !== to && before.atRest[index] !== to ? [`${title}: ${from} → ${to}`] : [];
  });
}

/** Requests that return an error; a faulting instruction and KVM_RUN are not among them. */
const requests: readonly Answered[] = ['nae', 'msr', 'command', 'ioctl', 'kernel'];

function badState(happened: Happened, answer: Answer, changes: readonly string[]): string | undefined {
  const { event, answered, choice, before, trace, after, world } = happened;
  const violation = violationIn(trace);
  if (violation !== undefined) return violation;
  if (answer.kind === 'error' && changes.length > 0 && requests.includes(answered))
    return `answered ${answer.text}, but ${changes.join(', ')}`;
  if (answer.kind === 'success' && event.promise && !event.promise.kept(world, choice))
    return `answered with success, but it is not so that ${event.promise.says}`;
  if (after.ahead !== '' && before.ahead === '') return `then ${after.ahead}`;
  return undefined;
}
