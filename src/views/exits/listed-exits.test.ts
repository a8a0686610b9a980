import { expect, test } from 'vitest';
import { listedRow } from './listed-exits';

const record = (name: string) => ({ record: { name: `KVM_EXIT_${name}`, vcpu: 0 } as never });

test('runs that leave for the same reason are one group of letters', () => {
  const left = [0, 1, 2, 3, 4, 8].map((run) => ({ run, ...record('HYPERCALL') }));
  const other = [5, 6].map((run) => ({ run, ...record('VMGEXIT') }));
  const row = { row: 80, left: [...left, ...other], idle: [7, 9], differs: true };
  expect(listedRow(row, 10).reason).toBe('A–EI HYPERCALL, FG VMGEXIT');
});

test('one run, and all of them, need no group', () => {
  const one = { row: 80, left: [{ run: 3, ...record('HYPERCALL') }], idle: [0, 1, 2], differs: true };
  expect(listedRow(one, 4).reason).toBe('D HYPERCALL');
  const all = [0, 1, 2].map((run) => ({ run, ...record('MEMORY_FAULT') }));
  expect(listedRow({ row: 1, left: all, idle: [], differs: false }, 3).reason).toBe('MEMORY_FAULT');
});
