/** Seeking in long timelines plays few steps and comes to the same memory. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Arena, WriteLog } from '../../engine/memory/arena';
import type { ByteReader } from './byte-stream';
import { Keyframes } from './keyframes';
import { StepLog } from './step-log';
import { Writes, type Memory } from './writes';

const WORDS = 64;
const STEPS = 60_000;
/** About what a step takes: its length, a word of 4 bytes with its place, the end, its template. */
const STEP_BYTES = 9;
/** Keyframes come after so many bytes, and two of them stand at most so far apart in the tree of anchors. */
const SPACING_BYTES = 1 << 14;
const PATH = 2 * 8;

/** Counts what is read of it. */
class CountingLog extends StepLog {
  read = 0;
  override reader(step: number): ByteReader {
    this.read++;
    return super.reader(step);
  }
}

/** The value that step `step` writes, and where. */
const placeOf = (step: number): number => (step * 7) % WORDS;
const valueOf = (step: number): number => Math.imul(step + 1, 0x9e3779b1);

/** Steps of which each writes one word, as a timeline keeps them. */
function recorded(): { log: CountingLog; keyframes: Keyframes; memory: Memory } {
  const log = new CountingLog();
  const writes = new Writes(WORDS, 0);
  const keyframes = new Keyframes(log, writes);
  const arena = new Arena(new WriteLog());
  arena.allocate(WORDS);
  for (let step = 0; step < STEPS; step++) {
    const start = log.open();
    const at = placeOf(step);
    const difference = (arena.words[at] as number) ^ valueOf(step);
    writes.addWord(at, difference);
    writes.writeTo(log.stream);
    log.stream.unsigned(0);
    log.close(start);
    arena.words[at] = valueOf(step);
    keyframes.grow();
  }
  return { log, keyframes, memory: { arena, fields: [] } };
}

/** The memory after so many steps. */
function memoryAfter(steps: number): number[] {
  const words = new Array<number>(WORDS).fill(0);
  for (let step = Math.max(0, steps - WORDS); step < steps; step++) words[placeOf(step)] = valueOf(step) | 0;
  return words;
}

test('from anywhere to anywhere few steps are played, and the memory is the one after those steps', () => {
  const { log, keyframes, memory } = recorded();
  let at = STEPS;
  fc.assert(
    fc.property(fc.oneof(fc.nat(STEPS), fc.constantFrom(0, STEPS)), (to) => {
      log.read = 0;
      keyframes.play(memory, at, to);
      at = to;
      expect([...memory.arena.words]).toEqual(memoryAfter(to));
      // To the nearest keyframe on both sides: at most half of the way between two each, and a step more.
      expect(log.read).toBeLessThanOrEqual(SPACING_BYTES / STEP_BYTES + STEP_BYTES * PATH);
    }),
    { numRuns: 60 },
  );
});

test('a short way plays no more than the steps that lie on it', () => {
  const { log, keyframes, memory } = recorded();
  let at = STEPS;
  // Across each keyframe too.
  for (let to = STEPS - 150; to > 0; to -= 150) {
    log.read = 0;
    keyframes.play(memory, at, to);
    expect(log.read).toBeLessThanOrEqual(at - to);
    at = to;
  }
  expect([...memory.arena.words]).toEqual(memoryAfter(at));
});

test('keyframes take a share of the steps, and none is kept behind the place where the steps are cut', () => {
  const { log, keyframes, memory } = recorded();
  const whole = keyframes.byteLength;
  expect(whole).toBeGreaterThan(log.stream.top / 400);
  expect(whole).toBeLessThan(log.stream.top / 20);
  const half = STEPS / 2;
  keyframes.play(memory, STEPS, half);
  keyframes.truncate(half);
  log.truncate(half);
  expect(keyframes.byteLength / whole).toBeGreaterThan(0.4);
  expect(keyframes.byteLength / whole).toBeLessThan(0.6);
  keyframes.play(memory, half, 0);
  expect([...memory.arena.words]).toEqual(memoryAfter(0));
  keyframes.play(memory, 0, half);
  expect([...memory.arena.words]).toEqual(memoryAfter(half));
});
