/** Watches the moves of a world for what vectors count: look-ups and wake-ups. */
import type { Recorder, World } from '../../engine/world';

/** A recorder that hears nothing. */
export const silent: Recorder = {
  transition: () => {},
  facet: () => {},
  finding: () => {},
  move: () => {},
};

export interface Watch {
  /** What happened since the last call. @param target the vCPU whose wake-ups count */
  take(target: number): { lookedUp: bigint[]; kicks: number };
}

/** @param heard is told of every move */
export function watch(world: World, heard: (kind: string) => void = () => {}): Watch {
  let lookedUp: bigint[] = [];
  let kicked: number[] = [];
  world.recorder = {
    ...silent,
    move: (kind, _vcpu, args) => {
      heard(kind);
      if (kind === 'vmsaLookedUp') lookedUp.push(args['gpa'] as bigint);
      if (kind === 'kick') kicked.push(args['target'] as number);
    },
  };
  return {
    take(target) {
      const seen = { lookedUp, kicks: kicked.filter((index) => index === target).length };
      lookedUp = [];
      kicked = [];
      return seen;
    },
  };
}
