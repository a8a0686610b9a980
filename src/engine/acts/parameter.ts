/** The parts of an act table: verbs, their parameters, and the kinds of their values. */

/** `u64` is a bigint, `count` a number, `flag` a boolean, a list of words a choice. */
export type ParameterKind = 'u64' | 'count' | 'flag' | 'entries' | 'bytes' | readonly string[];

/** One parameter of an act. */
export interface Parameter<K extends ParameterKind = ParameterKind, R extends boolean = boolean> {
  readonly kind: K;
  readonly required: R;
  readonly doc: string;
}

/** A mandatory parameter. */
export const need = <const K extends ParameterKind>(kind: K, doc: string): Parameter<K, true> => ({
  kind,
  required: true,
  doc,
});
/** An optional parameter. */
export const may = <const K extends ParameterKind>(kind: K, doc: string): Parameter<K, false> => ({
  kind,
  required: false,
  doc,
});

/** One entry of a page-state-change request as a scenario writes it. */
export interface PscEntryInput {
  /** 1 private, 2 shared, 3 PSMASH, 4 UNSMASH, or any other 4-bit number. */
  readonly operation: number;
  readonly gfn: number;
  readonly twoMeg: boolean;
  /** 4K pages already done. */
  readonly currentPage: number;
}

/** Consecutive bytes of a page: their offset, and two hex digits for each. */
export interface ByteRun {
  readonly at: number;
  readonly hex: string;
}

/** One verb: what it does, and with which parameters. */
export interface ActKind {
  readonly doc: string;
  readonly params: Readonly<Record<string, Parameter>>;
}
type ActTable = Readonly<Record<string, ActKind>>;
/** Declares the acts of one actor. */
export const table = <const T extends ActTable>(acts: T): T => acts;
