/**
 * No input makes a reader of people's words do more than its size is worth: each gets 10, 100 and 1,000 kB of what is bad
 * for it, and the blocks of code that run are counted, not the time.
 */
import { operationsOf } from '../testing/operations'; // first: it counts what is loaded after it
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { lineForms } from '../traces/forms/all';
import { readPasted, readPastedFile } from '../traces/pasted';
import { editDistance, nearest } from '../base/text';
import { bytesFromLink } from '../abi/edit';
import { kinds } from '../abi/kinds';
import { decodeFile, decodeText, encodeArguments } from '../abi/kind-text';
import { recognise } from '../abi/recognise';
import { parseStored } from './stored';
import { pack, unpack } from '../views/shared/pack';
import { parseAddress } from './url';
import { partAt } from '../engine/observe';
import { parseProfileList } from '../profiles/resolve';
import { playRecording } from '../recording/file/player';
import { parseScenario } from '../scenarios/parse';
import { printScenario } from '../scenarios/print';

const isLong = process.env['VMGEXIT_LONG'] === '1';
/** A megabyte of everything takes minutes: it is read in the long run only. */
const sizes = isLong ? [10_000, 100_000, 1_000_000] : [2_000, 10_000, 100_000];
const fill = (piece: string, size: number): string =>
  piece.repeat(Math.ceil(size / piece.length)).slice(0, size);

const scenario = (body: string): string => `ghcb-scenario 1\n${body}\nend ghcb-scenario\n`;
const parsed = (text: string): void => void parseScenario(text);
const printed = (text: string): void => {
  const read = parseScenario(text);
  if (read.ok) printScenario(read.scenario);
};
const header = JSON.stringify({
  format: 'vmgexit-recording',
  version: 1,
  engine: '0',
  profile: 'linux-7.2',
  scenario: scenario('v0 hlt'),
});

/** What is read, and the piece that is repeated until it is as long as wanted. */
const readers: readonly (readonly [name: string, piece: string, read: (text: string) => void])[] = [
  ['a scenario of words that nobody knows', 'nowrod\n', (text) => parsed(scenario(text))],
  ['a scenario of acts that nobody knows', 'v0 pcs entreis=1\n', (text) => parsed(scenario(text))],
  ['a line continued again and again', '\n a', (text) => parsed(scenario(`note a${text}`))],
  ['a word continued again and again', '\n p:1,', (text) => parsed(scenario(`v0 psc entries=p:1,${text}`))],
  ['a continuation of nothing', ' a\n', (text) => parsed(scenario(`\n${text}`))],
  ['parameters that nobody knows', ' gpb=1', (text) => parsed(scenario(`v0 msr${text}`))],
  ['one parameter again and again', ' value=1', (text) => parsed(scenario(`v0 msr${text}`))],
  ['entries that are none', 'shard:0x2,', (text) => parsed(scenario(`v0 psc entries=${text}`))],
  ['entries without end', 'shared:0x2,', (text) => parsed(scenario(`v0 psc entries=${text}`))],
  ['bytes that are none', '0x1:zz,', (text) => parsed(scenario(`v0 psc-bytes bytes=${text}`))],
  ['profiles that nobody knows', ' linux-9', (text) => parsed(scenario(`profile${text}`))],
  ['facets that nobody knows', ':ap.x=y', (text) => parsed(scenario(`profile linux-7.2${text}`))],
  ['expectations under profiles that nobody knows', ' @x', (text) => parsed(scenario(`v0 hlt\n?${text}`))],
  ['an expectation about a deep path', 'v0.', (text) => parsed(scenario(`v0 hlt\n? ${text} == 1`))],
  [
    'an expectation about a part behind many',
    '.a',
    (text) => parsed(scenario(`v0 hlt\n? refused${text} == 1`)),
  ],
  ['a word that is one number', '9', (text) => parsed(scenario(`v0 msr value=${text}`))],
  ['a word without end', 'x', (text) => parsed(scenario(text))],
  ['quote marks', '>', (text) => parsed(`${text}ghcb-scenario 1\n${text}v0 hlt`)],
  ['blanks', ' ', (text) => parsed(scenario(`note${text}x`))],
  ['words that may begin no line', '? ', (text) => parsed(scenario(`note ${text}`))],
  ['notes that look like scissors', '-- >8 -- ', (text) => printed(scenario(`note ${text}`))],
  ['a long note', 'word ', (text) => printed(scenario(`note ${text}`))],
  [
    'replies between the lines',
    'why?\n',
    (text) => parsed(scenario(text).replace(/^/gm, '> ').replace(/^> w/gm, 'w')),
  ],
  ['a list of profiles that nobody knows', 'linux-9,', (text) => void parseProfileList(text)],
  ['a list of profiles', 'linux-7.2,', (text) => void parseProfileList(text)],
  ['a profile without end', 'l', (text) => void parseProfileList(text)],
  ['a link with marks behind it', ')', (text) => void parseAddress(`#/s/a${text}x`)],
  ['a link of nothing but marks', '.', (text) => void parseAddress(`#${text}`)],
  ['a link of parameters that nobody knows', '&x=1', (text) => void parseAddress(`#/s/a?${text}`)],
  ['a link of escapes', '%20%3', (text) => void parseAddress(`#/s/a?r=${text}`)],
  ['a packed link', 'A', (text) => void unpack(1, text)],
  ['a packed scenario of one letter', 'x', (text) => void unpack(1, finish(pack(text)))],
  ['bytes of a link', '~4~', (text) => void bytesFromLink(text)],
  ['what was saved', '{"slug":1},', (text) => void parseStored(`{"version":1,"saved":[${text}{}]}`)],
  ['a recording of lines that are none', '{"act":{}}\n', (text) => void playRecording(`${header}\n${text}`)],
  ['a recording of steps', '{"step":0}\n', (text) => void playRecording(`${header}\n${text}`)],
  ['a value without end', 'f', (text) => void recognise(text)],
  ['a value of dashes', 'z', (text) => void recognise(text)],
  ['a negative value', '9', (text) => void recognise(`-${text}`)],
  ['words', '0x1 ', (text) => void recognise(text)],
  ['words with a slip', '0x1 17zz ', (text) => void recognise(text)],
  ['separators', ';', (text) => void recognise(text)],
  ['blanks behind a name', ' ', (text) => void readPasted(`ghcb_gpa${text}x`)],
  ['names of a log', 'reason npf ', (text) => void readPasted(text)],
  ['errors of a log', 'SEV ccp ', (text) => void readPasted(text)],
  ['exit codes of a log', 'exit_code ', (text) => void readPasted(text)],
  ['a dump', '00000000: 0000\n', (text) => void recognise(text)],
  ['a dump of one group', 'f', (text) => void recognise(`00000000: 0x00 ${text}\n00000001: 0x00 ${text}`)],
  ['a dump with a star', '*\n', (text) => void recognise(`00000000: 00\n${text}000fffff: 00`)],
  ['a dump of blanks', ' ', (text) => void recognise(`00000000: 00${text}x`)],
  ['a file of bytes', '\u00ff', (text) => void readPastedFile(Buffer.from(text, 'latin1'))],
  ['a file for a word', '\u00ff', (text) => void decodeFile('psc-entry', Buffer.from(text, 'latin1'))],
  ['fields that nobody knows', 'x', (text) => void encodeArguments('vmsa', [`${text}=1`])],
  ['a value of a field', '9', (text) => void encodeArguments('psc-entry', [`gfn=${text}`])],
];

/** Blocks that run whatever the text is, such as the search for the nearest known word of a hundred bad ones. */
const SETTLED = 400_000;
const most = (size: number): number => 300 * size + SETTLED;

test.each(readers)('%s: the work grows as the text does', (_, piece, read) => {
  read(fill(piece, 1_000)); // what is made once is made
  const work = sizes.map((size) => {
    const text = fill(piece, size);
    return { size, blocks: operationsOf(() => read(text)) };
  });
  // Work that grows faster than the text shows at the largest size; some blocks do not depend on it.
  for (const { size, blocks } of work) expect(blocks, `${size} characters`).toBeLessThan(most(size));
  work.slice(1).forEach(({ size, blocks }, index) => {
    const before = work[index] ?? { size, blocks };
    expect(blocks).toBeLessThan((1.3 * size * before.blocks) / before.size + SETTLED);
  });
});

test.each(isLong ? Object.keys(kinds) : ['ghcb-msr', 'psc-buffer', 'kvm-run', 'valid-bitmap'])(
  'decoding any text as %s costs what its size is worth',
  (kind) => {
    for (const piece of ['f', '0x1 ', '00: 00\n', ';', '~', '00000000: 0000\n']) {
      const text = fill(piece, 100_000);
      expect(
        operationsOf(() => void decodeText(kind, text)),
        piece,
      ).toBeLessThan(most(100_000));
    }
  },
);

test('finding the unknown part of a path costs what the length of the path is worth', () => {
  for (const part of ['x', 'a.a.a.x', 'nothing']) {
    const work = [10_000, 100_000].map((size) =>
      operationsOf(() => void partAt(`${fill('a.', size)}x`, { message: '', part })),
    );
    expect(work[1]).toBeLessThan(10 * (work[0] ?? 0) + 1_000);
  }
});

describe('what happens inside a call of the language', () => {
  test('the formats of log lines repeat nothing without bound', () => {
    for (const { formats } of lineForms)
      for (const { pattern } of formats) expect(pattern).not.toMatch(/(?:[^\\]|\\[a-z])[*+]|\{\d+,\}/i);
  });

  test('a word that is no slip of a known one is compared with none', () => {
    const known = Array.from({ length: 100 }, (_, i) => `launch-update-${i}`);
    const short = operationsOf(() => void nearest('launch-updat-7', known));
    const long = operationsOf(() => void nearest('launch-update-'.repeat(70_000), known));
    expect(long).toBeLessThan(short);
  });

  test('the counter sees the square of a length', () => {
    const of = (length: number): number => {
      const word = 'a'.repeat(length);
      return operationsOf(() => void editDistance(word, word));
    };
    expect(of(400) / of(100)).toBeGreaterThan(10);
  });
});
