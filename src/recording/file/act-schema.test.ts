import * as v from 'valibot';
import { expect, test } from 'vitest';
import { actSchema, issueText } from './act-schema';

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

test.each([
  [{ actor: 'guest', verb: 'hlt', args: {} }, 'a guest act names its vCPU'],
  [{ actor: 'vmm', verb: 'kill', args: {}, vcpu: 0 }, 'a vmm act has no vCPU of its own'],
  [{ actor: 'inject', verb: 'hlt', args: {} }, "no inject act is called 'hlt'"],
  [{ actor: 'cat', verb: 'hlt', args: {} }, /^actor: /],
  [{ actor: 'guest', vcpu: -1, verb: 'hlt', args: {} }, /^vcpu: /],
  [{ actor: 'guest', vcpu: 0, verb: 'msr', args: { value: 1 } }, /^msr: value: /],
  [
    { actor: 'guest', vcpu: 0, verb: 'msr', args: { value: '0xG' } },
    'msr: value: a 64-bit word is written "0x..." in small letters',
  ],
  [{ actor: 'guest', vcpu: 0, verb: 'msr', args: {} }, /^msr: value: /],
  [{ actor: 'guest', vcpu: 0, verb: 'msr', args: { value: '0x1', more: 1 } }, /^msr: more: /],
  [
    {
      actor: 'guest',
      vcpu: 0,
      verb: 'store',
      args: { gpa: '0x0', private: true, bytes: [{ at: 0, hex: '123' }] },
    },
    /^store: bytes\.0\.hex: /,
  ],
])('%j is no act: %s', (act, why) => {
  const { issues } = v.safeParse(actSchema, act);
  if (!issues) throw new Error('it is an act');
  const text = issueText(issues);
  if (typeof why === 'string') expect(text).toBe(why);
  else expect(text).toMatch(why);
});

test('an act of the guest keeps its vCPU, another one has none, 64-bit words are numbers', () => {
  const hlt = { actor: 'guest', vcpu: 1, verb: 'hlt', args: {} };
  expect(v.parse(actSchema, hlt)).toEqual(hlt);
  expect(v.parse(actSchema, { actor: 'vmm', verb: 'kill', args: {} })).toEqual({
    actor: 'vmm',
    verb: 'kill',
    args: {},
  });
  const msr = { actor: 'guest', vcpu: 0, verb: 'msr', args: { value: '0xffffffffffffffff' } };
  expect(v.parse(actSchema, msr)).toEqual({ ...msr, args: { value: 2n ** 64n - 1n } });
});
