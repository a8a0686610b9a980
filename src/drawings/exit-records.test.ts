import { describe, expect, test } from 'vitest';
import { KVM_RUN_UNION } from '../abi/kvm-run';
import { observe } from '../engine/observe';
import { kvmRunOutcome } from '../explorer/matrix/facts';
import { parseProfileSpec } from '../profiles/resolve';
import { kvmRunRows } from '../recording/comparison/byte-differences';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { exitFields, exitOrigins, exitRecords, memberOf, type ExitRecord } from './exit-records';

/** Two page state changes that the VMM answers by hand: the first with an error. */
const twoExits = `ghcb-scenario 1
title   Two exits share one union
profile linux-7.2
vm      vcpus=1 memory=4M
guest   manual
host    manual
launch  standard
v0      msr-psc gfn=0x30 op=private
vmm     answer ret=22
vmm     run vcpu=0
v0      msr-psc gfn=0x31 op=private
end ghcb-scenario
`;

function timelineOf(text: string, profileSpec: string): Timeline {
  const parsed = parseScenario(text);
  const profile = parseProfileSpec(profileSpec);
  if (!parsed.ok || !profile.ok) throw new Error('the scenario of the test does not parse');
  const run = runScenario(parsed.scenario, profile.value, (world) => new Timeline(world));
  return run.timeline;
}
const last = (records: readonly ExitRecord[]): ExitRecord => {
  const record = records.at(-1);
  if (!record) throw new Error('no exit');
  return record;
};
const originOf = (timeline: Timeline, record: ExitRecord, name: string) => {
  const field = exitFields(record, exitOrigins(timeline, record)).find(({ row }) => row.name === name);
  return field && [field.row.text, field.origin];
};

describe('the exits of a run', () => {
  test('are told with reason, number and result, wherever one looks from', () => {
    const timeline = timelineOf(twoExits, 'linux-7.2');
    const records = exitRecords(timeline, 3);
    expect(records.map(({ name, reason, result, vcpu }) => [name, reason, result, vcpu])).toEqual([
      ['KVM_EXIT_HYPERCALL', 3, '0', 0],
      ['KVM_EXIT_HYPERCALL', 3, '0', 0],
    ]);
    expect(exitRecords(timeline, timeline.stepCount)).toEqual(records);
  });

  test('a kernel that presets the answer overwrites what the first exit left', () => {
    const timeline = timelineOf(twoExits, 'linux-7.2');
    const record = last(exitRecords(timeline, timeline.stepCount));
    expect(originOf(timeline, record, 'ret')).toEqual(['0', 'written']);
    expect(originOf(timeline, record, 'args[0]')).toEqual(['0x31000', 'written']);
  });

  test('a field that got the value it had counts as written', () => {
    const timeline = timelineOf(twoExits, 'linux-7.2');
    const record = last(exitRecords(timeline, timeline.stepCount));
    expect(originOf(timeline, record, 'nr')).toEqual(['12 (KVM_HC_MAP_GPA_RANGE)', 'same']);
    expect(originOf(timeline, record, 'args[3]')).toEqual(['0', 'blank']);
  });

  test('without the preset the answer to the first exit is stale in the second, and the step that left it is named', () => {
    const timeline = timelineOf(twoExits, 'linux-6.12');
    const record = last(exitRecords(timeline, timeline.stepCount));
    expect(originOf(timeline, record, 'ret')).toEqual(['0x16', 'stale']);
    const { since } = exitOrigins(timeline, record);
    const step = timeline.step(since[88 - KVM_RUN_UNION] ?? -1);
    expect(timeline.acts[step.actIndex]?.act.verb).toBe('answer');
  });

  test('a run without exits has no records', () => {
    const text = twoExits.replace(/^v0 {6}.*\n|^vmm .*\n/gm, '');
    const timeline = timelineOf(text, 'linux-7.2');
    expect(exitRecords(timeline, timeline.stepCount)).toEqual([]);
  });

  test.each([
    ['v14', '40 KVM_EXIT_VMGEXIT', 'kvm_run.vmgexit.psc_msr (posted, never merged)', 'gpa'],
    ['v14:psc.msr=rawMsrExit', '50 KVM_EXIT_VMGEXIT', 'kvm_run.vmgexit (posted, never merged)', 'ghcbMsr'],
    ['linux-6.12', '3 KVM_EXIT_HYPERCALL', 'kvm_run.hypercall', 'args[0]'],
  ])(
    'under %s a page state change leaves with %s, named alike wherever it is shown',
    (spec, exit, title, filled) => {
      const timeline = timelineOf(twoExits, spec);
      const record = last(exitRecords(timeline, timeline.stepCount));
      expect([`${record.reason} ${record.name}`, memberOf(record)?.title]).toEqual([exit, title]);
      expect(originOf(timeline, record, filled)?.[1]).toBe('written');
      const [number, name = ''] = exit.split(' ');
      const rows = kvmRunRows(timeline.world, 0);
      expect(rows.find((row) => row.name === 'exitReason')?.text).toBe(`${number} (${name})`);
      expect(kvmRunOutcome(timeline.world, 0)).toBe(`exit ${name.replace('KVM_EXIT_', '')}`);
      expect(observe(timeline.world, 'v0.exit')).toMatchObject({ value: name.replace('KVM_EXIT_', '') });
    },
  );

  test.each([
    ['term-v4.1', 'blank', 'written'],
    ['linux-6.12', 'written', 'stale'],
  ])('under %s a termination request leaves data[0] %s and data[1] %s', (spec, first, second) => {
    const text = twoExits.replace(
      /^end /m,
      'vmm     answer ret=0\nvmm     run vcpu=0\nv0      terminate form=msr set=0 code=1\nend ',
    );
    const timeline = timelineOf(text, spec);
    const record = last(exitRecords(timeline, timeline.stepCount));
    expect(record.name).toBe('KVM_EXIT_SYSTEM_EVENT');
    expect(originOf(timeline, record, 'data[0]')?.[1]).toBe(first);
    expect(originOf(timeline, record, 'data[1]')?.[1]).toBe(second);
  });
});
