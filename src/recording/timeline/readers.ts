/**
 * Copies of a world that stand at earlier positions of its timeline, to be read.
 */
import { World } from '../../engine/world';
import type { Keyframes } from './keyframes';
import type { Memory } from './writes';

/** A copy of the state in a separate world; under another profile when one is given. */
export function copyOf(from: World, profile = from.profile): World {
  const copy = new World(from.config, profile);
  copy.arena.words.set(from.arena.words.subarray(0, from.arena.used));
  from.pages.fields.forEach((field, index) => {
    for (const { first, count, value } of field.runs()) copy.pages.fields[index]?.store(first, count, value);
  });
  return copy;
}

/** The part of a world that steps change. */
export const memoryOf = ({ arena, pages }: World): Memory => ({ arena, fields: pages.fields });

interface Reader {
  readonly world: World;
  readonly memory: Memory;
  at: number;
}

export class Readers {
  private readonly readers: Reader[] = [];

  constructor(
    private readonly end: World,
    private readonly keyframes: Keyframes,
    /** How many copies are kept. */
    private readonly kept: number,
  ) {}

  /** A copy that stands at a position until the next call, or longer. @param stepCount where the world itself stands */
  worldAt(position: number, stepCount: number): World {
    const exact = this.readers.find(({ at }) => at === position);
    if (exact) return exact.world;
    const reader = this.readers.length < this.kept ? this.add(stepCount) : this.nearest(position);
    this.keyframes.play(reader.memory, reader.at, position);
    reader.at = position;
    return reader.world;
  }

  /** Before steps are forgotten: no copy stands behind `position`. */
  retreat(position: number): void {
    for (const reader of this.readers) {
      if (reader.at <= position) continue;
      this.keyframes.play(reader.memory, reader.at, position);
      reader.at = position;
    }
  }

  private add(stepCount: number): Reader {
    const world = copyOf(this.end);
    world.log.seal();
    const reader = { world, memory: memoryOf(world), at: stepCount };
    this.readers.push(reader);
    return reader;
  }

  private nearest(position: number): Reader {
    return this.readers.reduce((best, one) =>
      Math.abs(one.at - position) < Math.abs(best.at - position) ? one : best,
    );
  }
}
