/** No file imports itself by way of others, type-only imports included. */
import { describe, expect, test } from 'vitest';
import { importGraph } from './testing/imports';

type Graph = ReadonlyMap<string, readonly string[]>;

/** The first cycle met in a walk along the imports, its first file named again at the end; nothing when there is none. */
function firstCycle(graph: Graph): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const onPath = new Set<string>();
  const walk = (file: string): readonly string[] | undefined => {
    if (onPath.has(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    onPath.add(file);
    for (const next of graph.get(file) ?? []) {
      const cycle = walk(next);
      if (cycle) return cycle;
    }
    path.pop();
    onPath.delete(file);
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = walk(file);
    if (cycle) return cycle;
  }
  return undefined;
}

test('no file of the source stands in a cycle of imports', () => {
  expect(firstCycle(importGraph())?.join('\n  -> ')).toBeUndefined();
});

describe('the check itself', () => {
  const graphOf = (texts: Record<string, string>): Graph =>
    importGraph(Object.keys(texts), (file) => texts[file] ?? '');

  test('a type-only import closes a cycle', () => {
    const graph = graphOf({
      'engine/world.ts': "import type { Name } from './invariants'",
      'engine/invariants.ts': "import { check } from './checks/pages'",
      'engine/checks/pages.ts': "export type { World } from '../world'",
    });
    expect(firstCycle(graph)).toEqual([
      'engine/world.ts',
      'engine/invariants.ts',
      'engine/checks/pages.ts',
      'engine/world.ts',
    ]);
  });

  test('two ways to one file are no cycle', () => {
    const graph = graphOf({
      'app/a.ts': "import './b.svelte'; import './c'",
      'app/b.svelte': "<script>import { c } from './c'</script>",
      'app/c.ts': '',
    });
    expect(firstCycle(graph)).toBeUndefined();
  });
});
