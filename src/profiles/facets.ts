/**
 * Every disputed behaviour, by topic. Code branches on the value of a facet, never on the name of a profile, and through
 * a table (`Record<FacetValue<'psc.msr'>, Handler>`), so a new value fails to compile until it is handled.
 */
import { assert } from '../base/assert';
import { columnIds, type Fallback } from './facet';
import { apCreationFacets } from './facets/ap-creation';
import { guestMemoryFacets } from './facets/guest-memory';
import { launchFinishFacets } from './facets/launch-finish';
import { launchStartFacets } from './facets/launch-start';
import { launchUpdateFacets } from './facets/launch-update';
import { memoryFaultFacets } from './facets/memory-fault';
import { pscBatchFacets } from './facets/psc-batch';
import { pscMsrFacets } from './facets/psc-msr';
import { terminationFacets } from './facets/termination';
import { vcpuRunFacets } from './facets/vcpu-run';
import { vmgexitFacets } from './facets/vmgexit';

/** All facets, in the order in which pages and lists show them. */
export const facets = {
  ...pscMsrFacets,
  ...pscBatchFacets,
  ...terminationFacets,
  ...apCreationFacets,
  ...vcpuRunFacets,
  ...launchStartFacets,
  ...launchUpdateFacets,
  ...launchFinishFacets,
  ...guestMemoryFacets,
  ...memoryFaultFacets,
  ...vmgexitFacets,
} as const;

/** Name of a facet, such as `ap.doubleCreate`. */
export type FacetName = keyof typeof facets;

const topic = (title: string, of: Readonly<Partial<Record<FacetName, unknown>>>) => ({
  title,
  names: Object.keys(of) as readonly FacetName[],
});
/** The facets by topic, in the same order. */
export const facetTopics = [
  topic('Page state change by MSR', pscMsrFacets),
  topic('Page state change in batches', pscBatchFacets),
  topic('Termination', terminationFacets),
  topic('AP creation', apCreationFacets),
  topic('Running a vCPU', vcpuRunFacets),
  topic('Launch: start', launchStartFacets),
  topic('Launch: update', launchUpdateFacets),
  topic('Launch: finish and tear-down', launchFinishFacets),
  topic('Guest memory', guestMemoryFacets),
  topic('Faults and memory slots', memoryFaultFacets),
  topic('VMGEXIT', vmgexitFacets),
] as const;

/** The values that a facet can have. */
export type FacetValue<N extends FacetName = FacetName> = {
  [M in N]: keyof (typeof facets)[M]['values'] & string;
}[N];

/** The values that a facet can have where a source says which, or where its fallback stands in. */
export type KnownValue<N extends FacetName = FacetName> = Exclude<FacetValue<N>, 'unspecified'>;

/** One value for every facet: all that a kernel generation is to the engine. */
export type Facets = { readonly [N in FacetName]: FacetValue<N> };

/** All names, in order. */
export const facetNames = Object.keys(facets) as readonly FacetName[];

/** Whether a word is the name of a facet. */
export const isFacetName = (word: string): word is FacetName => Object.hasOwn(facets, word);

/** The values of a facet, in the order in which they are declared. */
export const valuesOf = <N extends FacetName>(name: N): readonly FacetValue<N>[] =>
  Object.keys(facets[name].values) as unknown as readonly FacetValue<N>[];

/** Whether a word is a value of that facet. */
export const isValueOf = <N extends FacetName>(name: N, word: string): word is FacetValue<N> =>
  Object.hasOwn(facets[name].values, word);

/** The facets of which every generation that has the behaviour, and of which a source tells, does the same. */
const agreed: ReadonlySet<FacetName> = new Set(
  facetNames.filter((name) => {
    const known = columnIds.map((id) => facets[name].facts[id].value as string);
    return new Set(known.filter((value) => value !== 'unspecified')).size <= 1;
  }),
);

/** Whether all generations of which a source tells agree, so that nothing is ambiguous where one is silent. */
export const isAgreed = (name: FacetName): boolean => agreed.has(name);

/** The sentence that says what a facet decides. */
export const facetDoc = (name: FacetName): string => facets[name].doc;

/** The sentence that says what happens under a value. */
export const valueDoc = <N extends FacetName>(name: N, value: FacetValue<N>): string => {
  const values: Readonly<Record<string, string>> = facets[name].values;
  return values[value] ?? '';
};

/** What an `unspecified` value of a facet is shown as; only facets whose value may be unknown declare it. */
export function fallbackOf<N extends FacetName>(name: N): Fallback<KnownValue<N>> | undefined {
  // The declaration of each facet holds the fallback to its own values; the index access alone forgets that.
  return facets[name].shownAs as Fallback<KnownValue<N>> | undefined;
}

/** The value of a facet in a profile; where no source says which it is, its fallback. */
export function knownValue<N extends FacetName>(from: Facets, name: N): KnownValue<N> {
  const value: FacetValue<N> = from[name];
  if (value !== 'unspecified') return value as KnownValue<N>;
  const fallback = fallbackOf(name);
  assert(fallback, `${name} may be unspecified and has no fallback`);
  return fallback.value;
}
