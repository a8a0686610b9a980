/** The result of a comparison of several runs: the data that page, command line and mail read. */
import type { FieldRow } from '../../abi/layout';
import type { FacetDifference } from '../../profiles/compare';
import type { Run } from '../../scenarios/run';
import type { Line } from '../../scenarios/scenario';
import type { Timeline } from '../timeline/timeline';

/** Bytes that are not the same in all runs that left for userspace, no longer than a field of any of these runs. */
export interface KvmRunDifference {
  readonly vcpu: number;
  /** First byte, from the start of `kvm_run`. */
  readonly at: number;
  /** Bytes. */
  readonly length: number;
  /** The bytes in each run, lowest first; undefined for a run that does not leave for userspace here. */
  readonly bytes: readonly (Uint8Array | undefined)[];
  /** The field they belong to in each run; undefined where the run's exit reason gives these bytes no meaning. */
  readonly fields: readonly (FieldRow | undefined)[];
}

/** A named value that differs between the runs. */
export interface FieldDifference {
  /** `result`, `rule`, or the name of an observation: `v1.mpState`, `v0.run.hypercall.ret`, `page.0x120.rmp`. */
  readonly name: string;
  /** One for each run, as people read it; undefined where a run has no such thing. */
  readonly values: readonly (string | undefined)[];
  /** Of a page: how many frames from that one on differ in the same way. */
  readonly frames?: number;
}

/** Steps of the runs that stand beside each other. */
export interface ComparedRow {
  /**
   * Index in `Comparison.lines`, never before that of an earlier row. Where runs come to the row under different lines,
   * the first of them.
   */
  readonly line: number;
  /** Index of the step in each run; undefined where a run made no such step. */
  readonly steps: readonly (number | undefined)[];
  /** Why a run could not take the act, for runs that could not; such a run may have no step in the row. */
  readonly refused: readonly (string | undefined)[];
  /** Runs that did the same here, by index, ascending, the first run first. One group of all runs: an equal row. */
  readonly groups: readonly (readonly number[])[];
  /** Runs whose behaviour here no source documents, so that a fallback is shown; they do not make a row unequal. */
  readonly uncertain: readonly number[];
  /**
   * Computed on first access. An equal row may still name another rule for each run.
   *
   * Fields of the move, its rule, its findings, why it was refused: where the runs that have a step here differ. And the
   * state that first differs here between runs with equal moves, by the names of observations.
   */
  readonly differences: readonly FieldDifference[];
}

/** A line of the scenarios that are compared: of one scenario, or of texts that have some lines in common. */
export interface ComparedLine {
  /** As the first run that has it writes it. */
  readonly line: Line;
  /** By run its index in `scenario.lines`; undefined where the text of a run has no such line. */
  readonly of: readonly (number | undefined)[];
  /** All runs have it with the same text. */
  readonly isSame: boolean;
}

export interface Comparison {
  /** A, B, ... in the order in which they were given. */
  readonly runs: readonly Run<Timeline>[];
  /** What each run is called; its profile where nothing else tells the runs apart. */
  readonly names: readonly string[];
  /** Of one scenario its own lines; else those of all texts in a common order. */
  readonly lines: readonly ComparedLine[];
  readonly rows: readonly ComparedRow[];
  /** Indexes of the rows that are not equal, ascending. */
  readonly divergences: readonly number[];
  /**
   * The first row in which the runs differ; undefined when they never do. Differences inside `launch standard` rank after
   * all others: such a scenario is not about its launch.
   */
  readonly firstDivergence: number | undefined;
  /** The row in which a step of a run stands. */
  readonly rowOf: (run: number, step: number) => number;
  /** How many steps each run has made once a row is over; before the first row, -1, none. */
  readonly positionsAfter: (row: number) => readonly number[];
  /** Declared state that differs once a row is over. */
  readonly stateAfter: (row: number) => readonly FieldDifference[];
  /** Bytes of kvm_run that VMMs would see differently, for a row in which at least two runs leave for userspace. */
  readonly kvmRunDifferences: (row: number) => readonly KvmRunDifference[];
  /** The facets that a row's steps consulted and in which the profiles differ. */
  readonly facetsOf: (row: number) => readonly FacetDifference[];
}
