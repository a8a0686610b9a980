/** The states that a search stored, for a drawing: counts by machine state, and the graph of the first states. */
import type { Act } from '../../engine/acts';
import { vcpuGroup } from '../../engine/state/vcpu';
import { HITS, TAKEN } from './expanding';
import type { Pass, PassParts } from './pass';

/** Everything that a search stored, for a drawing. */
export interface StateMap {
  /** What the statecharts of the vCPUs say, and how many states say so; in the order in which they were met. */
  readonly clusters: readonly { readonly name: string; readonly states: number; readonly depth: number }[];
  /** The first states; all of them when there are no more. */
  readonly nodes: readonly {
    readonly cluster: number;
    readonly depth: number;
    readonly way: readonly Act[];
  }[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly act: Act }[];
}

/** @param maxNodes states that are nodes; all are counted */
export function stateMap(parts: PassParts, pass: Pass, maxNodes: number): StateMap {
  const { table } = pass;
  const clusters = new Map<string, { number: number; states: number; depth: number }>();
  const nodes: StateMap['nodes'][number][] = [];
  const edges: StateMap['edges'][number][] = [];
  const depths = new Int32Array(table.size);
  const words = new Int32Array(parts.live.words);
  for (let state = 0; state < table.size; state++) {
    const depth = state === 0 ? 0 : (depths[table.parentOf(state)] as number) + 1;
    depths[state] = depth;
    table.load(state, words);
    const name = machineState(parts, words);
    const cluster = clusters.get(name) ?? { number: clusters.size, states: 0, depth };
    clusters.set(name, cluster);
    cluster.states++;
    if (state >= maxNodes) continue;
    nodes.push({ cluster: cluster.number, depth, way: pass.wayTo(state) });
    edges.push(...edgesOf(parts, pass, state, words).filter(({ to }) => to < maxNodes));
  }
  return {
    clusters: [...clusters].map(([name, { states, depth }]) => ({ name, states, depth })),
    nodes,
    edges,
  };
}

function machineState({ live, taker }: PassParts, words: Int32Array): string {
  return Array.from({ length: taker.vcpus }, (_, vcpu) => {
    const [mpState, run] = (['mpState', 'run'] as const).map((variable) => {
      const { kind } = vcpuGroup.variables[variable];
      return kind[live.valueIn(taker.cellOf(vcpu, variable), words)] ?? '';
    });
    return `v${vcpu} ${mpState ?? ''} ${run ?? ''}`;
  }).join(', ');
}

/** Where the acts that are known lead from a state. */
function edgesOf(
  { scope, memo, dead, symmetry }: PassParts,
  { table }: Pass,
  state: number,
  words: Int32Array,
): StateMap['edges'] {
  return scope.acts.flatMap(({ act }, number) => {
    const leaf = memo.leafOf(number, words);
    const kind = leaf < 0 ? undefined : memo.kinds[leaf];
    if (kind !== TAKEN && kind !== HITS) return [];
    memo.apply(leaf, words, table.probe);
    dead.mask(table.probe);
    if (symmetry.isOn) symmetry.canonical(table.probe);
    const to = table.find();
    return to < 0 || to === state ? [] : [{ from: state, to, act }];
  });
}
