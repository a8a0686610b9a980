import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alignColumns, didYouMean, editDistance, nearest, wordsOfName, wrap, wrapWithin } from './text';

const acts = ['ap-create', 'ap-create-on-init', 'psc', 'launch-finish', 'launch-start'];

test.each([
  ['', '', 0],
  ['psc', 'psc', 0],
  ['pcs', 'psc', 2],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
])('%j and %j are %d edits apart', (a, b, edits) => expect(editDistance(a, b)).toBe(edits));

describe('nearest', () => {
  test.each([
    ['launch-finsh', 'launch-finish'],
    ['LAUNCH-START', 'launch-start'],
    ['ps', 'psc'],
    ['ap-creat', 'ap-create'],
    ['vmrun', undefined],
    ['', undefined],
  ])('to %j is %s', (word, known) => expect(nearest(word, acts)).toBe(known));

  test('goes into an error message, or stays silent', () => {
    expect(didYouMean('pscc', acts)).toBe("; did you mean 'psc'?");
    expect(didYouMean('something else', acts)).toBe('');
  });
});

test('text is broken at blanks; a longer word keeps its own line', () => {
  expect(wrap('the guest  rescinds the page before it asks', 14)).toEqual([
    'the guest',
    'rescinds the',
    'page before it',
    'asks',
  ]);
  expect(wrap('KVM_EXIT_MEMORY_FAULT is 39', 8)).toEqual(['KVM_EXIT_MEMORY_FAULT', 'is 39']);
  expect(wrap('  ', 8)).toEqual([]);
});

test('columns are as wide as their widest cell', () => {
  expect(
    alignColumns([
      ['a', 'bb', 'c'],
      ['aaa', 'b'],
    ]),
  ).toEqual(['a    bb  c', 'aaa  b']);
});

test('no line of strictly wrapped text is longer than it may be, and every letter is there', () => {
  expect(wrapWithin('v0 psc entries=none:0x0,none:0x1000', 20)).toEqual([
    'v0 psc',
    'entries=none:0x0,',
    'none:0x1000',
  ]);
  expect(wrapWithin(`a ${'x'.repeat(50)}`, 20)).toEqual([
    'a',
    'x'.repeat(20),
    'x'.repeat(20),
    'x'.repeat(10),
  ]);
});

test('a word that is broken is never broken inside a character', () => {
  expect(wrapWithin(`a${'𐀀'.repeat(4)}`, 4)).toEqual(['a𐀀', '𐀀𐀀', '𐀀']);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 2, max: 30 }), (text, columns) => {
      const lines = wrapWithin(text, columns);
      expect(lines.join('').replace(/\s+/g, '')).toBe(text.replace(/\s+/g, ''));
      for (const line of lines) {
        expect(line.length).toBeLessThanOrEqual(columns);
        expect(line).not.toMatch(/\p{Surrogate}/u);
      }
    }),
  );
});

test.each([
  ['vm.updateReported', ['vm.', 'update', 'Reported']],
  ['v0.run.hw.hardwareExitReason', ['v0.', 'run.', 'hw.', 'hardware', 'Exit', 'Reason']],
  ['page.0x120.attribute', ['page.', '0x120.', 'attribute']],
  ['SNP_LAUNCH_FINISH', ['SNP_', 'LAUNCH_', 'FINISH']],
  ['host page 0x121: RMP entry', ['host page 0x121: RMP entry']],
  ['gpa', ['gpa']],
])('%s may break between %j', (name, words) => {
  expect(wordsOfName(name)).toEqual(words);
  expect(wordsOfName(name).join('')).toBe(name);
});
