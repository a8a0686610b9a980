/** Which field owns which byte, and the tint it wears: what the byte grid and the field table share. */
import { holds, placeOf, type Place } from '../../abi/edit';
import type { FieldRow } from '../../abi/layout';

export interface Placed {
  readonly row: FieldRow;
  readonly place: Place;
  /** 0 for what is reserved, else 1 to 4. */
  readonly tint: number;
}

/** The rows with their places; parts of a word inside a structure keep the tint of their word. */
export function placed(kind: string, rows: readonly FieldRow[], length: number): Placed[] {
  let number = -1;
  let previous = '';
  return rows.map((row) => {
    const whole = row.offset === undefined ? row.name : `${row.offset}/${row.size ?? 0}`;
    if (whole !== previous) number++;
    previous = whole;
    const isReserved = /^(reserved|Reserved)/.test(row.name) || row.doc === 'Reserved';
    return { row, place: placeOf(kind, row, length), tint: isReserved ? 0 : (number % 4) + 1 };
  });
}

/** For every byte the rows that lie in it, in their order: a whole word before its parts. */
export function ownersOf(fields: readonly Placed[], length: number): (readonly Placed[])[] {
  const owners = Array.from({ length }, (): Placed[] => []);
  for (const field of fields) {
    const { at, size } = field.place;
    for (let byte = at; byte < Math.min(at + size, length); byte++)
      if (holds(field.place, byte)) owners[byte]?.push(field);
  }
  return owners;
}

/** Rows worth showing of a long structure: those that hold or report something. */
export const isTelling = ({ row }: Placed): boolean => row.value !== 0n || row.problem !== undefined;
