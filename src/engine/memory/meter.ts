/**
 * How much a run may do. Every act is counted while it is performed: its moves, the words that it writes to the log, the
 * bytes that are kept. Time comes from outside, since the engine has no clock. The counters are compared where a move is
 * made and where the log needs room, so that a write costs what it cost without them.
 */

export const budgetNames = ['steps', 'writes', 'memory', 'time'] as const;
export type BudgetName = (typeof budgetNames)[number];

/** What a run may use. What is missing is without limit. */
export interface Allowance {
  /** Words of the write log, which has three for each changed word and five for each run of pages. */
  readonly writes?: number;
  /** Bytes of log, arena, page store and recorded steps together. */
  readonly bytes?: number;
  /** Whether there is time left. It is asked often: at least once in 65,536 words of the log or 256 moves. */
  readonly mayGoOn?: () => boolean;
}

/** Where an act was stopped: behind so many of its moves. */
export interface Stop {
  readonly budget: BudgetName;
  readonly moves: number;
}

/** Thrown inside an act when a budget is spent. The state is then brought back to the last move of the act. */
export class BudgetSpent extends Error {
  constructor(readonly budget: BudgetName) {
    super(`the budget of ${budget} is spent`);
    this.name = 'BudgetSpent';
  }
}

/** Words of the log, and looks at pages, between two questions. */
const WORDS_BETWEEN = 1 << 16;
const MOVES_BETWEEN = 1 << 8;

export class Meter {
  /** Moves of the act. */
  moves = 0;
  /** Number of moves at which `ask` must be called. */
  askAtMove = Infinity;
  /** Length of the log at which `ask` must be called. */
  askAtWord = Infinity;
  /** Length of the log behind the last move of the act, or at its start. */
  movedAt = 0;
  private startedAt = 0;
  private looks = 0;
  private askAtLook = Infinity;
  /** Words and looks of the acts before this one. */
  private spent = 0;
  private movesAllowed = Infinity;
  private stop: Stop | undefined;

  /** @param bytes what is kept now */
  constructor(
    private readonly bytes: () => number,
    private readonly allowance: Allowance = {},
  ) {}

  /** The next act makes at most so many moves. */
  allowMoves(count: number): void {
    this.movesAllowed = count;
  }

  /** The next act stops where it was stopped when it was recorded. */
  stopAt(stop: Stop | undefined): void {
    this.stop = stop;
  }

  /** An act begins. @param top length of the log */
  begin(top: number): void {
    this.moves = 0;
    this.movedAt = top;
    this.startedAt = top;
    this.looks = 0;
    this.askAtMove = this.nextMove();
    this.setNext(top);
  }

  /** The act is over, or stopped. */
  end(top: number): void {
    this.spent += Math.max(0, top - this.startedAt) + this.looks;
    this.movesAllowed = Infinity;
    this.stop = undefined;
    this.askAtMove = Infinity;
    this.askAtWord = Infinity;
  }

  /** The act came to its end: one that was stopped when it was recorded is stopped here at the latest. */
  finish(): void {
    if (this.stop) throw new BudgetSpent(this.stop.budget);
  }

  /** Before a move, when `askAtMove` is reached. Throws {@link BudgetSpent}. */
  askMoves(top: number): void {
    if (this.stop && this.moves >= this.stop.moves) throw new BudgetSpent(this.stop.budget);
    if (this.moves >= this.movesAllowed) throw new BudgetSpent('steps');
    this.ask(top);
    this.askAtMove = this.nextMove();
  }

  /** Before a write, when `askAtWord` is reached or the log grows by `growth` bytes. Throws {@link BudgetSpent}. */
  ask(top: number, growth = 0): void {
    const { bytes = Infinity, mayGoOn } = this.allowance;
    if (this.writesLeft(top) < 0) throw new BudgetSpent('writes');
    if (bytes !== Infinity && this.bytes() + growth > bytes) throw new BudgetSpent('memory');
    if (mayGoOn && !mayGoOn()) throw new BudgetSpent('time');
    this.setNext(top);
  }

  /** A page is looked at in a loop that need not write. Throws {@link BudgetSpent}. */
  look(top: number): void {
    if (++this.looks >= this.askAtLook) this.ask(top);
  }

  /** Words and looks that are left; negative when more was used. */
  private writesLeft(top: number): number {
    const { writes = Infinity } = this.allowance;
    return writes - this.spent - (top - this.startedAt) - this.looks;
  }

  private setNext(top: number): void {
    const next = Math.max(0, Math.min(WORDS_BETWEEN, this.writesLeft(top) + 1));
    this.askAtWord = top + next;
    this.askAtLook = this.looks + next;
  }

  private nextMove(): number {
    return Math.min(this.movesAllowed, this.stop?.moves ?? Infinity, this.moves + MOVES_BETWEEN);
  }
}
