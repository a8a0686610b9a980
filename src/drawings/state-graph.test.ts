import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stateGraph } from './state-graph';

const node = fc.record({ cluster: fc.integer({ min: 0, max: 5 }), depth: fc.integer({ min: 0, max: 9 }) });

test('no two states stand in one place, each stands in the band of its cluster, and the drawing holds all', () => {
  fc.assert(
    fc.property(fc.array(node, { maxLength: 60 }), (nodes) => {
      const { places, bands, width, height } = stateGraph(nodes, 6);
      expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(nodes.length);
      places.forEach(({ x, y }, at) => {
        const band = bands[nodes[at]?.cluster ?? 0];
        expect(y).toBeGreaterThan(band?.y ?? Infinity);
        expect(y).toBeLessThan((band?.y ?? 0) + (band?.height ?? 0));
        expect(x).toBeLessThan(width);
        expect(y).toBeLessThan(height);
      });
    }),
  );
});
