/** The switches of all changes, and the end of loops that a change has made endless. */
import type { Switchboard } from './switches';

/** Milliseconds that this process has computed. Other work on the machine makes no change look unnoticed, and no loop endless. */
export function computed(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The clock is read once in so many rounds. */
const ROUNDS_BETWEEN = 1 << 12;

/** Thrown in the loop that runs when the time is over, and in each one after it. */
class Endless extends Error {
  override readonly name = 'Endless';
}

export class Switches implements Switchboard {
  /** Numbers of the changes that would have made a difference where they stand since this was emptied. */
  readonly reached = new Set<number>();
  /** The change that is on. */
  active = -1;
  private rounds = 0;
  private deadline = Infinity;

  /** From now on loops may run for so long. */
  allow(milliseconds: number): void {
    this.deadline = computed() + milliseconds;
    this.rounds = 0;
  }

  get isOver(): boolean {
    return computed() > this.deadline;
  }

  $mutant = (id: number, isSeenElsewhere = false): boolean => {
    if (this.active < 0 && !isSeenElsewhere) this.reached.add(id);
    return id === this.active;
  };

  $differs = (id: number, was: () => unknown, becomes: () => unknown): boolean => {
    if (this.active >= 0 || this.reached.has(id)) return id === this.active;
    let differs = true;
    try {
      differs = !Object.is(was(), becomes());
    } catch {
      // The change throws where the code does not.
    }
    if (differs) this.reached.add(id);
    return false;
  };

  $unlike = (id: number, becomes: boolean, value: unknown): unknown => {
    if (this.active < 0 && Boolean(value) !== becomes) this.reached.add(id);
    return value;
  };

  $round = (): void => {
    if (++this.rounds % ROUNDS_BETWEEN === 0 && this.isOver) {
      this.rounds = -1; // the next round ends as well
      throw new Endless('a loop took too long');
    }
  };
}
