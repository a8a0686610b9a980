/**
 * What a filter says of a step. Its names are those of expectations (`src/engine/observe.ts`); what the step itself
 * carries has names of its own.
 */
import type { ExpectOperator } from '../scenario';

/** What a step carries, in words: its sentence, its act as a scenario writes it, its kind of move, its rule. */
export const stepTexts = ['text', 'act', 'move', 'rule'] as const;
export type StepText = (typeof stepTexts)[number];

/** Contained anywhere, in small or capital letters. */
export type TextOperator = '==' | '!=' | '~';

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  /** The value once the step is over. */
  | {
      readonly kind: 'compare';
      readonly path: string;
      readonly operator: ExpectOperator | '~';
      readonly value: string;
    }
  /** The step changed the value. */
  | { readonly kind: 'changed'; readonly path: string }
  | {
      readonly kind: 'text';
      readonly name: StepText;
      readonly operator: TextOperator;
      readonly value: string;
    }
  /** Runs under several profiles did not do the same in the step. */
  | { readonly kind: 'differs' };

/** Why a text is no filter. */
export interface FilterProblem {
  readonly message: string;
  /** First character that is wrong, and how many. */
  readonly at: number;
  readonly length: number;
  /** What may stand there. */
  readonly expected?: string;
  readonly nearest?: string;
}
