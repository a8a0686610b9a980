import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { runsJsonl } from '../exports/jsonl';
import { printScenario } from '../scenarios/print';
import { runs } from '../testing/effort';
import { exportedFrom, scenarioOf, shipped } from '../testing/exports/exported';
import { anyScenario } from '../testing/scenarios/any-scenario';
import { diff } from './diff';
import { UsageError } from './io';

const folder = mkdtempSync(join(tmpdir(), 'diff-'));
let count = 0;
function file(text: string): string {
  const name = join(folder, String(++count));
  writeFileSync(name, text);
  return name;
}
const text = (acts: string): string =>
  `ghcb-scenario 1\nprofile linux-7.2\nvm vcpus=2\nlaunch standard\n${acts}\nend ghcb-scenario\n`;
const recording = (of: string, spec: string): string =>
  finish(runsJsonl(exportedFrom(scenarioOf(of), [spec])));

const one = text('v0 msr-psc gfn=0x120 op=shared\nv0 hlt');

test('a scenario and its own recording are the same, in any order', () => {
  const [scenario, recorded] = [file(one), file(recording(one, 'linux-7.2'))];
  for (const words of [
    [scenario, recorded],
    [recorded, scenario],
    [recorded, recorded],
    [scenario, scenario],
  ]) {
    const { status, text: out } = diff(words);
    expect([status, out]).toEqual([0, expect.stringMatching(/the same steps, digest [0-9a-f]{16}$/)]);
  }
});

test('any scenario is the same as its recording', () => {
  fc.assert(
    fc.property(anyScenario, (scenario) => {
      const printed = printScenario(scenario);
      fc.pre(!printed.includes('\0')); // a file with zero bytes is refused
      expect(
        diff([file(printed), file(recording(printed, 'part2-v4')), '--profile', 'part2-v4']).status,
      ).toBe(0);
    }),
    { numRuns: runs(10) },
  );
});

test('the first step that differs is told by field, with both values', () => {
  const other = text('v0 msr-psc gfn=0x121 op=shared\nv0 hlt');
  const { status, text: out } = diff([file(one), file(other)]);
  expect(status).toBe(1);
  expect(out).toMatch(/^they differ at step \d+\n {2}args\.value +A 0x20000000120014 +B 0x20000000121014$/m);
});

test('a run that ends before the other has no such step', () => {
  const { status, text: out } = diff([file(one), file(text('v0 msr-psc gfn=0x120 op=shared'))]);
  expect(status).toBe(1);
  expect(out).toMatch(/^ {2}step +A \d+ +B no such step$/m);
});

test('one file under two profiles differs where the kernels do', () => {
  const name = file(printScenario(shipped('ap-create-on-init-then-create.ghcb')));
  const { status, text: out } = diff([name, name, '--profile', 'linux-7.2,linux-7.2:ap.doubleCreate=reject']);
  expect(status).toBe(1);
  expect(out).toMatch(
    /^they differ at step 89\n {2}transitions\[0\]\.event\.secondCreate +A replace +B rejectIfArmed$/m,
  );
});

describe('runs with the same steps that leave another state', () => {
  // A store of other bytes: the move names their count and place only.
  const store = (bytes: string): string => text(`v0 store gpa=0x140000 private=yes bytes=0x0:${bytes}`);

  test('differ at the step that wrote it, where this build makes the same steps', () => {
    const { status, text: out } = diff([file(store('0102')), file(recording(store('0103'), 'linux-7.2'))]);
    expect(status).toBe(1);
    expect(out).toMatch(/^they differ at step 70\n {2}page\.0x140\.content +A 0x201 +B 0x301$/m);
  });

  test('differ in the digest, where it was another build that recorded one', () => {
    const recorded = recording(one, 'linux-7.2').replace(/"digest":"[0-9a-f]{4}/, '"digest":"0000');
    const { status, text: out } = diff([file(one), file(recorded)]);
    expect(status).toBe(1);
    expect(out).toMatch(/^ {2}digest +A [0-9a-f]{16} +B 0000[0-9a-f]{12}$/m);
  });
});

test.each<[() => readonly string[], RegExp]>([
  [() => [file(one)], /diff takes two files/],
  [() => ['-', '-'], /once only/],
  [() => [file(one), '/nowhere'], /no such file/],
  [() => [file(one), file('ghcb-scenario 1\nv0 ini\nend ghcb-scenario\n')], /line 2, column 4/],
  [
    () => [file(one), file(recording(one, 'linux-7.2').slice(0, -60))],
    /line \d+: the file is cut off in this line/,
  ],
  [() => [file(one), file(one), '--profile', 'a,b,c'], /no profile is called/],
  [() => [file(one), file(one), '--profile', 'v11,v14,linux-7.2'], /one for each/],
  [() => [file(one), file('')], /the file is empty/],
])('bad input %# is refused with the reason', (words, message) => {
  let thrown: unknown;
  try {
    diff(words());
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UsageError);
  expect((thrown as UsageError).message).toMatch(message);
});
