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

/** The facets whose values the functions of another tree, when they were run, showed to be those of the base. */
export interface ExecutedAgain {
  /** The tree, such as `Linux 7.3.4`. */
  readonly document: string;
  readonly names: readonly FacetName[];
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

interface Derivation extends Difference<string> {
  readonly unchanged?: Source;
  readonly executedAgain?: ExecutedAgain;
}

/** The fact of a profile that is declared by its differences. `of` gives the facts of its base. */
export function factIn<N extends FacetName>(
  { base, changes, unchanged, executedAgain }: Derivation,
  name: N,
  of: (base: string) => Fact<FacetValue<N>>,
): Fact<FacetValue<N>> {
  const changed: Fact<FacetValue<N>> | undefined = changes[name];
  if (changed) return changed;
  const inherited = of(base);
  if (executedAgain?.names.includes(name)) {
    const { document } = executedAgain;
    return { value: inherited.value, source: { ...inherited.source, document, confidence: 'executed' } };
  }
  return { value: inherited.value, source: inheritedSource(base, inherited, unchanged) };
}
