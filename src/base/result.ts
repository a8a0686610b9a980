/** Bad input from people as a value: what is wrong, and where. */

/** What is wrong with an input. */
export interface Problem {
  /** One sentence a person can act on. */
  readonly message: string;
  /** Where in the input: a field name, `line 3, column 7`, a path. */
  readonly place?: string;
}

/** A value, or the reason why there is none. */
export type Result<T, E = Problem> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

/** The good case of a {@link Result}. */
export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

/** The bad case of a {@link Result}. */
export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });

/** A {@link Problem} as the bad case of a {@link Result}. */
export const problem = (message: string, place?: string) =>
  err<Problem>(place === undefined ? { message } : { message, place });
