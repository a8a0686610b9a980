/**
 * Draws scenarios at random that reach as much as possible: each act comes from the menu of what can be done then, some of
 * them from acts of any kind, and a scenario is kept when it shows moves, rules, facets and findings that no scenario before
 * it showed under any generation. Nobody reads what is drawn.
 */
import fc from 'fast-check';
import { enabledActs } from '../../engine/enabled-acts';
import type { Act } from '../../engine/acts';
import { profileIds } from '../../profiles/profiles';
import { profile } from '../../profiles/resolve';
import { Timeline } from '../../recording/timeline/timeline';
import { runScenario, type Run } from '../../scenarios/run';
import {
  actLine,
  guestPrograms,
  hostPersonalities,
  type Line,
  type Scenario,
} from '../../scenarios/scenario';
import { survivesMail } from '../../scenarios/print';
import { seed } from '../effort';
import { anyAct } from '../scenarios/any-act';

/** Limits of each run. */
export const drawnLimits = { maxSteps: 6_000 };
const ACTS = 28;

type Random = (below: number) => number;
const oneOf = <T>(random: Random, all: readonly T[]): T => all[random(all.length)] as T;

const run = (lines: readonly Line[], id: (typeof profileIds)[number]): Run<Timeline> =>
  runScenario({ lines }, profile(id), (world) => new Timeline(world), drawnLimits);

/** One scenario, drawn act by act under one generation. */
function draw(random: Random, strangeSeed: number): Scenario {
  const id = oneOf(random, profileIds);
  const head: Line[] = [
    { kind: 'host', personality: oneOf(random, hostPersonalities) },
    // A program makes the acts of the guest by itself; most runs here have acts of their own.
    { kind: 'guest', program: random(4) === 0 ? oneOf(random, guestPrograms.slice(0, 5)) : 'manual' },
  ];
  const lines: Line[] = random(6) === 0 ? head : [...head, { kind: 'launch' }];
  const strange = fc.sample(anyAct, { seed: strangeSeed, numRuns: ACTS });
  for (let drawn = 0; drawn < ACTS;) {
    const { world } = run(lines, id).timeline;
    const menu = enabledActs(world);
    const possible = menu.filter(({ refused }) => refused === undefined);
    for (let taken = 0; taken < 2; taken++, drawn++) {
      const from = random(10);
      const act: Act | undefined =
        from < 2 ? strange[drawn] : oneOf(random, from < 8 && possible.length > 0 ? possible : menu)?.act;
      const line = act && actLine(act);
      if (line && survivesMail(line)) lines.push(line);
    }
  }
  return { lines };
}

/** What a run shows, by kind and generation. */
function shownBy({ timeline }: Run<Timeline>, id: string): Set<string> {
  const shown = new Set<string>();
  for (const { act, firstStep, stepCount, refused } of timeline.acts) {
    if (refused) shown.add(`${id} ${act.verb} ${refused.replace(/\d+|0x[0-9a-f]+/g, '')}`);
    for (let index = firstStep; index < firstStep + stepCount; index++) {
      const { move, rule, findings, facets, transitions } = timeline.step(index);
      shown.add(`${id} ${move?.kind} ${rule}`);
      for (const facet of facets) shown.add(`${id} ${act.verb} ${facet}`);
      for (const { kind, invariant } of findings) shown.add(`${id} ${kind} ${invariant} ${rule}`);
      for (const { chart, event } of transitions) shown.add(`${id} ${chart} ${JSON.stringify(event)}`);
    }
  }
  return shown;
}

/**
 * @param tries scenarios that are drawn @param most scenarios that are kept
 * @returns those kept, the one that showed most first
 */
export function drawScenarios(tries: number, most: number): Scenario[] {
  const numbers = fc.sample(fc.nat(), { seed, numRuns: tries * ACTS * 10 });
  let next = 0;
  const random: Random = (below) => (numbers[next++ % numbers.length] ?? 0) % below;
  const drawn = Array.from({ length: tries }, (_, at) => {
    const scenario = draw(random, seed + at);
    const shown = new Set(profileIds.flatMap((id) => [...shownBy(run(scenario.lines, id), id)]));
    return { scenario, shown };
  });
  const kept: Scenario[] = [];
  const known = new Set<string>();
  while (kept.length < most && drawn.length > 0) {
    const news = drawn.map(({ shown }) => [...shown].filter((one) => !known.has(one)).length);
    const best = news.indexOf(Math.max(...news));
    const [chosen] = drawn.splice(best, 1);
    if (!chosen || news[best] === 0) break;
    chosen.shown.forEach((one) => known.add(one));
    kept.push(chosen.scenario);
  }
  return kept;
}
