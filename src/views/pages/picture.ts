/** The page map as a picture: the frames that a step changed and those around them, as the page draws them. */
import { bandRuns, type PackedBands } from '../../engine/page-class';
import { hex } from '../../base/hex';
import { changedFrames } from '../../drawings/page-changes';
import {
  bandsAt,
  cellHeight,
  cellWidth,
  cellX,
  clipRuns,
  gridSize,
  planGrid,
  type FrameRange,
  type GridRow,
} from '../../drawings/page-grid';
import { blocksOf, notchesOf, pageLooks } from '../../drawings/page-look';
import { groupAt, type Picture, type Shape } from '../../drawings/picture';
import type { Timeline } from '../../recording/timeline/timeline';

export interface PagesPictureOf {
  readonly timeline: Timeline;
  readonly position: number;
  readonly title: string;
  /** The page that is selected. */
  readonly selected: number | undefined;
}

const WIDTH = 960;
/** Frames of one picture; of a larger guest those around the page that is worth it. */
const MAX_FRAMES = 4096;
const MARGIN = 14;
const HEAD = 20;
const TOP = 46;
const LEGEND = 46;

export function pagesPicture({ timeline, position, title, selected }: PagesPictureOf): Picture {
  const { world } = timeline.at(position);
  const { gfnCount } = world.config;
  const changed = position > 0 ? changedFrames(world, timeline.step(position - 1).changes) : [];
  const around = selected ?? changed[0]?.first ?? 0;
  const count = Math.min(gfnCount, MAX_FRAMES);
  const first = Math.max(0, Math.min(around - (around % MAX_FRAMES), gfnCount - count));
  const range: FrameRange = { first, count };
  const runs = clipRuns(bandRuns(world, 0, gfnCount), range);
  const kept = [
    ...changed.filter((one) => one.count <= 64),
    ...(selected === undefined ? [] : [{ first: selected, count: 1 }]),
  ];
  const plan = planGrid(gridSize(WIDTH, hex(first + count).length), range, runs, kept);
  const isIn = (gfn: number): boolean => gfn >= first && gfn < first + count;
  const isChanged = (gfn: number): boolean =>
    changed.some((one) => gfn >= one.first && gfn < one.first + one.count);

  const rowShapes = (row: GridRow): Shape[] => {
    const name: Shape = {
      kind: 'text',
      x: plan.gutter - 10,
      y: row.y + (row.kind === 'fold' ? 17 : 18),
      text: hex(row.first),
      anchor: 'end',
      size: 11,
      fill: 'soft',
    };
    if (row.kind === 'fold')
      return [
        name,
        ...cellShapes(bandsAt(runs, row.first), plan.gutter, row.y + 2, cellWidth(plan), 8),
        {
          kind: 'text',
          x: plan.gutter + plan.pitch + 6,
          y: row.y + 18,
          text: `… ${row.count} pages to ${hex(row.first + row.count - 1)}`,
          size: 11,
          fill: 'soft',
        },
      ];
    const frames = Array.from({ length: row.count }, (_, i) => row.first + i).filter(isIn);
    return [
      name,
      ...frames.flatMap((gfn): Shape[] => {
        const x = cellX(plan, row, gfn);
        const frame = (by: number, stroke: string): Shape => ({
          kind: 'rect',
          x: x - by,
          y: row.y - by,
          width: cellWidth(plan) + 2 * by,
          height: cellHeight(plan) + 2 * by,
          stroke,
          strokeWidth: 2.5,
        });
        return [
          ...cellShapes(bandsAt(runs, gfn), x, row.y, cellWidth(plan), plan.band),
          ...(isChanged(gfn) ? [frame(1.5, 'now')] : []),
          ...(gfn === selected ? [frame(1, 'ink')] : []),
        ];
      }),
    ];
  };
  const heads = Array.from({ length: plan.columns }, (_, i): Shape => ({
    kind: 'text',
    x: plan.gutter + i * plan.pitch + cellWidth(plan) / 2,
    y: 12,
    text: i.toString(16),
    anchor: 'middle',
    size: 11,
    fill: 'soft',
  }));
  const where = position === 0 ? 'before step 1' : `after step ${position}`;
  const range16 = `gfn ${hex(first)} to ${hex(first + count - 1)}`;
  return {
    name: 'pages',
    title: `${title}: pages ${where}`,
    description: `${range16} ${where} under ${world.profile.spec}. Each cell has three bands: what the guest believes, what the RMP says, what KVM keeps. Framed: changed in this step.`,
    width: plan.width + 2 * MARGIN,
    height: TOP + HEAD + plan.height + LEGEND,
    shapes: [
      { kind: 'text', x: MARGIN, y: 22, text: title, sans: true, size: 14, bold: true },
      {
        kind: 'text',
        x: MARGIN,
        y: 38,
        text: `${where}, ${world.profile.spec}; ${range16}; bands: guest, RMP, KVM`,
        fill: 'soft',
        size: 11,
      },
      groupAt(MARGIN, TOP, heads),
      groupAt(MARGIN, TOP + HEAD, plan.rows.flatMap(rowShapes)),
      groupAt(MARGIN, TOP + HEAD + plan.height + 10, legend()),
    ],
  };
}

/** What the letters mean. */
function legend(): Shape[] {
  let x = 0;
  return Object.values(pageLooks).flatMap(({ letter, token, title }): Shape[] => {
    const at = x;
    x += 34 + title.length * 6.6;
    return [
      { kind: 'rect', x: at, y: 0, width: 14, height: 14, fill: `page-${token}` },
      {
        kind: 'text',
        x: at + 7,
        y: 11,
        text: letter,
        anchor: 'middle',
        size: 10.5,
        bold: true,
        fill: `page-${token}-ink`,
      },
      { kind: 'text', x: at + 18, y: 11, text: title, size: 11, fill: 'soft', sans: true },
    ];
  });
}

/** Least height of a block that holds a letter. */
const LEGIBLE = 13;

/** One cell, as the page draws it. */
function cellShapes(bands: PackedBands, x: number, y: number, width: number, band: number): Shape[] {
  const blocks = blocksOf(bands).flatMap(({ look, from, to }): Shape[] => {
    const { letter, hatch, token } = pageLooks[look];
    const [fill, on] = [`page-${token}`, `page-${token}-ink`];
    const top = y + from * band + (from > 0 ? 1 : 0);
    const height = (to - from) * band - (from > 0 ? 1 : 0);
    const middle = top + height / 2;
    const word = (paint: string): Shape[] =>
      height < LEGIBLE
        ? []
        : [
            {
              kind: 'text',
              x: x + width / 2,
              y: middle + 4,
              text: letter,
              anchor: 'middle',
              bold: true,
              fill: paint,
            },
          ];
    if (hatch === 'dotted')
      return [
        {
          kind: 'rect',
          x: x + 0.75,
          y: top + 0.75,
          width: width - 1.5,
          height: height - 1.5,
          stroke: fill,
          strokeWidth: 1.5,
          dash: '1.5 2.5',
        },
        ...word('soft'),
      ];
    const ground: Shape = {
      kind: 'rect',
      x,
      y: top,
      width,
      height,
      fill,
      ...(hatch === 'diagonal' || hatch === 'cross' ? { hatch: { kind: hatch, paint: on } } : {}),
    };
    const inset = (by: number, strokeWidth: number, opacity: number): Shape => ({
      kind: 'rect',
      x: x + by,
      y: top + by,
      width: width - 2 * by,
      height: Math.max(height - 2 * by, 1),
      stroke: on,
      strokeWidth,
      opacity,
    });
    const over: Shape[] =
      hatch === 'frame' && height > 18
        ? [inset(2.5, 1, 0.55)]
        : hatch === 'diagonal' || hatch === 'cross'
          ? [{ kind: 'rect', x: x + width / 2 - 6, y: middle - 7, width: 12, height: 14, fill }]
          : hatch === 'thick'
            ? [inset(2, 3, 1)]
            : hatch === 'notch'
              ? [{ kind: 'path', d: `M${x + width - 8},${top}h8v8z`, fill: 'paper' }]
              : [];
    return [ground, ...over, ...word(on)];
  });
  const notches = notchesOf(bands).flatMap((at): Shape[] => {
    const seam = y + at * band;
    return [
      { kind: 'line', x1: x, x2: x + width, y1: seam, y2: seam, stroke: 'paper', strokeWidth: 2 },
      { kind: 'path', d: `M${x - 3},${seam - 6}l8,6l-8,6z`, fill: 'ink', stroke: 'paper', strokeWidth: 1.5 },
    ];
  });
  return [...blocks, ...notches];
}
