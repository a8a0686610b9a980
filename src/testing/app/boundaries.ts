/** The readers of what comes to the page from outside, each with what must hold of all that it reads. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finish } from '../../base/resumable';
import { readDump } from '../../abi/dump';
import { kinds } from '../../abi/kinds';
import { decodeText, encodeArguments } from '../../abi/kind-text';
import { recognise } from '../../abi/recognise';
import { parseQuery } from '../../app/ask/query';
import { CODEC, pack, unpack } from '../../views/shared/pack';
import { parseStored } from '../../app/stored';
import { parseAddress } from '../../app/url';
import { readWorkFile } from '../../app/own-work/file';
import { assert } from '../../base/assert';
import { parseProfileList, profile } from '../../profiles/resolve';
import { writeRecording } from '../../recording/file/file';
import { playRecording } from '../../recording/file/player';
import { Timeline } from '../../recording/timeline/timeline';
import { parseFilter } from '../../scenarios/filter/parse';
import { parseScenario } from '../../scenarios/parse';
import { printScenario } from '../../scenarios/print';
import { runScenario } from '../../scenarios/run';
import { readPasted, readPastedFile } from '../../traces/pasted';
import type { Boundary } from '../fuzz';

const corpus = join(import.meta.dirname, '../corpus');
const shipped = join(import.meta.dirname, '../../../public/scenarios');

/** Files of the corpus for one boundary. */
export const corpusOf = (boundary: string): [name: string, text: string][] =>
  readdirSync(join(corpus, boundary)).map((name) => [
    name,
    readFileSync(join(corpus, boundary, name), 'utf8'),
  ]);
const textsOf = (boundary: string): string[] => corpusOf(boundary).map(([, text]) => text);
const shippedTexts = ['selftest', 'psc-batch', 'ap-create-on-init-then-create', 'vmm-lazy'].map((slug) =>
  readFileSync(join(shipped, `${slug}.ghcb`), 'utf8'),
);

/** What can be read again must say the same again. */
function readScenario(text: string): void {
  const parsed = parseScenario(text);
  if (!parsed.ok) {
    assert(parsed.problems.length > 0, 'what is refused has a reason');
    return;
  }
  const printed = printScenario(parsed.scenario);
  const again = parseScenario(printed);
  assert(again.ok && printScenario(again.scenario) === printed, 'what is printed is read again as it was');
}

/** Runs end by themselves or by their budget, and take nothing down with them. */
function runText(text: string): void {
  const parsed = parseScenario(text);
  if (!parsed.ok) return;
  const run = runScenario(parsed.scenario, profile('linux-7.2'), (world) => new Timeline(world), {
    maxSteps: 300,
  });
  assert(run.lines.length === parsed.scenario.lines.length, 'each line has its place in the run');
}

function encode(text: string): void {
  const [kind = '', ...parts] = text.split(' ');
  const encoded = encodeArguments(kind, parts);
  assert(encoded.ok || encoded.error.message !== '', 'what is refused has a reason');
}

/** A kind, then what it is to be decoded from. */
function decode(text: string): void {
  const [kind = '', ...rest] = text.split(' ');
  const decoded = decodeText(kind, rest.join(' '));
  assert(decoded.ok || decoded.error.message !== '', 'what is refused has a reason');
}

function readValue(text: string): void {
  const found = recognise(text);
  if (found.ok) assert(found.value.parts.length > 0, 'what is recognised has parts');
  else assert(found.error.message.length < 600, 'a reason is short');
}

/** Every line of a log is accounted for. */
function readLog(text: string): void {
  const pasted = readPasted(text);
  if (pasted.kind === 'value') return;
  const { counts, lines } = pasted.trace;
  assert(
    counts.placed + counts.plain + counts.continued + counts.unknown === lines.length,
    'every line has a status',
  );
  assert(
    lines.every(({ number }, index) => number === index + 1),
    'lines keep their order',
  );
}

function followLink(text: string): void {
  const { target, remarks } = parseAddress(text);
  assert(remarks.length < 10, 'remarks are few');
  if (target.kind === 'packed') unpack(target.codec, target.payload);
}

function readStoredText(text: string): void {
  const { saved } = parseStored(text);
  assert(
    saved.every((one) => [one.slug, one.title, one.text].every((field) => typeof field === 'string')),
    'what is kept is text',
  );
}

function recordingText(): string {
  const parsed = parseScenario(shippedTexts[1] ?? '');
  if (!parsed.ok) return '';
  const { timeline } = runScenario(parsed.scenario, profile('linux-7.2'), (world) => new Timeline(world));
  return finish(
    writeRecording(timeline, { engine: '0', profile: 'linux-7.2', scenario: shippedTexts[1] ?? '' }),
  );
}

const workFile = `{"format":"vmgexit-work","version":1,"works":[{"schema":1,"id":"a","name":"b","changed":1,
"branches":[{"id":"main","title":"main","text":"c"}],"branch":"main","draft":"d"}]}`;
const decodings = Object.keys(kinds).map((kind) => `${kind} 0x0000000012345017`);
const dumps = [
  '00000000: 0011 2233 4455 6677 8899 aabb ccdd eeff  ..3DUfw\n00000010: 00\n',
  '00000000  00 11 22 33 44 55 66 77  88 99 aa bb cc dd ee ff  |..3DUfw|\n*\n00000040\n',
  '0000000 1100 3322 5544\n0000006\n',
  ...textsOf('value'),
];
const logs = [
  'kvm_vmgexit_enter: vcpu 0, exit_reason 0x80000010, exit_info1 0x0, exit_info2 0x0',
  'SEV: SNP_LAUNCH_UPDATE failed, ret=-5 fw_error=0x1f',
  'kvm: exit to userspace, reason 39 flags 0x8 gpa 0x100000 size 0x1000',
  ...textsOf('value'),
];

/** All of them; their long runs give ten million inputs together with those of the command line. */
export const boundaries: readonly Boundary[] = [
  {
    name: 'scenario',
    texts: [...textsOf('scenario'), ...shippedTexts],
    read: readScenario,
    long: 900_000,
    sample: 1_000,
  },
  { name: 'run', texts: shippedTexts, read: runText, long: 100_000, sample: 100 },
  { name: 'value', texts: textsOf('value'), read: readValue, long: 1_350_000, sample: 3_000 },
  {
    name: 'dump',
    texts: dumps,
    read: (text) => void readDump(text.split('\n')),
    long: 1_200_000,
    sample: 3_000,
  },
  { name: 'log line', texts: logs, read: readLog, long: 1_200_000, sample: 3_000 },
  {
    name: 'file',
    texts: dumps,
    read: (text) => void readPastedFile(Buffer.from(text, 'latin1')),
    long: 500_000,
    sample: 1_000,
  },
  {
    name: 'link',
    texts: [
      ...textsOf('link'),
      '#/s/psc-batch?k=12&v=pages&r=v14,linux-7.2:ap.doubleCreate=reject&sel=page:0x120',
      `#/x/${CODEC}.${finish(pack(shippedTexts[0] ?? ''))}`,
    ],
    read: followLink,
    long: 1_350_000,
    sample: 3_000,
  },
  {
    name: 'packed text',
    texts: shippedTexts.map((text) => finish(pack(text))),
    read: (text) => void unpack(CODEC, text),
    long: 300_000,
    sample: 500,
  },
  {
    name: 'encode',
    texts: [...textsOf('encode'), 'psc-entry gfn=0x12345 operation=private cur_page=3', 'ghcb-msr 0x15'],
    read: encode,
    long: 1_000_000,
    sample: 3_000,
  },
  { name: 'decode', texts: decodings, read: decode, long: 700_000, sample: 2_000 },
  {
    name: 'saved work',
    texts: [
      '{"version":1,"preferences":{"theme":"dark","split":true},"saved":[{"slug":"a","title":"b","text":"c"}]}',
    ],
    read: readStoredText,
    long: 500_000,
    sample: 3_000,
  },
  {
    name: 'recording',
    texts: [recordingText()],
    read: (text) => void playRecording(text),
    long: 200_000,
    sample: 500,
  },
  {
    name: 'profile',
    texts: ['linux-7.2:ap.doubleCreate=reject,v14', 'part2-v4:mem.private=userPages:psc.retInit=stale'],
    read: (text) => void parseProfileList(text),
    long: 200_000,
    sample: 1_000,
  },
  {
    name: 'ask',
    texts: ['ap-create created v4 against 7.2', 'psc retInit under linux-6.11, v14'],
    read: (text) => void parseQuery(text),
    long: 100_000,
    sample: 1_000,
  },
  {
    name: 'filter',
    texts: [
      'v0.exit == HYPERCALL and (v1.mpState changed or text ~ "PSC")',
      'page.0x120.rmp changed',
      'differs',
    ],
    read: (text) => void parseFilter(text, { vcpus: 2 }),
    long: 200_000,
    sample: 1_000,
  },
  {
    name: 'work file',
    texts: [workFile],
    read: (text) => void readWorkFile(text, []),
    long: 100_000,
    sample: 1_000,
  },
];
