/** A pinned name on the rail: a tick where its value becomes another, and the value where there is room for it. */
import { railX, type RailWindow } from './rail';

/** A value from a place on. */
export interface TrackValue {
  readonly position: number;
  readonly text: string;
}

export interface TrackMark {
  readonly x: number;
  /** Place that a click goes to. */
  readonly position: number;
  /** The value from there on; empty where the next mark is too near. */
  readonly label: string;
  /** Values that begin here: more than one where they would be drawn over each other. */
  readonly count: number;
}

/** Pixels of a character of a label, and around it. */
const CHARACTER = 6.7;
const LABEL_GAP = 8;
const LEAST_GAP = 4;

/** @param width pixels of the rail */
export function layoutTrack(
  values: readonly TrackValue[],
  shown: RailWindow,
  width: number,
): readonly TrackMark[] {
  const marks: { x: number; position: number; text: string; count: number }[] = [];
  // The value at the left end began before it.
  const first = values.findLastIndex(({ position }) => position <= shown.from);
  for (const { position, text } of values.slice(Math.max(0, first))) {
    if (position > shown.to) break;
    const x = railX(shown, width, position);
    const last = marks.at(-1);
    if (last && x - last.x < LEAST_GAP) {
      last.text = text;
      last.count++;
    } else marks.push({ x, position, text, count: 1 });
  }
  return marks.map(({ x, position, text, count }, index) => {
    const room = (marks[index + 1]?.x ?? width) - x - LABEL_GAP;
    return { x, position, count, label: labelIn(text, room) };
  });
}

/** As much of a text as there is room for; nothing when that would say nothing. */
function labelIn(text: string, room: number): string {
  const characters = Math.floor(room / CHARACTER);
  if (text.length <= characters) return text;
  return characters < 3 ? '' : `${text.slice(0, characters - 1)}…`;
}

/** The value at a place. */
export function valueAtPlace(values: readonly TrackValue[], place: number): string {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle]?.position ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return values[low - 1]?.text ?? '';
}
