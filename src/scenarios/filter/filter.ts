/**
 * What a filter says of a step, and an expectation of an act. The names are those of `src/engine/observe.ts`; what the
 * step itself carries has names of its own.
 */

export const compareOperators = ['==', '!=', '<', '>', '<=', '>=', 'has'] as const;
export type CompareOperator = (typeof compareOperators)[number];

/** What a step carries, in words: its sentence, its act as a scenario writes it, its kind of move, its rule. */
export const stepTexts = ['text', 'act', 'move', 'rule'] as const;
export type StepText = (typeof stepTexts)[number];

/** Contained anywhere, in small or capital letters. */
export type TextOperator = '==' | '!=' | '~';

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  /** The value once the step or act is over. */
  | {
      readonly kind: 'compare';
      readonly path: string;
      readonly operator: CompareOperator | '~';
      readonly value: string;
    }
  /** The step or act changed the value. */
  | { readonly kind: 'changed'; readonly path: string }
  | {
      readonly kind: 'text';
      readonly name: StepText;
      readonly operator: TextOperator;
      readonly value: string;
    }
  /** Runs under several profiles did not do the same in the step; never said of an act. */
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
