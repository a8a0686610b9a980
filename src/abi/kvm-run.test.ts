import { describe, expect, test } from 'vitest';
import { bytesView } from '../base/bytes';
import { gpa } from './address';
import * as run from './kvm-run';
import type { StructLayout } from './layout';

describe('struct kvm_run of x86-64', () => {
  test.each([
    ['requestInterruptWindow', 0, 1],
    ['immediateExit', 1, 1],
    ['exitReason', 8, 4],
    ['readyForInterruptInjection', 12, 1],
    ['ifFlag', 13, 1],
    ['flags', 14, 2],
    ['cr8', 16, 8],
    ['apicBase', 24, 8],
    ['exit', 32, 256],
    ['kvmValidRegs', 288, 8],
    ['kvmDirtyRegs', 296, 8],
    ['syncRegs', 304, 2048],
  ] as const)('%s at %i, %i bytes', (name, at, size) => {
    expect(run.kvmRun.fields[name]).toMatchObject({ at, size });
  });

  test('is 2352 bytes', () => expect(run.kvmRun.size).toBe(2352));
});

describe('members of the union', () => {
  test.each<[StructLayout, Record<string, number>, number]>([
    [run.kvmRunIo, { direction: 32, size: 33, port: 34, count: 36, dataOffset: 40 }, 16],
    [run.kvmRunHypercall, { nr: 32, args: 40, ret: 88, flags: 96, longmode: 96 }, 72],
    [run.kvmRunMmio, { physAddr: 32, data: 40, len: 48, isWrite: 52 }, 24],
    [run.kvmRunFailEntry, { hardwareEntryFailureReason: 32, cpu: 40 }, 16],
    [run.kvmRunInternal, { suberror: 32, ndata: 36, data: 40 }, 136],
    [run.kvmRunSystemEvent, { type: 32, ndata: 36, data: 40, flags: 40 }, 136],
    [run.kvmRunMsr, { error: 32, reason: 40, index: 44, data: 48 }, 24],
    [run.kvmRunMemoryFault, { flags: 32, gpa: 40, size: 48 }, 24],
    [run.kvmRunSnpReqCerts, { gpa: 32, npages: 40, ret: 48 }, 24],
  ])('$title', (layout, offsets, size) => {
    for (const [name, offset] of Object.entries(offsets)) expect(layout.offsetOf(name)).toBe(offset);
    expect(layout.size).toBe(size);
  });

  test('all fit the union', () => {
    for (const layout of run.kvmRunMembers.values()) {
      expect(layout.start).toBe(run.KVM_RUN_UNION);
      expect(layout.size).toBeLessThanOrEqual(run.KVM_RUN_UNION_SIZE);
    }
  });
});

test('an exit keeps the bytes of the union that it does not write', () => {
  const view = bytesView(new Uint8Array(run.KVM_RUN_SIZE));
  run.kvmRunSystemEvent.setItem(view, 'data', 6, 0xdead_beefn);
  run.kvmRun.set(view, 'exitReason', run.KVM_EXIT_HYPERCALL);
  run.kvmRunHypercall.set(view, 'nr', BigInt(run.KVM_HC_MAP_GPA_RANGE));
  expect(run.kvmRunHypercall.get(view, 'ret')).toBe(0xdead_beefn);
});

test('older names see the same bytes', () => {
  const view = bytesView(new Uint8Array(run.KVM_RUN_SIZE));
  run.kvmRunSystemEvent.setItem(view, 'data', 0, 0x2_1100n);
  expect(run.kvmRunSystemEvent.get(view, 'flags')).toBe(0x2_1100n);
  run.kvmRunHypercall.set(view, 'flags', 1n);
  expect(run.kvmRunHypercall.get(view, 'longmode')).toBe(1);
});

test('rows show the member that goes with the exit reason', () => {
  const view = bytesView(new Uint8Array(run.KVM_RUN_SIZE));
  run.kvmRun.set(view, 'exitReason', run.KVM_EXIT_MEMORY_FAULT);
  run.kvmRunMemoryFault.set(view, 'flags', run.KVM_MEMORY_EXIT_FLAG_PRIVATE);
  run.kvmRunMemoryFault.set(view, 'gpa', gpa(0x1234_5000n));
  const rows = new Map(run.explainKvmRun(view, 0, run.exitLookup()).map(({ name, text }) => [name, text]));
  expect(rows.get('exitReason')).toBe('39 (KVM_EXIT_MEMORY_FAULT)');
  expect(rows.get('memory_fault.flags.private')).toBe('set');
  expect(rows.get('memory_fault.gpa')).toBe('0x12345000');
  expect(rows.has('exit')).toBe(false);

  run.kvmRun.set(view, 'exitReason', run.KVM_EXIT_AP_RESET_HOLD);
  expect(run.explainKvmRun(view, 0, run.exitLookup()).some(({ name }) => name === 'exit')).toBe(true);
});

test.each([
  ['v11 to v14', run.typedVmgexitExits, 40, 1, '40 (KVM_EXIT_VMGEXIT)', 'vmgexit.psc_msr.gpa'],
  ['v11 to v14', run.typedVmgexitExits, 40, 2, '40 (KVM_EXIT_VMGEXIT)', 'vmgexit.psc.sharedGpa'],
  ['v11 to v14, unknown type', run.typedVmgexitExits, 40, 3, '40 (KVM_EXIT_VMGEXIT)', 'exit'],
  ['v8 to v10', run.rawVmgexitExits, 50, 0, '50 (KVM_EXIT_VMGEXIT)', 'vmgexit.ghcbMsr'],
  ['mainline', {}, 40, 1, '40 (KVM_EXIT_TDX)', 'exit'],
  ['mainline', {}, 50, 0, '50', 'exit'],
  ['patch V4', run.shutdownV4Exits, 8, 4, '8 (KVM_EXIT_SHUTDOWN)', 'system_event.flags'],
  ['mainline', {}, 8, 4, '8 (KVM_EXIT_SHUTDOWN)', 'exit'],
] as const)(
  'the reason means what the tree of the kernel says: %s, %#',
  (_, posted, reason, type, text, field) => {
    const view = bytesView(new Uint8Array(run.KVM_RUN_SIZE));
    run.kvmRun.set(view, 'exitReason', reason);
    view.setU32(run.KVM_RUN_UNION, type);
    const rows = run.explainKvmRun(view, 0, run.exitLookup(posted));
    expect(rows.find(({ name }) => name === 'exitReason')?.text).toBe(text);
    expect(rows.map(({ name }) => name)).toContain(field);
  },
);

test('every column of the table of exits names a field of its member', () => {
  for (const { name, payloads } of run.everyExit) {
    for (const { member, filled, preset, answer } of payloads) {
      const rows = member.explain(bytesView(new Uint8Array(run.KVM_RUN_SIZE))).map((row) => row.name);
      const scalars = [...filled, ...(preset === undefined ? [] : [preset])];
      expect(rows, name).toEqual(expect.arrayContaining(scalars));
      expect(Object.keys(member.fields), name).toEqual(expect.arrayContaining(Object.values(answer)));
    }
  }
});

test.each([
  ['3 KVM_EXIT_HYPERCALL', 14, false],
  ['39 KVM_EXIT_MEMORY_FAULT', 14, true],
  ['39 KVM_EXIT_MEMORY_FAULT', 133, true],
  ['10 KVM_EXIT_INTR', 4, true],
  ['10 KVM_EXIT_INTR', 11, false],
  ['3 KVM_EXIT_HYPERCALL', 0, true],
])('%s beside errno %i: the reason counts, %s', (exit, errno, counts) => {
  expect(run.countsBeside(run.exitLookup()(parseInt(exit)), errno)).toBe(counts);
});

test.each([
  ['private, 4K', { encrypted: 1, pageSize: 0 }, 0x10n],
  ['private, 2M', { encrypted: 1, pageSize: 1 }, 0x11n],
  ['shared, 4K', { encrypted: 0, pageSize: 0 }, 0x00n],
  ['shared, 2M', { encrypted: 0, pageSize: 1 }, 0x01n],
])('attributes of a map request: %s', (_, fields, word) => {
  expect(run.mapGpaRangeAttributes.encode(fields)).toBe(word);
});
