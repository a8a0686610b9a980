/** A log that was read, as plain values for programs. */
import { decodeFile, rowsJson, type FieldJson } from '../abi/kind-text';
import type { Source } from '../abi/source';
import { littleEndian } from '../base/bytes';
import { bytesToHex, hex } from '../base/hex';
import { partsOf, remarksOf } from './pasted';
import type { LineCounts, LineStatus, Trace, TraceLine } from './read';

export interface ValueJson {
  readonly label: string;
  readonly value: string;
  readonly kind: string;
  readonly fields: readonly FieldJson[];
}

export interface LineJson {
  readonly number: number;
  readonly status: LineStatus;
  readonly raw: string;
  readonly seconds?: number;
  readonly cpu?: number;
  readonly vcpu?: number;
  readonly form?: string;
  readonly what?: string;
  readonly source?: Source;
  readonly values?: readonly ValueJson[];
  readonly remarks?: readonly string[];
  readonly of?: number;
}

/** The value of a part as text. */
export const partText = (bytes: Uint8Array): string =>
  bytes.length <= 8 ? hex(littleEndian(bytes)) : bytesToHex(bytes);

export function lineJson(line: TraceLine): LineJson {
  const { number, status, raw, prefix, form, meaning, of } = line;
  const values = partsOf(line).flatMap(({ label, bytes, candidates }) => {
    const kind = candidates[0]?.kind ?? '';
    const decoded = decodeFile(kind, bytes);
    return decoded.ok ? [{ label, value: partText(bytes), kind, fields: rowsJson(decoded.value.rows) }] : [];
  });
  const remarks = remarksOf(line);
  return {
    number,
    status,
    raw,
    ...(prefix?.seconds === undefined ? {} : { seconds: prefix.seconds }),
    ...(prefix?.cpu === undefined ? {} : { cpu: prefix.cpu }),
    ...(meaning?.vcpu === undefined ? {} : { vcpu: meaning.vcpu }),
    ...(form ? { form: form.id, what: form.what, source: form.source } : {}),
    ...(values.length > 0 ? { values } : {}),
    ...(remarks.length > 0 ? { remarks } : {}),
    ...(of === undefined ? {} : { of }),
  };
}

export const traceJson = ({ counts, lines }: Trace): { counts: LineCounts; lines: LineJson[] } => ({
  counts,
  lines: lines.map(lineJson),
});
