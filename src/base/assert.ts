/** Our own mistakes and the model's gaps throw. What a guest, KVM, VMM or firmware does wrong is a value in a step instead. */

/** Throws when `condition` is false: the model contradicts itself, whatever the user did. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/**
 * Throws unless `index` is a whole number from 0 to below `count`, in production too: an array that is read outside gives
 * no error, and the wrong answer somewhere else.
 * @param count at most 2^32
 * @param what is indexed, in the singular
 */
export function assertIndex(index: number, count: number, what: string): void {
  if (index >>> 0 !== index || index >= count) outside(what, index, count);
}

/** Throws unless the `length` places from `first` on, none or more, lie among `count`. */
export function assertRange(first: number, length: number, count: number, what: string): void {
  if (first >>> 0 !== first || !(length >= 0) || first + length > count)
    outsideRange(what, first, length, count);
}

/** The item of a list that is there. Throws when it is not. */
export function itemAt<T extends object>(list: readonly T[], index: number, what: string): T {
  return list[index] ?? outside(what, index, list.length);
}

/**
 * For code that runs often, behind a read of its own that found `undefined`: the machine checks the index of a read anyway,
 * and one place of code reads lists of one kind.
 */
export function outside(what: string, index: number, count: number): never {
  throw new Error(`assertion failed: there is no ${what} ${index}; there are ${count}`);
}

function outsideRange(what: string, first: number, length: number, count: number): never {
  throw new Error(`assertion failed: there is no ${what} ${first} and ${length} from it; there are ${count}`);
}

/** The end of a `switch` over a union: a new member fails to compile until it is handled. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** Something real systems do and this model does not. Absence is loud and named. */
export class Unmodelled extends Error {
  /** What is missing, in protocol words: `SNP_GUEST_REQUEST`. */
  readonly what: string;

  constructor(what: string) {
    super(`not modelled: ${what}`);
    this.name = 'Unmodelled';
    this.what = what;
  }
}

/** Stops with {@link Unmodelled}: better no answer than a guessed one. */
export function unmodelled(what: string): never {
  throw new Unmodelled(what);
}
