/** Where the states of a small search stand: by the number of acts that lead there, and by what their statecharts say. */

export interface GraphNode {
  readonly cluster: number;
  readonly depth: number;
}

export interface Placed {
  readonly x: number;
  readonly y: number;
}

export interface StateGraph {
  readonly places: readonly Placed[];
  /** The band of each cluster: its first line, and its height. */
  readonly bands: readonly { readonly y: number; readonly height: number }[];
  readonly width: number;
  readonly height: number;
}

/** Distance between neighbours. */
export const STEP = { x: 56, y: 16 } as const;
/** Room for the names of clusters, above each band. */
const NAME = 18;
const MARGIN = 14;
/** Room for the longest names of two vCPUs. */
const LEAST_WIDTH = 460;

/** Columns are depths, bands are clusters; within a band the states of one depth stand below each other. */
export function stateGraph(nodes: readonly GraphNode[], clusters: number): StateGraph {
  const lines = new Map<string, number>();
  const inBand = nodes.map(({ cluster, depth }) => {
    const key = `${cluster} ${depth}`;
    const line = lines.get(key) ?? 0;
    lines.set(key, line + 1);
    return line;
  });
  const heights = Array.from({ length: clusters }, () => 0);
  nodes.forEach(({ cluster }, at) => {
    heights[cluster] = Math.max(heights[cluster] ?? 0, (inBand[at] ?? 0) + 1);
  });
  let next = MARGIN;
  const bands = heights.map((count) => {
    const band = { y: next, height: NAME + count * STEP.y };
    next += band.height + 6;
    return band;
  });
  const places = nodes.map(({ cluster, depth }, at) => ({
    x: MARGIN + 8 + depth * STEP.x,
    y: (bands[cluster]?.y ?? 0) + NAME + (inBand[at] ?? 0) * STEP.y + STEP.y / 2,
  }));
  const deepest = nodes.reduce((most, { depth }) => Math.max(most, depth), 0);
  return {
    places,
    bands,
    width: Math.max(LEAST_WIDTH, 2 * MARGIN + 16 + deepest * STEP.x),
    height: next + MARGIN,
  };
}
