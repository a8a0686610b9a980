/** Two values of one kind, field by field: two dumps of a page, a register before and after. */
import { ok, problem, type Result } from '../base/result';
import { decodeFile } from './kind-text';

export interface FieldDifference {
  readonly name: string;
  /** The field as text in the first and in the second; nothing where it has no such field. */
  readonly first: string | undefined;
  readonly second: string | undefined;
}

export interface ValueComparison {
  readonly kind: string;
  /** Fields of either. */
  readonly fields: number;
  readonly differing: readonly FieldDifference[];
}

/** Compares two values of a kind. The fields of a message depend on the message, so that either may have its own. */
export function compareValues(kind: string, first: Uint8Array, second: Uint8Array): Result<ValueComparison> {
  const [a, b] = [decodeFile(kind, first), decodeFile(kind, second)];
  if (!a.ok) return problem(`the first: ${a.error.message}`);
  if (!b.ok) return problem(`the second: ${b.error.message}`);
  const [before, after] = [a, b].map(({ value }) => new Map(value.rows.map((row) => [row.name, row.text])));
  const names = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])];
  const differing = names.flatMap((name): FieldDifference[] => {
    const [one, other] = [before?.get(name), after?.get(name)];
    return one === other ? [] : [{ name, first: one, second: other }];
  });
  return ok({ kind: a.value.kind, fields: names.length, differing });
}
