import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { plainLines } from '../traces/lines';
import { printedLinesInParts } from '../traces/printed/steps';
import { TraceReader, type TraceLine } from '../traces/read';
import { exportedFrom, shipped } from '../testing/exports/exported';
import { logText } from './log';

function readBack(name: string, profile: string) {
  const exported = exportedFrom(shipped(name), [profile]);
  const text = finish(logText(exported));
  const reader = new TraceReader();
  const lines: TraceLine[] = [...plainLines(text)].flatMap((line) => reader.push(line));
  lines.push(...reader.end());
  const timeline = exported.runs[0]?.timeline;
  if (!timeline) throw new Error('no run');
  return { lines: lines.slice(1), printed: finish(printedLinesInParts(timeline)) };
}

const MICROSECOND = 1e-6;

test.each([
  ['seed-15-termination.ghcb', 'linux-7.2'],
  ['ap-5-wrong-features.ghcb', 'linux-7.2'],
  ['ap-5-wrong-features.ghcb', 'linux-6.12'],
  ['psc-batch.ghcb', 'linux-7.2'],
  ['lf-1-finish-fails.ghcb', 'linux-7.2'],
  ['ps-6-lazy-vmm.ghcb', 'linux-7.2'],
  ['ps-4-smash-in-a-batch.ghcb', 'linux-7.2'],
  ['conformance-nae.ghcb', 'linux-7.2'],
  ['conformance-nae.ghcb', 'linux-6.12'],
  ['conformance-memory-fault.ghcb', 'linux-7.2'],
  ['svsm-on-upstream-kvm.ghcb', 'linux-7.2'],
  ['seves-ap-hold.ghcb', 'linux-6.12'],
])('the log of %s under %s is read back, each line with its step', (name, profile) => {
  const { lines, printed } = readBack(name, profile);
  expect(printed.length).toBeGreaterThan(2);
  expect(lines.map(({ status, raw }) => (status === 'placed' ? '' : `${status}: ${raw}`)).join('')).toBe('');
  expect(lines.map(({ form, fields }) => [form?.id, fields])).toEqual(
    printed.map(({ line: { form, fields } }) => [form.id, fields]),
  );
  lines.forEach(({ prefix }, index) => {
    if (prefix?.seconds !== undefined)
      expect(Math.round(prefix.seconds / MICROSECOND)).toBe((printed[index]?.step ?? 0) + 1);
  });
});
