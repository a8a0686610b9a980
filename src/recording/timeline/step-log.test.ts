/** Steps of any length are found again, from the first to the last and back. */
import { expect, test } from 'vitest';
import { StepLog } from './step-log';

/** Up to the longest whose length takes so many bytes, and one more. */
const lengths = [0, 1, 126, 127, 128, 2 ** 14 - 1, 2 ** 14, 2 ** 21 - 1, 2 ** 21, 5, 3];
/** So many bytes say the length. */
const sizeOf = (length: number): number =>
  1 + [2 ** 7, 2 ** 14, 2 ** 21].filter((limit) => length >= limit).length;
const mark = (step: number): number => (step % 250) + 1;

/** A log of steps, each of bytes that name it. */
function logOf(wanted: readonly number[]): StepLog {
  const log = new StepLog();
  wanted.forEach((length, step) => {
    const start = log.open();
    log.stream.reserve(length);
    log.stream.bytes.fill(mark(step), log.stream.top, log.stream.top + length);
    log.stream.top += length;
    log.close(start);
  });
  return log;
}

function check(log: StepLog, wanted: readonly number[], order: readonly number[]): void {
  expect(log.stepCount).toBe(wanted.length);
  const offsets = [0];
  for (const length of wanted) offsets.push((offsets.at(-1) ?? 0) + sizeOf(length) + length);
  expect(log.offset(wanted.length)).toBe(offsets.at(-1));
  for (const step of order) {
    const length = wanted[step] ?? 0;
    expect(log.offset(step)).toBe(offsets[step]);
    const { bytes, at } = log.reader(step);
    expect(at).toBe((offsets[step] ?? 0) + sizeOf(length));
    if (length > 0) expect([bytes[at], bytes[at + length - 1]]).toEqual([mark(step), mark(step)]);
  }
}

test('whatever their lengths, in any order', () => {
  const log = logOf(lengths);
  const order = [...lengths.keys()];
  check(log, lengths, order);
  check(log, lengths, order.reverse());
});

test('through blocks of steps and more of them than there was room for, and after some were forgotten', () => {
  const many = Array.from({ length: 1500 }, (_, step) => (step * 7) % 200);
  const log = logOf(many);
  check(log, many, [0, 15, 16, 17, 1499, 1024, 1023, 1022, 1008, 1007, 31, 0]);
  expect(log.indexBytes).toBe(Math.ceil(many.length / 16) * 4);
  for (const left of [1499, 1041, 1040, 1039, 16, 15, 0]) {
    log.truncate(left);
    check(log, many.slice(0, left), left === 0 ? [] : [0, left - 1]);
    const start = log.open();
    log.close(start);
    check(log, [...many.slice(0, left), 0], left === 0 ? [0] : [left, left - 1, left]);
    log.truncate(left);
  }
});
