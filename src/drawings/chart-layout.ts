/** Where the parts of a statechart stand: computed once, when the page is built, and shipped as numbers. */
export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}
export interface ArrowLayout {
  readonly points: readonly Point[];
  /** Where the lines beside the arrow stand; missing when it has none. */
  readonly label?: Box;
}
export interface RegionLayout {
  readonly width: number;
  readonly height: number;
  readonly states: Readonly<Record<string, Box>>;
  readonly arrows: Readonly<Record<string, ArrowLayout>>;
}
/** By chart, then by region. */
export type ChartLayouts = Readonly<Record<string, Readonly<Record<string, RegionLayout>>>>;

/** Type sizes that layout and drawing share, in CSS pixels. */
export const chartType = { state: 12, line: 11, lineHeight: 14, characterWidth: 6.7 } as const;
