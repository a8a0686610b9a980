/** What a search looks for, in words and as questions that are asked of every act that it takes. */
import type { InvariantName } from '../../engine/rules/invariants';
import { invariantNames, invariantTexts } from '../../engine/rules/invariants';
import type { Filter } from '../../scenarios/filter/filter';
import type { WrittenFilter } from '../../scenarios/scope';

export type Property =
  /** All invariants where none is named. */
  | { readonly kind: 'invariants'; readonly names: readonly InvariantName[] }
  | ({ readonly kind: 'never' } & WrittenFilter)
  | ({ readonly kind: 'some'; readonly then?: WrittenFilter } & WrittenFilter)
  | { readonly kind: 'alike'; readonly specs: readonly string[] };

export const DEFAULT_PROPERTY: Property = { kind: 'invariants', names: [] };

/** Violations that no invariant names, such as an event that no state of a chart accepts. */
export const OTHER_VIOLATION = 'NoOtherViolation';

/** One question with an answer of its own. */
export interface Question {
  /** The invariant, or what the line says. */
  readonly name: string;
  /** In words. */
  readonly says: string;
  /** `bad` when an act that is meant is a violation, `wanted` when it is what is looked for. */
  readonly sense: 'bad' | 'wanted';
  readonly invariant?: InvariantName | typeof OTHER_VIOLATION;
  readonly filter?: Filter;
  /** The filter as a scenario writes it. */
  readonly written?: WrittenFilter;
  /** The filter that an earlier act of the way must have met. */
  readonly first?: Filter;
}

function invariantQuestions(names: readonly InvariantName[]): Question[] {
  const all = names.length === 0;
  const questions = (all ? invariantNames : names).map((name): Question => ({
    name,
    says: invariantTexts[name].doc,
    sense: 'bad',
    invariant: name,
  }));
  if (!all) return questions;
  const says = 'No step has a violation that no invariant names.';
  return [...questions, { name: OTHER_VIOLATION, says, sense: 'bad', invariant: OTHER_VIOLATION }];
}

/** The questions of a search under one profile; what compares profiles asks none. */
export function questionsOf(properties: readonly Property[]): Question[] {
  return properties.flatMap((property): Question[] => {
    switch (property.kind) {
      case 'invariants':
        return invariantQuestions(property.names);
      case 'never': {
        const { text, filter } = property;
        return [
          {
            name: `never ${text}`,
            says: `No act leads to: ${text}.`,
            sense: 'bad',
            filter,
            written: { text, filter },
          },
        ];
      }
      case 'some': {
        const { text, filter, then } = property;
        const wanted = { sense: 'wanted', written: then ?? { text, filter } } as const;
        if (!then) return [{ name: `some ${text}`, says: `Some way leads to: ${text}.`, ...wanted, filter }];
        const name = `some ${text} then ${then.text}`;
        const says = `Some way leads to: ${text}; and later to: ${then.text}.`;
        return [{ name, says, ...wanted, filter: then.filter, first: filter }];
      }
      case 'alike':
        return [];
    }
  });
}

/** The invariants that must be checked for some questions. */
export function checkedFor(questions: readonly Question[]): ReadonlySet<InvariantName> {
  const names = questions.map(({ invariant }) => invariant);
  if (names.includes(OTHER_VIOLATION)) return new Set(invariantNames);
  return new Set(invariantNames.filter((name) => names.includes(name)));
}
