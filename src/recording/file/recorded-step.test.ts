/** The line of a step: what this build can show of it, and what it says of the rest. */
import { expect, test } from 'vitest';
import type { Recorder } from '../../engine/world';
import { readStep } from './recorded-step';

const VCPUS = 2;
const msr = { step: 0, move: 'msrRequest', vcpu: 1, args: { name: 'GHCB_MSR', value: '0xffffffffffffffff' } };

/** What a step reports, in order. */
function reported(json: unknown): unknown[] {
  const told: unknown[] = [];
  const recorder: Recorder = {
    transition: (chart, instance, event) => told.push([chart.id, instance, event]),
    facet: (name) => told.push([name]),
    finding: (kind, text, invariant) => told.push([kind, text, invariant]),
    move: (kind, vcpu, args, rule) => told.push([kind, vcpu, args, rule]),
  };
  const step = readStep(json, VCPUS);
  if (typeof step === 'string') throw new Error(step);
  step.report(recorder);
  return told;
}

const halted = {
  type: 'SET_MP_STATE',
  value: 'HALTED',
  kernelApic: true,
  range: 'known',
  initBlocked: false,
  destroyedForGood: false,
};
const { destroyedForGood: _, ...earlier } = halted;

test('transitions come first, then findings, then the move with its rule', () => {
  const step = {
    ...msr,
    rule: 'MsrFeatures',
    transitions: [
      { chart: 'vcpu', instance: 0, event: halted },
      { chart: 'vcpu', instance: VCPUS - 1, event: halted },
    ],
    findings: [
      { kind: 'note', text: 'one' },
      { kind: 'violation', text: 'two', invariant: 'NoDoubleCreate' },
    ],
  };
  expect(reported(step)).toEqual([
    ['vcpu', 0, halted],
    ['vcpu', 1, halted],
    ['note', 'one', undefined],
    ['violation', 'two', 'NoDoubleCreate'],
    ['msrRequest', 1, { name: 'GHCB_MSR', value: 0xffff_ffff_ffff_ffffn }, 'MsrFeatures'],
  ]);
});

test('a step without a move reports none, an event recorded before a fact was declared lacks it', () => {
  expect(reported({ step: 3 })).toEqual([]);
  expect(reported({ step: 3, transitions: [{ chart: 'vcpu', instance: 0, event: earlier }] })).toEqual([
    ['vcpu', 0, earlier],
  ]);
});

const sent = (chart: string, instance: number, event: object): object => ({
  step: 0,
  transitions: [{ chart, instance, event }],
});
test.each<[json: unknown, why: string | RegExp]>([
  [{ ...msr, vcpu: 2 }, 'there is no v2'],
  [{ ...msr, vcpu: -2 }, /^vcpu: /],
  [{ ...msr, step: -1 }, /^step: /],
  [{ ...msr, step: 0.5 }, /^step: /],
  [{ ...msr, move: 'fly' }, /^move: /],
  [{ ...msr, hello: 1 }, /^hello: /],
  [{ ...msr, rule: 'NoSuchRule' }, "this version has no rule 'NoSuchRule'"],
  [{ ...msr, rule: 'toString' }, "this version has no rule 'toString'"],
  [{ ...msr, args: { ...msr.args, more: 1 } }, "msrRequest: this version has no 'more' in it"],
  [{ ...msr, args: { ...msr.args, one: 1, two: 2 } }, "msrRequest: this version has no 'one' in it"],
  [{ ...msr, args: { name: 'GHCB_MSR' } }, 'msrRequest: value is missing or has no such value'],
  [{ ...msr, args: { name: 5, value: '0x1' } }, 'msrRequest: name is missing or has no such value'],
  ...[5, '5', '0x', '0x1g', '0xA', '0x10000000000000000', ' 0x1'].map((value): [unknown, string] => [
    { ...msr, args: { name: 'GHCB_MSR', value } },
    'msrRequest: value is missing or has no such value',
  ]),
  [sent('none', 0, halted), "this version has no event 'none SET_MP_STATE'"],
  [sent('vcpu', 0, { type: 'FLY' }), "this version has no event 'vcpu FLY'"],
  [sent('vcpu', 0, { type: 'toString' }), "this version has no event 'vcpu toString'"],
  [sent('vcpu', VCPUS, halted), "this version has no event 'vcpu SET_MP_STATE'"],
  [sent('vcpu', 0, { ...halted, kernelApic: 1 }), 'vcpu SET_MP_STATE: kernelApic has no such value'],
  [sent('vcpu', 0, { ...halted, value: 'FLYING' }), 'vcpu SET_MP_STATE: value has no such value'],
  [{ step: 0, findings: [{ kind: 'rumour', text: 'x' }] }, /^findings\.0\.kind: /],
  [{ step: 0, findings: [{ kind: 'note', text: 'x', invariant: 'None' }] }, /^findings\.0\.invariant: /],
])('%j', (json, why) => {
  const step = readStep(json, VCPUS);
  if (typeof why === 'string') expect(step).toBe(why);
  else expect(step).toMatch(why);
});
