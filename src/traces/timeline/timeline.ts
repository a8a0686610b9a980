/**
 * A log as a timeline: one row for each placed line, in the order of the file, with the lanes it goes between, and rows
 * between them for what follows from lines and stands in none.
 */
import type { Lane } from '../../engine/moves';
import type { Resumable } from '../../base/resumable';
import type { Trace, TraceLine } from '../read';
import { VcpuThreads } from '../threads';
import { arrowOfLine } from './arrows';
import { Inferences, type Inferred, type Told } from './inferences';
import { guestName, UNKNOWN_LANE, type LanesAre } from './lanes';
import type { InferenceRuleName } from './rules';
import { PageStates, VcpuStates } from './states';
import { wordsOf } from './words';

export interface TraceRow {
  /** The line that it is; of a conclusion the last line that it follows from. */
  readonly line: TraceLine;
  readonly from: Lane;
  readonly to: Lane;
  readonly refused: boolean;
  /** Its guest lane: a vCPU, or a processor where no line of the log names a vCPU; -1 where neither is known. */
  readonly lane: number;
  /** Of a row that no line says. */
  readonly inferred?: {
    readonly rule: InferenceRuleName;
    readonly text: string;
    readonly lines: readonly number[];
  };
}

export interface TraceTimeline {
  readonly rows: readonly TraceRow[];
  /** Guest lanes that rows stand in, in order. */
  readonly lanes: readonly number[];
  /** What these are. A trace that names no vCPU still says on which processor each line was written. */
  readonly lanesAre: LanesAre;
  readonly states: VcpuStates;
  readonly pages: PageStates;
}

const LINES_IN_PART = 200;

export function* traceTimelineInParts({ lines }: Pick<Trace, 'lines'>): Resumable<TraceTimeline> {
  const builder = new Builder(yield* lanesAre(lines));
  for (const [at, line] of lines.entries()) {
    if (line.status === 'placed') builder.add(line);
    if (at % LINES_IN_PART === LINES_IN_PART - 1) yield;
  }
  return builder.done();
}

/** Processors where no placed line names a vCPU and some name a processor. */
function* lanesAre(lines: readonly TraceLine[]): Resumable<LanesAre> {
  const threads = new VcpuThreads();
  let isProcessorNamed = false;
  for (const [at, line] of lines.entries()) {
    if (line.status === 'placed') {
      if (threads.of(line) !== undefined) return 'vcpus';
      isProcessorNamed ||= line.prefix?.cpu !== undefined;
    }
    if (at % LINES_IN_PART === LINES_IN_PART - 1) yield;
  }
  return isProcessorNamed ? 'processors' : 'vcpus';
}

class Builder {
  private readonly rows: TraceRow[] = [];
  private readonly seen = new Set<number>();
  private readonly states = new VcpuStates();
  private readonly pages = new PageStates();
  private readonly threads = new VcpuThreads();
  private readonly inferences: Inferences;

  constructor(private readonly lanesAre: LanesAre) {
    this.inferences = new Inferences((lane) => guestName(lanesAre, lane));
  }

  add(line: TraceLine): void {
    const lane = (this.lanesAre === 'vcpus' ? this.threads.of(line) : line.prefix?.cpu) ?? UNKNOWN_LANE;
    const { told, before, after } = this.inferences.take(line, lane);
    for (const one of before) this.conclude(one, line);
    const { from, to, refused = false } = arrowOfLine(line);
    this.rows.push({ line, from, to, refused, lane });
    this.see(lane);
    this.note(told, { isInferred: false, lines: [line.number] });
    for (const one of after) this.conclude(one, line);
  }

  private conclude({ rule, text, lines, from, to, of, ...told }: Inferred, line: TraceLine): void {
    this.rows.push({ line, from, to, refused: false, lane: of, inferred: { rule, text, lines } });
    this.see(of);
    this.note(told, { isInferred: true, lines });
  }

  private see(lane: number): void {
    if (lane !== UNKNOWN_LANE) this.seen.add(lane);
  }

  /** Keeps what the last row says of states. */
  private note(
    { vcpu, pages }: Told,
    known: { readonly isInferred: boolean; readonly lines: readonly number[] },
  ): void {
    const row = this.rows.length - 1;
    if (vcpu && vcpu.number !== UNKNOWN_LANE)
      this.states.set(row, vcpu.number, { state: vcpu.state, ...known });
    if (pages) this.pages.set(row, { ...pages, ...known });
  }

  done(): TraceTimeline {
    const { rows, states, pages } = this;
    return { rows, lanes: [...this.seen].toSorted((a, b) => a - b), lanesAre: this.lanesAre, states, pages };
  }
}

/** The words of a row. What no line says begins with that word. */
export const rowText = ({ line, inferred }: TraceRow): string =>
  inferred ? `inferred: ${inferred.text}` : wordsOf(line);

/** The row of a line, or of the last placed line before it. */
export function rowOfLine(rows: readonly TraceRow[], number: number): number {
  const found = rows.findIndex((row) => row.line.number === number && !row.inferred);
  if (found >= 0) return found;
  return Math.max(
    0,
    rows.findLastIndex(({ line, inferred }) => !inferred && line.number < number),
  );
}
