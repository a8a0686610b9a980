import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, byteMask, ByteStream } from './byte-stream';
import { Sequences } from './sequences';

const anyNumber = fc.oneof(
  fc.record({ as: fc.constant('unsigned' as const), value: fc.maxSafeNat() }),
  fc.record({ as: fc.constant('signed' as const), value: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }) }),
  fc.record({ as: fc.constant('masked' as const), value: fc.integer() }),
  fc.record({ as: fc.constant('word64' as const), value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) }),
);

test('every number is read as it was written, and takes all its bytes', () => {
  fc.assert(
    fc.property(fc.array(anyNumber), (numbers) => {
      const out = new ByteStream(1);
      for (const number of numbers) {
        out.reserve(10);
        if (number.as === 'word64') out.word64(number.value);
        else if (number.as === 'masked') out.masked(number.value, byteMask(number.value));
        else out[number.as](number.value);
      }
      const reader = new ByteReader(out.bytes, 0);
      for (const number of numbers) {
        if (number.as === 'masked') expect(reader.masked(byteMask(number.value))).toBe(number.value);
        else expect(reader[number.as]()).toBe(number.value);
      }
      expect(reader.at).toBe(out.top);
    }),
  );
});

test('a sequence is read as it was made, and equal sequences have one number', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: -1, max: 40 }), { maxLength: 6 }), { maxLength: 300 }),
      (all) => {
        const sequences = new Sequences();
        const make = (items: readonly number[]): number =>
          items.reduce((node, item) => sequences.extend(node, item), 0);
        const made = all.map(make);
        expect(made.map((node) => sequences.read(node))).toEqual(all);
        expect(all.map(make)).toEqual(made);
        expect(new Set(made).size).toBe(new Set(all.map(String)).size);
      },
    ),
  );
});
