/** Gathers the failures of a log by their cause: lines that say the same, and those that follow from them. */
import { numberIn } from '../form';
import { gpaToGfn } from '../../abi/address';
import { errno } from '../../abi/errno';
import { VcpuThreads } from '../threads';
import type { TraceLine } from '../read';
import { follows, isPrintedBefore } from './chains';
import type { Ending } from './ending';

/** A failure whose lines are still being gathered. */
export interface Failure {
  readonly ending: Ending;
  /** The first line that says it. */
  readonly line: TraceLine;
  /** Of each other kind of line that says it the first. */
  readonly alike: TraceLine[];
  readonly lines: number[];
  /** What follows from it, by its words. */
  readonly further: Map<string, Further>;
}

/** A failure that follows from another. */
interface Further {
  readonly line: TraceLine;
  readonly lines: number[];
}

/** Failures before a line that it may follow from: what is older has long been told. */
const MOST_OPEN = 24;
/** Kinds of lines that say which page became what. */
const CONVERSIONS = ['kvm_convert_memory', 'kvm_vm_set_mem_attributes'];

export class GatheredFailures {
  private readonly byWords = new Map<string, Failure>();
  /** Those that were touched last, the newest at the end. */
  private open: Failure[] = [];
  private readonly threads = new VcpuThreads();
  /** The call of KVM_RUN that failed last, by vCPU, until it runs again. */
  private readonly left = new Map<number, { readonly failure: Failure; readonly number: number }>();

  /** In the order of their first lines. */
  get all(): readonly Failure[] {
    return [...this.byWords.values()].toSorted((a, b) => firstLine(a) - firstLine(b));
  }

  /** @param ending what the line says of a failure, or nothing */
  take(line: TraceLine, ending: Ending | undefined): void {
    const vcpu = this.threads.of(line);
    if (ending) {
      const failure = this.add(line, ending);
      if (vcpu !== undefined && isReturn(line)) this.left.set(vcpu, { failure, number: line.number });
    } else if (line.form?.id === 'kvm_entry' && vcpu !== undefined) this.runsAgain(vcpu);
    else if (CONVERSIONS.includes(line.form?.id ?? '')) this.converted(line);
  }

  private add(line: TraceLine, ending: Ending): Failure {
    const cause = this.open.findLast((one) => linesOf(one).some((earlier) => follows(earlier, line)));
    if (cause && cause.ending.what !== ending.what) {
      addTo(cause.further, { line, what: ending.what, lines: [line.number] });
      return this.touch(cause);
    }
    const same = this.byWords.get(ending.what);
    if (same) {
      same.lines.push(line.number);
      if (linesOf(same).every(({ form }) => form !== line.form)) same.alike.push(line);
      this.takeOver(same, line);
      return this.touch(same);
    }
    const told = this.open.findLast(({ further }) => further.has(ending.what));
    if (told) {
      told.further.get(ending.what)?.lines.push(line.number);
      return this.touch(told);
    }
    const failure: Failure = { ending, line, alike: [], lines: [line.number], further: new Map() };
    this.byWords.set(ending.what, failure);
    this.takeOver(failure, line);
    return this.touch(failure);
  }

  private touch(failure: Failure): Failure {
    this.open = [...this.open.filter((one) => one !== failure), failure].slice(-MOST_OPEN);
    return failure;
  }

  /** What was told before and follows from this line: a return that is printed first, and lines without a time. */
  private takeOver(cause: Failure, line: TraceLine): void {
    for (const other of this.open) {
      if (other === cause || !follows(line, other.line)) continue;
      if (isPrintedBefore(other.line, line)) {
        const last = other.lines.pop();
        if (last === undefined) continue;
        addTo(cause.further, { line: other.line, what: other.ending.what, lines: [last] });
        if (other.lines.length === 0) this.drop(other);
        for (const [vcpu, { failure, number }] of this.left)
          if (failure === other && number === last) this.left.set(vcpu, { failure: cause, number });
      } else if (cause.lines.length === 1 && !areOrdered(other.line, line)) {
        addTo(cause.further, { line: other.line, what: other.ending.what, lines: other.lines });
        for (const [what, more] of other.further) addTo(cause.further, { what, ...more });
        this.drop(other);
      }
    }
  }

  private drop(failure: Failure): void {
    this.byWords.delete(failure.ending.what);
    this.open = this.open.filter((one) => one !== failure);
  }

  /** A vCPU that runs again after KVM_RUN failed: userspace has handled it. */
  private runsAgain(vcpu: number): void {
    const handled = this.left.get(vcpu);
    this.left.delete(vcpu);
    if (!handled) return;
    const { failure, number } = handled;
    const at = failure.lines.indexOf(number);
    if (at >= 0) failure.lines.splice(at, 1);
    // Where the line follows from a memory fault it is that fault which is handled.
    if (at < 0 || failure.lines.length === 0) this.drop(failure);
  }

  /** Memory faults are handled where the page is converted after them. */
  private converted({ form, fields = {} }: TraceLine): void {
    const isRange = form?.id === 'kvm_convert_memory';
    const first = isRange ? gpaToGfn(numberIn(fields, 'gpa')) : Number(numberIn(fields, 'start'));
    const end = isRange
      ? gpaToGfn(numberIn(fields, 'gpa') + numberIn(fields, 'size'))
      : Number(numberIn(fields, 'end'));
    for (const failure of this.open) {
      const { line } = failure;
      if (!/memory.fault$/.test(line.form?.id ?? '')) continue;
      const gfn = gpaToGfn(numberIn(line.fields ?? {}, 'gpa'));
      if (gfn >= first && gfn < end) this.drop(failure);
    }
  }
}

const firstLine = ({ lines, further }: Failure): number =>
  Math.min(...[lines, ...[...further.values()].map((one) => one.lines)].map(([first = Infinity]) => first));

/** A line of each kind that stands for the failure or what follows from it, its own first. */
export const linesOf = ({ line, alike, further }: Failure): TraceLine[] => [
  line,
  ...alike,
  ...[...further.values()].map((one) => one.line),
];

function addTo(
  further: Map<string, Further>,
  { line, what, lines }: Further & { readonly what: string },
): void {
  const same = further.get(what);
  if (same) same.lines.push(...lines);
  else further.set(what, { line, lines: [...lines] });
}

/** Both have a time, so that their order in the file is that of what happened. */
const areOrdered = (one: TraceLine, other: TraceLine): boolean =>
  one.prefix?.seconds !== undefined && other.prefix?.seconds !== undefined;

/** KVM_RUN failed in a way that userspace may handle. */
const isReturn = ({ form, fields }: TraceLine): boolean =>
  form?.id === 'kvm_userspace_exit' &&
  fields?.['name'] === 'error' &&
  fields['number'] === BigInt(errno.EFAULT);
