/** The result of an observation, and the report of a name that does not exist. */
import { nearest } from '../../base/text';
import type { InvariantName } from '../rules/invariants';
import type { Move } from '../moves';
import type { Instance, Variables } from '../state/schema';
import { NO_GPA, NO_PFN, type FindingKind } from '../world';

export type ObservedValue = bigint | number | string | boolean;

/** A value, and other spellings of it: `-EINVAL` is also -22. */
export interface Observed {
  readonly value: ObservedValue;
  readonly also?: readonly ObservedValue[];
}

/** A path that names nothing. */
export interface UnknownPath {
  readonly message: string;
  /** The unknown part of the path, and the most similar known one. */
  readonly part: string;
  readonly nearest?: string;
  /** The names that are valid at that place, in words. */
  readonly expected?: string;
  /** All of them, for completion; missing where they are numbers. */
  readonly known?: readonly string[];
}

/** What happened since the act began; expectations are about the act above them. */
export interface ActView {
  /** vCPU of the last guest act. */
  readonly guest: number;
  readonly moves: readonly Pick<Move, 'kind' | 'args'>[];
  readonly findings: readonly {
    readonly kind: FindingKind;
    readonly text: string;
    readonly invariant?: InvariantName;
  }[];
  /** Why the act was not taken; empty when it was. */
  readonly refused: string;
}

export const noAct: ActView = { guest: 0, moves: [], findings: [], refused: '' };

export const isUnknown = (found: object): found is UnknownPath => 'message' in found;

/** Longer lists are cut; the most similar word is always reported. */
const MAX_LISTED = 16;

export const unknownPart = (part: string, candidates: Iterable<string>, what: string): UnknownPath => {
  const known = [...candidates];
  const near = nearest(part, known);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  const listed = known.slice(0, MAX_LISTED).join(', ');
  return {
    message: `${what} '${part}' is not known${hint}`,
    part,
    known,
    expected: known.length > MAX_LISTED ? `one of ${known.length}: ${listed} ...` : `one of ${listed}`,
    ...(near === undefined ? {} : { nearest: near }),
  };
};

export const needsMore = (head: string, forms: string): UnknownPath => ({
  message: `'${head}' alone names nothing`,
  part: head,
  expected: forms,
});

/** The value of a declared variable. */
export function variable(instance: Instance<Variables>, name: string): Observed {
  const value = (instance as unknown as Readonly<Record<string, ObservedValue>>)[name] as ObservedValue;
  const none = value === NO_GPA || value === NO_PFN;
  return none ? { value, also: ['none'] } : { value };
}
