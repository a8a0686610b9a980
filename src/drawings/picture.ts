/** A drawing as data: what a view draws on the page, for a file of its own. Colours are names of the page's tokens. */

/** A colour token without its dashes: `ink`, `page-valid`. */
export type Paint = string;

interface Painted {
  readonly fill?: Paint;
  readonly stroke?: Paint;
  readonly strokeWidth?: number;
  /** Lengths of strokes and gaps: `4 3`. */
  readonly dash?: string;
  readonly opacity?: number;
}

export type Shape =
  | (Painted & {
      readonly kind: 'rect';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      /** Lines over the fill. */
      readonly hatch?: { readonly kind: 'diagonal' | 'cross'; readonly paint: Paint };
    })
  | (Painted & {
      readonly kind: 'line';
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
    })
  | (Painted & { readonly kind: 'path'; readonly d: string })
  | (Painted & { readonly kind: 'circle'; readonly x: number; readonly y: number; readonly r: number })
  | {
      readonly kind: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly fill?: Paint;
      /** Pixels; 12 where nothing is said. */
      readonly size?: number;
      readonly bold?: boolean;
      readonly anchor?: 'start' | 'middle' | 'end';
      /** A stroke behind the letters, which parts them from lines. */
      readonly halo?: Paint;
      /** Prose has the other face. */
      readonly sans?: boolean;
      /** Degrees around the point, against the clock. */
      readonly slant?: number;
      readonly underlined?: boolean;
    }
  | { readonly kind: 'group'; readonly x: number; readonly y: number; readonly shapes: readonly Shape[] };

export interface Picture {
  /** A word for the file's name: `ladder`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
}

/** Shapes moved together. */
export const groupAt = (x: number, y: number, shapes: readonly Shape[]): Shape => ({
  kind: 'group',
  x,
  y,
  shapes,
});
