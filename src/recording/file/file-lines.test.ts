import { expect, test } from 'vitest';
import { FileLines } from './file-lines';

const text = 'a\r\nbü\rc\n\n\u{1d6fc}d\r\n\rlast';
const lines = ['a', 'bü', 'c', '', '\u{1d6fc}d', '', 'last'];

/** The lines of bytes that come in chunks which end at these places. */
function linesOf(bytes: Uint8Array, ends: readonly number[]): string[] {
  const file = new FileLines();
  const cuts = [0, ...ends, bytes.length];
  const found = cuts.slice(1).flatMap((end, at) => file.push(bytes.subarray(cuts[at], end)));
  const last = file.end();
  return last === undefined ? found : [...found, last];
}

test('wherever the chunks of a file end, in a character or between CR and LF too, its lines are the same', () => {
  const bytes = new TextEncoder().encode(text);
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++)
      expect(linesOf(bytes, [first, second]), `${first} ${second}`).toEqual(lines);
  }
});

test('a file that ends with a line end has no line behind it; an empty one has none', () => {
  const bytes = new TextEncoder().encode('a\nb\r\n');
  for (let end = 0; end <= bytes.length; end++) expect(linesOf(bytes, [end])).toEqual(['a', 'b']);
  expect(linesOf(new Uint8Array(), [])).toEqual([]);
});
