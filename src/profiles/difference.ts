/** A profile declared by its differences from another one, and what it inherits. */
import type { Source } from '../abi/source';
import { carriedOver, type Fact } from './facet';
import type { FacetName, FacetValue } from './facets';

/** Facets with the value and source that they get. */
export type Changes = { readonly [N in FacetName]?: Fact<FacetValue<N>> };

/** A profile declared by what it changes of another one. */
export interface Difference<Base extends string> {
  readonly base: Base;
  /** The facets in which it differs, and those that were read again there and found the same. */
  readonly changes: Changes;
}

/**
 * Where a value is known from that another generation inherits. It was neither read nor executed there: it is only
 * carried over, or inferred where a source says of the whole difference that it leaves the rest alone, and never better
 * known than in the base.
 */
export function inheritedSource(base: string, fact: Fact<string>, unchanged?: Source): Source {
  if (fact.value === 'unspecified') return fact.source;
  if (unchanged === undefined || fact.source.confidence === 'unconfirmed') {
    return carriedOver(fact.value, base).source;
  }
  return { ...unchanged, confidence: 'inferred' };
}

/** The fact of a profile that is declared by its differences. `of` gives the facts of its base. */
export function factIn<N extends FacetName>(
  { base, changes, unchanged }: Difference<string> & { readonly unchanged?: Source },
  name: N,
  of: (base: string) => Fact<FacetValue<N>>,
): Fact<FacetValue<N>> {
  const changed: Fact<FacetValue<N>> | undefined = changes[name];
  if (changed) return changed;
  const inherited = of(base);
  return { value: inherited.value, source: inheritedSource(base, inherited, unchanged) };
}
