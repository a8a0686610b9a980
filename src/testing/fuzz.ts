/**
 * Gives many changed texts to a reader and holds each to limits of time and memory. The inputs follow from the seed and
 * their number alone, so that a failure can be repeated: VMGEXIT_SEED is the seed.
 */
import { assert } from '../base/assert';
import { isLong, seed } from './effort';

/** A reader of what comes from outside, and texts that it knows. */
export interface Boundary {
  readonly name: string;
  readonly texts: readonly string[];
  /** Reads a text; throws where what it gives is not as it must be. */
  readonly read: (text: string) => unknown;
  /** Inputs of a long run. */
  readonly long: number;
  /** Inputs of `npm test`. */
  readonly sample: number;
}

/** A millisecond is plenty for a text of this size; a busy machine takes longer. */
const MOST_MILLISECONDS = 2_000;
/** What one text may leave in memory, with what was there before. */
const MOST_MEGABYTES = 512;
/** Memory is looked at after so many inputs, and after each slow one. */
const INPUTS_BETWEEN = 1 << 10;
const SLOW_MILLISECONDS = 20;
const LONGEST_TEXT = 4_000;

/** Numbers at which widths, signs and counts end. */
const edges = [
  ...['0', '1', '-1', '2147483647', '2147483648', '4294967295', '4294967296', '4503599627370496', '1e9'],
  ...['9007199254740993', '0x7fffffffffffffff', '0x8000000000000000', '0xffffffffffffffff'],
  ...['0x10000000000000000', '0x7fffffff', '0xfffffffffffff000', '0x100000007000', '18446744073709551616'],
];
/** Pieces that have a sense somewhere. */
const pieces = [
  ...[
    ' ',
    '\n',
    '\t',
    '\u0000',
    '\ufeff',
    '\u00a0',
    '𝛼',
    '\ud800',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '=',
  ],
  ...[
    'constructor',
    '__proto__',
    'toString',
    'ghcb-scenario 1',
    'null',
    '> ',
    '---',
    '&',
    '%',
    '%3D',
    '*',
    '..',
  ],
];

/** A generator of numbers below a bound (xorshift). */
class Numbers {
  private state: number;

  constructor(start: number) {
    // Neighbours must not give like sequences.
    this.state = Math.imul(start ^ 0x9e3779b9, 0x85ebca6b) | 1;
    for (let i = 0; i < 4; i++) this.below(2);
  }

  below(bound: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return Math.floor(((x >>> 0) / 2 ** 32) * bound);
  }

  of<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    assert(item !== undefined, 'there is something to choose from');
    return item;
  }
}

function changedOnce(text: string, texts: readonly string[], numbers: Numbers): string {
  const at = numbers.below(text.length + 1);
  const length = numbers.below(Math.min(24, text.length - at + 1));
  const without = (piece: string): string => text.slice(0, at) + piece + text.slice(at + length);
  switch (numbers.below(7)) {
    case 0:
      return without('');
    case 1:
      return without(numbers.of(pieces));
    case 2:
      return without(String.fromCharCode(numbers.below(0x180)));
    case 3:
      return text.slice(0, at) + text.slice(at, at + length).repeat(1 + numbers.below(9)) + text.slice(at);
    case 4: {
      const number = /-?(?:0x[0-9a-f]+|\d+)/gi;
      number.lastIndex = at;
      const found = number.exec(text);
      return found === null
        ? without(numbers.of(edges))
        : text.slice(0, found.index) + numbers.of(edges) + text.slice(found.index + found[0].length);
    }
    default: {
      const other = numbers.of(texts);
      const from = numbers.below(other.length);
      return without(other.slice(from, from + numbers.below(60)));
    }
  }
}

/** The input of this number. */
export function inputOf(texts: readonly string[], number: number, from = seed): string {
  const numbers = new Numbers(Math.imul(from, 0x01000193) + number);
  let text = numbers.of(texts).slice(0, LONGEST_TEXT);
  for (let changes = 1 + numbers.below(5); changes > 0; changes--) text = changedOnce(text, texts, numbers);
  return text;
}

/** What a run found. */
export interface Fuzzed {
  readonly inputs: number;
  readonly seconds: number;
  readonly slowestMilliseconds: number;
}

const megabytes = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
};

/** Reads all inputs of a boundary. @throws on the first that breaks a rule or a limit, with the number of the input */
export async function fuzz({ name, texts, read, long, sample }: Boundary): Promise<Fuzzed> {
  const inputs = isLong ? long : sample;
  const start = performance.now();
  let slowest = 0;
  const timed = async (text: string): Promise<number> => {
    const before = performance.now();
    const reading = read(text);
    if (reading instanceof Promise) await reading;
    return performance.now() - before;
  };
  for (let number = 0; number < inputs; number++) {
    const text = inputOf(texts, number);
    const failed = (why: unknown): Error =>
      new Error(
        `${name}, seed ${seed}, input ${number}: ${String(why)}: ${JSON.stringify(text.slice(0, 400))}`,
        {
          cause: why,
        },
      );
    let took: number;
    try {
      took = await timed(text);
      // A machine that does something else in between is no fault of the reader.
      for (let again = 0; took > MOST_MILLISECONDS && again < 2; again++) took = await timed(text);
    } catch (error) {
      throw failed(error);
    }
    slowest = Math.max(slowest, took);
    if (took > MOST_MILLISECONDS) throw failed(`it takes ${took.toFixed(0)} ms`);
    if ((took > SLOW_MILLISECONDS || number % INPUTS_BETWEEN === 0) && megabytes() > MOST_MEGABYTES) {
      // What earlier tests left behind is collected; what this input holds is not.
      (globalThis as { gc?: () => void }).gc?.();
      const held = megabytes();
      if (held > 2 * MOST_MEGABYTES) throw failed(`${held.toFixed(0)} MB are in use`);
    }
  }
  return { inputs, seconds: (performance.now() - start) / 1000, slowestMilliseconds: slowest };
}

/** One line about a run; `npm test` adds these up. */
export const fuzzedText = (name: string, { inputs, seconds, slowestMilliseconds }: Fuzzed): string =>
  `fuzz ${name}: ${inputs} inputs, ${Math.round(inputs / Math.max(seconds, 0.001))} a second, slowest ${slowestMilliseconds.toFixed(0)} ms`;
