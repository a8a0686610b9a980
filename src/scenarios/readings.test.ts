/**
 * What the reader of scenarios makes of texts, to be read: the lines as they are printed again, or each problem with its
 * place, what could stand there and the nearest word. In a file the texts are parted by lines of dashes. One that has no
 * first line of a scenario stands in the frame of one with two vCPUs. Behind `act` stands an act as it is typed, behind
 * `filter` the beginning of a filter, behind `pasted` what a person pastes, behind `exit` and
 * `failure` words that came together; `value KIND PATTERN` is a value with such bytes.
 *
 * VMGEXIT_WRITE_TRANSCRIPTS=1 writes what is now said into the files; what changed is then read and judged like code.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kindNamed } from '../abi/kinds';
import { recognise } from '../abi/recognise';
import { littleEndianBytes } from '../base/bytes';
import type { Result } from '../base/result';
import { completed, completionsIn } from './filter/complete';
import { parseFilter } from './filter/parse';
import { scenarioFromRecognition, scenarioFromValue, scenarioFromValues } from './from-value';
import { parseScenario } from './parse';
import { lineText, printScenario } from './print';
import type { ScenarioProblem } from './lines';
import { actLine, type Scenario } from './scenario';
import { completeAct, readTypedAct } from './typed-act';

const folder = join(import.meta.dirname, 'readings');
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
const MARGIN = '    = ';
const RULE = '----';
const head = ['ghcb-scenario 1', 'vm vcpus=2 memory=4M'];

/** @param above lines of the frame, which stand before the text */
function problem(
  { line, column, length, message, expected, nearest }: ScenarioProblem,
  above: number,
): string {
  const place = line <= above ? 'frame' : `${line - above}:${column}`;
  // A list of all words is longer each time there is a new one.
  const words = expected !== undefined && expected.length > 70 ? `${expected.slice(0, 70)}...` : expected;
  const wanted = words === undefined ? '' : ` (expected ${words})`;
  return `${place}+${length} ${message}${wanted}${nearest === undefined ? '' : ` (nearest ${nearest})`}`;
}

function typed(line: string): string[] {
  const read = readTypedAct(line, { vcpu: 0, vcpus: 2 });
  return [
    read.ok ? lineText(actLine(read.act)) : `no act: ${read.message}`,
    ...completeAct(line, 0).map(({ text, label, doc }) => `may be ${JSON.stringify(text)}, ${label}: ${doc}`),
  ];
}

const machine = { vcpus: 2 };
function filtered(text: string): string[] {
  const found = completionsIn(text, text.length, machine);
  const parsed = parseFilter(text, machine, 'act');
  const [first] = found.options;
  const words = found.options.slice(0, 8).map(({ text: word, goesOn }) => word + (goesOn ? '.' : ''));
  const { at, length, message } = parsed.ok ? { at: 0, length: 0, message: 'a filter' } : parsed.problem;
  return [
    `${at}+${length} ${message}`,
    `from ${found.from} to ${found.to}: ${words.join()}`,
    ...(first ? [`then ${JSON.stringify(completed(text, found, first))}`] : []),
  ];
}

/** The lines of a scenario, each no longer than is read. */
const made = (scenario: Result<Scenario>): string[] =>
  scenario.ok
    ? printScenario(scenario.value).trimEnd().split('\n').slice(1, -1).slice(0, 24)
    : [scenario.error.message];

/** Bytes by the name of their pattern. */
const patterns: Readonly<Record<string, (at: number) => number>> = {
  zeros: () => 0,
  one: (at) => (at === 0 ? 1 : 0),
  ones: () => 0xff,
  page: (at) => (at === 1 ? 0x10 : 0),
  pages: (at) => (at % 8 === 1 ? 0x10 : at % 8 === 2 ? Math.floor(at / 8) : 0),
};
function valued(name: string, pattern: string): string[] {
  const kind = kindNamed(name);
  const byte = patterns[pattern];
  if (!kind.ok || !byte) throw new Error(`${name} ${pattern}`);
  return made(
    scenarioFromValue(
      name,
      Uint8Array.from({ length: kind.value.size }, (_, at) => byte(at)),
    ),
  );
}

function pasted(text: string): string[] {
  const found = recognise(text);
  return found.ok ? made(scenarioFromRecognition(found.value)) : [found.error.message];
}

/** An exit code with its info words, or a status of the firmware with its command. */
function together(words: readonly string[], kinds: readonly string[], labels: readonly string[]): string[] {
  const values = words.map((word, at) => ({
    kind: kinds[at] ?? '',
    label: labels[at] ?? '',
    bytes: littleEndianBytes(BigInt(word), 8),
  }));
  return made(scenarioFromValues(values));
}

function toldOf(lines: readonly string[]): string[] {
  const [first = ''] = lines;
  if (first.startsWith('act ')) return typed(first.slice(4));
  if (first.startsWith('filter ')) return filtered(first.slice(7));
  if (first.startsWith('pasted ')) return pasted(first.slice(7));
  if (first.startsWith('exit '))
    return together(first.slice(5).split(' '), ['nae-code'], ['', 'SW_EXITINFO1', 'SW_EXITINFO2']);
  if (first.startsWith('failure '))
    return together(first.slice(8).split(' '), ['firmware-status', 'firmware-command'], []);
  const [, kind = '', pattern = ''] = /^value (\S+) (\S+)$/.exec(first) ?? [];
  if (kind !== '') return valued(kind, pattern);
  const isWhole = lines.some((line) => /ghcb.scenario/.test(line));
  const text = isWhole ? lines : [...head, ...lines, 'end ghcb-scenario'];
  const above = isWhole ? 0 : head.length;
  const parsed = parseScenario(text.join('\n'));
  const warnings = parsed.warnings.map((one) => `warning ${problem(one, above)}`);
  if (!parsed.ok) return [...parsed.problems.map((one) => problem(one, above)), ...warnings];
  const printed = printScenario(parsed.scenario).trimEnd().split('\n');
  return [...(isWhole ? printed : printed.slice(head.length, -1)), ...warnings];
}

test.each(files)('%s', (file) => {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const texts = text.split(`${RULE}\n`).map((one) => one.split('\n').slice(0, -1));
  const told = texts.map((lines) => {
    const written = lines.filter((line) => !line.startsWith(MARGIN));
    return [...written, ...toldOf(written).map((one) => MARGIN + one), ''].join('\n');
  });
  const now = told.join(`${RULE}\n`);
  if (process.env['VMGEXIT_WRITE_TRANSCRIPTS'] === '1') writeFileSync(path, now);
  else expect(now).toBe(text);
});
