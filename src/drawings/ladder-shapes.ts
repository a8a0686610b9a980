/** The parts of a ladder as shapes: its head, its lanes, acts and steps. */
import type { StepRecord } from '../recording/timeline/timeline';
import { markedLabel } from './compared-ladder';
import { layoutRow, type LadderPlan, type LadderRow } from './ladder';
import { arrowOf, labelLine } from './ladder-arrow';
import { pageLetterToken, type PageLetter } from './page-letter';
import type { Paint, Shape } from './picture';
import { letterOf, signOf } from './row-signs';
import { moveKindOf, stepText } from './step-words';

export const COLUMNS = 126;
export const UNIT = 7.23;
export const HEIGHTS = { act: 24, step: 32 } as const;
export const HEAD = 42;
export const MARGIN = 12;

/** The line above everything: what it is of, and at the right end under what. */
export const titleShapes = (title: string, under: string, width: number): Shape[] => [
  { kind: 'text', x: MARGIN, y: 22, text: title, sans: true, size: 14, bold: true },
  { kind: 'text', x: width, y: 22, text: under, anchor: 'end', fill: 'soft' },
];

/** The names of the lanes. */
export const headShapes = (plan: LadderPlan): Shape[] => [
  ...plan.lanes.map((lane): Shape => ({
    kind: 'text',
    x: lane.column * UNIT,
    y: 24,
    text: lane.title,
    anchor: 'middle',
    bold: true,
  })),
  { kind: 'text', x: plan.rule * UNIT, y: 24, text: 'RMP', anchor: 'middle', fill: 'soft' },
];

/** The lines of the lanes, and the rule. */
export const laneShapes = (plan: LadderPlan, height: number): Shape[] => [
  ...plan.lanes.map(({ column }): Shape => {
    const x = column * UNIT;
    return { kind: 'line', x1: x, x2: x, y1: 0, y2: height, stroke: 'hair' };
  }),
  // The rule is two lines, as heavy as nothing else.
  ...[-3, 3].map((by): Shape => {
    const x = plan.rule * UNIT + by;
    return { kind: 'line', x1: x, x2: x, y1: 0, y2: height, stroke: 'ink', strokeWidth: 2 };
  }),
];

/** As much of a text as columns hold. */
const cut = (text: string, columns: number): string =>
  text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;

/** An act above its steps. @param of a note behind it, and the letters of the runs that perform it */
export function actShapes(
  plan: LadderPlan,
  text: string,
  { note, letters = '' }: { readonly note?: string | undefined; readonly letters?: string },
): Shape[] {
  const left = plan.style === 'wide' ? plan.textStart - 7 : plan.textStart;
  const beside = plan.rule + 2;
  return [
    { kind: 'line', x1: 0, x2: (plan.textEnd + 1) * UNIT, y1: 0.5, y2: 0.5, stroke: 'hair' },
    ...(letters === ''
      ? []
      : [
          {
            kind: 'text',
            x: (left - 1) * UNIT,
            y: 16,
            size: 11,
            bold: true,
            anchor: 'end',
            text: letters,
          } as const,
        ]),
    {
      kind: 'text',
      x: left * UNIT,
      y: 16,
      size: 11,
      fill: 'soft',
      halo: 'paper',
      text: cut(
        text,
        Math.floor(((plan.style === 'wide' ? plan.rule : plan.textEnd) - left - 1) * (12 / 11)),
      ),
    },
    ...(plan.style === 'wide' && note !== undefined
      ? [
          {
            kind: 'text',
            x: beside * UNIT,
            y: 16,
            size: 11,
            fill: 'soft',
            halo: 'paper',
            text: cut(`“${note}”`, plan.textEnd - beside),
          } as const,
        ]
      : []),
  ];
}

/** How a step is drawn. */
export interface StepLook {
  /** Missing where a line above has it. */
  readonly number?: number;
  readonly isNow: boolean;
  readonly width: number;
  /** Letters of the runs that made the step, each in a column of its own. */
  readonly track?: string;
  readonly dash?: string;
  /** What the label says; the words of the step where it is missing. */
  readonly text?: string;
  /** By word of the label, whether other runs say another. */
  readonly differs?: readonly boolean[];
}

/** The ground and the number of a row that begins at 0. */
export const numberShapes = (
  plan: LadderPlan,
  { number, isNow, width }: Pick<StepLook, 'isNow' | 'width'> & { readonly number: number | undefined },
): Shape[] => [
  ...(isNow
    ? [{ kind: 'rect', x: 0, y: 0, width, height: HEIGHTS.step, fill: 'now-paper', opacity: 0.8 } as const]
    : []),
  {
    kind: 'text',
    x: plan.numberEnd * UNIT,
    y: HEIGHTS.step / 2 + 4,
    text: number === undefined ? '' : String(number),
    anchor: 'end',
    fill: isNow ? 'now' : 'soft',
    bold: isNow,
  },
];

/** A step as an arrow, its number and signs beside it, on a row that begins at 0. */
export function stepShapes(plan: LadderPlan, step: StepRecord | undefined, look: StepLook): Shape[] {
  const { number, isNow, width, track = '', dash, differs = [] } = look;
  const height = HEIGHTS.step;
  const middle = height / 2 + 4;
  const glyph = step && signOf(step);
  const paper = isNow ? 'now-paper' : 'paper';
  const beside: Shape[] = [
    ...numberShapes(plan, { number, isNow, width }),
    ...[...track].map((letter, at): Shape => ({
      kind: 'text',
      x: (plan.numberEnd + 1 + at) * UNIT,
      y: middle,
      text: letter,
      bold: letter !== '·',
      fill: letter === '·' ? 'frame' : 'ink',
    })),
    ...(glyph === undefined
      ? []
      : [{ kind: 'text', x: 1.5 * UNIT, y: middle, text: glyph, fill: 'page-bad', size: 11 } as const]),
  ];
  const kind = step?.move && moveKindOf(step.move);
  const text = look.text ?? (step ? stepText(step) : '');
  if (!step?.move || !kind) {
    const at = { x: plan.textStart * UNIT, y: middle };
    return look.text === undefined ? beside : [...beside, { kind: 'text', ...at, text, halo: paper }];
  }
  const row = layoutRow(plan, {
    from: kind.from,
    to: kind.to,
    vcpu: step.move.vcpu,
    text,
    refused: kind.refused === true,
  });
  return [...beside, ...arrowShapes(plan, row, { paper, dash, differs, letter: letterOf(step, row) })];
}

/** How the arrow of a row is drawn. */
interface ArrowLook {
  /** What lies behind the words. */
  readonly paper: Paint;
  readonly dash?: string | undefined;
  readonly differs?: readonly boolean[];
  /** What the RMP entry says after it. */
  readonly letter?: PageLetter | undefined;
}

/** An arrow with its label, on a row that begins at 0. */
export function arrowShapes(
  plan: LadderPlan,
  row: LadderRow,
  { paper, dash, differs = [], letter }: ArrowLook,
): Shape[] {
  const height = HEIGHTS.step;
  const arrow = arrowOf(plan, row, UNIT, height);
  const { y, start, end, rule } = arrow;
  const message: Shape[] =
    row.shape === 'self'
      ? [{ kind: 'circle', x: row.from * UNIT, y, r: 3.2, fill: 'ink' }]
      : [
          {
            kind: 'line',
            x1: start,
            x2: arrow.lineEnd,
            y1: y,
            y2: y,
            stroke: 'ink',
            strokeWidth: 1.2,
            ...(dash ? { dash } : {}),
          },
          ...(row.shape === 'refused'
            ? [
                {
                  kind: 'line',
                  x1: end,
                  x2: end,
                  y1: y - 7,
                  y2: y + 7,
                  stroke: 'ink',
                  strokeWidth: 3,
                } as const,
              ]
            : arrow.stopsAtRule && letter
              ? []
              : [{ kind: 'path', d: arrow.head, fill: 'ink' } as const]),
          ...(row.crosses
            ? [
                {
                  kind: 'line',
                  x1: rule - 9,
                  x2: rule + 9,
                  y1: y,
                  y2: y,
                  stroke: 'ink',
                  strokeWidth: 4.5,
                } as const,
              ]
            : []),
        ];
  const state: Shape[] = letter
    ? [
        {
          kind: 'rect',
          x: rule - 9,
          y: y - 7,
          width: 18,
          height: 14,
          fill: `page-${pageLetterToken[letter]}`,
          stroke: 'paper',
        },
        {
          kind: 'text',
          x: rule,
          y: y + 4,
          text: letter,
          anchor: 'middle',
          size: 10.5,
          bold: true,
          fill: `page-${pageLetterToken[letter]}-ink`,
        },
      ]
    : [];
  const label = markedLabel(row.label, differs).map((piece): Shape => ({
    kind: 'text',
    bold: piece.strong,
    x: piece.column * UNIT,
    y: labelLine(plan, row, piece.line, { y, height }),
    text: piece.text,
    halo: paper,
  }));
  return [...message, ...state, ...label];
}
