/** A log that was read, as lines of text: each line as it was given, and below it what it says. */
import { decodeFile } from '../abi/kind-text';
import type { FieldRow } from '../abi/layout';
import type { Part } from '../abi/recognise';
import { sourceText } from '../abi/source';
import { wrap } from '../base/text';
import { partText } from './json';
import { shownLine } from './lines';
import { partsOf, remarksOf } from './pasted';
import { countsText, type Trace, type TraceLine } from './read';

const INDENT = '      ';

/** Counts, then every line. @param columns of the terminal */
export function traceText({ counts, lines }: Trace, columns: number): string[] {
  return [`${countsText(counts)}.`, '', ...lines.flatMap((line) => lineText(line, columns))];
}

function lineText(line: TraceLine, columns: number): string[] {
  const head = `${String(line.number).padStart(4)}  ${shownLine(line.raw)}`.trimEnd();
  if (line.status === 'continued') return [head];
  if (line.status === 'plain') return [head];
  if (line.status === 'unknown') return [head, ...indented(`unknown. ${line.why ?? ''}`, columns)];
  const what = line.form ? [`${line.form.what} [${sourceText(line.form.source)}]`] : [];
  const said = [...what, ...partsOf(line).map(valueText), ...remarksOf(line)];
  return [head, ...said.flatMap((text) => indented(text, columns))];
}

const indented = (text: string, columns: number): string[] =>
  wrap(text, Math.max(columns - INDENT.length, 40)).map((part) => INDENT + part);

/** Fields that are not zero say what a value is; a value of zeros shows them all. */
const isTelling = ({ value, problem }: FieldRow): boolean => value !== 0n || problem !== undefined;

/** `GHCB MSR 0x20100, ghcb-msr: info 0x100, reasonSet 0 (GHCB protocol), reasonCode 2 (...)`. */
export function valueText({ label, bytes, candidates }: Part): string {
  const kind = candidates[0]?.kind ?? '';
  const decoded = decodeFile(kind, bytes);
  const rows = decoded.ok ? decoded.value.rows : [];
  const telling = rows.filter(isTelling);
  const fields = (telling.length > 0 ? telling : rows)
    .map(({ name, text, problem }) => `${name} ${text}${problem === undefined ? '' : ` (${problem})`}`)
    .join(', ');
  return `${label} ${partText(bytes)}, ${kind}: ${fields}`;
}
