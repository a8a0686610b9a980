/** How often each act of a model may happen, added up over the lines of a scope. */
import type { Scope } from '../search/scope';
import type { Defines } from './models';

/** No limit, as the models write it. */
const ANY = 'ANY';
/** The models count in a byte, whose last value is `ANY`. */
const MOST = 254;

export class Counts {
  /** By parameter: the bounds of the scope that count it, -1 for none. */
  private readonly counters = new Map<string, Map<number, number>>();

  constructor(private readonly scope: Scope) {}

  /** @param each how often the parameter is used by one act */
  add(define: string, counter: number, each = 1): void {
    const known = this.counters.get(define) ?? new Map<number, number>();
    this.counters.set(define, known.set(counter, Math.max(known.get(counter) ?? 0, each)));
  }

  /** @param all every parameter of this kind that the model has; one that no act uses is 0 */
  defines(all: readonly string[]): Defines {
    return Object.fromEntries(all.map((define) => [define, this.countOf(define)]));
  }

  private countOf(define: string): number | typeof ANY {
    const counters = this.counters.get(define);
    if (!counters) return 0;
    let sum = 0;
    for (const [counter, each] of counters) {
      const times = this.scope.times[counter];
      if (times === undefined) return ANY;
      sum += times * each;
    }
    return sum > MOST ? ANY : sum;
  }
}
