import { expect, test } from 'vitest';
import type { Observed } from '../../engine/observe';
import type { CompareOperator } from './filter';
import { holds, observedText } from './value';

const eperm: Observed = { value: '-EINVAL', also: [-22] };

test.each<[Observed, CompareOperator, string, boolean]>([
  [{ value: 0x15n }, '==', '0x15', true],
  [{ value: 0x15n }, '==', '21', true],
  [{ value: 0x15n }, '!=', '21', false],
  [{ value: 0xffffffffffffffffn }, '==', '-1', true],
  [{ value: 512 }, '==', '0x200', true],
  [{ value: 512 }, '>=', '512', true],
  [{ value: 512 }, '<', '512', false],
  [{ value: 512 }, '<', '513', true],
  [{ value: 512 }, '>', '512', false],
  [{ value: 512 }, '>', '511', true],
  [{ value: 512 }, '>=', '513', false],
  [{ value: 5n }, '<=', '4', false],
  [{ value: 5n }, '<=', '5', true],
  [{ value: 5n }, '<=', '6', true],
  [{ value: 'RUNNABLE' }, '==', 'RUNNABLE', true],
  [{ value: 'RUNNABLE' }, '==', 'runnable', false],
  [{ value: 'RUNNABLE' }, '>', '1', false],
  [{ value: 'RUNNABLE' }, 'has', 'RUN', true],
  [{ value: true }, '==', 'yes', true],
  [{ value: true }, '==', 'no', false],
  [{ value: false }, '==', 'no', true],
  [{ value: false }, '==', 'maybe', false],
  [{ value: 0x3n }, 'has', '2', true],
  [{ value: 0x1n }, 'has', '2', false],
  [eperm, '==', '-EINVAL', true],
  [eperm, '==', '-22', true],
  [eperm, '<', '0', true],
  [eperm, '==', '22', false],
])('row %$', (observed, operator, expected, result) => {
  expect(holds(observed, operator, expected)).toBe(result);
});

test('a value is told with its other spellings', () => {
  expect(observedText({ value: 3, also: ['KVM_EXIT_HYPERCALL', 3] })).toBe('3 (KVM_EXIT_HYPERCALL)');
  expect(observedText({ value: 0x15n })).toBe('0x15');
  expect(observedText({ value: true })).toBe('yes');
});
