/**
 * Where everything on the ladder stands, on a grid of characters, so that a screen and a mail draw the same picture.
 * Columns count from the left edge; one column is as wide as one character of the monospace face.
 *
 * One line is drawn heavier than all others: the *rule*, the VMGEXIT line between guest and host with the RMP on it. No
 * label ever crosses it: text flows around it like around a picture.
 */
import type { Lane } from '../engine/moves';

export interface LadderLane {
  readonly lane: Exclude<Lane, 'rmp'>;
  /** vCPU of a guest lane, else -1. */
  readonly vcpu: number;
  readonly title: string;
  readonly column: number;
}

export interface LadderPlan {
  /** `wide`: labels above the arrows. `side`: narrow lanes, labels in a column of their own to the right. */
  readonly style: 'wide' | 'side';
  readonly columns: number;
  readonly lanes: readonly LadderLane[];
  readonly rule: number;
  /** Right end of the step numbers. */
  readonly numberEnd: number;
  /** Where a label may start and must end. */
  readonly textStart: number;
  readonly textEnd: number;
}

/** Columns kept free on each side of the rule. */
const RULE_MARGIN = 2;
/** Fewer columns have no room for labels between the lanes: 635 pixels, a page of 900 beside its outline has 95. */
const WIDE_COLUMNS = 88;
/** Least distance of two lanes: with and without labels between them. */
const WIDE_STEP = 5;
const SIDE_STEP = 3;
const WIDEST_STEP = 22;
/** Columns of a side label. */
const LEAST_SIDE_LABEL = 10;

interface LadderSize {
  /** The vCPUs that have a lane, in order. */
  readonly vcpus: readonly number[];
  readonly columns: number;
  /** Columns kept free between step numbers and lanes, where there is room for lanes with labels. */
  readonly gutter?: number;
  /** What a guest lane is called, where there is room and where there is little. */
  readonly titleOf?: GuestTitle;
}

/** @param isLong where there is room */
export type GuestTitle = (vcpu: number, isLong: boolean) => string;
const vcpuTitle: GuestTitle = (vcpu, isLong) => (isLong ? `vCPU ${vcpu}` : `v${vcpu}`);

/** Puts the lanes on the grid: guest left of the rule, host right of it. */
export function planLadder({ vcpus, columns, gutter = 0, titleOf = vcpuTitle }: LadderSize): LadderPlan {
  const guestLanes = Math.max(1, vcpus.length);
  const fits = columns >= WIDE_COLUMNS && 10 + gutter + guestLanes * WIDE_STEP <= columns * 0.5;
  const size = { vcpus, columns, gutter, titleOf };
  return fits ? planWide(size) : planSide(size);
}

const hostLanes = (columns: readonly [number, number, number], long: boolean): LadderLane[] => [
  { lane: 'kvm', vcpu: -1, title: long ? 'KVM' : 'K', column: columns[0] },
  { lane: 'vmm', vcpu: -1, title: long ? 'VMM' : 'M', column: columns[1] },
  { lane: 'firmware', vcpu: -1, title: long ? 'PSP' : 'P', column: columns[2] },
];

function planWide({ vcpus, columns, gutter, titleOf }: Required<LadderSize>): LadderPlan {
  const first = 13 + gutter;
  const room = Math.round(columns * (vcpus.length <= 3 ? 0.47 : 0.5)) - first;
  const step = Math.min(WIDEST_STEP, Math.floor(room / Math.max(1, vcpus.length)));
  const rule = Math.max(first + step * Math.max(1, vcpus.length), Math.round(columns * 0.42));
  const host = columns - rule;
  const at = (share: number) => rule + Math.round(host * share);
  return {
    style: 'wide',
    columns,
    lanes: [
      ...vcpus.map((vcpu, i): LadderLane => ({
        lane: 'guest',
        vcpu,
        title: titleOf(vcpu, step >= 8),
        column: first + i * step,
      })),
      ...hostLanes([at(0.17), at(0.55), at(0.86)], true),
    ],
    rule,
    numberEnd: 7,
    textStart: 10 + gutter,
    textEnd: columns - 1,
  };
}

function planSide({ vcpus, columns, titleOf }: Required<LadderSize>): LadderPlan {
  const first = 8;
  const longest = Math.max(0, ...vcpus.map((vcpu) => titleOf(vcpu, false).length));
  const step = longest > SIDE_STEP ? longest + 1 : SIDE_STEP;
  const rule = first + Math.max(1, vcpus.length) * step;
  const kvm = rule + 3;
  return {
    style: 'side',
    columns,
    lanes: [
      ...vcpus.map((vcpu, i): LadderLane => ({
        lane: 'guest',
        vcpu,
        title: titleOf(vcpu, false),
        column: first + i * step,
      })),
      ...hostLanes([kvm, kvm + SIDE_STEP, kvm + 2 * SIDE_STEP], false),
    ],
    rule,
    numberEnd: 5,
    textStart: kvm + 2 * SIDE_STEP + 2,
    textEnd: Math.max(columns - 1, kvm + 2 * SIDE_STEP + 2 + LEAST_SIDE_LABEL),
  };
}

/** What a row shows: a move, without the engine's types around it. */
export interface RowContent {
  readonly from: Lane;
  readonly to: Lane;
  readonly vcpu: number;
  readonly text: string;
  /** The request ends at the line. */
  readonly refused?: boolean;
}

/** A run of characters at one place. */
export interface LabelPiece {
  readonly column: number;
  /** 0 above the arrow, or 0 and 1 for the two lines of a side label. */
  readonly line: 0 | 1;
  readonly text: string;
}

export interface LadderRow {
  /** `self`: something happens in one lane; `rule`: it ends at, or starts from, the RMP; `refused`: it is stopped. */
  readonly shape: 'across' | 'self' | 'rule' | 'refused';
  readonly from: number;
  readonly to: number;
  /** The message passes the rule. */
  readonly crosses: boolean;
  readonly label: readonly LabelPiece[];
  /** `beside`: on the line of the dot. `above`: over the arrow. */
  readonly labelAt: 'above' | 'beside';
  /** The text did not fit; its end is an ellipsis. */
  readonly cut: boolean;
}

/** The column of a lane; a guest lane that is not drawn stands for the first one. */
export function columnOf(plan: LadderPlan, lane: Lane, vcpu: number): number {
  if (lane === 'rmp') return plan.rule;
  const own = plan.lanes.find((l) => l.lane === lane && (lane !== 'guest' || l.vcpu === vcpu));
  return (own ?? plan.lanes.find((l) => l.lane === lane))?.column ?? plan.rule;
}

/** Puts one move on the grid. */
export function layoutRow(plan: LadderPlan, content: RowContent): LadderRow {
  const arrow = layoutArrow(plan, content);
  if (plan.style === 'side') {
    const { pieces, cut } = sideLabel(plan, content.text);
    return { ...arrow, label: pieces, labelAt: 'beside', cut };
  }
  const start = Math.min(arrow.from, arrow.to) + 2;
  const isBeside = arrow.shape === 'self' && start + content.text.length <= sideEnd(plan, start);
  const { pieces, cut } = isBeside
    ? flow(plan, content.text, start)
    : flowLabel(plan, content.text, start, arrow.crosses);
  return { ...arrow, label: pieces, labelAt: isBeside ? 'beside' : 'above', cut };
}

type Arrow = Pick<LadderRow, 'shape' | 'from' | 'to' | 'crosses'>;

function layoutArrow(plan: LadderPlan, { from, to, vcpu, refused }: RowContent): Arrow {
  const start = columnOf(plan, from, vcpu);
  const end = columnOf(plan, to, vcpu);
  if (refused) return refusedArrow(plan, { from, to, start, end });
  const shape = from === 'rmp' || to === 'rmp' ? 'rule' : start === end ? 'self' : 'across';
  return { shape, from: start, to: end, crosses: (start - plan.rule) * (end - plan.rule) < 0 };
}

/** A refused request of a guest ends at the rule, a refused ioctl at KVM, for any actor that refuses it. */
function refusedArrow(
  plan: LadderPlan,
  { from, to, start, end }: { from: Lane; to: Lane; start: number; end: number },
): Arrow {
  if (from === 'guest') return { shape: 'refused', from: start, to: plan.rule, crosses: false };
  if (to === 'guest') return { shape: 'refused', from: end, to: plan.rule, crosses: false };
  if (from === 'kvm' && to === 'vmm') return { shape: 'refused', from: end, to: start, crosses: false };
  return { shape: start === end ? 'self' : 'refused', from: start, to: end, crosses: false };
}

interface Flowed {
  readonly pieces: readonly LabelPiece[];
  readonly cut: boolean;
}

/** Where text on the side of a column must end. */
const sideEnd = (plan: LadderPlan, column: number): number =>
  column > plan.rule ? plan.textEnd : plan.rule - RULE_MARGIN;

/**
 * Text from `wanted` on; moved left when it would not fit on its side; beyond the rule, where there is more room, when the
 * arrow goes there as well. What fits on no side flows around the rule: behind a clause, where that or standing beyond the rule
 * shows all of it, and in the middle of a clause only where nothing else does.
 */
function flowLabel(plan: LadderPlan, text: string, wanted: number, crosses: boolean): Flowed {
  const isHostSide = wanted > plan.rule;
  const lowest = isHostSide ? plan.rule + RULE_MARGIN : plan.textStart;
  const highest = sideEnd(plan, wanted) - text.length;
  const start = Math.max(lowest, wanted);
  if (highest >= lowest) return flow(plan, text, Math.min(start, highest));
  if (isHostSide) return flow(plan, text, lowest);
  const across = plan.rule + RULE_MARGIN;
  const beyond = flow(plan, text, across);
  if (crosses && !beyond.cut) return beyond;
  const clause = flow(plan, text, start, clauseEnd(text, plan.rule - RULE_MARGIN - start));
  const around = flow(plan, text, start);
  return [clause, beyond, around].find(({ cut }) => !cut) ?? clause;
}

/** How many characters of a text, at most `room`, end with a clause or stand before a value; 0 where none do. */
function clauseEnd(text: string, room: number): number {
  let end = 0;
  for (const { index } of text.matchAll(/(?<=[:;,.)·]) | (?=\S+=|·)/g)) if (index <= room) end = index;
  return end;
}

/** @param before characters that stand before the rule, where not as many as fit */
function flow(plan: LadderPlan, text: string, start: number, before = Infinity): Flowed {
  const ruleStart = plan.rule - RULE_MARGIN;
  const ruleEnd = plan.rule + RULE_MARGIN;
  const pieces: { column: number; line: 0; text: string }[] = [];
  let column = start;
  let last: (typeof pieces)[number] | undefined;
  for (const word of text.split(' ')) {
    const ends = column + word.length;
    const hits = column < ruleEnd && (ends > ruleStart || ends - start > before);
    if (hits) {
      column = ruleEnd;
      last = undefined;
    }
    if (column + word.length > plan.textEnd) return cutOff(plan, pieces, word, column);
    if (last) last.text += ` ${word}`;
    else pieces.push((last = { column, line: 0, text: word }));
    column += word.length + 1;
  }
  return { pieces, cut: false };
}

/** Ends the label with as much of `word` as there is room for. */
function cutOff(
  plan: LadderPlan,
  pieces: { column: number; line: 0; text: string }[],
  word: string,
  column: number,
): Flowed {
  const room = plan.textEnd - column - 1;
  const last = pieces.at(-1);
  if (room >= 1) {
    const rest = `${word.slice(0, room)}…`;
    if (last && last.column + last.text.length + 1 === column) last.text += ` ${rest}`;
    else pieces.push({ column, line: 0, text: rest });
  } else if (last) {
    last.text = `${last.text.slice(0, Math.max(0, plan.textEnd - last.column - 1))}…`;
  }
  return { pieces, cut: true };
}

/** Up to two lines to the right of the lanes. */
function sideLabel(plan: LadderPlan, text: string): Flowed {
  const room = Math.max(8, plan.textEnd - plan.textStart);
  const lines = ['', ''];
  let line = 0;
  let cut = false;
  for (const word of text.split(' ')) {
    const joined = lines[line] === '' ? word : `${lines[line]} ${word}`;
    if (joined.length <= room) lines[line] = joined;
    else if (line === 0 && lines[0] !== '') lines[(line = 1)] = word;
    else lines[line] = joined;
    if ((lines[line] ?? '').length > room) {
      lines[line] = `${(lines[line] ?? '').slice(0, room - 1)}…`;
      cut = true;
      break;
    }
  }
  const pieces = lines
    .filter((part) => part !== '')
    .map((part, i): LabelPiece => ({ column: plan.textStart, line: i === 0 ? 0 : 1, text: part }));
  return { pieces, cut };
}

/** An act on the ladder: a thin line with its text, then its steps. */
export interface ActSpan {
  readonly firstStep: number;
  readonly stepCount: number;
}

/** Heights in pixels. */
export interface RowHeights {
  readonly act: number;
  readonly step: number;
}

/** The scrolled picture, for those who draw rows on it. */
export interface LadderGround {
  readonly plan: LadderPlan;
  /** Width of one column in pixels. */
  readonly unit: number;
  readonly heights: RowHeights;
  /** What is in sight, with some rows around it, as if nothing were folded. */
  readonly window: Window;
  /** Where something is drawn that stands at `top` while nothing is folded. */
  readonly placeOf: (top: number) => number;
  /** Whether a step or row is not drawn because its part is folded. */
  readonly isFolded: (index: number) => boolean;
}

/** One line of the scrolled picture. */
export interface LadderLine {
  readonly kind: 'act' | 'step';
  /** Number of the act or of the step. */
  readonly index: number;
  readonly top: number;
}

const actTop = (acts: readonly ActSpan[], act: number, heights: RowHeights): number =>
  act * heights.act + (acts[act]?.firstStep ?? 0) * heights.step;

/** Height of the whole picture. */
export function ladderHeight(acts: readonly ActSpan[], stepCount: number, heights: RowHeights): number {
  return acts.length * heights.act + stepCount * heights.step;
}

/** The act a step belongs to. */
export function actOfStep(acts: readonly ActSpan[], step: number): number {
  let [low, high] = [0, acts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((acts[middle]?.firstStep ?? 0) <= step) low = middle;
    else high = middle - 1;
  }
  // Acts without steps share their place with the next one: take the one that holds the step.
  while (low > 0 && (acts[low]?.stepCount ?? 0) === 0) low--;
  return low;
}

/** Top of a step. */
export function stepTop(acts: readonly ActSpan[], step: number, heights: RowHeights): number {
  return step * heights.step + (actOfStep(acts, step) + 1) * heights.act;
}

interface Window {
  readonly top: number;
  readonly height: number;
}

/** The lines that a window shows; the rest is not drawn. */
export function visibleLines(
  acts: readonly ActSpan[],
  window: Window,
  heights: RowHeights,
): readonly LadderLine[] {
  let [low, high] = [0, acts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (actTop(acts, middle, heights) <= window.top) low = middle;
    else high = middle - 1;
  }
  const lines: LadderLine[] = [];
  const end = window.top + window.height;
  for (let act = low; act < acts.length; act++) {
    const top = actTop(acts, act, heights);
    if (top > end) break;
    const span = acts[act] as ActSpan;
    if (top + heights.act >= window.top) lines.push({ kind: 'act', index: act, top });
    const stepsTop = top + heights.act;
    const skipped = Math.max(0, Math.floor((window.top - stepsTop) / heights.step));
    for (let i = skipped; i < span.stepCount; i++) {
      const at = stepsTop + i * heights.step;
      if (at > end) return lines;
      lines.push({ kind: 'step', index: span.firstStep + i, top: at });
    }
  }
  return lines;
}
