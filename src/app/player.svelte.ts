/** Plays a run by itself: a step, a pause, the next step. */

export const speeds = [0.5, 1, 2, 4, 8, 16] as const;
const STEP_MILLISECONDS = 600;

/** What is played. */
export interface Played {
  readonly position: number;
  readonly stepCount: number;
  seek(position: number): void;
  /** To the next place, without counting as a step of the user. */
  advance(): void;
  /** Tells screen readers which step is shown. */
  announceStep(): void;
}

export class Player {
  playing = $state.raw(false);
  speed = $state.raw(1);
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly played: Played) {}

  /** From the beginning again when it stands at the end. @param until place at which it stops */
  play(until = this.played.stepCount): void {
    const { played } = this;
    if (this.playing || played.stepCount === 0) return;
    if (played.position >= played.stepCount) played.seek(0);
    this.playing = true;
    const tick = (): void => {
      played.advance();
      if (played.position >= until) this.pause();
      else this.timer = setTimeout(tick, STEP_MILLISECONDS / this.speed);
    };
    this.timer = setTimeout(tick, STEP_MILLISECONDS / this.speed);
  }

  pause(): void {
    clearTimeout(this.timer);
    if (!this.playing) return;
    this.playing = false;
    this.played.announceStep();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  changeSpeed(by: number): void {
    const at = speeds.findIndex((speed) => speed === this.speed);
    this.speed = speeds[Math.max(0, Math.min(speeds.length - 1, at + by))] ?? 1;
  }

  /** One button for all speeds. */
  nextSpeed(): void {
    const at = speeds.findIndex((speed) => speed === this.speed);
    this.speed = speeds[(at + 1) % speeds.length] ?? 1;
  }
}
