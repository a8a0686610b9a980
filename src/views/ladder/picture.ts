/** The ladder of a run as a picture: as the page draws it, for a file. */
import { arrowOf, labelLine } from '../../drawings/ladder-arrow';
import { layoutRow, planLadder, visibleLines, stepTop, type LadderPlan } from '../../drawings/ladder';
import { pageLetterToken } from '../../drawings/page-letter';
import { groupAt, type Picture, type Shape } from '../../drawings/picture';
import type { StepRecord, Timeline } from '../../recording/timeline/timeline';
import { actText, moveKindOf, stepText, vcpuNumbers } from '../shared/words';
import { letterOf, signOf } from './row-signs';

export interface LadderPictureOf {
  readonly timeline: Timeline;
  readonly position: number;
  readonly title: string;
  readonly notes: ReadonlyMap<number, string> | undefined;
  /** Steps to draw, by index; without it those around the step shown, `MAX_PICTURE_STEPS` at most. */
  readonly part?: { readonly first: number; readonly count: number };
}

/** Steps of one picture; of a longer run those around the step shown. */
export const MAX_PICTURE_STEPS = 300;
const COLUMNS = 126;
const UNIT = 7.23;
const HEIGHTS = { act: 24, step: 32 } as const;
const HEAD = 42;
const MARGIN = 12;

/** Of so many steps the `most` around a position; all where there are no more. */
export function stepsAround(
  position: number,
  stepCount: number,
  most: number,
): { readonly first: number; readonly count: number } {
  const first = Math.max(0, Math.min(position - most / 2, stepCount - most));
  return { first, count: Math.min(most, stepCount - first) };
}

export function ladderPicture({ timeline, position, title, notes, part }: LadderPictureOf): Picture {
  const { acts, stepCount } = timeline;
  const plan = planLadder({ vcpus: vcpuNumbers(timeline), columns: COLUMNS });
  const { first, count } = part ?? stepsAround(position, stepCount, MAX_PICTURE_STEPS);
  const from = first === 0 ? 0 : stepTop(acts, first, HEIGHTS) - HEIGHTS.act;
  const to = count === 0 ? from : stepTop(acts, first + count - 1, HEIGHTS) + HEIGHTS.step;
  const height = to - from;
  const lines = visibleLines(acts, { top: from, height: height - 1 }, HEIGHTS);
  const width = (plan.textEnd + 1) * UNIT;
  const rows = lines.flatMap((line): Shape[] => {
    if (line.kind === 'act') {
      const act = acts[line.index];
      return act
        ? [groupAt(0, line.top - from, actShapes(plan, actText(act.act), notes?.get(line.index)))]
        : [];
    }
    const step = timeline.step(line.index);
    return [groupAt(0, line.top - from, stepShapes(plan, step, line.index === position - 1, width))];
  });
  const steps =
    count === stepCount ? `${stepCount} steps` : `steps ${first + 1} to ${first + count} of ${stepCount}`;
  const { spec } = timeline.world.profile;
  return {
    name: 'ladder',
    title: `${title}: ladder`,
    description: `${steps} under ${spec}: what guest, KVM, VMM and firmware say to each other, from the top down.`,
    width: width + 2 * MARGIN,
    height: height + HEAD + 2 * MARGIN + 18,
    shapes: [
      { kind: 'text', x: MARGIN, y: 22, text: title, sans: true, size: 14, bold: true },
      { kind: 'text', x: width, y: 22, text: `${spec}, ${steps}`, anchor: 'end', fill: 'soft' },
      groupAt(MARGIN, 18 + MARGIN, headShapes(plan)),
      groupAt(MARGIN, HEAD + 18 + MARGIN, [...laneShapes(plan, height), ...rows]),
    ],
  };
}

const headShapes = (plan: LadderPlan): Shape[] => [
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

const laneShapes = (plan: LadderPlan, height: number): Shape[] => [
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

function actShapes(plan: LadderPlan, text: string, note: string | undefined): Shape[] {
  const left = plan.style === 'wide' ? plan.textStart - 7 : plan.textStart;
  const beside = plan.rule + 2;
  return [
    { kind: 'line', x1: 0, x2: (plan.textEnd + 1) * UNIT, y1: 0.5, y2: 0.5, stroke: 'hair' },
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

function stepShapes(plan: LadderPlan, step: StepRecord, isNow: boolean, width: number): Shape[] {
  const height = HEIGHTS.step;
  const middle = height / 2 + 4;
  const glyph = signOf(step);
  const paper = isNow ? 'now-paper' : 'paper';
  const beside: Shape[] = [
    ...(isNow ? [{ kind: 'rect', x: 0, y: 0, width, height, fill: 'now-paper', opacity: 0.8 } as const] : []),
    {
      kind: 'text',
      x: plan.numberEnd * UNIT,
      y: middle,
      text: String(step.index + 1),
      anchor: 'end',
      fill: isNow ? 'now' : 'soft',
      bold: isNow,
    },
    ...(glyph === undefined
      ? []
      : [{ kind: 'text', x: 1.5 * UNIT, y: middle, text: glyph, fill: 'page-bad', size: 11 } as const]),
  ];
  const kind = step.move && moveKindOf(step.move);
  if (!step.move || !kind) return beside;
  const row = layoutRow(plan, {
    from: kind.from,
    to: kind.to,
    vcpu: step.move.vcpu,
    text: stepText(step),
    refused: kind.refused === true,
  });
  const arrow = arrowOf(plan, row, UNIT, height);
  const { y, start, end, rule } = arrow;
  const letter = letterOf(step, row);
  const message: Shape[] =
    row.shape === 'self'
      ? [{ kind: 'circle', x: row.from * UNIT, y, r: 3.2, fill: 'ink' }]
      : [
          { kind: 'line', x1: start, x2: arrow.lineEnd, y1: y, y2: y, stroke: 'ink', strokeWidth: 1.2 },
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
  const label = row.label.map((piece): Shape => ({
    kind: 'text',
    x: piece.column * UNIT,
    y: labelLine(plan, row, piece.line, { y, height }),
    text: piece.text,
    halo: paper,
  }));
  return [...beside, ...message, ...state, ...label];
}
