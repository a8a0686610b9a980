/** What kinds of entry answer a question, by the way it is asked. */
import type { AskKind } from './entry';

/** What an entry of a kind counts more or less, against 1. */
export type Wanted = Readonly<Partial<Record<AskKind, number>>>;

/** Ways to ask, with what each is answered by. A question may be asked in several of them. */
const ways: readonly (readonly [RegExp, Wanted])[] = [
  // An event in a state: a cell says what happens, and under which kernels.
  [/\bwhat (?:happens|would happen|if)\b|\bwhat (?:does|do|will|would)\b.*\bdo\b/iu, { cell: 1.5 }],
  // Who does what: a facet has a value for each kernel, a cell has the kernels in groups.
  [/\bwh(?:at|ich) (?:kernel|generation|version|profile)s?\b/iu, { cell: 1.5, facet: 1.5 }],
  // What is done is no layout; what something is may be one. How and by whom it is done is what facets say.
  [/^\s*(?:what (?!is\b|are\b)|why|when|can|may|which)\b/iu, { layout: 0.6, field: 0.6 }],
  [/\b(?:who|how|whether|does|do)\b/iu, { layout: 0.6, field: 0.6, facet: 1.3 }],
];

/** What the kinds count for a question as it was typed. */
export const wantedBy = (text: string): Wanted =>
  ways
    .filter(([pattern]) => pattern.test(text))
    .reduce<Wanted>((all, [, wanted]) => ({ ...all, ...wanted }), {});
