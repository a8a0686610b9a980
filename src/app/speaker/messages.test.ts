import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readShown, readWish, wishMessage } from './messages';

const shown = { kind: 'shown', text: '---', at: 2, position: 7, stepCount: 9, sentence: 'VMRUN', begun: 1 };

test('what the windows say is understood', () => {
  expect(readShown(shown)).toEqual(shown);
  expect(readWish(wishMessage('next'))).toBe('next');
  expect(readShown(wishMessage('next'))).toBeUndefined();
  expect(readWish({ kind: 'wish', wish: 'format' })).toBeUndefined();
  expect(readShown({ ...shown, at: -1 })).toBeUndefined();
});

test('any message is understood or left alone', () => {
  fc.assert(
    fc.property(fc.anything(), (message) => {
      readShown(message);
      readWish(message);
    }),
  );
});
