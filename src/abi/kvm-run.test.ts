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
    for (const layout of Object.values(run.kvmRunMembers)) {
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
  const rows = new Map(run.explainKvmRun(view).map(({ name, text }) => [name, text]));
  expect(rows.get('exitReason')).toBe('39 (KVM_EXIT_MEMORY_FAULT)');
  expect(rows.get('memory_fault.flags.private')).toBe('set');
  expect(rows.get('memory_fault.gpa')).toBe('0x12345000');
  expect(rows.has('exit')).toBe(false);

  run.kvmRun.set(view, 'exitReason', run.KVM_EXIT_AP_RESET_HOLD);
  expect(run.explainKvmRun(view).some(({ name }) => name === 'exit')).toBe(true);
});

test.each([
  ['private, 4K', { encrypted: 1, pageSize: 0 }, 0x10n],
  ['private, 2M', { encrypted: 1, pageSize: 1 }, 0x11n],
  ['shared, 4K', { encrypted: 0, pageSize: 0 }, 0x00n],
  ['shared, 2M', { encrypted: 0, pageSize: 1 }, 0x01n],
])('attributes of a map request: %s', (_, fields, word) => {
  expect(run.mapGpaRangeAttributes.encode(fields)).toBe(word);
});
