/** Every state that a set of acts leads to, breadth first, each once, with the shortest way there. */
import { Unmodelled } from '../base/assert';
import type { Act } from '../engine/acts';
import { NeverReturns } from '../engine/hardware/rmp';
import { perform } from '../engine/perform';
import type { World } from '../engine/world';
import { StateStore } from './states';

export interface WalkOptions {
  /** The walk ends when this many states are stored. */
  readonly maxStates: number;
  /** Called for each new state while the world is in it. @returns false to end the walk */
  readonly visit?: (world: World, state: number) => boolean;
}

export interface Walk {
  /** States stored, the root included. */
  readonly states: number;
  /** Acts that could be taken, over all states. */
  readonly transitions: number;
  /** Acts that reached something that is not modelled. */
  readonly gaps: number;
  /** Acts on the shortest way to the farthest state. */
  readonly depth: number;
  /** Every reachable state was visited. */
  readonly isComplete: boolean;
  /** Bytes that the stored states take. */
  readonly bytes: number;
  /** The shortest way from the root to a state. */
  path(state: number): Act[];
}

/**
 * Walks from the present state of the world, and restores it at the end.
 * @param acts the acts to try in the present state; refused ones are skipped
 */
export function walk(world: World, acts: (world: World) => readonly Act[], options: WalkOptions): Walk {
  const { recorder } = world;
  world.recorder = undefined;
  world.log.top = 0;
  const store = new StateStore(world);
  const parents: number[] = [-1];
  const actsTo: (Act | undefined)[] = [undefined];
  const depths: number[] = [0];
  let transitions = 0;
  let gaps = 0;
  let state = 0;
  let goesOn = options.visit?.(world, 0) ?? true;

  const expand = (): void => {
    store.load(state);
    const { low, high } = store;
    for (const act of acts(world)) {
      const outcome = attempt(world, act);
      if (outcome === 'taken') {
        transitions++;
        store.follow(0);
        const met = store.meet();
        if (met < 0) {
          parents.push(state);
          actsTo.push(act);
          depths.push((depths[state] as number) + 1);
          goesOn &&= options.visit?.(world, -1 - met) ?? true;
        }
        store.undo(0, low, high);
      } else if (outcome === 'gap') gaps++;
      if (!goesOn || store.size >= options.maxStates) return;
    }
  };

  for (; goesOn && state < store.size && store.size < options.maxStates; state++) expand();
  store.load(0);
  world.recorder = recorder;
  return {
    states: store.size,
    transitions,
    gaps,
    depth: depths.at(-1) as number,
    isComplete: state === store.size,
    bytes: store.byteLength,
    path(to) {
      const path: Act[] = [];
      for (let at = to; at > 0; at = parents[at] as number) path.unshift(actsTo[at] as Act);
      return path;
    },
  };
}

/** Performs an act; one that cannot be taken leaves the world unchanged. */
function attempt(world: World, act: Act): 'taken' | 'refused' | 'gap' {
  try {
    if (!perform(world, act)) return 'taken';
    world.undo(0);
    return 'refused';
  } catch (error) {
    world.undo(0);
    if (error instanceof Unmodelled || error instanceof NeverReturns) return 'gap';
    throw error;
  }
}
