/** Numbers that have a name where they stand: in a log line, in a list of constants. */

/** One number: what it is called there, its kind, and how many bytes its word has. */
export interface NamedValue {
  readonly label: string;
  /** A name of the registry of kinds. */
  readonly kind: string;
  readonly value: bigint;
  /** Bytes. */
  readonly size: number;
  /** Why it is of this kind. */
  readonly why: string;
}

/** SW_EXITCODE, SW_EXITINFO1 and SW_EXITINFO2 that belong together. */
export interface ExitWords {
  readonly code: bigint;
  readonly info1?: bigint;
  readonly info2?: bigint;
  /** The info words are KVM's answer to that code, not the request. */
  readonly answered?: true;
}
