import * as v from 'valibot';
import { expect, test } from 'vitest';
import { actSchema } from './act-schema';

test.each([
  [true, 'yes'],
  [false, 'no'],
  ['bad-digest', 'bad-digest'],
])('an ID block that was recorded as %s is %s', (recorded, read) => {
  const act = { actor: 'vmm', verb: 'launch-finish', args: { 'id-block': recorded } };
  expect(v.parse(actSchema, act)).toEqual({ ...act, args: { 'id-block': read } });
});

test('a flag is no word of another list', () => {
  const act = { actor: 'vmm', verb: 'create-vm', args: { type: true } };
  expect(v.safeParse(actSchema, act).success).toBe(false);
});
