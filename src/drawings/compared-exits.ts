/** Returns of KVM_RUN in several runs, by the row of their comparison, and the fields of kvm_run side by side. */
import { kvmRun } from '../abi/kvm-run';
import { bytesView } from '../base/bytes';
import { finish, type Resumable } from '../base/resumable';
import type { Comparison } from '../recording/comparison/model';
import { exitRecordsInParts, memberOf, type ExitRecord } from './exit-records';

/** A row in which at least one run leaves for userspace. */
export interface ComparedExit {
  readonly row: number;
  /** The runs that leave here, with what their VMMs find. */
  readonly left: readonly { readonly run: number; readonly record: ExitRecord }[];
  /** The runs that do not. */
  readonly idle: readonly number[];
  /** Some run does not leave here, or a VMM finds other bytes there. */
  readonly differs: boolean;
}

/** Every such row around a row, in order. */
export const comparedExits = (comparison: Comparison, around: number): readonly ComparedExit[] =>
  finish(comparedExitsInParts(comparison, around));

/** As {@link comparedExits}; quick where the same was asked before. */
export function* comparedExitsInParts(
  { runs, rowOf, positionsAfter }: Comparison,
  around: number,
): Resumable<readonly ComparedExit[]> {
  const positions = positionsAfter(around);
  const byRow = new Map<number, { run: number; record: ExitRecord }[]>();
  for (const [run, { timeline }] of runs.entries()) {
    for (const record of yield* exitRecordsInParts(timeline, positions[run] ?? 0)) {
      const row = rowOf(run, record.step);
      const left = byRow.get(row) ?? [];
      left.push({ run, record });
      byRow.set(row, left);
    }
  }
  return [...byRow]
    .sort(([a], [b]) => a - b)
    .map(([row, left]) => {
      const idle = runs.flatMap((_, run) => (left.some((one) => one.run === run) ? [] : [run]));
      const [first] = left;
      const isSame = left.every(
        ({ record }) =>
          record.result === first?.record.result &&
          record.bytes.every((byte, i) => byte === first.record.bytes[i]),
      );
      return { row, left, idle, differs: idle.length > 0 || !isSame };
    });
}

/** A field of kvm_run in each run. */
export interface ComparedField {
  readonly name: string;
  /** From the start of kvm_run, in the first run that has it. */
  readonly offset: number;
  /** One for each run of the comparison; undefined for a run that does not leave here, or whose exit has no such field. */
  readonly values: readonly (string | undefined)[];
  /** The runs that leave here do not all have it alike. */
  readonly differs: boolean;
}

/** What KVM_RUN returned, the exit reason, and the fields of each run's own member of the union. */
export function comparedFields({ runs }: Comparison, { left }: ComparedExit): readonly ComparedField[] {
  const fields = new Map<string, { offset: number; values: (string | undefined)[] }>();
  for (const { run, record } of left) {
    const add = (name: string, offset: number, text: string): void => {
      const field = fields.get(name) ?? { offset, values: runs.map(() => undefined) };
      field.values[run] = text;
      fields.set(name, field);
    };
    add('KVM_RUN returned', 0, record.result);
    add('exitReason', kvmRun.fields.exitReason.at, `${record.reason} ${record.name}`);
    for (const { name, offset = 0, text } of memberOf(record)?.explain(bytesView(record.bytes)) ?? []) {
      add(name, offset, text);
    }
  }
  return [...fields].map(([name, { offset, values }]) => {
    const seen = left.map(({ run }) => values[run]);
    return { name, offset, values, differs: seen.some((value) => value !== seen[0]) };
  });
}
