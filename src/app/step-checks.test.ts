import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksOf, departureOf, departureText } from './step-checks';
import { runText } from './runs';
import type { ShownRun } from './shown-run';

const textOf = (vmsa: string, entries = 4): string =>
  [
    'ghcb-scenario 1',
    'vm vcpus=2 memory=8M',
    'launch standard',
    'v0 make-vmsa gpa=0x121000',
    `v0 ap-create target=1 vmsa=${vmsa}`,
    ...Array.from({ length: entries }, (_, at) => `v0 psc entries=shared:0x${(0x130 + at).toString(16)}`),
    'end ghcb-scenario',
    '',
  ].join('\n');

function runOf(text: string, spec = 'linux-7.2'): ShownRun {
  const ran = runText(text, [spec]);
  if (!ran.ok) throw new Error('it does not run');
  return ran.value.run;
}
const sent = runOf(textOf('0x121000'));
const [check = ''] = checksOf([sent]);
const lineOf = ({ timeline }: ShownRun, step: number): unknown => {
  const { changes: _, facets: __, ...rest } = timeline.step(step);
  return rest;
};
const firstDifference = (a: ShownRun, b: ShownRun): number => {
  let step = 0;
  while (step < a.timeline.stepCount && step < b.timeline.stepCount) {
    if (!Object.is(JSON.stringify(lineOf(a, step), big), JSON.stringify(lineOf(b, step), big))) return step;
    step++;
  }
  return step;
};
const big = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

test('the same run passes its check, which has at most 70 characters', () => {
  expect(departureOf(sent, check)).toBeUndefined();
  expect(check.length).toBeLessThan(71);
  expect(check).toMatch(/^\d+\.[\w-]+$/);
});

test.each([
  ['another address', runOf(textOf('0x122000'))],
  ['one request less', runOf(textOf('0x121000', 3))],
  ['one request more', runOf(textOf('0x121000', 5))],
  ['another kernel', runOf(textOf('0x121000'), 'part2-v4')],
])('a run with %s is found at the step that differs, or among the few after it', (_, run) => {
  const departure = departureOf(run, check);
  const first = firstDifference(sent, run);
  expect(departure).toBeDefined();
  const { step = -1, unsure = 0 } = departure ?? {};
  expect(step).toBeGreaterThanOrEqual(first);
  expect(step - unsure).toBeLessThanOrEqual(first);
});

test('a person is told the step, and the rules and facets of this build there', () => {
  expect(departureText([runOf(textOf('0x121000'), 'part2-v4')], [check])).toMatch(
    /^this build does something else from step \d+.* on\. What this build does there rests on /,
  );
  expect(departureText([sent, sent], [check, check])).toBeUndefined();
});

test('any check is read without harm', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,6}\.[\w-]{0,80}$/)), (text) => {
      const departure = departureOf(sent, text);
      if (departure) expect(departure.step).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 50 },
  );
});
