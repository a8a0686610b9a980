/** Returns of KVM_RUN as the list shows them: those of one run, or the rows in which some of several runs leave. */
import type { ComparedExit } from '../../drawings/compared-exits';
import { letterRanges, sharedValues } from '../../drawings/compared-rows';
import type { ExitRecord } from '../../drawings/exit-records';

export interface ListedExit {
  readonly key: string;
  /** Index of the step, or of the row of a comparison. */
  readonly place: number;
  readonly vcpu: number | undefined;
  /** `HYPERCALL`, or `A VMGEXIT, B HYPERCALL`. */
  readonly reason: string;
  /** The exit reason as a number, in one run. */
  readonly number?: number;
  /** What KVM_RUN returned, in one run. */
  readonly result?: string;
  /** What a screen reader hears of it. */
  readonly label: string;
  readonly differs: boolean;
}

const shortName = ({ name }: ExitRecord): string => name.replace('KVM_EXIT_', '');

/** An exit of one run. */
export const listedExit = (record: ExitRecord): ListedExit => ({
  key: `${record.step}-${record.vcpu}`,
  place: record.step,
  vcpu: record.vcpu,
  reason: shortName(record),
  number: record.reason,
  result: record.result,
  label: `vCPU ${record.vcpu}, ${record.name}`,
  differs: false,
});

/** A row in which some of several runs leave. */
export function listedRow({ row, left, differs }: ComparedExit, runCount: number): ListedExit {
  const names = sharedValues(left.map(({ record }) => shortName(record)));
  const ofAll = names.length === 1 && left.length === runCount;
  const reason = ofAll
    ? (names[0]?.value ?? '')
    : names
        .map(({ runs, value }) => `${letterRanges(runs.map((i) => left[i]?.run ?? 0))} ${value ?? ''}`)
        .join(', ');
  return {
    key: String(row),
    place: row,
    vcpu: left[0]?.record.vcpu,
    reason,
    label: differs ? `${reason}, they differ` : reason,
    differs,
  };
}
