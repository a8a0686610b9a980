/** The recordings that ship with the page play as this build runs them; old ones play as they were recorded. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { runScenario } from '../scenarios/run';
import { compare } from './comparison/comparison';
import { stepText } from './file/file';
import { playRecording, type PlayedRecording } from './file/player';
import { recordedRun } from './file/recorded-run';
import { Timeline } from './timeline/timeline';

const folder = join(import.meta.dirname, '../../public/recordings');
const { recordings } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
  recordings: readonly { readonly slug: string; readonly profile: string; readonly against?: string }[];
};

function play(path: string): PlayedRecording & { readonly text: string } {
  const text = readFileSync(path, 'utf8');
  const { played, problem } = playRecording(text);
  if (!played) throw new Error(problem?.message);
  return { ...played, text };
}

test('there are at least six, each with its file, and no file without an entry', () => {
  expect(recordings.length).toBeGreaterThanOrEqual(6);
  const files = readdirSync(folder).filter((file) => file.endsWith('.ghcb.jsonl'));
  expect(files.sort()).toEqual(recordings.map(({ slug }) => `${slug}.ghcb.jsonl`).sort());
  for (const { against } of recordings)
    if (against !== undefined) expect(recordings.map(({ slug }) => slug)).toContain(against);
});

test.each(recordings)(
  '$slug plays to its digest; where the model changed on purpose, npm run recordings makes it anew',
  ({ slug, profile }) => {
    const { header, problem, difference, digest, timeline } = play(join(folder, `${slug}.ghcb.jsonl`));
    expect(header.profile).toBe(profile);
    expect([problem, difference]).toEqual([undefined, undefined]);
    expect(timeline.digest()).toBe(digest);
  },
);

describe.each(
  readdirSync(join(import.meta.dirname, '../testing/recording')).filter((file) => file.endsWith('.jsonl')),
)('a recording that an earlier build made: %s', (file) => {
  const { text, problem, scenario, profile, timeline, ...played } = play(
    join(import.meta.dirname, '../testing/recording', file),
  );
  const recorded = text.split('\n').filter((line) => line.startsWith('{"step":'));

  test('is played as it was recorded, step for step, whatever this build does', () => {
    expect(problem).toBeUndefined();
    expect(timeline.stepCount).toBe(recorded.length);
    // A later build may list the facts of an event in another order.
    const told = recorded.map((_, step): unknown => JSON.parse(stepText(timeline.step(step))));
    expect(told).toEqual(recorded.map((line): unknown => JSON.parse(line)));
  });

  test('stands beside what this build does, by the lines of its scenario', () => {
    const now = runScenario(scenario, profile, (world) => new Timeline(world));
    const run = finish(recordedRun({ scenario, profile, timeline, problem, ...played }, now));
    const { rows, positionsAfter, firstDivergence } = compare([now, run]);
    expect(positionsAfter(rows.length - 1)).toEqual([now.timeline.stepCount, recorded.length]);
    if (played.difference === undefined) expect(firstDivergence).toBeUndefined();
  });
});
