import { expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import { readTraceInParts } from '../read';
import { filteredRowsInParts, parseTraceFilter } from './filter';
import { traceTimelineInParts } from './timeline';

const timeline = finish(
  traceTimelineInParts(
    finish(
      readTraceInParts(
        [
          'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0010000007a31014',
          'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0010000007a31014, result 0',
          'kvm_entry: vcpu 1, rip 0x0',
          'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000000080',
        ].join('\n'),
      ),
    ),
  ),
);
const hits = (text: string): number[] | string => {
  const filter = parseTraceFilter(text);
  return filter.ok ? finish(filteredRowsInParts(timeline, filter.value)) : filter.error.message;
};

test.each([
  ['PSC', [0]],
  ['psc_req', [0]],
  ['ghcb_gpa', [0, 1, 4]],
  ['v1', [2]],
  ['inferred', [3]],
  ['text ~ v0 and not text ~ PSC', [1, 3, 4]],
  ['text ~ "leaves to" or text ~ entry', [1, 2]],
])('%s', (text, expected) => expect(hits(text)).toEqual(expected));

test.each([
  ['v1.mpState == RUNNABLE', 'A log has no v1.mpState'],
  ['move == kvmRun', 'A log has no move'],
  ['text ~', 'value'],
])('%s is refused: a log knows its text alone', (text, why) => expect(hits(text)).toContain(why));
