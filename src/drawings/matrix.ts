/** How the edge matrix is drawn: what each cell shows, and how much room its slanted headings take. Pure data. */
import { outcomeSigns, type Outcome } from '../explorer/matrix/outcomes';

/** One profile's part of a cell. */
export interface CellPart {
  readonly profile: string;
  readonly outcome: Outcome;
  /** Answer and resulting state as one text: two profiles with the same outcome may still differ in it. */
  readonly details: string;
}

/** Profiles with the same result in a cell. */
export interface CellGroup {
  readonly outcome: Outcome;
  readonly sign: string;
  /** Letters of the profiles: A, B, ... */
  readonly letters: string;
}

/** What a cell shows. */
export type CellLook =
  /** Not computed yet. */
  | { readonly kind: 'waiting' }
  /** All profiles alike; `nuance` when their details differ all the same. */
  | { readonly kind: 'whole'; readonly groups: readonly [CellGroup]; readonly nuance: boolean }
  /** Two outcomes: the upper right corner is that of A. */
  | { readonly kind: 'split'; readonly groups: readonly [CellGroup, CellGroup] }
  /** More outcomes than a diagonal can separate. */
  | { readonly kind: 'many'; readonly groups: readonly [CellGroup, ...CellGroup[]] };

/** The letter of a profile: the first is A. */
export const profileLetter = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index);

/** @param parts one for each profile, in order; missing ones are not computed yet */
export function cellLook(parts: readonly (CellPart | undefined)[]): CellLook {
  const groups = new Map<Outcome, string>();
  for (const [index, part] of parts.entries()) {
    if (!part) return { kind: 'waiting' };
    groups.set(part.outcome, (groups.get(part.outcome) ?? '') + profileLetter(index));
  }
  const all = [...groups].map(([outcome, letters]): CellGroup => ({
    outcome,
    letters,
    sign: outcomeSigns[outcome].sign,
  }));
  const [first, second, ...others] = all;
  if (!first) return { kind: 'waiting' };
  if (!second) {
    const nuance = parts.some((part) => part?.details !== parts[0]?.details);
    return { kind: 'whole', groups: [first], nuance };
  }
  return others.length === 0
    ? { kind: 'split', groups: [first, second] }
    : { kind: 'many', groups: [first, second, ...others] };
}

/** Whether profiles part in a cell: in its outcome, or only in what the guest gets and what is left behind. */
export const differs = (look: CellLook): boolean =>
  look.kind === 'split' || look.kind === 'many' || (look.kind === 'whole' && look.nuance);

/** Of a matrix the rows and columns in which some cell differs, in order, and how many cells do. */
export interface DifferingPart {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly outcomes: number;
  /** Cells with one outcome and different details. */
  readonly details: number;
}

export function differingPart(looks: readonly (readonly CellLook[])[]): DifferingPart {
  const cells = looks.flatMap((row, at) =>
    row.flatMap((look, column) => (differs(look) ? [{ row: at, column, look }] : [])),
  );
  const inOrder = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
  const details = cells.filter(({ look }) => look.kind === 'whole').length;
  return {
    rows: inOrder(cells.map(({ row }) => row)),
    columns: inOrder(cells.map(({ column }) => column)),
    outcomes: cells.length - details,
    details,
  };
}

/** A cell as a screen reader hears it. */
export function cellSentence(
  place: { readonly state: string; readonly event: string },
  look: CellLook,
): string {
  const where = `${place.event}, ${place.state}`;
  if (look.kind === 'waiting') return `${where}: being computed`;
  const whole = look.groups.length === 1;
  const groups = look.groups.map(({ outcome, letters }) =>
    whole ? outcomeSigns[outcome].says : `${[...letters].join(', ')} ${outcomeSigns[outcome].says}`,
  );
  const rest = look.kind === 'whole' && look.nuance ? ', details differ' : '';
  const count = look.kind === 'many' ? `${groups.length} outcomes: ` : '';
  return `${where}: ${count}${groups.join('; ')}${rest}`;
}

/** Measures of the grid in pixels. Cells are no smaller than a target must be. */
export const matrixMeasures = { cell: 26, row: 30, slant: 52 } as const;
/** Width of one character of a heading. */
const CHARACTER = 6.7;

/** Room for headings that rise at the slant: their height, and how far the last one reaches beyond its column. */
export function headingRoom(titles: readonly string[]): {
  readonly height: number;
  readonly overhang: number;
} {
  const angle = (matrixMeasures.slant * Math.PI) / 180;
  const rise = (title: string): number => title.length * CHARACTER * Math.sin(angle) + 16;
  const reach = (title: string, index: number): number =>
    title.length * CHARACTER * Math.cos(angle) - (titles.length - 1 - index) * matrixMeasures.cell;
  return {
    height: Math.ceil(Math.max(0, ...titles.map(rise))),
    overhang: Math.ceil(Math.max(0, ...titles.map(reach))),
  };
}
