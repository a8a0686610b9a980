/** The classes of many frames at once are those of each frame alone, whatever a run did to its pages and slots. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { profileIds } from '../profiles/profiles';
import { profile } from '../profiles/resolve';
import { memoryTape } from './memory-tape';
import { runScenario } from './run';
import { actLine, type Line } from './scenario';
import { runs } from '../testing/effort';
import { anyAct } from '../testing/scenarios/any-act';
import { rmpBits } from '../engine/memory/page-bits';
import {
  backedRuns,
  backingOf,
  bandRuns,
  largePages,
  packedBands,
  pageBands,
  pageWords,
  unpackBands,
  type Backing,
} from '../engine/page-class';
import type { World } from '../engine/world';

const vm: Line = { kind: 'vm', settings: { memory: 4 << 20 }, written: [{ name: 'memory', text: '4M' }] };

/** Worlds after some acts; those of several slots, with gaps, in place and without private memory among them. */
const anyWorld = fc
  .record({
    acts: fc.array(anyAct, { maxLength: 8 }),
    id: fc.constantFrom(...profileIds),
    isLaunched: fc.boolean(),
    slots: fc.array(
      fc.record({
        gfn: fc.nat(0x3ff),
        n: fc.integer({ min: 1, max: 0x180 }),
        backing: fc.constantFrom('guest-memfd', 'none'),
        large: fc.boolean(),
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ acts, id, isLaunched, slots }) => {
    const made = slots.map(({ gfn, n, backing, large }) => {
      const args = { gfn, n, backing, 'large-pages': large };
      return actLine({ actor: 'vmm', verb: 'memslot', args } as never);
    });
    const start = actLine({ actor: 'vmm', verb: 'create-vm', args: {} } as never);
    const lines = [
      vm,
      ...(isLaunched ? [{ kind: 'launch' } as const] : [start, ...made]),
      ...acts.map(actLine),
    ];
    return { lines, id };
  });

const worldOf = ({ lines, id }: { lines: readonly Line[]; id: (typeof profileIds)[number] }): World =>
  runScenario({ lines }, profile(id), memoryTape, { maxSteps: 200 }).timeline.world;

/** The slot that holds a frame, looked for frame by frame. */
function backingAlone(world: World, gfn: number): Backing {
  const slot = world.slots.find(
    ({ used, firstGfn, pages }) => used && gfn >= firstGfn && gfn < firstGfn + pages,
  );
  if (!slot) return { slot: false, pfn: -1 };
  if (slot.backing !== 'guestMemfd' && slot.backing !== 'userPages') return { slot: true, pfn: -1 };
  const pfn = slot.firstGmemPage + gfn - slot.firstGfn;
  return { slot: true, pfn, ...(slot.backing === 'userPages' ? { inPlace: true } : {}) };
}

/** Windows of the frames of a world, over its end as well. */
const anyWindow = fc.record({ first: fc.nat(0x3ff), count: fc.integer({ min: 1, max: 0x500 }) });

test('a window is cut into runs that follow one another, each of one class, next to others', () => {
  fc.assert(
    fc.property(anyWorld, anyWindow, (made, { first, count }) => {
      const world = worldOf(made);
      const end = Math.min(first + count, world.config.gfnCount);
      const { asid } = world.vm;
      let at = first;
      let before: number | undefined;
      for (const run of bandRuns(world, first, count)) {
        expect(run.first).toBe(at);
        expect(run.bands).not.toBe(before);
        for (; at < run.first + run.count; at++) {
          const backing = backingAlone(world, at);
          expect(backingOf(world, at)).toMatchObject(backing);
          expect(run.bands, `gfn ${at}`).toBe(packedBands(pageWords(world, at, backing), backing, asid));
          expect(pageBands(world, at)).toEqual(unpackBands(run.bands));
        }
        before = run.bands;
      }
      expect(at).toBe(end);
    }),
    { numRuns: runs(25) },
  );
});

test('slots cut a window into runs of one backing, and every frame of a 2 MiB entry is in one large page', () => {
  fc.assert(
    fc.property(
      anyWorld,
      anyWindow,
      fc.array(fc.nat(0x3ff), { maxLength: 3 }),
      (made, { first, count }, large) => {
        const world = worldOf(made);
        const { rmp } = world.pages;
        for (const page of large)
          rmp.set(page & ~511, rmp.get(page & ~511) | rmpBits.assigned | rmpBits.twoMeg);
        const end = Math.min(first + count, world.config.gfnCount);
        const window = backedRuns(world, first, end - first);
        let at = first;
        for (const run of window) {
          expect(run.first).toBe(at);
          for (; at < run.first + run.count; at++) {
            const { pfn, ...rest } = backingAlone(world, at);
            expect(run).toMatchObject(rest);
            expect(run.pfn < 0 ? -1 : run.pfn + at - run.first).toBe(pfn);
          }
        }
        expect(at).toBe(end);
        const covered = new Set<number>();
        for (const { first: from, count: length } of largePages(world, first, count))
          for (let gfn = from; gfn < from + length; gfn++) covered.add(gfn);
        for (let gfn = first; gfn < end; gfn++) {
          const { pfn } = backingAlone(world, gfn);
          const entry = pfn < 0 ? 0 : rmp.get(pfn & ~511);
          const isLarge = (entry & rmpBits.assigned) !== 0 && (entry & rmpBits.twoMeg) !== 0;
          expect(covered.has(gfn), `gfn ${gfn}`).toBe(isLarge);
        }
      },
    ),
    { numRuns: runs(25) },
  );
});
