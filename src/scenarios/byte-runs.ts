/** Bytes of a page in one word: `0x390:1000008000000000,0xffa:0200`, each run with the offset where it begins. */
import { PAGE_BYTES } from '../abi/address';
import { bytesToHex, hex, hexToBytes, parseInteger } from '../base/hex';
import { MAX_PROBLEMS } from '../base/limits';
import type { ByteRun } from '../engine/acts';
import type { Parsed, ValueProblem } from './parsed';

/** So that a run with its offset fits a line of a mail. */
const MOST_BYTES = 24;
const WORD = 8;

export function parseByteRuns(text: string): Parsed<readonly ByteRun[]> {
  const runs: ByteRun[] = [];
  const problems: ValueProblem[] = [];
  let at = 0;
  for (const part of text.split(',')) {
    const run = parseRun(part);
    if (typeof run !== 'string') runs.push(run);
    else
      problems.push({
        at,
        length: part.length,
        message: run,
        expected: 'offset:hex, such as 0x390:10000080',
      });
    if (problems.length >= MAX_PROBLEMS) break;
    at += part.length + 1;
  }
  return problems.length > 0 ? { problems } : { value: runs };
}

function parseRun(part: string): ByteRun | string {
  const [, offset = '', digits = ''] = /^([^:]*):([0-9a-fA-F]+)$/.exec(part) ?? [];
  const at = parseInteger(offset);
  const bytes = hexToBytes(digits);
  if (at === undefined || digits === '')
    return part === '' ? 'bytes are missing' : `'${part}' is no offset:hex`;
  if (!bytes) return `'${part}' has an odd number of hex digits`;
  if (at + BigInt(bytes.length) > PAGE_BYTES) return `'${part}' does not lie in a page of 4096 bytes`;
  return { at: Number(at), hex: bytesToHex(bytes) };
}

export const printByteRuns = (runs: readonly ByteRun[]): string =>
  runs.map(({ at, hex: digits }) => `${hex(at)}:${digits}`).join(',');

/** The words of 8 bytes that are not zero, in runs of neighbours, as they stand from `origin` on. */
export function byteRunsOf(bytes: Uint8Array, origin = 0): ByteRun[] {
  const runs: ByteRun[] = [];
  for (let at = 0; at < bytes.length;) {
    let end = at;
    while (end < Math.min(at + MOST_BYTES, bytes.length) && wordAt(bytes, end).some((byte) => byte !== 0))
      end += WORD;
    const run = bytes.subarray(at, end);
    if (run.length > 0) runs.push({ at: origin + at, hex: bytesToHex(run) });
    at = Math.max(end, at + WORD);
  }
  return runs;
}

const wordAt = (bytes: Uint8Array, at: number): Uint8Array => bytes.subarray(at, at + WORD);
