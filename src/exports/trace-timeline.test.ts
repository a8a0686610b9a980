import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { readTraceInParts } from '../traces/read';
import { traceTimelineInParts } from '../traces/timeline/timeline';
import { MOST_MAILED_ROWS, traceCsv, traceMail } from './trace-timeline';

const exported = (lines: readonly string[], notes: ReadonlyMap<number, string> = new Map()) => {
  const trace = finish(readTraceInParts(lines.join('\n')));
  const timeline = finish(traceTimelineInParts(trace));
  return { timeline, counts: trace.counts, rows: [...timeline.rows.keys()], notes };
};
const lines = [
  'kvm_vmgexit_enter: vcpu 0, exit_reason 80000013, exit_info1 100000000, exit_info2 121000',
  'kvm_vmgexit_exit: vcpu 0, exit_reason 80000013, exit_info1 0, exit_info2 0',
  'kvm_amd: SEV-ES guest requested termination: 0x1:0x2',
];

test('a mail of 72 columns: numbers of lines, notes, and ~ for what is in no line', () => {
  const mail = traceMail(exported(lines, new Map([[1, '=who asks?']])));
  for (const line of mail) expect(line.length).toBeLessThanOrEqual(72);
  const text = mail.join('\n');
  expect(text).toContain('3 lines: 3 placed.');
  expect(text).toMatch(/^ +1 o-+\|\|->.*AP_CREATION apicId 1/m);
  expect(text).toMatch(/^~ .*inferred: v1 waits for INIT/m);
  expect(text).toMatch(/^~ .*~.*inferred: v0 is not entered again/m);
  expect(text).toContain('note: =who asks?');
});

test('lanes of processors are named so, and no vCPU stands in the table', () => {
  const event = (cpu: number) =>
    `  qemu-4711  [00${cpu}] ..... 812.000101: kvm_exit: reason npf rip 0x0 info 500000006 12345000`;
  const few = exported([event(3), event(5)]);
  expect(traceMail(few).join('\n')).toMatch(/^ +c3 +c5 /m);
  expect(traceCsv(few).split('\r\n')[1]).toMatch(/^1,812.000101,3,,guest,kvm/);
  const many = exported([0, 1, 2, 3, 4, 5].map(event));
  expect(traceMail(many).join('\n')).toContain('c4: exit npf');
});

test('a long log says how many rows are left out', () => {
  const mail = traceMail(
    exported(Array.from({ length: MOST_MAILED_ROWS + 3 }, () => 'kvm_entry: vcpu 0, rip 0x0')),
  );
  expect(mail.at(-1)).toBe('3 more rows are not shown.');
});

test('a table has the line as it stands, and no cell that a spreadsheet takes for a formula', () => {
  const rows = traceCsv(exported(lines, new Map([[1, '=who asks?']]))).split('\r\n');
  expect(rows[0]).toBe('line,seconds,cpu,vcpu,from,to,refused,inferred from,text,raw,note');
  expect(rows[1]).toContain("'=who asks?");
  expect(rows[1]).toContain('exit_reason 80000013');
  expect(rows).toHaveLength(exported(lines).timeline.rows.length + 2);
});
