import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { moveText } from '../engine/moves';
import { profileIds } from '../profiles/profiles';
import { actsAt, forkText, interestingPosition, linesUpTo, notesOf, runText } from './runs';
import type { ShownRun } from './shown-run';

const scenario = (slug: string): string =>
  readFileSync(join(import.meta.dirname, `../../public/scenarios/${slug}.ghcb`), 'utf8');
const runOf = (text: string): ShownRun => {
  const result = runText(text);
  if (!result.ok) throw new Error(result.problems[0]?.message);
  return result.value.run;
};
const told = ({ timeline }: ShownRun, end = timeline.stepCount): string[] =>
  Array.from({ length: end }, (_, i) => {
    const { move } = timeline.step(i);
    return move ? moveText(move) : '';
  });

const apCreate = 'ap-create-on-init-then-create';
const nmi = { actor: 'guest', vcpu: 0, verb: 'nmi', args: { target: 1 } } as const;

describe.each([apCreate, 'linux-boot'])('a fork of %s', (slug) => {
  const run = runOf(scenario(slug));
  const { stepCount } = run.timeline;

  test.each([0.1, 0.4, 0.7, 1])('at %d of its length goes the same way up to there', (share) => {
    const position = Math.round(stepCount * share);
    const fork = finish(forkText(run, position, nmi));
    const forked = runOf(fork.text);
    expect(fork.from).toBeGreaterThanOrEqual(position);
    expect(told(forked, position)).toEqual(told(run, position));
    expect(forked.timeline.acts.some(({ act }) => act.verb === 'nmi')).toBe(true);
  });
});

test('before the first step nothing but the head is left', () => {
  const run = runOf(scenario(apCreate));
  expect(linesUpTo(run, 0).every(({ kind }) => kind !== 'act' && kind !== 'launch')).toBe(true);
});

test('looking at what may happen leaves the run as it was', () => {
  const run = runOf(scenario(apCreate));
  const { timeline } = run;
  const digest = timeline.digest();
  const acts = finish(actsAt(run, timeline.stepCount));
  expect(acts.some(({ refused }) => refused === undefined)).toBe(true);
  expect(acts.some(({ refused }) => refused !== undefined)).toBe(true);
  expect(timeline.digest()).toBe(digest);
});

test('the page opens where the last note stands', () => {
  const run = runOf(scenario(apCreate));
  const { timeline } = run;
  const { actIndex } = timeline.step(interestingPosition(run) - 1);
  expect(timeline.acts[actIndex]?.act.verb).toBe('ap-create');
  expect(notesOf(run).get(actIndex)).toMatch(/^And now an immediate CREATE/);
});

test('a text with a mistake gives every problem with its place', () => {
  const result = runText('ghcb-scenario 1\nv0 ap-craete target=1\nend ghcb-scenario\n');
  expect(result).toMatchObject({ ok: false, problems: [{ line: 2 }] });
});

test.each([
  ['linux-7.9', /no profile is called 'linux-7\.9'; did you mean 'linux-7\.2'\?$/],
  ['linux-7.2:psc.retInit=sale', /'psc\.retInit' is one of .*; did you mean 'stale'\?$/],
  [
    'linux-7.2:term.exit=x',
    /no facet is called 'term\.exit'; there are term\.msr, term\.nae, term\.tracepoint\.$/,
  ],
])('a link that asks for %s is shown without it, and says so', (spec, remark) => {
  const result = runText(scenario(apCreate), [spec, 'v14']);
  if (!result.ok) throw new Error(result.problems[0]?.message);
  expect(result.value.runs.map(({ profile }) => profile.spec)).toEqual(['v14']);
  expect(result.value.remarks).toEqual([expect.stringMatching(remark)]);
});

test.each([10, 11])(
  'of %d profiles as many as there are generations are shown, and the rest is named',
  (count) => {
    const specs = [...profileIds, 'linux-7.2:ap.doubleCreate=reject'].slice(0, count);
    const ran = runText(scenario(apCreate), specs);
    if (!ran.ok) throw new Error(ran.problems[0]?.message);
    expect(ran.value.runs.map(({ profile }) => profile.spec)).toEqual(profileIds);
    expect(ran.value.remarks).toEqual(
      count === 10
        ? []
        : ['Shown side by side: the first 10 profiles; hidden: linux-7.2:ap.doubleCreate=reject.'],
    );
  },
);
