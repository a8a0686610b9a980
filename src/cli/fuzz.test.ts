/** No vector file and no command line makes the program fail by its own mistake. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fuzz, fuzzedText, type Boundary } from '../testing/fuzz';
import { call } from './call';
import { conform, readVectors, VectorError } from './conform/main';
import { UsageError } from './io';

const corpus = join(import.meta.dirname, '../testing/corpus/vector');
const vectors = join(import.meta.dirname, 'conform/vectors');
/** One line of each file that ships, and all that once failed. */
const lines = [
  ...readdirSync(corpus).map((file) => readFileSync(join(corpus, file), 'utf8').trim()),
  ...readdirSync(vectors)
    .filter((file) => /\.jsonl(\.br)?$/.test(file))
    .flatMap((file) => readVectors(join(vectors, file)).split('\n').slice(0, 3))
    .filter((line) => line.length < 3000),
];

function runVectors(text: string): void {
  try {
    conform([text], ['fuzzed']);
  } catch (error) {
    if (!(error instanceof VectorError || error instanceof UsageError)) throw error;
  }
}

const commandLines = [
  'run no-such-file.ghcb --profile linux-7.2,part2-v4 --format mail --fail-on-diff',
  'decode psc-entry 0x0000000012345017 --json',
  'decode 0x100010000000101 --scenario',
  'decode --list --json',
  'encode psc-entry gfn=0x12345 operation=private --json',
  'fmt no-such-file.ghcb --check',
  'verify no-such-file.ghcb.jsonl',
  'conform no-such-file.jsonl --json',
  'matrix no-such-chart --profile v14',
  'profiles --json',
  'help --version -h',
];
/** Standard input never comes here, nothing is written, and the matrix of a chart takes seconds. */
const isLeftOut = (words: readonly string[]): boolean =>
  words.some((word) => word === '-' || word === '--write' || word.startsWith('/')) || words[0] === 'matrix';

async function callWith(text: string): Promise<void> {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (isLeftOut(words)) return;
  try {
    await call(words);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof VectorError)) throw error;
  }
}

const boundaries: readonly Boundary[] = [
  { name: 'vectors', texts: lines, read: runVectors, long: 60_000, sample: 300 },
  { name: 'command line', texts: commandLines, read: callWith, long: 40_000, sample: 300 },
];

test.each(boundaries)('$name', async (boundary) => {
  const fuzzed = await fuzz(boundary);
  console.info(fuzzedText(boundary.name, fuzzed));
  expect(fuzzed.inputs).toBeGreaterThan(0);
});
