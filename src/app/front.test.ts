import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { profileIds } from '../profiles/profiles';
import { answeredAt, outcomeOf } from './front';
import { FRONT, FRONT_PROFILES } from './front-scenario';
import { runText } from './runs';

const file = join(import.meta.dirname, `../../public/scenarios/${FRONT}.ghcb`);
const text = readFileSync(file, 'utf8');

test.each(profileIds)('under %s the answer is what ap.doubleCreate says', (spec) => {
  const ran = runText(text, [spec]);
  if (!ran.ok) throw new Error(ran.problems[0]?.message);
  const { run } = ran.value;
  const asked = run.timeline.acts.find(({ act }) => act.verb === 'ap-create');
  const answer = run.profile.facets['ap.doubleCreate'] === 'reject' ? 'refused' : 'replaced';
  // A VMM that needs an ioctl which this kernel does not have stops the guest before it can ask.
  expect(outcomeOf(run)).toBe(asked?.refused === undefined ? answer : undefined);
});

test('the profiles that the page knows beforehand are those of the text', () => {
  const ran = runText(text);
  expect(ran.ok && ran.value.runs.map(({ profile }) => profile.spec)).toEqual(FRONT_PROFILES);
});

test('an override of one facet turns the answer round', () => {
  const ran = runText(text, ['linux-7.2:ap.doubleCreate=reject', 'as-reviewed:ap.doubleCreate=replace']);
  if (!ran.ok) throw new Error(ran.problems[0]?.message);
  expect(ran.value.runs.map(outcomeOf)).toEqual(['refused', 'replaced']);
});

test('the answer is there before the end of the run, which asking leaves as it is', () => {
  const ran = runText(text, ['linux-7.2']);
  if (!ran.ok) throw new Error(ran.problems[0]?.message);
  const { run } = ran.value;
  const end = run.timeline.digest();
  outcomeOf(run);
  expect(run.timeline.digest()).toBe(end);
  expect(answeredAt(run)).toBeLessThan(run.timeline.stepCount);
});
