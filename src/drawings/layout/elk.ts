/** Asks the Eclipse Layout Kernel where a chart's parts stand. Runs when the page is built, never in a browser. */
import type { ELK, ElkEdgeSection, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api';
import { assert } from '../../base/assert';
import { lineText, manySources, type ChartModel, type ChartRegion } from '../chart-model';
import { chartType, type ArrowLayout, type Box, type Point, type RegionLayout } from '../chart-layout';

const MARGIN = 14;
/** A frame wider than this is turned to flow downwards when that is narrower. */
const COMFORTABLE_WIDTH = 820;

const { state: stateSize, lineHeight, characterWidth } = chartType;
const stateWidth = (name: string): number =>
  Math.max(64, Math.ceil(name.length * characterWidth * (stateSize / chartType.line)) + 22);

const STATE_HEIGHT = 34;
/** The node at which an arrow from many states starts: "any", or their names one below the other. */
const entrySize = (names: readonly string[]): { width: number; height: number } => ({
  width: Math.max(34, ...names.map((name) => Math.ceil(name.length * characterWidth) + 14)),
  height: Math.max(names.length, 1) * lineHeight + 6,
});

const options = (direction: 'RIGHT' | 'DOWN'): Record<string, string> => ({
  'elk.algorithm': 'layered',
  'elk.direction': direction,
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelNode': '6',
  'elk.edgeLabels.inline': 'false',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.layered.edgeLabels.sideSelection': 'SMART_DOWN',
  'elk.layered.compaction.postCompaction.strategy': 'EDGE_LENGTH',
  'elk.padding': `[top=${MARGIN + 6},left=${MARGIN},bottom=${MARGIN},right=${MARGIN}]`,
});

interface Variant {
  readonly direction: 'RIGHT' | 'DOWN';
  /** The initial state stands in the first layer. */
  readonly initialFirst: boolean;
}
const variants: readonly Variant[] = [
  { direction: 'DOWN', initialFirst: true },
  { direction: 'RIGHT', initialFirst: true },
  { direction: 'DOWN', initialFirst: false },
  { direction: 'RIGHT', initialFirst: false },
];
/** What a chart that begins at its initial state may cost more. */
const INITIAL_FIRST_BONUS = 0.6;

function graphOf(region: ChartRegion, { direction, initialFirst }: Variant): ElkNode {
  const entries = region.arrows.flatMap(({ id, source }): ElkNode[] => {
    const names = manySources(source);
    return names ? [{ id, ...entrySize(names) }] : [];
  });
  const states = region.states.map((name): ElkNode => ({
    id: name,
    width: stateWidth(name),
    height: STATE_HEIGHT,
    ...(initialFirst && name === region.initial
      ? { layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' } }
      : {}),
  }));
  return {
    id: region.name,
    layoutOptions: options(direction),
    children: [...entries, ...states],
    edges: region.arrows.map(({ id, source, target, lines }): ElkExtendedEdge => {
      const width = Math.max(...lines.map((line) => lineText(line).length)) * characterWidth;
      return {
        id,
        sources: [manySources(source) ? id : source],
        targets: [target],
        labels: [{ text: id, width: Math.ceil(width) + 4, height: lines.length * lineHeight }],
      };
    }),
  };
}

const round = (value: number | undefined): number => Math.round((value ?? 0) * 10) / 10;
const boxOf = ({ x, y, width, height }: Partial<Box>): Box => ({
  x: round(x),
  y: round(y),
  width: round(width),
  height: round(height),
});

function pointsOf(sections: readonly ElkEdgeSection[]): Point[] {
  return sections
    .flatMap(({ startPoint, bendPoints, endPoint }) => [startPoint, ...(bendPoints ?? []), endPoint])
    .map(({ x, y }) => ({ x: round(x), y: round(y) }));
}

function readLayout(graph: ElkNode): RegionLayout {
  const arrows = (graph.edges ?? []).map((edge): [string, ArrowLayout] => {
    const [label] = edge.labels ?? [];
    return [edge.id, { points: pointsOf(edge.sections ?? []), ...(label ? { label: boxOf(label) } : {}) }];
  });
  return {
    width: Math.ceil(graph.width ?? 0),
    height: Math.ceil(graph.height ?? 0),
    states: Object.fromEntries((graph.children ?? []).map((node) => [node.id, boxOf(node)])),
    arrows: Object.fromEntries(arrows),
  };
}

/** How badly a layout fits a page: its area, and more when it is too wide. */
const cost = ({ width, height }: RegionLayout, { initialFirst }: Variant): number =>
  width * height * Math.max(1, width / COMFORTABLE_WIDTH) ** 4 * (initialFirst ? INITIAL_FIRST_BONUS : 1);

/** Lays one region out in every way and keeps the one that fits a page best. */
async function layoutRegion(elk: ELK, region: ChartRegion): Promise<RegionLayout> {
  let best: { layout: RegionLayout; cost: number } | undefined;
  for (const variant of variants) {
    const layout = readLayout(await elk.layout(graphOf(region, variant)));
    const price = cost(layout, variant);
    if (!best || price < best.cost) best = { layout, cost: price };
  }
  assert(best, `${region.name} has no layout`);
  return best.layout;
}

export async function layoutChart(elk: ELK, model: ChartModel): Promise<Record<string, RegionLayout>> {
  const laid: Record<string, RegionLayout> = {};
  for (const region of model.regions) laid[region.name] = await layoutRegion(elk, region);
  return laid;
}
