/** The switches of all changes, and the end of loops that a change has made endless. */
import type { Switchboard } from './switches';

/** The clock is read once in so many rounds. */
const ROUNDS_BETWEEN = 1 << 12;

/** Thrown in the loop that runs when the time is over, and in each one after it. */
class Endless extends Error {
  override readonly name = 'Endless';
}

export class Switches implements Switchboard {
  /** Numbers of the changes whose code has run since this was emptied. */
  readonly reached = new Set<number>();
  /** The change that is on. */
  active = -1;
  private rounds = 0;
  private deadline = Infinity;

  /** From now on loops may run for so long. */
  allow(milliseconds: number): void {
    this.deadline = performance.now() + milliseconds;
    this.rounds = 0;
  }

  get isOver(): boolean {
    return performance.now() > this.deadline;
  }

  $mutant = (id: number): boolean => {
    if (this.active < 0) this.reached.add(id);
    return id === this.active;
  };

  $round = (): void => {
    if (++this.rounds % ROUNDS_BETWEEN === 0 && this.isOver) {
      this.rounds = -1; // the next round ends as well
      throw new Endless('a loop took too long');
    }
  };
}
