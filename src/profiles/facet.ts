/**
 * What a facet is: one disputed behaviour, its closed set of values, and what each kernel generation does.
 *
 * The facts of the generations that were examined one by one stand beside the values they choose from, so one place
 * answers both "what can differ" and "who does what, says who". Another generation is declared in `generations.ts` by
 * its differences from one of these.
 */
import type { Confidence, KernelVersion, Source } from '../abi/source';
import { source } from '../abi/source';

/** The generations of which every facet states a fact, oldest first: the columns of the tables of facets. */
export const columnIds = [
  'part2-v4',
  'as-reviewed',
  'part2-v5',
  'v11',
  'v14',
  'linux-6.11',
  'linux-6.12',
  'linux-6.17',
  'linux-7.2',
] as const;

/** Name of a generation of which every facet states a fact. */
export type ColumnId = (typeof columnIds)[number];

/** The columns that are released kernels; the others are postings and one wish list. */
export type KernelId = Extract<ColumnId, `linux-${string}`>;

/** One generation's value of a facet, with where that is known from and how surely. */
export interface Fact<V extends string> {
  readonly value: V;
  readonly source: Source;
}

/** The value that stands in for `unspecified`, and why this one. */
export interface Fallback<V extends string> {
  readonly value: V;
  /** The generation, or the overlay for a tree of its own, that has the value. */
  readonly like: ColumnId | 'amd-5.19-snp';
  readonly because: string;
}

type Known<V extends string> = Exclude<V, 'unspecified'>;

/** One disputed behaviour. */
export interface Facet<V extends string> {
  /** One sentence: what is decided here. */
  readonly doc: string;
  /** Every value with one sentence saying what happens. */
  readonly values: Readonly<Record<V, string>>;
  /** What the engine does where the value is `unspecified`; it reports an ambiguity beside it. */
  readonly shownAs?: Fallback<Known<V>>;
  /** What each column does. */
  readonly facts: Readonly<Record<ColumnId, Fact<V>>>;
}

/** A facet whose value may be unknown must say what it is then shown as; another one cannot. */
type ShownAs<V extends string> = 'unspecified' extends V
  ? { readonly shownAs: Fallback<NoInfer<Known<V>>> }
  : { readonly shownAs?: never };

/** Declares a facet; the facts may only use the values declared beside them. */
export const facet = <const W extends Readonly<Record<string, string>>>(
  declared: {
    readonly doc: string;
    readonly values: W;
    readonly facts: Readonly<Record<ColumnId, Fact<NoInfer<keyof W & string>>>>;
  } & ShownAs<keyof W & string>,
): Facet<keyof W & string> => declared;

/** The values of a facet where one is known. */
export type KnownOf<F extends { readonly values: object }> = Known<keyof F['values'] & string>;

/** What follows from the value of a facet alone. Every value says whether it holds, so a new one fails to compile until it does. */
export const holdsFor =
  <F extends { readonly values: object }>(values: Readonly<Record<KnownOf<F>, boolean>>) =>
  (value: KnownOf<F>): boolean =>
    values[value];

/** Shown as the generation that is nearest to those of which no source says. */
export const nearest = <const V extends string>(
  like: Fallback<V>['like'],
  value: V,
  because: string,
): Fallback<V> => ({ like, value, because });

/** Shown as the first released kernel, to which the postings led. */
export const asMerged = <const V extends string>(value: V): Fallback<V> =>
  nearest('linux-6.11', value, 'the first released kernel');

/** The sentence for the value of the same name. */
export const unspecified =
  'No source says, or the case cannot occur there: the model reports an ambiguity and uses the fallback.';

const claim =
  (confidence: Confidence) =>
  <const V extends string>(value: V, from: Source): Fact<V> => ({ value, source: { ...from, confidence } });

/** The kernel's own function was run and did this. */
export const executed = claim('executed');
/** Read in the source named. */
export const read = claim('read');
/** Follows from the code named, but no mail or test says it. */
export const inferred = claim('inferred');
/** Not seen in a primary source. */
export const unconfirmed = claim('unconfirmed');

/** The value of a neighbour, where nothing was read that says otherwise: never more than unconfirmed. */
export const carriedOver = <const V extends string>(value: V, neighbour: string): Fact<V> => ({
  value,
  source: { confidence: 'unconfirmed', document: 'not read', place: `carried over from ${neighbour}` },
});

/** No source that was read decides this. `why` says whether none mentions it or the case cannot occur. */
export const silent = (why: string): Fact<'unspecified'> => ({
  value: 'unspecified',
  source: { confidence: 'unconfirmed', document: 'no source read', place: why },
});

/** The five columns before the merge for a facet that no source read mentions; spread it, then override. */
export const unsaidBeforeMerge = {
  'part2-v4': silent('the posting was not read for this'),
  'as-reviewed': silent('no reviewer asked for anything here'),
  'part2-v5': silent('the posting was not read for this'),
  v11: silent('the posting was not read for this'),
  v14: silent('the posting was not read for this'),
} as const;

/** A file and topic inside a kernel tree. */
export interface Place {
  readonly file: string;
  readonly topic: string;
}

/** A place in KVM's SEV code, `arch/x86/kvm/svm/sev.c`. */
export const sev = (topic: string): Place => ({ file: 'arch/x86/kvm/svm/sev.c', topic });

/** The tree that stands for a released kernel, by how it was examined: 6.17.0 was run, its near twin 0097f9df read. */
const treeOf = (id: KernelId, confidence: Confidence): KernelVersion => {
  const trees: Record<KernelId, KernelVersion> = {
    'linux-6.11': confidence === 'executed' ? '6.11.11' : '0097f9df',
    'linux-6.12': '6.12.117',
    'linux-6.17': confidence === 'executed' ? '6.17.0' : '0097f9df',
    'linux-7.2': '7.2.13',
  };
  return trees[id];
};

/** Facts of several released kernels that were examined alike at the same place. */
export function kernels<const T extends Partial<Readonly<Record<KernelId, string>>>>(
  confidence: Confidence,
  place: Place,
  values: T,
): { readonly [K in keyof T]: Fact<T[K] & string> } {
  const facts = Object.entries(values).map(([id, value]) => {
    const tree = treeOf(id as KernelId, confidence);
    // What was read of 6.11 was read in a tree of a year later.
    const mark = id === 'linux-6.11' && confidence === 'read' ? 'inferred' : confidence;
    return [id, { value, source: source.kernel(tree, place.file, place.topic, mark) }];
  });
  return Object.fromEntries(facts) as { readonly [K in keyof T]: Fact<T[K] & string> };
}

/** A place in a tree that no column stands for, such as `Linux 7.9.1`. */
export const tree =
  (document: string) =>
  ({ file, topic }: Place): Source => ({ confidence: 'read', document, place: `${file}: ${topic}` });
