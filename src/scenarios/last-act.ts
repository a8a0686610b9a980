/** The act above an expectation, with all that followed from it, as a filter sees it. */
import { moveText, type Move } from '../engine/moves';
import { noAct, observe, type ActView, type Observed, type UnknownPath } from '../engine/observe';
import type { StepText } from './filter/filter';
import type { Filtered } from './filter/matches';
import { lineText } from './print';
import { actLine } from './scenario';
import type { Tape, TapedStep } from './tape';

export class LastAct implements Filtered {
  /** vCPU of the last guest act. */
  guest = 0;
  /** Why the act was not taken. */
  refused: string | undefined;
  /** First step and first act that are the act's. */
  private firstStep = 0;
  private firstAct = 0;
  private read: { readonly end: number; readonly steps: readonly TapedStep[] } | undefined;
  /** What was observed before it. */
  private readonly kept = new Map<string, Observed | UnknownPath>();

  constructor(private readonly tape: Tape) {}

  /** An act begins. @param compared names whose values before it are asked for later @param guest vCPU of a guest act */
  begin(compared: readonly string[], guest = this.guest): void {
    const { tape } = this;
    this.firstStep = tape.stepCount;
    this.firstAct = tape.acts.length;
    this.refused = undefined;
    this.read = undefined;
    this.kept.clear();
    for (const path of compared) this.kept.set(path, observe(tape.world, path, { ...noAct, guest }));
  }

  /** Names that {@link begin} was not told of are as they are now. */
  before(path: string): Observed | UnknownPath {
    return this.kept.get(path) ?? this.after(path);
  }

  after(path: string): Observed | UnknownPath {
    return observe(this.tape.world, path, this.view());
  }

  texts(name: StepText): readonly string[] {
    if (name === 'act') return this.tape.acts.slice(this.firstAct).map(({ act }) => lineText(actLine(act)));
    return this.steps().map(({ move, rule, findings }) => {
      if (name === 'move') return move?.kind ?? '';
      if (name === 'rule') return rule ?? '';
      return [move ? moveText(move) : '', ...findings.map(({ text }) => text)].join(' ');
    });
  }

  differs(): boolean {
    return false;
  }

  /** The steps are read only when an expectation asks for them. */
  private view(): ActView {
    const { tape, firstStep } = this;
    const moves = (): readonly Move[] => this.steps().flatMap(({ move }) => (move ? [move] : []));
    return {
      guest: this.guest,
      get moves() {
        return moves();
      },
      get findings() {
        return tape
          .findings()
          .filter(({ step }) => step >= firstStep)
          .map(({ finding }) => finding);
      },
      refused: this.refused ?? '',
    };
  }

  /** Read once, however many expectations ask. */
  private steps(): readonly TapedStep[] {
    const { tape, firstStep } = this;
    const end = tape.stepCount;
    if (this.read?.end !== end)
      this.read = { end, steps: Array.from({ length: end - firstStep }, (_, i) => tape.step(firstStep + i)) };
    return this.read.steps;
  }
}
