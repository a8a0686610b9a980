import { expect, test } from 'vitest';
import { countText, sizeText } from './sizes';

test.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024, '1 kB'],
  [16 << 20, '16 MB'],
  [2 ** 30, '1.0 GB'],
  [10 * 2 ** 30, '10 GB'],
])('%d bytes: %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));

test.each([
  [0, '0'],
  [999, '999'],
  [7340032, '7 340 032'],
])('%d: %s', (count, text) => expect(countText(count)).toBe(text));
