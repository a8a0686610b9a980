import { expect, test } from 'vitest';
import { profile } from '../../profiles/resolve';
import { parseScenario } from '../../scenarios/parse';
import { IdleReads } from './idle-reads';
import { LiveCells } from './live-cells';
import { rootWorld } from './root';
import { Trace } from './trace';
import { TracedWorld } from './traced-world';

/** A world in which parts are looked at, and what an act that is the given work reads and needs. */
function observed() {
  const parsed = parseScenario('ghcb-scenario 1\nvm vcpus=1\nend ghcb-scenario\n');
  if (!parsed.ok) throw new Error('no scenario');
  const root = rootWorld(parsed.scenario, profile('linux-7.2'), new Set());
  if (!root.ok) throw new Error(root.error.message);
  const world = root.value;
  const trace = new Trace();
  const traced = new TracedWorld(world, 0, trace);
  trace.grow(traced.end);
  const cells = {
    trace,
    get: (cell: number) => traced.get(cell),
    set: (cell: number, value: number) => traced.set(cell, value),
  };
  const live = new LiveCells(traced.end, (cell) => trace.before(cell, traced.get(cell)), false);
  const idle = new IdleReads(cells, live);
  world.apart = (name, work) => idle.do(world, name, work);
  const vcpu = world.vcpu(0);
  const names = (list: Iterable<number>): string[] => [...list].map((cell) => traced.name(cell)).sort();
  const act = (work: () => void): { reads: string[]; idle: string[]; needed: string[] } => {
    trace.begin();
    work();
    trace.end();
    const { reads, needed } = trace;
    const found = {
      reads: names(reads.cells.slice(0, reads.length)),
      idle: names(new Set(trace.idle.flat())),
      needed: names(needed),
    };
    world.undo(0);
    live.need(needed);
    return found;
  };
  const cellOf = (name: 'runErrno' | 'cpl' | 'pscEnd'): number => vcpu.base + vcpu.group.offsetOf(name);
  return { world, vcpu, live, idle, act, cellOf };
}

test('a part that makes nothing of what it reads for others does not read it', () => {
  const { world, vcpu, live, act, cellOf } = observed();
  live.noteValue(cellOf('runErrno'), 7);
  const look = (): void => world.apart('look', () => void (vcpu.cpl = vcpu.runErrno + 1));
  expect(act(look)).toEqual({ reads: [], idle: ['v0.cpl', 'v0.runErrno'], needed: [] });
  expect(live.valuesOf(cellOf('cpl'))).toEqual([0, 1, 8]);
});

test('what depends on idle cells is needed as soon as the rest of an act reads it, and so are they', () => {
  const { world, vcpu, live, idle, act, cellOf } = observed();
  live.noteValue(cellOf('runErrno'), 7);
  const work = (): void => {
    world.apart('look', () => void (vcpu.cpl = vcpu.runErrno + 1));
    if (vcpu.cpl > 5) vcpu.pscEnd = 1;
  };
  expect(act(work).needed).toEqual(['v0.cpl']);
  idle.forget();
  expect(act(work).needed).toContain('v0.runErrno');
  idle.forget();
  expect(act(work)).toEqual({ reads: ['v0.runErrno'], idle: [], needed: [] });
});

test('what a part returns is known to the rest, so that what makes it differ is needed', () => {
  const { world, vcpu, live, act, cellOf } = observed();
  live.noteValue(cellOf('runErrno'), 7);
  expect(act(() => void world.apart('same', () => vcpu.runErrno * 0)).needed).toEqual([]);
  expect(act(() => void world.apart('other', () => vcpu.runErrno > 3)).needed).toEqual(['v0.runErrno']);
});

test('two idle cells that matter only together are found', () => {
  const { world, vcpu, live, act, cellOf } = observed();
  live.noteValue(cellOf('runErrno'), 7);
  live.noteValue(cellOf('cpl'), 3);
  const both = (): void => void world.apart('both', () => vcpu.runErrno === 7 && vcpu.cpl === 3);
  expect(act(both).needed).toHaveLength(1);
});

test('what a part leaves the same whatever was there is written, and not read', () => {
  const { world, vcpu, live, act, cellOf } = observed();
  live.noteValue(cellOf('cpl'), 3);
  live.noteReads([cellOf('cpl')]);
  const clear = (): void => {
    world.apart('clear', () => {
      if (vcpu.cpl !== 0) vcpu.cpl = 0;
    });
    if (vcpu.cpl === 0) vcpu.pscEnd = 1;
  };
  expect(act(clear)).toEqual({ reads: [], idle: ['v0.cpl'], needed: [] });
});
