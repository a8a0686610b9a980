/** The statechart of a machine as a picture: its present state, the arrow just taken, the guards that failed. */
import layouts from 'virtual:charts';
import { chartInstances, instanceStep, type ChartInstance } from '../../drawings/chart-instances';
import { chartType, type Box, type RegionLayout } from '../../drawings/chart-layout';
import { chartModel, lineText, manySources, type ChartRegion } from '../../drawings/chart-model';
import { arrowPath, headPath, loopPath } from '../../drawings/chart-path';
import { groupAt, type Picture, type Shape } from '../../drawings/picture';
import type { Timeline } from '../../recording/timeline/timeline';
import { isAmong, litBy, lookOf, type Lit } from './frame';

export interface MachinePictureOf {
  readonly timeline: Timeline;
  readonly position: number;
  readonly title: string;
}

const MARGIN = 14;
const TOP = 46;
const CAPTION = 26;
const GAP = 14;
/** Frames wider than this begin a new row. */
const WIDEST = 1500;

export function machinePicture({ timeline, position, title }: MachinePictureOf): Picture {
  const { world } = timeline.at(position);
  const step = position > 0 ? timeline.step(position - 1) : undefined;
  const instances = chartInstances(world);
  const touched = instances.find(({ chart, index }) =>
    step?.transitions.some((taken) => taken.chart === chart.id && taken.instance === index),
  );
  const instance = (touched ?? instances[0]) as ChartInstance;
  const { now, before, decisions } = instanceStep(instance, {
    world,
    transitions: step?.transitions ?? [],
    changes: step?.changes ?? [],
  });
  const frames = chartModel(instance.chart).regions.flatMap((region) => {
    const layout = layouts[instance.chart.id]?.[region.name];
    const lit = litBy(region.name, now[region.name], before[region.name], decisions);
    return layout ? [{ region, layout, lit }] : [];
  });
  let [x, y, rowHeight, width] = [0, 0, 0, 0];
  const shapes = frames.map(({ region, layout, lit }): Shape => {
    if (x > 0 && x + layout.width > WIDEST) [x, y, rowHeight] = [0, y + rowHeight + GAP, 0];
    const at = groupAt(x, y, frameShapes(region, layout, lit));
    x += layout.width + GAP;
    width = Math.max(width, x - GAP);
    rowHeight = Math.max(rowHeight, frameHeight(region, layout));
    return at;
  });
  const what = instance.index < 0 ? instance.chart.id : `${instance.chart.id} of vCPU ${instance.index}`;
  const where = position === 0 ? 'before step 1' : `after step ${position}`;
  const states = Object.entries(now).map(([region, state]) => `${region} ${state}`);
  return {
    name: `machine-${instance.id}`,
    title: `${title}: ${what} ${where}`,
    description: `The statechart ${what} ${where} under ${world.profile.spec}: ${states.join(', ')}.`,
    width: width + 2 * MARGIN,
    height: TOP + y + rowHeight + MARGIN,
    shapes: [
      { kind: 'text', x: MARGIN, y: 22, text: title, sans: true, size: 14, bold: true },
      {
        kind: 'text',
        x: MARGIN,
        y: 38,
        text: `${what}, ${where}, ${world.profile.spec}`,
        fill: 'soft',
        size: 11,
      },
      groupAt(MARGIN, TOP, shapes),
    ],
  };
}

const middle = (box: Box): number => box.x + box.width / 2;

/** With its caption and its footnotes. */
const frameHeight = ({ notes }: ChartRegion, { height }: RegionLayout): number =>
  CAPTION + height + notes.length * chartType.lineHeight + (notes.length > 0 ? 8 : 0);

function frameShapes(region: ChartRegion, layout: RegionLayout, lit: Lit): Shape[] {
  const arrows = region.arrows
    .map((arrow) => ({ arrow, look: lookOf(lit, arrow), ...(layout.arrows[arrow.id] ?? { points: [] }) }))
    .sort((a, b) => Number(a.look !== 'idle') - Number(b.look !== 'idle'))
    .flatMap(({ arrow, look, points, label }): Shape[] => {
      const line: Shape = {
        kind: 'path',
        d: arrowPath(points),
        stroke: look === 'taken' ? 'now' : look === 'refused' ? 'ink' : 'frame',
        strokeWidth: look === 'taken' ? 3 : look === 'refused' ? 1.5 : 1,
        ...(look === 'refused' ? { dash: '4 3' } : {}),
      };
      const head: Shape = {
        kind: 'path',
        d: headPath(points),
        fill: look === 'taken' ? 'now' : look === 'refused' ? 'ink' : 'frame',
      };
      const words = label
        ? arrow.lines.map((one, i): Shape => {
            const failed = isAmong(lit.refused.get(arrow.id), one);
            const chosen =
              isAmong(lit.taken.get(arrow.id), one) || (look === 'taken' && arrow.lines.length === 1);
            return {
              kind: 'text',
              x: label.x + 2,
              y: label.y + chartType.line + i * chartType.lineHeight,
              text: `${failed ? '✗ ' : ''}${lineText(one)}`,
              size: chartType.line,
              bold: chosen,
              fill: failed || look === 'taken' ? 'ink' : 'soft',
            };
          })
        : [];
      return [line, head, ...words];
    });
  const nowBox = lit.now === undefined ? undefined : layout.states[lit.now];
  const loop = lit.stayed && nowBox ? loopPath(nowBox) : undefined;
  const states = Object.entries(layout.states).flatMap(([name, box]): Shape[] => {
    const many = manySources(name.split('>')[0] ?? '');
    const { x, y, width, height } = box;
    if (many)
      return [
        { kind: 'rect', x, y, width, height, fill: 'paper', stroke: 'frame', dash: '2 2' },
        ...(many.length === 0 ? ['any'] : many).map((source, i): Shape => ({
          kind: 'text',
          x: middle(box),
          y: y + 14 + i * chartType.lineHeight,
          text: source,
          anchor: 'middle',
          size: chartType.line,
          fill: 'soft',
        })),
      ];
    const isNow = name === lit.now;
    return [
      {
        kind: 'rect',
        x,
        y,
        width,
        height,
        fill: isNow ? 'ink' : 'paper',
        stroke: name === lit.before ? 'now' : 'ink',
        strokeWidth: 1.2,
        ...(name === lit.before ? { dash: '3 2' } : {}),
      },
      ...(name === region.initial
        ? [{ kind: 'circle', x, y, r: 4, fill: 'ink', stroke: 'paper', strokeWidth: 1.5 } as const]
        : []),
      {
        kind: 'text',
        x: middle(box),
        y: y + 22,
        text: name,
        anchor: 'middle',
        bold: isNow,
        fill: isNow ? 'paper' : 'ink',
      },
    ];
  });
  return [
    { kind: 'rect', x: 0, y: 0, width: layout.width, height: frameHeight(region, layout), stroke: 'hair' },
    { kind: 'text', x: 8, y: 17, text: region.name, sans: true, bold: true },
    { kind: 'text', x: 16 + region.name.length * 8, y: 17, text: lit.now ?? '–', fill: 'soft' },
    groupAt(0, CAPTION, [
      ...arrows,
      ...(loop
        ? [
            { kind: 'path', d: loop.line, stroke: 'now', strokeWidth: 3 } as const,
            { kind: 'path', d: loop.head, fill: 'now' } as const,
          ]
        : []),
      ...states,
      ...region.notes.map((guard, i): Shape => ({
        kind: 'text',
        x: 10,
        y: layout.height + (i + 1) * chartType.lineHeight,
        text: `[${i + 1}] ${guard}`,
        size: chartType.line,
        fill: 'soft',
      })),
    ]),
  ];
}
