/** How long one act of a run takes, as far as it is the act's own doing. */

/**
 * Milliseconds between two looks that count. An act that is at work is looked at every few hundred moves; where more time
 * passes, the machine did something else: another program had the processor, or the browser collected garbage.
 */
const MOST_BETWEEN_LOOKS = 50;

export class ActTime {
  private spent = 0;
  private lookedAt = 0;

  /** @param now milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** An act begins. */
  begin(): void {
    this.spent = 0;
    this.lookedAt = this.now();
  }

  /** Milliseconds that the act has taken; to be asked again and again while it is at work. */
  look(): number {
    const now = this.now();
    this.spent += Math.min(now - this.lookedAt, MOST_BETWEEN_LOOKS);
    this.lookedAt = now;
    return this.spent;
  }
}
