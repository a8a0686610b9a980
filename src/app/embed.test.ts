import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readGoto } from './embed';

test.each<[unknown, unknown]>([
  [{ vmgexit: 'goto', step: 5 }, { step: 5 }],
  [{ vmgexit: 'goto', address: '#/s/psc-batch?k=5' }, { address: '#/s/psc-batch?k=5' }],
  [{ vmgexit: 'goto', step: -1 }, undefined],
  [{ vmgexit: 'goto', address: 'https://example.org/' }, undefined],
  [{ vmgexit: 'erase' }, undefined],
  ['goto', undefined],
])('%j asks for %j', (message, wish) => {
  expect(readGoto(message)).toEqual(wish);
});

test('any message is read', () => {
  fc.assert(fc.property(fc.anything(), (message) => void readGoto(message)));
});
