/** Everything that ever failed is read again; `fuzz.test.ts` makes new inputs out of it. */
import { describe, expect, test } from 'vitest';
import { encodeArguments } from '../abi/kind-text';
import { profile } from '../profiles/resolve';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { boundaries, corpusOf } from '../testing/app/boundaries';

const readers = new Map(boundaries.map(({ name, read }) => [name, read]));

describe.each(['scenario', 'value', 'link', 'encode'])('the corpus of %s', (boundary) => {
  const read = readers.get(boundary);
  test.each(corpusOf(boundary))('%s', (_, text) => {
    expect(read).toBeDefined();
    read?.(text);
  });
});

test.each(corpusOf('scenario'))('%s runs to an end', (_, text) => {
  const parsed = parseScenario(text);
  if (!parsed.ok) return;
  const run = runScenario(parsed.scenario, profile('linux-7.2'), (world) => new Timeline(world), {
    maxSteps: 500,
  });
  expect(run.lines).toHaveLength(parsed.scenario.lines.length);
});

test.each(corpusOf('encode'))('%s is no encoding', (_, text) => {
  const [kind = '', ...parts] = text.split(' ');
  expect(encodeArguments(kind, parts).ok).toBe(false);
});
