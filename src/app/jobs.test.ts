import { expect, test } from 'vitest';
import type { Resumable } from '../base/resumable';
import { Jobs, type Job } from './jobs.svelte';

/** Work of so many milliseconds that tells what becomes of it. */
function lasting<T>(milliseconds: number, value: T): { job: Job<T>; told: string[] } {
  const told: string[] = [];
  let done = 0;
  function* parts(): Resumable<T> {
    try {
      const end = performance.now() + milliseconds;
      while (performance.now() < end) {
        done++;
        yield;
      }
      told.push('finished');
      return value;
    } finally {
      told.push('closed');
    }
  }
  const job: Job<T> = {
    parts: parts(),
    says: () => `part ${done}`,
    stopped: () => told.push('stopped'),
    resumed: () => told.push('resumed'),
  };
  return { job, told };
}

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

test('what lasts several slices leaves time to others, and gives its result', async () => {
  const jobs = new Jobs();
  const begun = performance.now();
  let others = 0;
  const timer = setInterval(() => others++, 1);
  expect(await jobs.do(lasting(200, 7).job)).toBe(7);
  clearInterval(timer);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(200);
  expect(others).toBeGreaterThan(2);
  expect(jobs.says).toBe('');
});

test('newer work takes the place of older work for good', async () => {
  const jobs = new Jobs();
  const older = lasting(60_000, 'older');
  const first = jobs.do(older.job);
  expect(await jobs.do(lasting(30, 'newer').job)).toBe('newer');
  expect(await first).toBeUndefined();
  expect(older.told).toEqual(['closed']);
});

test('what a person stops stands still until they go on with it', async () => {
  const jobs = new Jobs();
  const { job, told } = lasting(150, 'all');
  const result = jobs.do(job);
  await wait(30);
  jobs.stop();
  const stood = jobs.says;
  await wait(60);
  expect([jobs.isStopped, jobs.says, job.says()]).toEqual([true, stood, stood]);
  jobs.goOn();
  expect(await result).toBe('all');
  expect(told).toEqual(['stopped', 'resumed', 'finished', 'closed']);
});

test('what was stopped and left gives no result', async () => {
  const jobs = new Jobs();
  const { job, told } = lasting(60_000, 'all');
  const result = jobs.do(job);
  await wait(30);
  jobs.stop();
  jobs.end();
  expect(await result).toBeUndefined();
  expect([told, jobs.says, jobs.isStopped]).toEqual([['stopped', 'closed'], '', false]);
});

test('work that fails is over', async () => {
  const jobs = new Jobs();
  function* failing(): Resumable<never> {
    yield;
    throw new Error('no');
  }
  await expect(jobs.do({ parts: failing(), says: () => '' })).rejects.toThrow('no');
  expect(await jobs.do(lasting(1, 'next').job)).toBe('next');
});
