import { expect, test } from 'vitest';
import { letterRanges } from './compared-rows';
import { planLadder } from './ladder';
import { stateLines, stateRoom } from './ladder-heads';

const split = [
  { runs: [0, 1, 2, 3, 6, 7, 8], value: 'AP_RESET_HOLD' },
  { runs: [4, 5], value: 'UNINITIALIZED' },
];

test.each([
  [[0], 'A'],
  [[0, 1], 'AB'],
  [[0, 1, 2, 3, 6, 7, 8], 'A–DG–I'],
  [[0, 2, 4, 5, 6], 'ACE–G'],
  [[], ''],
])('runs %j are written %s', (runs, text) => {
  expect(letterRanges(runs)).toBe(text);
});

test('states are whole where they fit, then short, then counted', () => {
  expect(stateLines(split, 22)).toEqual(['A–DG–I AP_RESET_HOLD', 'EF UNINITIALIZED']);
  expect(stateLines(split, 12)).toEqual(['A–DG–I HOLD', 'EF UNI']);
  expect(stateLines(split, 8)).toEqual(['2 states']);
  expect(stateLines(split, 5)).toEqual(['×2']);
  const four = ['A', 'B', 'C', 'D'].map((value, run) => ({ runs: [run], value }));
  expect(stateLines(four, 40)).toEqual(['4 states']);
});

test('one state has no letters, and none where the vCPU does not exist', () => {
  expect(stateLines([{ runs: [0, 1], value: 'RUNNABLE' }], 20)).toEqual(['RUNNABLE']);
  expect(stateLines([{ runs: [0, 1], value: 'RUNNABLE' }], 4)).toEqual(['RUN']);
  expect(stateLines([{ runs: [0, 1], value: '' }], 20)).toEqual(['']);
});

test.each([
  [115, 10],
  [95, 11],
  [88, 3],
])(
  'what stands under two lanes does not touch: four vCPUs on %i columns, %i for letters',
  (columnCount, gutter) => {
    const plan = planLadder({ vcpus: [0, 1, 2, 3], columns: columnCount, gutter });
    expect(plan.style).toBe('wide');
    const room = stateRoom(plan);
    const columns = plan.lanes.filter(({ lane }) => lane === 'guest').map(({ column }) => column);
    for (const line of stateLines(split, room))
      expect(line.length / 1.2).toBeLessThan((columns[1] ?? 0) - (columns[0] ?? 0));
  },
);
