/** Everything that ever failed is read again, and so is what a few changes make of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeArguments } from '../abi/kind-text';
import { recognise, recogniseFile } from '../abi/recognise';
import { profile } from '../profiles/resolve';
import { readRecording } from '../recording/file/file';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario } from '../scenarios/parse';
import { printScenario } from '../scenarios/print';
import { runScenario } from '../scenarios/run';
import { pack, unpack } from './pack';
import { parseStored } from './stored';
import { parseAddress } from './url';

const folder = join(import.meta.dirname, '../testing/corpus');
const filesOf = (boundary: string): [name: string, text: string][] =>
  readdirSync(join(folder, boundary)).map((name) => [
    name,
    readFileSync(join(folder, boundary, name), 'utf8'),
  ]);

const isLong = process.env['VMGEXIT_LONG'] === '1';
const seed = Number(process.env['VMGEXIT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
afterAll(() => console.info(`inputs made of the corpus: VMGEXIT_SEED=${seed}`));

/** What can be read again must say the same again. */
function readScenario(text: string): void {
  const parsed = parseScenario(text);
  if (!parsed.ok) {
    expect(parsed.problems.length).toBeGreaterThan(0);
    return;
  }
  const again = parseScenario(printScenario(parsed.scenario));
  expect(again.ok && again.scenario).toEqual(parsed.scenario);
}

function encode(text: string): void {
  const [kind = '', ...parts] = text.split(' ');
  const encoded = encodeArguments(kind, parts);
  if (!encoded.ok) expect(encoded.error.message).not.toBe('');
}

function readValue(text: string): void {
  const found = recognise(text);
  if (found.ok) expect(found.value.parts.length).toBeGreaterThan(0);
  else expect(found.error.message.length).toBeLessThan(600);
}

function followLink(text: string): void {
  const { target, remarks } = parseAddress(text);
  expect(remarks.length).toBeLessThan(10);
  if (target.kind === 'packed') unpack(target.codec, target.payload);
}

const boundaries = {
  scenario: readScenario,
  value: readValue,
  link: followLink,
  encode,
} as const;
type Boundary = keyof typeof boundaries;
const names = Object.keys(boundaries) as Boundary[];

describe.each(names)('the corpus of %s', (boundary) => {
  test.each(filesOf(boundary))('%s', (_, text) => boundaries[boundary](text));
});

test.each(filesOf('scenario'))('%s runs to an end', (_, text) => {
  const parsed = parseScenario(text);
  if (!parsed.ok) return;
  const run = runScenario(parsed.scenario, profile('linux-7.2'), (world) => new Timeline(world), {
    maxSteps: 500,
  });
  expect(run.lines).toHaveLength(parsed.scenario.lines.length);
});

test.each(filesOf('encode'))('%s is no encoding', (_, text) => {
  const [kind = '', ...parts] = text.split(' ');
  expect(encodeArguments(kind, parts).ok).toBe(false);
});

/** A file of the corpus with pieces of others in it, pieces taken out, and pieces said twice. */
function changedText(texts: readonly string[]): fc.Arbitrary<string> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const change = fc.record({
    from: place,
    to: place,
    by: fc.oneof(fc.constantFrom('', ...texts), fc.string()),
    at: place,
  });
  return fc.tuple(fc.constantFrom(...texts), fc.array(change, { maxLength: 6 })).map(([text, changes]) =>
    changes.reduce((now, { from, to, by, at }) => {
      const [first, last] = [from, to].map((where) => Math.floor(where * now.length)).sort((a, b) => a - b);
      const piece = by.slice(0, Math.floor(at * 60));
      return now.slice(0, first) + piece + now.slice(last);
    }, text),
  );
}

describe(`made of the corpus, seed ${seed}`, () => {
  const many = { numRuns: isLong ? 50_000 : 300, seed };

  test.each(names)('%s', (boundary) => {
    const texts = filesOf(boundary).map(([, text]) => text);
    fc.assert(fc.property(changedText(texts), boundaries[boundary]), many);
  });

  test('what is no file of its reader: recordings, saved work, packed texts, bytes', () => {
    const texts = names.flatMap((boundary) => filesOf(boundary).map(([, text]) => text));
    const anything = changedText([
      ...texts,
      '{"version":1,"saved":[{"slug":"a","title":"b","text":"c"}]}',
      pack('a'),
    ]);
    fc.assert(
      fc.property(anything, (text) => {
        void readRecording(text);
        void unpack(1, text);
        void recogniseFile(Buffer.from(text));
        expect(parseStored(text).saved.every(({ slug }) => typeof slug === 'string')).toBe(true);
      }),
      many,
    );
  });
});
