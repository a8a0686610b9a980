/** Nothing that comes to the page from outside makes a reader throw, hang or fill the memory. */
import { expect, test } from 'vitest';
import { boundaries } from '../testing/app/boundaries';
import { fuzz, fuzzedText, inputOf } from '../testing/fuzz';

test.each(boundaries)('$name', async (boundary) => {
  const fuzzed = await fuzz(boundary);
  console.info(fuzzedText(boundary.name, fuzzed));
  expect(fuzzed.inputs).toBeGreaterThan(0);
});

test('inputs follow from seed and number, and differ', () => {
  const { texts } = boundaries[0] as (typeof boundaries)[number];
  const inputs = Array.from({ length: 200 }, (_, number) => inputOf(texts, number, 7));
  expect(inputs).toEqual(Array.from({ length: 200 }, (_, number) => inputOf(texts, number, 7)));
  expect(new Set(inputs).size).toBeGreaterThan(190);
  expect(inputOf(texts, 0, 8)).not.toBe(inputs[0]);
});

test('a reader that throws is found, with the number of the input', async () => {
  const thrower = {
    name: 'thrower',
    texts: ['abc'],
    read: (text: string) => {
      if (text.includes('constructor')) throw new Error('found');
    },
    long: 2000,
    sample: 2000,
  };
  await expect(fuzz(thrower)).rejects.toThrow(/^thrower, seed \d+, input \d+: Error: found: ".*constructor/);
});
