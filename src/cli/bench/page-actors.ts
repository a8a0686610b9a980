/** The page transitions of a run as XState would have them: one actor for each page, one event for each change. */
import { gpaToGfn } from '../../abi/address';
import { createActor, type Actor } from 'xstate';
import { slotOf, gmemPageOf } from '../../engine/frames/slots';
import type { Move } from '../../engine/moves';
import type { World } from '../../engine/world';
import { pageMachine, type PageEvent } from '../../machines/page';

interface PageRun {
  readonly first: number;
  readonly count: number;
  readonly event: PageEvent;
}

/** What a move does to pages; the engine takes such a run together, an actor takes it page by page. */
function runOf(world: World, { kind, args }: Move): PageRun | undefined {
  if (kind === 'rmpUpdate') {
    const to = args['to'] as Extract<PageEvent, { type: 'RMPUPDATE' }>['to'];
    return {
      first: Number(args['pfn']),
      count: Number(args['pages']),
      event: { type: 'RMPUPDATE', to, sizeFits: true },
    };
  }
  if (kind !== 'pvalidate' || args['size'] !== '4K' || args['result'] !== 'done') return undefined;
  const gfn = gpaToGfn(args['gpa'] as bigint);
  const slot = slotOf(world, gfn);
  if (!slot) return undefined;
  const event = { type: 'PVALIDATE', validate: args['what'] === 'validate', sizeFits: true } as const;
  return { first: gmemPageOf(slot, gfn), count: Number(args['pages']), event };
}

/** Every page transition of the moves, in order. @returns the number of events and what sends them all to fresh actors */
export function pageActors(world: World, moves: readonly Move[]): { events: number; send: () => number } {
  const runs = moves.flatMap((move) => runOf(world, move) ?? []);
  const events = runs.reduce((sum, { count }) => sum + count, 0);
  /** Milliseconds for the sends alone: making and starting the actors is not counted. */
  const send = (): number => {
    const actors = new Map<number, Actor<typeof pageMachine>>();
    for (const { first, count } of runs) {
      for (let page = first; page < first + count; page++) {
        if (!actors.has(page)) actors.set(page, createActor(pageMachine).start());
      }
    }
    const start = performance.now();
    for (const { first, count, event } of runs) {
      for (let page = first; page < first + count; page++) actors.get(page)?.send(event);
    }
    return performance.now() - start;
  };
  return { events, send };
}
