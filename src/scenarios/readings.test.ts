/**
 * What the reader of scenarios makes of texts, to be read: the lines as they are printed again, or each problem with its
 * place, what could stand there and the nearest word. In a file the texts are parted by lines of dashes. One that has no
 * first line of a scenario stands in the frame of one with two vCPUs; one of `act` and a line is an act as it is typed.
 *
 * VMGEXIT_WRITE_TRANSCRIPTS=1 writes what is now said into the files; what changed is then read and judged like code.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseScenario } from './parse';
import { lineText, printScenario } from './print';
import type { ScenarioProblem } from './lines';
import { actLine } from './scenario';
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

function toldOf(lines: readonly string[]): string[] {
  const [first = ''] = lines;
  if (first.startsWith('act ')) return typed(first.slice(4));
  const isWhole = lines.some((line) => line.includes('ghcb-scenario'));
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
