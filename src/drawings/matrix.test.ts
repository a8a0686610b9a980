import { expect, test } from 'vitest';
import { cellLook, cellSentence, headingRoom, matrixMeasures, type CellPart } from './matrix';

const part = (outcome: CellPart['outcome'], details = ''): CellPart => ({
  profile: 'linux-7.2',
  outcome,
  details,
});
const place = { state: 'never run', event: 'CREATE' };

test.each<[string, (CellPart | undefined)[], string]>([
  ['one profile', [part('accepted')], 'CREATE, never run: accepted'],
  ['two alike', [part('refused'), part('refused')], 'CREATE, never run: refused with an error'],
  [
    'two whose details differ',
    [part('bad', 'a'), part('bad', 'b')],
    'CREATE, never run: leaves a bad state, details differ',
  ],
  [
    'two outcomes of three profiles',
    [part('bad'), part('refused'), part('bad')],
    'CREATE, never run: A, C leaves a bad state; B refused with an error',
  ],
  [
    'three outcomes: the number that is drawn is said',
    [part('bad'), part('refused'), part('accepted')],
    'CREATE, never run: 3 outcomes: A leaves a bad state; B refused with an error; C accepted',
  ],
  ['one that is still computed', [part('bad'), undefined], 'CREATE, never run: being computed'],
])('%s: %#', (_, parts, sentence) => {
  expect(cellSentence(place, cellLook(parts))).toBe(sentence);
});

test('two outcomes split a cell, three make it count them', () => {
  expect(cellLook([part('bad'), part('dead')]).kind).toBe('split');
  const many = cellLook([part('bad'), part('dead'), part('accepted'), part('dead')]);
  expect(many.kind === 'many' && many.groups.map(({ letters }) => letters)).toEqual(['A', 'BD', 'C']);
});

test('the longest heading decides the height, the last ones how far they reach out', () => {
  const short = headingRoom(['INIT', 'SIPI']);
  const long = headingRoom(['CREATE_ON_INIT, wrong features', 'SIPI']);
  expect(long.height).toBeGreaterThan(short.height);
  expect(headingRoom(['a long heading here', ...Array<string>(20).fill('x')]).overhang).toBeLessThan(
    headingRoom(['x', 'a long heading here']).overhang,
  );
  expect(matrixMeasures.cell).toBeGreaterThanOrEqual(24);
});
