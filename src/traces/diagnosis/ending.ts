/** How a log can end in a failure: what failed, who refused, the known causes, what to look at next. */
import { rules, type RuleId } from '../../engine/rules';
import type { Source } from '../../abi/source';
import type { Result } from '../../base/result';
import type { Scenario } from '../../scenarios/scenario';
import type { Fields } from '../template';

/** Who refused, or gave up. */
export type Refuser =
  | 'the guest'
  | 'KVM'
  | 'the firmware'
  | 'the processor'
  | 'the kernel of the host'
  | 'QEMU'
  | 'the VMM'
  | 'the hypervisor';

export interface Cause {
  readonly says: string;
  readonly source: Source;
}

/** What is known of a failure. */
export interface Ending {
  /** What failed, one sentence. */
  readonly what: string;
  readonly refusedBy: Refuser;
  /** Rules of the model stand for themselves. */
  readonly causes: readonly (RuleId | Cause)[];
  /** What to look at next, one sentence each. */
  readonly next: readonly string[];
}

/** The ending that a line is, or nothing when it is no failure. */
export type EndingOf = (fields: Fields) => Ending | undefined;
export type Endings = Readonly<Record<string, EndingOf>>;

export interface Diagnosis {
  /** What failed, one sentence. */
  readonly what: string;
  readonly refusedBy: Refuser;
  readonly causes: readonly Cause[];
  readonly next: readonly string[];
  /** Lines that say the same, their numbers from 1. */
  readonly lines: readonly number[];
  /** What follows from it, in the words and by the lines that say so. */
  readonly further: readonly { readonly what: string; readonly lines: readonly number[] }[];
  /** The shortest scenario that ends in the words of the line, or why there is none. */
  readonly scenario: Result<Scenario>;
  /** The line that it is made of: the first, or the first of those that say the same or follow from it that has one. */
  readonly scenarioLine: number;
}

export const causeOf = (cause: RuleId | Cause): Cause =>
  typeof cause === 'string' ? { says: rules[cause].says, source: rules[cause].source } : cause;
