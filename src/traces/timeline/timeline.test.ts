import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import { lineForms } from '../forms/all';
import { readTraceInParts } from '../read';
import { arrowOfLine } from './arrows';
import { shownLanes } from './lanes';
import { rowOfLine, rowText, traceTimelineInParts, type TraceTimeline } from './timeline';

const timelineOf = (...lines: string[]): TraceTimeline =>
  finish(traceTimelineInParts(finish(readTraceInParts(lines.join('\n')))));
const told = ({ rows }: TraceTimeline) =>
  rows.map(
    (row) => `${row.line.number} v${row.lane} ${row.from}>${row.to}${row.refused ? '|' : ''} ${rowText(row)}`,
  );
const pagesAtEnd = ({ pages, rows }: TraceTimeline) =>
  pages
    .at(rows.length - 1)
    .map(({ first, end, state, isInferred }) => `${first}-${end} ${state}${isInferred ? '?' : ''}`);
const stateAtEnd = ({ states, rows }: TraceTimeline, vcpu: number) => states.at(rows.length - 1, vcpu);

const enter = (vcpu: number, msr: string) =>
  `kvm_vmgexit_msr_protocol_enter: vcpu ${vcpu}, ghcb_gpa ${msr.padStart(16, '0')}`;
const exit = (vcpu: number, msr: string, result = 1) =>
  `kvm_vmgexit_msr_protocol_exit: vcpu ${vcpu}, ghcb_gpa ${msr.padStart(16, '0')}, result ${result}`;
const page = (vcpu: number, words: string) => `kvm_vmgexit_enter: vcpu ${vcpu}, ${words}`;
const answer = (vcpu: number, words: string) => `kvm_vmgexit_exit: vcpu ${vcpu}, ${words}`;

test('the end of a vCPU follows once from the trace and the log of it, and again when it was entered meanwhile', () => {
  const ends = [enter(0, '21100'), 'kvm_amd: SEV-ES guest requested termination: 0x1:0x2'];
  const endings = (...lines: string[]) =>
    told(timelineOf(...lines)).filter((row) => row.includes('not entered again'));
  expect(endings(...ends)).toHaveLength(1);
  expect(endings(...ends, 'kvm_entry: vcpu 0, rip 0x0', enter(0, '21100'))).toHaveLength(2);
});

test('rows are the placed lines in order, with decoded words, lanes and refusals', () => {
  const timeline = timelineOf(
    '       CPU 1/KVM-4711    [012] d....   812.000101: kvm_exit: vcpu 1 reason vmgexit rip 0x0 info1 0x0000000000000000 info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000',
    '[ 1.0] usb 1-1: new device',
    enter(0, '80'),
    exit(0, '3081'),
    'kvm_amd: kvm [4711]: vcpu0, guest rIP: 0x0 vmgexit: exit code 0x72 input is not valid',
    page(1, 'exit_reason 80000013, exit_info1 200000000, exit_info2 107f3000'),
    answer(1, 'exit_reason 80000013, exit_info1 2, exit_info2 5'),
    "SNP_LAUNCH_START ret=-22 fw_error=0 ''",
  );
  expect(told(timeline)).toEqual([
    '1 v1 guest>kvm exit vmgexit',
    '3 v0 guest>kvm HV_FT_REQ',
    '4 v0 kvm>guest HV_FT_RESP features 0x3',
    '5 v0 guest>kvm| kvm [4711]: vcpu0, guest rIP: 0x0 vmgexit: exit code 0x72 input is not valid',
    '6 v1 guest>kvm AP_CREATION apicId 2, gfn 0x107f3',
    '7 v1 kvm>guest| AP_CREATION answered response 2 (malformed input), reason 5 (GHCB_ERR_INVALID_INPUT)',
    "8 v-1 vmm>kvm| SNP_LAUNCH_START ret=-22 fw_error=0 ''",
  ]);
  expect(timeline).toMatchObject({ lanes: [0, 1], lanesAre: 'vcpus' });
  expect(rowOfLine(timeline.rows, 5)).toBe(3);
  expect(rowOfLine(timeline.rows, 2)).toBe(0);
});

describe('what follows from lines is a row of its own', () => {
  test('a page state change by the MSR: the guest goes on, so it was answered', () => {
    const lines = [enter(0, '10000007a31014'), exit(0, '10000007a31014', 0), 'kvm_entry: vcpu 0, rip 0x0'];
    expect(pagesAtEnd(timelineOf(...lines)), 'no answer is known yet').toEqual([]);
    const went = timelineOf(...lines, enter(0, '80'));
    expect(told(went)[3]).toBe('4 v0 kvm>guest inferred: GFN 0x7a31 private');
    expect(pagesAtEnd(went)).toEqual([`${0x7a31}-${0x7a32} private?`]);
    expect(went.rows[3]?.inferred).toMatchObject({ rule: 'mapped', lines: [1, 4] });
    const ended = timelineOf(...lines, enter(0, '21100'));
    expect(pagesAtEnd(ended), 'a guest that gives up may have been refused').toEqual([]);
    const refused = timelineOf(enter(0, '10000007a31014'), exit(0, '8000000000000015'), enter(0, '80'));
    expect(pagesAtEnd(refused)).toEqual([]);
  });

  test('a batch: the ranges that QEMU saw, if every entry was done', () => {
    const batch = (info2: string) =>
      timelineOf(
        page(0, 'exit_reason 80000010, exit_info1 0, exit_info2 0'),
        '1@0.1:kvm_hc_map_gpa_range gpa 0x200000 size 0x3000 attributes 0x10 flags 0x0',
        '1@0.1:kvm_hc_map_gpa_range gpa 0x205000 size 0x1000 attributes 0x0 flags 0x0',
        answer(0, `exit_reason 80000010, exit_info1 0, exit_info2 ${info2}`),
      );
    expect(pagesAtEnd(batch('0'))).toEqual(['512-515 private?', '517-518 shared?']);
    expect(pagesAtEnd(batch('100000001'))).toEqual([]);
  });

  test('attributes are said by the line, and what QEMU begins is inferred', () => {
    const timeline = timelineOf(
      'kvm_vm_set_mem_attributes: 0x0000000000200 -- 0x0000000000210 [0x8]',
      'kvm_vm_set_mem_attributes: 0x0000000000210 -- 0x0000000000220 [0x8]',
      'kvm_convert_memory start 0x204000 size 0x1000 private_to_shared',
    );
    expect(pagesAtEnd(timeline)).toEqual(['512-516 private', '516-517 shared?', '517-544 private']);
    expect(timeline.pages.at(0)).toHaveLength(1);
    expect(timeline.pages.at(1).map(({ end }) => end)).toEqual([544n]);
  });

  test('what a line said stays said when it follows from others too', () => {
    const timeline = timelineOf(
      enter(0, '10000007a31014'),
      exit(0, '10000007a31014', 0),
      'kvm_vm_set_mem_attributes: 0x0000000007a31 -- 0x0000000007a32 [0x8]',
      enter(0, '80'),
    );
    expect(pagesAtEnd(timeline)).toEqual([`${0x7a31}-${0x7a32} private`]);
  });

  test('an AP: created, INIT, SIPI, then it runs with the page of the request', () => {
    const lines = [
      page(0, 'exit_reason 80000013, exit_info1 100000000, exit_info2 121000'),
      answer(0, 'exit_reason 80000013, exit_info1 0, exit_info2 0'),
      'kvm_apic_ipi: dst 1 vec 0 (INIT|physical|assert|level|dst)',
      'kvm_apic_ipi: dst 1 vec 159 (SIPI|physical|assert|edge|dst)',
      'kvm_entry: vcpu 1, rip 0x0',
    ];
    const states = lines.map((_, at) => stateAtEnd(timelineOf(...lines.slice(0, at + 1)), 1)?.state);
    expect(states).toEqual([undefined, 'waits for INIT', 'INIT received', 'SIPI received', 'runs']);
    const timeline = timelineOf(...lines);
    expect(told(timeline).filter((row) => row.includes('inferred'))).toEqual([
      '2 v1 kvm>kvm inferred: v1 waits for INIT, VMSA at GFN 0x121',
      '3 v1 kvm>guest inferred: v1 INIT received',
      '4 v1 kvm>guest inferred: v1 SIPI received',
      '5 v1 kvm>guest inferred: v1 runs with the VMSA at GFN 0x121',
    ]);
    expect(pagesAtEnd(timeline)).toEqual(['289-290 VMSA?']);
    const refused = timelineOf(lines[0] ?? '', answer(0, 'exit_reason 80000013, exit_info1 2, exit_info2 5'));
    expect(stateAtEnd(refused, 1)).toBeUndefined();
  });

  test('an implicit conversion, a split, a hold and an end', () => {
    const timeline = timelineOf(
      'kvm_page_fault: vcpu 0 rip 0x0 address 0x0000000000201000 error_code 0x500000004',
      'kvm_userspace_exit: reason error (14)',
      'kvm_rmp_fault: vcpu 0 gpa 0000000012345000 pfn 0x9a000 error_code 0x2000580000004 rmp_level 2 psmash_ret 0',
      enter(1, '6'),
      enter(0, '21100'),
    );
    expect(told(timeline).filter((row) => row.includes('inferred'))).toEqual([
      '2 v0 kvm>vmm inferred: memory fault: GFN 0x201 is to become private',
      '3 v0 kvm>rmp inferred: the RMP entry of GFN 0x12200 up to 0x12400 is of 4K now',
      '4 v1 kvm>kvm inferred: v1 waits for INIT and SIPI',
      '5 v0 kvm>vmm inferred: v0 is not entered again',
    ]);
    expect(stateAtEnd(timeline, 0)).toEqual({ state: 'ended', isInferred: true, lines: [5] });
  });
});

describe('lanes', () => {
  const on = (cpu: number, body: string, task = 'qemu-system-x86') =>
    `  ${task}-${4711 + cpu}  [${String(cpu).padStart(3, '0')}] ..... 812.00010${cpu % 10}: ${body}`;
  const old = 'kvm_exit: reason npf rip 0x0 info 500000006 12345000';

  test('a trace whose lines name a processor and no vCPU has lanes by processor', () => {
    const timeline = timelineOf(
      on(3, old),
      on(12, old),
      on(3, 'kvm_page_fault: address 12345000 error_code 500000006'),
      on(3, 'kvm_userspace_exit: reason error (14)'),
      '[ 1.0] SEV: Unexpected RMP fault for non-private GPA 0x1000',
    );
    expect(timeline).toMatchObject({ lanes: [3, 12], lanesAre: 'processors' });
    expect(told(timeline).slice(-3)).toEqual([
      '4 v3 kvm>vmm KVM_RUN returns -EFAULT',
      '4 v3 kvm>vmm inferred: memory fault: GFN 0x12345 is to become private',
      '5 v-1 kvm>kvm Unexpected RMP fault for non-private GPA 0x1000',
    ]);
    expect(stateAtEnd(timeline, 12)?.state).toBe('in KVM');
    expect(stateAtEnd(timeline, 3)?.state).toBe('in the VMM');
  });

  test.each([
    ['an event', 'kvm_entry: vcpu 1, rip 0x0', 'qemu-system-x86'],
    ['a thread', old, 'CPU 1/KVM'],
  ])('one line whose vCPU is named by %s makes them vCPUs', (_, body, task) => {
    const timeline = timelineOf(on(3, body, task), on(5, old));
    expect(timeline).toMatchObject({ lanes: [1], lanesAre: 'vcpus' });
    expect(timeline.rows.map(({ lane }) => lane)).toEqual([1, -1]);
  });

  test('threads of one name are told apart by their number', () => {
    const exit = 'kvm_userspace_exit: reason KVM_EXIT_HYPERCALL (3)';
    const timeline = timelineOf(
      on(3, 'kvm_entry: vcpu 0, rip 0x0'),
      on(4, 'kvm_entry: vcpu 1, rip 0x0'),
      on(3, exit),
      on(4, exit),
    );
    expect(timeline.rows.map(({ lane }) => lane)).toEqual([0, 1, 0, 1]);
  });

  test('an end that names no vCPU is of none', () => {
    expect(told(timelineOf('SEV-ES guest requested termination: 0x1:0x2'))).toEqual([
      expect.stringContaining('1 v-1 guest>kvm'),
      '1 v-1 kvm>vmm inferred: the vCPU is not entered again',
    ]);
  });

  test('more than there is room for: those with the most rows keep theirs, and the rest is counted', () => {
    const busy = [19, 3, 7];
    const lines = Array.from({ length: 20 }, (_, vcpu) => vcpu).flatMap((vcpu) =>
      Array.from({ length: busy.includes(vcpu) ? 3 : 1 }, () => `kvm_entry: vcpu ${vcpu}, rip 0x0`),
    );
    const timeline = timelineOf(...lines);
    expect(timeline.lanes).toHaveLength(20);
    const { own, folded } = shownLanes(timeline, 12);
    expect(own).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 19]);
    expect(folded).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18]);
    expect(shownLanes(timeline, 20)).toEqual({ own: timeline.lanes, folded: [] });
  });
});

test('every kind of line has an arrow between two lanes', () => {
  for (const form of lineForms) {
    const { from, to } = arrowOfLine({ number: 1, raw: '', status: 'placed', form, fields: {} });
    expect([from, to].every((lane) => ['guest', 'rmp', 'kvm', 'vmm', 'firmware'].includes(lane))).toBe(true);
  }
});

test('any lines in any order: as many rows as placed lines besides what is inferred, and every word is there', () => {
  const words = fc.constantFrom(
    enter(0, '10000007a31014'),
    exit(0, '10000007a31014', 0),
    enter(1, 'ffffffffffffffff'),
    page(3, 'exit_reason 80000013, exit_info1 ffffffff00000001, exit_info2 ffffffffffffffff'),
    answer(3, 'exit_reason 80000013, exit_info1 0, exit_info2 0'),
    'kvm_vm_set_mem_attributes: 0x0000000000200 -- 0xffffffffffffffff [0x8]',
    'kvm_convert_memory start 0xffffffffffffffff size 0xffffffffffffffff private_to_shared',
    'kvm_apic_ipi: dst ffffffff vec 0 (INIT|physical|assert|level|dst)',
    'kvm_userspace_exit: reason error (14)',
    'a line of nobody',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), (lines) => {
      const trace = finish(readTraceInParts(lines.join('\n')));
      const { rows, pages } = finish(traceTimelineInParts(trace));
      expect(rows.filter(({ inferred }) => !inferred)).toHaveLength(trace.counts.placed);
      for (const row of rows) expect(rowText(row)).not.toBe('');
      const ranges = pages.at(rows.length);
      for (const [at, { first, end }] of ranges.entries()) {
        expect(end).toBeGreaterThan(first);
        if (at > 0) expect(first).toBeGreaterThanOrEqual(ranges[at - 1]?.end ?? 0n);
      }
    }),
  );
});
