/** The first step in which two runs differ, as recordings have it. */
import { expect, test } from 'vitest';
import type { Act } from '../../engine/acts';
import type { perform } from '../../engine/perform';
import { World } from '../../engine/world';
import { defaultProfile } from '../../profiles/resolve';
import { Timeline } from '../timeline/timeline';
import { firstStepDifference, linesOf, type StepLines } from './step-lines';

const lines = (digest: string, ...steps: object[]): StepLines => ({
  count: steps.length,
  line: (step) => JSON.stringify({ step, ...steps[step] }),
  digest,
});
const one = { move: 'enter', args: { gfn: 1, name: 'x' } };
const other = { move: 'enter', args: { gfn: 2, name: 'x' }, findings: [{ kind: 'note', text: 't' }] };

test.each([
  ['nothing', lines('d', one, one), lines('d', one, one), undefined],
  ['nothing at all', lines('d'), lines('d'), undefined],
  [
    'a field, and one that only the second has',
    lines('d', one, one),
    lines('d', one, other),
    {
      step: 1,
      fields: [
        { name: 'args.gfn', values: ['1', '2'] },
        { name: 'findings[0].kind', values: [undefined, 'note'] },
        { name: 'findings[0].text', values: [undefined, 't'] },
      ],
    },
  ],
  [
    'a step that the first does not have',
    lines('d', one),
    lines('d', one, { move: 'run' }),
    {
      step: 1,
      fields: [
        { name: 'step', values: ['no such step', '1'] },
        { name: 'move', values: [undefined, 'run'] },
      ],
    },
  ],
  [
    'a step that the second does not have',
    lines('d', { move: 'run' }),
    lines('d'),
    {
      step: 0,
      fields: [
        { name: 'step', values: ['0', 'no such step'] },
        { name: 'move', values: ['run', undefined] },
      ],
    },
  ],
  [
    'the digest',
    lines('d', one),
    lines('e', one),
    { step: 0, fields: [{ name: 'digest', values: ['d', 'e'] }] },
  ],
])('%s', (_, a, b, difference) => expect(firstStepDifference(a, b)).toEqual(difference));

type Deed = (world: World) => void;
const performDeeds: typeof perform = (world, act) => {
  for (const deed of act as unknown as readonly Deed[]) deed(world);
  return undefined;
};
const move: Deed = (world) => world.move('msrRequest', 0, { name: 'GHCB_MSR', value: 1n });
function made(vcpus: number, before: number, ...asids: number[]): StepLines {
  const world = new World({ vcpus, gfnCount: 16, gmemPages: 16 }, defaultProfile());
  world.vm.asid = before;
  const timeline = new Timeline(world, performDeeds);
  for (const asid of asids)
    timeline.perform([(w: World) => (w.vm.asid = asid), move] as unknown as Act, 'user');
  return linesOf(timeline);
}

test.each([
  ['behind the step that wrote it', made(1, 0, 1, 2), made(1, 0, 1, 3), 1, 'vm.asid', ['2', '3']],
  ['behind an earlier one', made(1, 0, 5, 2), made(1, 0, 1, 3), 0, 'vm.asid', ['5', '1']],
  ['before the first', made(1, 4, 1), made(1, 3, 2), -1, 'vm.asid', ['4', '3']],
  ['in its size', made(1, 0, 1), made(2, 0, 1), -1, 'vm vcpus', ['1', '2']],
] as const)('of equal steps the state that differs %s', (_, a, b, step, name, values) => {
  const found = firstStepDifference(a, b);
  expect(found?.step).toBe(step);
  expect(found?.fields[0]).toMatchObject({ name, values });
});

test('the same steps and the same state differ in nothing', () => {
  expect(firstStepDifference(made(1, 0, 1, 2), made(1, 0, 1, 2))).toBeUndefined();
});
