/** The requests of a whole trace, or of some lines of it, as one scenario that can be gone through. */
import { ok, problem, type Result } from '../../base/result';
import type { Scenario } from '../../scenarios/scenario';
import type { TraceLine } from '../read';
import { coursesOf } from './courses';
import { exchangesOf } from './exchanges';
import { MAX_EXCHANGES } from './explain';

/** What a trace becomes. */
export interface TraceScenario {
  readonly scenario: Scenario;
  /** Requests that are acts of it. */
  readonly made: number;
  /** Requests of the lines, those of other machines and those without acts included. */
  readonly requests: number;
}

/**
 * The longest run of requests in one machine, each behind a note with its line. What the machine was before the first of
 * them is not in the lines: here it is freshly launched.
 */
export function scenarioOfLines(lines: readonly TraceLine[]): Result<TraceScenario> {
  const exchanges = exchangesOf(lines).slice(0, MAX_EXCHANGES);
  const [longest] = coursesOf(exchanges, 'with lines').toSorted(
    (a, b) => b.exchanges.length - a.exchanges.length,
  );
  if (!longest) return problem('No line of it is a request, so nothing can be made of it.');
  const { scenario, exchanges: made } = longest;
  return ok({ scenario, made: made.length, requests: exchanges.length });
}
