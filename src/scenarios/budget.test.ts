/** What ends a run before its scenario does, what is kept of it, and a run that is looked at before it is over. */
import { describe, expect, test } from 'vitest';
import { defaultProfile } from '../profiles/resolve';
import { memoryTape } from './memory-tape';
import { parseScenario, problemText } from './parse';
import { runInParts, type Run, type RunInParts, type RunOptions } from './run';
import type { Scenario } from './scenario';
import type { Tape } from './tape';

const body = `ghcb-scenario 1
launch standard
v0 hv-features form=msr
? guest.result == ok
note a word between two acts
v0 hlt
? v0.mpState == HALTED
end ghcb-scenario
`;
function scenario(): Scenario {
  const parsed = parseScenario(body);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}
const started = (options: RunOptions = {}): RunInParts<Tape> =>
  runInParts(scenario(), defaultProfile(), memoryTape, options);

function ended(options: RunOptions): Run<Tape> {
  const run = started(options);
  for (;;) {
    const part = run.parts.next();
    if (part.done) return part.value;
  }
}
/** Says yes so many times. */
function times(count: number): () => boolean {
  let asked = 0;
  return () => asked++ < count;
}

const whole = ended({});
const stepsOf = (run: Run<Tape>, line: number): number => {
  const { firstAct = 0, endAct = 0 } = run.lines[line] ?? {};
  return run.timeline.acts.slice(firstAct, endAct).reduce((sum, { stepCount }) => sum + stepCount, 0);
};

test('without an end of its own a run goes through its lines', () => {
  expect(whole.stoppedBy).toBeUndefined();
  expect(whole.problems).toEqual([]);
  expect(whole.expectations.map(({ line, ok }) => [line, ok])).toEqual([
    [2, true],
    [5, true],
  ]);
  expect(whole.lines.map(({ visible }) => visible.length > 0)).toEqual([
    true,
    true,
    false,
    false,
    true,
    false,
  ]);
});

describe('a budget of steps', () => {
  const launch = stepsOf(whole, 0);

  test('that is spent between two acts lets the second not begin', () => {
    const run = ended({ maxSteps: launch });
    expect(run.stoppedBy).toBe('steps');
    const message = `the run has ${launch} steps, its budget of steps: v0 hv-features is not begun`;
    expect(run.problems).toEqual([{ line: 1, message, budget: 'steps' }]);
    expect(run.timeline.stepCount).toBe(launch);
    expect(run.lines[1]?.refused).toBe(message);
    // Nothing is done after it, and what is expected is looked at.
    expect(run.timeline.acts).toHaveLength(whole.lines[0]?.endAct ?? 0);
    expect(run.expectations.map(({ ok }) => ok)).toEqual([false, false]);
    expect(run.lines).toHaveLength(6);
  });

  test('that is spent inside an act keeps the steps up to there', () => {
    const run = ended({ maxSteps: launch + 1 });
    expect(run.timeline.stepCount).toBe(launch + 1);
    expect(run.problems.map(({ message }) => message)).toEqual([
      `the run has ${launch + 1} steps, its budget of steps: v0 hv-features stops there`,
    ]);
  });

  test('that is just enough stops nothing', () => {
    const run = ended({ maxSteps: whole.timeline.stepCount });
    expect([run.stoppedBy, run.problems]).toEqual([undefined, []]);
  });
});

test.each<[string, RunOptions, RegExp]>([
  ['writes', { maxWrites: 50 }, /^the run has written 50 words, its budget of writes: vmm \S+ stops there$/],
  ['time', { mayGoOn: () => false }, /^the run has no time left: vmm create-vm is not begun$/],
  ['time', { mayGoOn: times(3) }, /^the run has no time left: vmm \S+ (is not begun|stops there)$/],
])('a budget of %s', (budget, options, message) => {
  const run = ended(options);
  expect(run.stoppedBy).toBe(budget);
  expect(run.problems).toHaveLength(1);
  expect(run.problems[0]).toMatchObject({ line: 0, budget });
  expect(run.problems[0]?.message).toMatch(message);
});

test('without time an expectation is not looked at', () => {
  const { expectations } = ended({ mayGoOn: () => false });
  expect(expectations).toEqual([
    { line: 2, ok: false, actual: 'not looked at: no time was left', expected: '== ok' },
    { line: 5, ok: false, actual: 'not looked at: no time was left', expected: '== HALTED' },
  ]);
});

test('what there is of a run after each of its parts: whole acts, and each line with its own', () => {
  const run = started();
  for (let parts = 0; !run.parts.next().done; parts++) {
    const { lines, problems, expectations, timeline } = run.soFar('left');
    expect(problems).toEqual([{ line: run.line, message: 'left' }]);
    expect(lines).toHaveLength(6);
    lines.forEach(({ firstAct, endAct }, line) => {
      const done = whole.lines[line];
      if (line < run.line)
        expect({ firstAct, endAct }).toEqual({ firstAct: done?.firstAct, endAct: done?.endAct });
      else expect(endAct).toBe(timeline.acts.length);
      if (line === run.line) expect(firstAct).toBe(done?.firstAct);
    });
    expect(expectations).toEqual(whole.expectations.slice(0, expectations.length));
    expect(parts).toBeLessThan(100);
  }
  expect(run.line).toBe(5);
});
