/**
 * Whether a kernel explains a log: the requests are made under its profile, and each line that was seen of a request must
 * be among those that the run prints for it. A line that is missing in the log is no contradiction: events may be
 * switched off, and logs are cut.
 */
import { ghcbMsrInfo, GHCB_MSR_CPUID_REQ, GHCB_MSR_SEV_INFO_REQ } from '../../abi/ghcb-msr';
import { SVM_EXIT_CPUID, SVM_EXIT_MSR } from '../../abi/nae';
import type { Resumable } from '../../base/resumable';
import { valuesOf, type FacetName } from '../../profiles/facets';
import { parseProfileSpec, type ResolvedProfile } from '../../profiles/resolve';
import { Timeline } from '../../recording/timeline/timeline';
import { lineText } from '../../scenarios/print';
import { runInParts, type Run } from '../../scenarios/run';
import { actLine, type Line } from '../../scenarios/scenario';
import type { Act } from '../../engine/acts';
import { errno } from '../../abi/errno';
import { numberIn } from '../form';
import type { PrintedLine } from '../printed/printed';
import { printedAt } from '../printed/steps';
import type { Trace, TraceLine } from '../read';
import type { Fields } from '../template';
import { coursesOf, type Course, type Placed } from './courses';
import { exchangesOf, type Exchange } from './exchanges';

/** A line that a kernel does not explain. */
export interface Unexplained {
  readonly line: TraceLine;
  /** What the run prints instead: the line of the same kind, or what it prints for the request. */
  readonly nearest: readonly string[];
  /** Values of facets, written as in a profile, with which the line is explained. */
  readonly facets: readonly string[];
  /** Faults of the host with which it is explained, as lines of a scenario. */
  readonly faults: readonly string[];
}

export interface Explanation {
  readonly profile: ResolvedProfile;
  /** Lines that were compared, up to the first that is not explained. */
  readonly explained: number;
  /** All lines that can be compared. */
  readonly comparable: number;
  readonly first?: Unexplained;
}

/** A line of a log whose words depend on the host, and are not compared. */
export interface NotCompared {
  readonly line: TraceLine;
  readonly why: string;
}

export interface Explanations {
  /** Those that get furthest first. */
  readonly profiles: readonly Explanation[];
  readonly notCompared: readonly NotCompared[];
  /** Exchanges behind the limit. */
  readonly left: number;
}

/** Requests of one log that are run, at most. */
export const MAX_EXCHANGES = 400;
/** Other values of facets that are tried for a line. */
const MAX_TRIES = 60;

/** Explains a log by each of some kernels. */
export function* explainInParts(
  { lines }: Pick<Trace, 'lines'>,
  profiles: readonly ResolvedProfile[],
): Resumable<Explanations> {
  const all = exchangesOf(lines);
  const exchanges = all.slice(0, MAX_EXCHANGES);
  const courses = coursesOf(exchanges);
  const explanations: Explanation[] = [];
  for (const profile of profiles) explanations.push(yield* explainUnder(courses, profile));
  return {
    profiles: explanations.toSorted((a, b) => b.explained - a.explained),
    notCompared: exchanges.flatMap(notCompared),
    left: all.length - exchanges.length,
  };
}

function notCompared(exchange: Exchange): NotCompared[] {
  const why = typeof exchange.planned === 'string' ? exchange.planned : answerOfHost(exchange);
  if (why === undefined) return [];
  const lines = exchange.inTrace ? exchange.seen : [exchange.line];
  return lines.map((line) => ({ line, why }));
}

/** Why the answer to a request says nothing of the kernel. */
function answerOfHost({ line: { form, fields = {} } }: Exchange): string | undefined {
  const isMsr = form?.id === 'kvm_vmgexit_msr_protocol_enter';
  const info = isMsr ? ghcbMsrInfo(numberIn(fields, 'msr')) : undefined;
  const code = form?.id === 'kvm_vmgexit_enter' ? Number(numberIn(fields, 'code')) : undefined;
  if (info === GHCB_MSR_CPUID_REQ || code === SVM_EXIT_CPUID)
    return 'What CPUID answers depends on the processor and on what the VMM set.';
  if (info === GHCB_MSR_SEV_INFO_REQ)
    return "The answer has the C-bit's place, which is one of the processor.";
  if (code === SVM_EXIT_MSR) return 'The number of the MSR stands in a register, and no event shows it.';
  return undefined;
}

const comparableLines = ({ exchange }: Placed): readonly TraceLine[] =>
  answerOfHost(exchange) === undefined ? exchange.seen : [];

interface Ran {
  readonly run: Run<Timeline>;
}

function* explainUnder(courses: readonly Course[], profile: ResolvedProfile): Resumable<Explanation> {
  const comparable = courses.flatMap(({ exchanges }) => exchanges.flatMap(comparableLines)).length;
  let explained = 0;
  for (const course of courses) {
    const ran: Ran = {
      run: yield* runInParts(course.scenario, profile, (world) => new Timeline(world)).parts,
    };
    for (const placed of course.exchanges) {
      const found = compare(placed, ran);
      explained += found.explained;
      if (found.line) {
        const first = yield* unexplained(course, placed, found.line, { ran, profile });
        return { profile, explained, comparable, first };
      }
      yield;
    }
  }
  return { profile, explained, comparable };
}

/** Steps of an exchange in its run. */
function stepsOf(
  { from, to }: Placed,
  { run: { lines, timeline } }: Ran,
): readonly [first: number, end: number] {
  const firstAct = lines[from]?.firstAct ?? 0;
  const endAct = lines[Math.min(to, lines.length) - 1]?.endAct ?? firstAct;
  const last = timeline.acts[endAct - 1];
  return [timeline.acts[firstAct]?.firstStep ?? 0, last ? last.firstStep + last.stepCount : 0];
}

function printedOf(placed: Placed, ran: Ran): PrintedLine[] {
  const [first, end] = stepsOf(placed, ran);
  const printed: PrintedLine[] = [];
  for (let step = first; step < end; step++) printed.push(...printedAt(ran.run.timeline, step));
  return printed;
}

/** Holds the lines of an exchange against those of its run, each printed line for one. @returns the first without one */
function compare(placed: Placed, ran: Ran): { readonly explained: number; readonly line?: TraceLine } {
  const seen = comparableLines(placed);
  if (seen.length === 0) return { explained: 0 };
  const printed = printedOf(placed, ran);
  for (const [index, line] of seen.entries()) {
    const at = printed.findIndex((one) => one.form === line.form && isSame(line.fields, one.fields));
    if (at < 0) return { explained: index, line };
    printed.splice(at, 1);
  }
  return { explained: seen.length };
}

/** Fields that are of a host or a program, and not of the kernel. */
const OWN_OF_A_HOST = new Set(['pid', 'rip', 'pfn', 'text', 'vcpu', 'bytes', 'src', 'pages']);

const isSame = (seen: Fields = {}, printed: Fields): boolean =>
  Object.entries(seen).every(
    ([name, value]) => OWN_OF_A_HOST.has(name) || printed[name] === undefined || printed[name] === value,
  );

interface Under {
  readonly ran: Ran;
  readonly profile: ResolvedProfile;
}

function* unexplained(
  course: Course,
  placed: Placed,
  line: TraceLine,
  { ran, profile }: Under,
): Resumable<Unexplained> {
  const printed = printedOf(placed, ran);
  const alike = printed.filter(({ form }) => form === line.form);
  const nearest = (alike.length > 0 ? alike : printed.slice(-MOST_NEAREST)).map(({ text }) => text);
  const facetSpecs: string[] = [];
  for (const spec of otherValues(placed, ran).slice(0, MAX_TRIES)) {
    const other = parseProfileSpec(`${profile.spec}:${spec}`);
    if (other.ok && (yield* explains(course, placed, line, other.value))) facetSpecs.push(spec);
  }
  const faults: string[] = [];
  for (const fault of faultsFor(line)) {
    const { course: changed, placed: moved } = withFault(course, placed, fault);
    if (yield* explains(changed, moved, line, profile)) faults.push(lineText(actLine(fault)));
  }
  return { line, nearest, facets: facetSpecs, faults };
}

const MOST_NEAREST = 3;

/** Whether a line of an exchange is explained in another run. */
function* explains(
  course: Course,
  placed: Placed,
  line: TraceLine,
  profile: ResolvedProfile,
): Resumable<boolean> {
  const run = yield* runInParts(course.scenario, profile, (world) => new Timeline(world)).parts;
  const found = compare(placed, { run });
  const seen = comparableLines(placed);
  return found.line === undefined || seen.indexOf(found.line) > seen.indexOf(line);
}

/** The other values of the facets that the exchange asked. */
function otherValues(placed: Placed, ran: Ran): string[] {
  const [first, end] = stepsOf(placed, ran);
  const asked = new Set<FacetName>();
  for (let step = first; step < end; step++)
    for (const name of ran.run.timeline.step(step).facets) asked.add(name);
  const own = ran.run.profile.facets;
  return [...asked].flatMap((name) =>
    valuesOf(name)
      .filter((value) => value !== own[name] && value !== 'unspecified')
      .map((value) => `${name}=${value}`),
  );
}

/** Faults that lead to words of this kind. */
function faultsFor({ form, fields = {} }: TraceLine): Act[] {
  const status = BigInt.asUintN(32, numberIn(fields, 'status'));
  switch (form?.id) {
    case 'qemu-launch':
    case 'sev-command':
    case 'snp-context':
      return status === 0n
        ? [{ actor: 'inject', verb: 'allocation', args: { what: 'command' } }]
        : [{ actor: 'inject', verb: 'firmware', args: { status } }];
    case 'asp-request':
      return [
        { actor: 'inject', verb: 'firmware', args: { status: numberIn(fields, 'info2') & 0xffff_ffffn } },
      ];
    default:
      return [
        { actor: 'inject', verb: 'answer', args: { ret: BigInt(errno.EINVAL) } },
        { actor: 'inject', verb: 'answer', args: { ret: BigInt(errno.EIO) } },
        { actor: 'inject', verb: 'rmpupdate', args: { code: 2 } },
        { actor: 'inject', verb: 'psmash', args: { code: 2 } },
        { actor: 'inject', verb: 'allocation', args: { what: 'gmem' } },
      ];
  }
}

/** The course with a fault before an exchange. */
function withFault(
  course: Course,
  placed: Placed,
  fault: Act,
): { readonly course: Course; readonly placed: Placed } {
  const before = course.scenario.lines.slice(0, placed.from);
  const lines: Line[] = [...before, actLine(fault), ...course.scenario.lines.slice(placed.from)];
  return { course: { ...course, scenario: { lines } }, placed: { ...placed, to: placed.to + 1 } };
}
