import { expect, test } from 'vitest';
import { assert, unmodelled, Unmodelled, unreachable } from './assert';

test('a broken assumption of ours stops with its name', () => {
  expect(() => assert(false, 'every page has an RMP entry')).toThrow(
    'assertion failed: every page has an RMP entry',
  );
  expect(() => assert(true, 'fine')).not.toThrow();
});

test('what the model lacks is named, never guessed', () => {
  expect(() => unmodelled('SNP_GUEST_REQUEST')).toThrow(Unmodelled);
  expect(() => unmodelled('SNP_GUEST_REQUEST')).toThrow('not modelled: SNP_GUEST_REQUEST');
});

test('a union member nobody handles is shown', () => {
  const forgotten = { type: 'NEW_EVENT' } as never; // what a caller without the type checker would pass
  expect(() => unreachable(forgotten)).toThrow('unreachable: {"type":"NEW_EVENT"}');
});
