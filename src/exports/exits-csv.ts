/**
 * Every return of KVM_RUN as a row of a CSV file. A field of the `kvm_run` union has a column under the name that
 * expectations use, `hypercall.args[0]`, and the text of the page; the cell is empty where an exit has no such field.
 */
import { kvmRunMemberName } from '../abi/kvm-run';
import { bytesView } from '../base/bytes';
import type { Resumable } from '../base/resumable';
import { memberOf, timelineExits, type ExitRecord } from '../drawings/exit-records';
import { csvText } from './csv';
import type { Exported } from './exported';

export function* exitsCsv({ runs, numberOf }: Exported): Resumable<string> {
  const columns = new Set(['profile', 'step', 'vcpu', 'result', 'exit_reason', 'exit']);
  const rows: ReadonlyMap<string, string>[] = [];
  for (const [run, { timeline, profile }] of runs.entries()) {
    for (const record of timelineExits(timeline)) {
      const cells = new Map([
        ['profile', profile.spec],
        ['step', String(numberOf(run, record.step))],
        ['vcpu', String(record.vcpu)],
        ['result', record.result],
        ['exit_reason', String(record.reason)],
        ['exit', record.name],
        ...fieldsOf(record),
      ]);
      for (const column of cells.keys()) columns.add(column);
      rows.push(cells);
      yield;
    }
    yield;
  }
  const names = [...columns];
  return csvText([names, ...rows.map((cells) => names.map((name) => cells.get(name) ?? ''))]);
}

/** The fields of the exit's own member. */
function fieldsOf(record: ExitRecord): [string, string][] {
  const member = memberOf(record);
  if (!member) return [];
  const name = kvmRunMemberName(member);
  return member
    .explain(bytesView(record.bytes))
    .map((row): [string, string] => [`${name}.${row.name}`, row.text]);
}
