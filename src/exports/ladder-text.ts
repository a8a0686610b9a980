/** The ladder in characters: the lanes and the rule of drawings/ladder.ts, one line a row, its words to the right. */
import { wrapWithin } from '../base/text';
import {
  columnOf,
  layoutRow,
  planLadder,
  type GuestTitle,
  type LadderPlan,
  type LadderRow,
} from '../drawings/ladder';
import { moveKinds, type Lane, type Move, type MoveKind } from '../engine/moves';

/** More guest lanes than this leave no room for words; then all vCPUs share one. */
const MOST_LANES = 5;
/** Width of the mark and of the step number before the letters. */
const MARK = 2;
const NUMBER = 5;
/** The rule is drawn two characters wide: nothing else is drawn that heavy. */
const RULE = '||';

export interface LadderLine {
  /** Two characters in the margin. */
  readonly mark: string;
  /** Number of the step, counted from 1; none for a line without a step. */
  readonly number: number | undefined;
  /** Letters of the runs that it holds for; empty for all. */
  readonly letters: string;
  readonly move: Move | DrawnArrow | undefined;
  readonly text: string;
}

/** An arrow that is no move of a run. */
export interface DrawnArrow {
  readonly from: Lane;
  readonly to: Lane;
  readonly vcpu: number;
  readonly refused: boolean;
  /** Nobody said it: it is drawn with gaps. */
  readonly inferred: boolean;
}

function arrowOf(move: Move | DrawnArrow): DrawnArrow {
  if (!('kind' in move)) return move;
  const { from, to, refused = false } = moveKinds[move.kind] as MoveKind;
  return { from, to, vcpu: move.vcpu, refused, inferred: false };
}

interface LadderSize {
  readonly vcpus: readonly number[];
  /** Runs that have a letter; 0 when there is nothing to compare. */
  readonly letters: number;
  readonly columns: number;
  /** What a guest lane is called. */
  readonly titleOf?: GuestTitle;
}

export class TextLadder {
  private readonly plan: LadderPlan;
  /** Columns of mark, number and letters. */
  private readonly margin: number;
  private readonly shift: number;
  private readonly together: boolean;
  private readonly nameOf: (vcpu: number) => string;

  constructor({ vcpus, letters, columns, titleOf }: LadderSize) {
    this.together = vcpus.length > MOST_LANES;
    this.nameOf = (vcpu) => titleOf?.(vcpu, false) ?? `v${vcpu}`;
    // Narrow ladders have their words to the right of the lanes.
    const narrow = { vcpus: this.together ? vcpus.slice(0, 1) : vcpus, columns: 0 };
    this.plan = planLadder({ ...narrow, ...(titleOf && { titleOf }) });
    this.margin = MARK + NUMBER + (letters > 0 ? letters + 1 : 0);
    this.shift = this.margin + 1 - Math.min(...this.plan.lanes.map(({ column }) => column));
    this.width = Math.max(16, columns - this.textStart);
  }

  /** Columns for words. */
  readonly width: number;

  /** Column where words start. */
  get textStart(): number {
    return this.shift + this.plan.textStart;
  }

  /** The names of the lanes. */
  heads(): string {
    const cells = this.blank(' ');
    for (const { lane, column, title } of this.plan.lanes)
      this.put(cells, column, this.together && lane === 'guest' ? title.replace(/\d+$/, '') : title);
    return cells.join('').trimEnd();
  }

  /** A row: the first line with its arrow, the others with the lanes going on beside the words. */
  lines({ mark, number, letters, move, text }: LadderLine): string[] {
    const words = wrapWithin(this.withVcpu(move, text), this.width);
    const margin = mark.padEnd(MARK) + String(number ?? '').padStart(NUMBER) + (letters && ` ${letters}`);
    const arrow = this.blank('.');
    if (move) this.draw(arrow, move);
    arrow.splice(0, this.margin, ...margin.padEnd(this.margin));
    return words.map((line, i) => (i === 0 ? arrow : this.blank('.')).join('') + line);
  }

  /** Words with the lanes beside them. */
  beside(text: string): string[] {
    return wrapWithin(text, this.width).map((line) => this.blank('.').join('') + line);
  }

  private withVcpu(move: Move | DrawnArrow | undefined, text: string): string {
    if (!move || !this.together || move.vcpu < 0) return text;
    const name = this.nameOf(move.vcpu);
    return new RegExp(`\\b${name}\\b`).test(text) ? text : `${name}: ${text}`;
  }

  /** A line without arrow, up to where words start. */
  private blank(lane: string): string[] {
    const cells = new Array<string>(this.textStart).fill(' ');
    for (const { column } of this.plan.lanes) this.put(cells, column, lane);
    this.put(cells, this.plan.rule, RULE);
    return cells;
  }

  private put(cells: string[], column: number, text: string): void {
    cells.splice(column + this.shift, text.length, ...text);
  }

  private draw(cells: string[], move: Move | DrawnArrow): void {
    const { from, to, vcpu, refused, inferred } = arrowOf(move);
    const row = layoutRow(this.plan, { from, to, vcpu, text: '', refused });
    if (row.shape === 'self') this.put(cells, columnOf(this.plan, from, vcpu), refused ? 'x' : 'o');
    else this.drawArrow(cells, row, inferred ? '~' : '-');
  }

  private drawArrow(cells: string[], { shape, from, to }: LadderRow, line: '-' | '~'): void {
    const { rule } = this.plan;
    const isRight = to > from;
    // An arrow that ends at the rule ends beside it, the rule itself being two columns wide.
    const beside = (column: number): number => (column === rule ? (isRight ? rule - 1 : rule + 2) : column);
    const start = from === rule ? (isRight ? rule + 2 : rule - 1) : from;
    const end = beside(to);
    const [low, high] = isRight ? [start, end] : [end, start];
    for (let column = low; column <= high; column++) {
      if (column !== rule && column !== rule + 1) this.put(cells, column, line);
    }
    if (from !== rule) this.put(cells, from, 'o');
    this.put(cells, end, shape === 'refused' ? 'x' : isRight ? '>' : '<');
  }
}
