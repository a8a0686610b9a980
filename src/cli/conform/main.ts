/** `conform FILE...`: runs vector files through the engine and says where it differs. */
import { brotliDecompressSync } from 'node:zlib';
import { MAX_VECTOR_BYTES } from '../../base/limits';
import { own } from '../../base/table';
import { parseProfileSpec, type ResolvedProfile } from '../../profiles/resolve';
import { readBytes, UsageError } from '../io';
import { compareJson, type Difference } from './compare';
import { drivers } from './drivers';
import { unknownField } from './inputs';
import { NotExpressible } from './not-expressible';
import { objectOf, textOf, type Json, type JsonObject } from './json';

/** The profile that stands for the kernel a vector was taken from. */
const kernelProfiles: ReadonlyMap<string, string> = new Map([
  ['7.3', 'linux-7.3'],
  ['7.2', 'linux-7.2'],
  ['6.17', 'linux-6.17'],
  ['6.12', 'linux-6.12'],
  ['6.11', 'linux-6.11'],
  ['5.19-snp', 'amd-5.19-snp'],
]);
const vectorFields: ReadonlySet<string> = new Set(['id', 'kind', 'kernel', 'input', 'output']);

export interface Failure extends Difference {
  readonly id: string;
  readonly kind: string;
  readonly kernel: string;
}

export interface Tally {
  readonly kind: string;
  readonly kernel: string;
  passed: number;
  failed: number;
  unsupported: number;
}

export interface ConformReport {
  readonly tallies: readonly Tally[];
  readonly failures: readonly Failure[];
  /** Why lines could not be run, each reason once. */
  readonly unsupported: readonly string[];
}

export function readVectors(path: string): string {
  const bytes = Buffer.from(readBytes(path, MAX_VECTOR_BYTES));
  if (!path.endsWith('.br')) return bytes.toString('utf8');
  try {
    return brotliDecompressSync(bytes, { maxOutputLength: MAX_VECTOR_BYTES }).toString('utf8');
  } catch {
    throw new UsageError(`${path}: not packed by Brotli, or more than ${MAX_VECTOR_BYTES} bytes unpacked`);
  }
}

/** A text that holds no vectors, or a line that is none; says where. */
export class VectorError extends Error {}

/** What a line lacks to be a vector. */
function lacks(vector: JsonObject): string | undefined {
  const wordless = ['kind', 'kernel'].find((name) => textOf(vector[name]) === '');
  if (wordless !== undefined) return `there is no '${wordless}' with a word`;
  const missing = ['input', 'output'].find((name) => {
    const value = vector[name];
    return typeof value !== 'object' || value === null || Array.isArray(value);
  });
  return missing === undefined ? undefined : `there is no '${missing}' with an object`;
}

function vectorOf(line: string, place: string): JsonObject {
  let parsed: Json;
  try {
    parsed = JSON.parse(line) as Json;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new VectorError(`${place}: the line is not JSON: ${reason}`, { cause: error });
  }
  const vector = objectOf(parsed);
  const lack = lacks(vector);
  if (lack !== undefined) throw new VectorError(`${place}: the line is no vector: ${lack}`);
  return vector;
}

/** The vectors of a text, one a line. */
function vectorsOf(text: string, name: string): JsonObject[] {
  const vectors = text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [vectorOf(line, `${name}: line ${index + 1}`)]));
  if (vectors.length === 0) throw new VectorError(`${name}: there is no vector in it`);
  return vectors;
}

/**
 * Runs every line of the texts.
 * @param names of the texts, for a {@link VectorError}
 */
export function conform(texts: readonly string[], names: readonly string[] = []): ConformReport {
  const tallies = new Map<string, Tally>();
  const failures: Failure[] = [];
  const unsupported = new Set<string>();
  const profiles = new Map<string, ResolvedProfile | undefined>();
  const profileOf = (kernel: string): ResolvedProfile | undefined => {
    if (!profiles.has(kernel)) {
      const parsed = parseProfileSpec(kernelProfiles.get(kernel) ?? kernel);
      profiles.set(kernel, parsed.ok ? parsed.value : undefined);
    }
    return profiles.get(kernel);
  };
  const vectors = texts.flatMap((text, i) => vectorsOf(text, names[i] ?? `text ${i + 1}`));
  for (const vector of vectors) {
    const { kind, kernel, id } = labelsOf(vector);
    const key = `${kind} ${kernel}`;
    const tally = tallies.get(key) ?? { kind, kernel, passed: 0, failed: 0, unsupported: 0 };
    tallies.set(key, tally);
    const driver = own(drivers, kind);
    const profile = profileOf(kernel);
    const lacking = driver ? whatLacks(vector, profile) : `no driver runs kind ${kind}`;
    if (!driver || !profile || lacking !== undefined) {
      tally.unsupported += 1;
      if (lacking !== undefined) unsupported.add(lacking);
      continue;
    }
    const difference = runOne(() => driver(objectOf(vector['input']), profile), vector['output'] ?? null);
    if (difference instanceof NotExpressible) {
      tally.unsupported += 1;
      unsupported.add(difference.message);
    } else if (difference) {
      tally.failed += 1;
      failures.push({ id, kind, kernel, ...difference });
    } else tally.passed += 1;
  }
  return { tallies: [...tallies.values()], failures, unsupported: [...unsupported] };
}

/** Why a vector whose kind has a driver cannot be run all the same. */
function whatLacks(vector: JsonObject, profile: ResolvedProfile | undefined): string | undefined {
  const { kind, kernel } = labelsOf(vector);
  if (!profile) return `no profile stands for kernel ${kernel}`;
  const beside = Object.keys(vector).find((name) => !vectorFields.has(name));
  if (beside !== undefined) return `no vector has a field '${beside}'`;
  const field = unknownField(kind, vector['input'] ?? null);
  return field === undefined ? undefined : `no input of kind ${kind} has a field '${field}'`;
}

const labelsOf = (vector: JsonObject) => ({
  kind: textOf(vector['kind']),
  kernel: textOf(vector['kernel']),
  id: textOf(vector['id']),
});

function runOne(drive: () => JsonObject, expected: Json): Difference | NotExpressible | undefined {
  try {
    return compareJson(expected, drive());
  } catch (error) {
    if (error instanceof NotExpressible) return error;
    return {
      path: '',
      expected: 'an output',
      actual: error instanceof Error ? error.message : String(error),
    };
  }
}

/** The report as people read it. */
export function reportText(report: ConformReport, limit = Infinity): string {
  const lines = report.failures
    .slice(0, limit)
    .map(({ id, path, expected, actual }) => `${id}: ${path}: expected ${expected}, got ${actual}`);
  lines.push(...report.unsupported);
  for (const { kind, kernel, passed, failed, unsupported } of report.tallies) {
    lines.push(
      `${kind.padEnd(9)} ${kernel.padEnd(9)} passed ${passed}, failed ${failed}, unsupported ${unsupported}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Whether every line was run and agreed. */
export const conforms = ({ tallies }: ConformReport): boolean =>
  tallies.every(({ failed, unsupported }) => failed === 0 && unsupported === 0);

/** @returns the exit status: 0 all agree, 1 some do not; bad usage and input throw */
export function conformCommand(args: readonly string[], out: (text: string) => void): number {
  const json = args.includes('--json');
  const files = args.filter((argument) => !argument.startsWith('--'));
  const unknown = args.find((argument) => argument.startsWith('--') && argument !== '--json');
  if (unknown !== undefined || files.length === 0) {
    throw new UsageError('usage: conform FILE.jsonl... [--json]');
  }
  const report = conform(
    files.map(readVectors),
    files.map((file) => (file === '-' ? 'standard input' : file)),
  );
  out(json ? `${JSON.stringify(report)}\n` : reportText(report));
  return conforms(report) ? 0 : 1;
}
