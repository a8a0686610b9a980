/** The report of a recording that differs names fields and both values. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differingFields, fieldsText } from './differing-fields';

const step = {
  step: 48,
  move: 'rmpUpdate',
  args: { pfn: 326, gfn: 326, to: 'Pre-Guest' },
  transitions: [{ chart: 'launch', instance: -1, event: { type: 'SNP_LAUNCH_UPDATE', activated: true } }],
};
const text = (changed: object = {}): string => JSON.stringify({ ...step, ...changed });

test('each field that differs is named with both values', () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ args: { ...step.args, pfn: 325 } }, 'args.pfn: recorded 325, now 326'],
    [{ move: 'psmash', rule: 'X' }, 'move: recorded psmash, now rmpUpdate; rule: recorded X, now nothing'],
    [{ transitions: [] }, 'transitions[0]: recorded nothing, now other parts'],
    [{ transitions: undefined }, 'transitions: recorded nothing, now a list of 1'],
    [
      { transitions: [{ ...step.transitions[0], event: { type: 'SNP_LAUNCH_FINISH', activated: true } }] },
      'transitions[0].event.type: recorded SNP_LAUNCH_FINISH, now SNP_LAUNCH_UPDATE',
    ],
  ];
  for (const [changed, said] of cases) expect(fieldsText(differingFields(text(changed), text()))).toBe(said);
});

test('a fact that was declared later, and a line that is no step, have no fields to name', () => {
  const older = { transitions: [{ ...step.transitions[0], event: { type: 'SNP_LAUNCH_UPDATE' } }] };
  expect(differingFields(text(older), text())).toEqual([]);
  expect(differingFields('no such step', text())).toEqual([]);
});

test('any two lines get an answer, and only different ones have fields', () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), (one, other) => {
      expect(differingFields(one, one)).toEqual([]);
      for (const { recorded, now } of differingFields(one, other))
        expect(typeof (recorded + now)).toBe('string');
    }),
  );
});
