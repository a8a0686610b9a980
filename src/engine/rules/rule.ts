/** The declaration of a rule. */
import type { Source } from '../../abi/source';

export interface Rule {
  /** The rule in one sentence. */
  readonly says: string;
  readonly source: Source;
}

export function rulesOf<const T extends Readonly<Record<string, Rule>>>(table: T): T {
  return table;
}
