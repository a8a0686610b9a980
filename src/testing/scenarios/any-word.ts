/** Words at random, those among them that mail programs, git and the reader of scenarios take for their own. */
import fc from 'fast-check';

/** Whole words with a sense somewhere. */
const traps = [
  ...['>', '>>', '>0x100', '>8', '8<', '%<', '>%', '-', '--', '---', '#', '#include', '?', '??', ';', ';;'],
  ...['From', 'From:', 'Subject:', 'diff', 'Index:', 'begin', 'end', 'ghcb-scenario', '1', 'v0', 'note'],
  ...['=', '==', '@linux-7.2', 'a,', 'a:', ',', ':', 'private:0x1,', '"', "'", '\\', '<b>', '&amp;', '=3D'],
  ...[
    '\u0000',
    '\u0000a',
    'a\u0000',
    '\u0001',
    '\u001b[31m',
    '\u007f',
    '\u0085',
    '\u200b',
    '\u202e',
    'é',
    '𝛼',
  ],
  ...['constructor', '__proto__', 'toString', 'x'.repeat(61), 'x'.repeat(62), 'x'.repeat(70), 'x'.repeat(71)],
  ...[`>${'x'.repeat(60)}`, `;${'x'.repeat(30)}`],
];

/** Any word of prose: at most 71 characters without a blank, as what a person writes is cut into. */
export const proseWord: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...traps) },
  {
    weight: 3,
    arbitrary: fc.string({
      unit: fc.constantFrom(...'abcXYZ0189-:.,>#=()/<8%;?'),
      minLength: 1,
      maxLength: 20,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((word) => !/\s/.test(word)),
  },
);
