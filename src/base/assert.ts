/** Our own mistakes and the model's gaps throw. What a guest, KVM, VMM or firmware does wrong is a value in a step instead. */

/** Throws when `condition` is false: the model contradicts itself, whatever the user did. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
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
