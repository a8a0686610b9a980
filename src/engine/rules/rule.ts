/** What a rule is. */
import type { Source } from '../../abi/source';

export interface Rule {
  /** What the rule says, in one sentence. */
  readonly says: string;
  readonly source: Source;
}

export function rulesOf<const T extends Readonly<Record<string, Rule>>>(table: T): T {
  return table;
}
