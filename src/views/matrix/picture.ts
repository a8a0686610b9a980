/** The matrix as a picture: what each event does in each state, with the signs of the page. */
import { headingRoom, matrixMeasures, profileLetter, type CellLook } from '../../drawings/matrix';
import { groupAt, type Picture, type Shape } from '../../drawings/picture';
import type { NamedChart } from '../../explorer/matrix/chart';
import { outcomes, outcomeSigns, type Outcome } from '../../explorer/matrix/outcomes';

const MARGIN = 14;
const TOP = 52;
/** Pixels of a character of a state's name. */
const CHARACTER = 6.6;

const paints: Readonly<Partial<Record<Outcome, string>>> = {
  accepted: 'sign-good',
  refused: 'sign-refused',
  bad: 'sign-bad',
  dead: 'sign-dead',
};

const sign = (outcome: Outcome, x: number, y: number, size = 15): Shape => ({
  kind: 'text',
  x,
  y,
  // As a character of text, never as a coloured picture.
  text: `${outcomeSigns[outcome].sign}\ufe0e`,
  anchor: 'middle',
  size,
  fill: paints[outcome] ?? 'soft',
});

export function matrixPicture(
  chart: NamedChart,
  looks: readonly (readonly CellLook[])[],
  profiles: readonly string[],
): Picture {
  const { cell, row: rowHeight, slant } = matrixMeasures;
  const room = headingRoom(chart.events.map(({ title }) => title));
  const left = Math.max(...chart.states.map(({ title }) => title.length)) * CHARACTER + 14;
  const gridWidth = chart.events.length * cell;
  const gridHeight = chart.states.length * rowHeight;
  const names = profiles.map((profile, index) => `${profileLetter(index)} ${profile}`).join(', ');
  const heads = chart.events.map(({ title }, column): Shape => ({
    kind: 'text',
    x: left + column * cell + cell / 2 + 6,
    y: room.height - 6,
    text: title,
    size: 11.5,
    slant,
  }));
  const rows = chart.states.flatMap(({ title }, row): Shape[] => {
    const y = room.height + row * rowHeight;
    return [
      { kind: 'text', x: left - 10, y: y + rowHeight / 2 + 4, text: title, sans: true, anchor: 'end' },
      { kind: 'line', x1: 0, x2: left + gridWidth, y1: y, y2: y, stroke: 'hair' },
      ...chart.events.flatMap((_, column) =>
        cellShapes(looks[row]?.[column] ?? { kind: 'waiting' }, left + column * cell, y),
      ),
    ];
  });
  let x = 0;
  const legend = outcomes.flatMap((outcome): Shape[] => {
    const at = x;
    const { says } = outcomeSigns[outcome];
    x += 34 + says.length * 6;
    return [
      sign(outcome, at + 8, 12, 13),
      { kind: 'text', x: at + 20, y: 12, text: says, sans: true, size: 11, fill: 'soft' },
    ];
  });
  const below = TOP + room.height + gridHeight + 14;
  return {
    name: `matrix-${chart.id}`,
    title: `${chart.title}: what each event does in each state`,
    description: `${chart.says} Row: state; column: event; cell: outcome under ${names}.`,
    width: Math.max(left + gridWidth + room.overhang, x, names.length * 7) + 2 * MARGIN,
    height: below + 30,
    shapes: [
      {
        kind: 'text',
        x: MARGIN,
        y: 22,
        text: `${chart.title}: what each event does in each state`,
        sans: true,
        size: 14,
        bold: true,
      },
      { kind: 'text', x: MARGIN, y: 40, text: names, size: 11, fill: 'soft' },
      groupAt(MARGIN, TOP, [...heads, ...rows]),
      groupAt(MARGIN, below, legend),
    ],
  };
}

function cellShapes(look: CellLook, x: number, y: number): Shape[] {
  const { cell, row } = matrixMeasures;
  const [middle, centre] = [x + cell / 2, y + row / 2 + 5];
  const box: Shape = { kind: 'rect', x, y, width: cell, height: row, stroke: 'hair' };
  switch (look.kind) {
    case 'waiting':
      return [box, { kind: 'text', x: middle, y: centre, text: '…', anchor: 'middle', fill: 'soft' }];
    case 'whole':
      return [
        box,
        sign(look.groups[0].outcome, middle, centre),
        ...(look.nuance
          ? [{ kind: 'path', d: `M${x + cell - 1},${y + row - 7}v6h-6z`, fill: 'soft' } as const]
          : []),
      ];
    case 'split':
      return [
        box,
        { kind: 'line', x1: x, y1: y, x2: x + cell, y2: y + row, stroke: 'frame' },
        sign(look.groups[0].outcome, x + cell - 8, y + 13, 12),
        sign(look.groups[1].outcome, x + 8, y + row - 4, 12),
      ];
    case 'many':
      return [
        box,
        { kind: 'line', x1: x, y1: y, x2: x + cell, y2: y + row, stroke: 'frame' },
        sign(look.groups[0].outcome, x + cell - 8, y + 13, 12),
        {
          kind: 'text',
          x: x + 8,
          y: y + row - 5,
          text: String(look.groups.length),
          anchor: 'middle',
          size: 11,
        },
      ];
  }
}
