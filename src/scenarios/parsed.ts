/** What reading a value gives: the value, or everything that is wrong with it. */

/** Why a value cannot be taken; `at` counts characters from the start of the value. */
export interface ValueProblem {
  readonly at: number;
  readonly length: number;
  readonly message: string;
  readonly expected: string;
  readonly nearest?: string;
}

export type Parsed<T> = { readonly value: T } | { readonly problems: readonly ValueProblem[] };
