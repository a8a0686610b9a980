/**
 * Which facets decided a step, and which were only consulted: the act is performed again with every other value of each
 * facet that the step consulted. A facet whose other values all give the same result did not decide the step.
 */
import { MAX_TRIED_WRITES } from '../base/limits';
import type { Resumable } from '../base/resumable';
import type { Act } from '../engine/acts';
import { digestText, followLog } from '../engine/memory/digest';
import { perform } from '../engine/perform';
import type { World } from '../engine/world';
import { valuesOf, type FacetName, type FacetValue } from '../profiles/facets';
import { override, type ResolvedProfile } from '../profiles/resolve';
import { copyOf } from '../recording/timeline/readers';
import type { Timeline } from '../recording/timeline/timeline';

/** Result of an act: its moves as text, and the digest of its writes. */
interface Outcome {
  readonly moves: readonly string[];
  readonly written: string;
}

/**
 * The consulted facets with which this step, or what the act did from it on, would have been another under another value.
 * A part tries one value.
 */
export function* decidingFacets(timeline: Timeline, step: number): Resumable<readonly FacetName[]> {
  const { facets, actIndex } = timeline.step(step);
  const performed = timeline.acts[actIndex];
  if (!performed || facets.length === 0) return [];
  const { act, firstStep } = performed;
  const { profile } = timeline.world;
  // Between two parts others may read the timeline, and its worlds move.
  const outcome = (under: ResolvedProfile): Outcome => outcomeOf(timeline.at(firstStep).world, under, act);
  const asItWas = outcome(profile);
  yield;
  const deciding: FacetName[] = [];
  for (const name of new Set(facets)) {
    for (const value of otherValues(profile, name)) {
      const differs = differsFrom(asItWas, outcome(override(profile, name, value)), step - firstStep);
      yield;
      if (!differs) continue;
      deciding.push(name);
      break;
    }
  }
  return deciding;
}

const otherValues = (profile: ResolvedProfile, name: FacetName): readonly FacetValue[] =>
  valuesOf(name).filter((value) => value !== profile.facets[name] && value !== 'unspecified');

/** Whether two results first differ at a move, or in their writes only, and not before it. */
function differsFrom(one: Outcome, other: Outcome, move: number): boolean {
  const parts = one.moves.findIndex((text, index) => other.moves[index] !== text);
  if (parts >= 0) return parts >= move;
  return one.moves.length !== other.moves.length || one.written !== other.written;
}

function outcomeOf(from: World, profile: ResolvedProfile, act: Act): Outcome {
  const world = copyOf(from, profile);
  world.allow({ writes: MAX_TRIED_WRITES });
  const moves: string[] = [];
  const nothing = (): void => {};
  world.recorder = {
    transition: nothing,
    facet: nothing,
    finding: (kind, text) => void moves.push(`${kind} ${text}`),
    move: (kind, vcpu, args, rule) =>
      void moves.push(`${kind} ${vcpu} ${Object.values(args).map(String).join('|')} ${rule ?? ''}`),
  };
  try {
    const refused = perform(world, act);
    if (refused) moves.push(`refused ${refused.says}`);
  } catch (error) {
    // An error of the model under that value is a separate result; the displayed run continues.
    moves.push(`no outcome: ${error instanceof Error ? error.message : String(error)}`);
  }
  // Both start from the same state, so comparing the writes suffices; a large guest has too many pages to compare.
  const written = { low: 0, high: 0 };
  followLog(written, world.log, 0, world.log.top);
  return { moves, written: digestText(written) };
}
