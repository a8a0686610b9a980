/** How much work a function does, as a number that is the same on every machine: how often each block of its code ran. */
import { Session } from 'node:inspector';
import { assert } from '../base/assert';

interface Range {
  readonly count: number;
}
interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly Range[] }[];
  }[];
}

/**
 * Counting begins when this file is loaded, which must be before any other: code that was translated earlier is counted by
 * whole functions only.
 */
const counting = new Session();
counting.connect();
counting.post('Profiler.enable');
counting.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** What ran since the last call. */
function taken(): number {
  let total = 0;
  counting.post('Profiler.takePreciseCoverage', (error, coverage: Coverage) => {
    assert(error === null, 'the counts of the profiler can be read');
    for (const { url, functions } of coverage.result)
      if (url.includes('/src/'))
        for (const { ranges } of functions) for (const { count } of ranges) total += count;
  });
  return total;
}

/**
 * Blocks of our own code that ran during `action`. What happens inside one call of the language, such as a regular
 * expression or a copy of a list, counts as nothing: those have tests of their own.
 */
export function operationsOf(action: () => void): number {
  taken();
  action();
  return taken();
}
