import { describe, expect, test } from 'vitest';
import { gfnBits, hostPageBits, RMP_ASID_SHIFT, rmpBits } from '../engine/memory/page-bits';
import { bandRuns, pageClassCode, SEAM_BIT } from '../engine/page-class';
import { World } from '../engine/world';
import { defaultProfile } from '../profiles/resolve';
import { changedFrames, mergeRanges } from './page-changes';
import { pageDetail } from './page-detail';
import {
  bandsAt,
  cellX,
  clipRuns,
  frameTowards,
  gridSize,
  LEAST_CELL,
  planGrid,
  stripItems,
} from './page-grid';
import { bandsText, blocksOf, notchesOf } from './page-look';
import {
  memoryParts,
  OverviewPainter,
  planOverview,
  pixelOf,
  summaryCounts,
  zoomRange,
} from './page-overview';

const packed = (
  guest: keyof typeof pageClassCode,
  rmp: keyof typeof pageClassCode,
  kvm: keyof typeof pageClassCode,
  seam = false,
) => pageClassCode[guest] | (pageClassCode[rmp] << 3) | (pageClassCode[kvm] << 6) | (seam ? SEAM_BIT : 0);

/** A VM with guest_memfd behind all of its frames. */
function worldOf(gfnCount: number): World {
  const world = new World({ vcpus: 1, gfnCount, gmemPages: gfnCount }, defaultProfile());
  world.vm.asid = 1;
  const slot = { used: true, firstGfn: 0, pages: gfnCount, backing: 'guestMemfd', firstGmemPage: 0 };
  Object.assign(world.slots[0] as object, slot);
  return world;
}
function makeValid(world: World, first: number, count: number): void {
  const { guestKnows, guestPrivate, guestValidated, attributePrivate } = gfnBits;
  world.pages.gfn.setRun(first, count, guestKnows | guestPrivate | guestValidated | attributePrivate);
  world.pages.rmp.setRun(first, count, rmpBits.assigned | rmpBits.validated | (1 << RMP_ASID_SHIFT));
  world.pages.hostPage.setRun(first, count, hostPageBits.present);
}

describe('a cell', () => {
  test('bands that agree fuse', () => {
    expect(blocksOf(packed('guestValid', 'guestValid', 'guestValid'))).toEqual([
      { look: 'guestValid', from: 0, to: 3 },
    ]);
    expect(blocksOf(packed('guestValid', 'shared', 'shared', true))).toEqual([
      { look: 'guestValid', from: 0, to: 1 },
      { look: 'shared', from: 1, to: 3 },
    ]);
  });

  test.each([
    ['all agree', packed('vmsa', 'vmsa', 'vmsa'), []],
    ['the guest has no view', packed('none', 'guestValid', 'guestValid'), []],
    ['the guest believes otherwise', packed('guestValid', 'shared', 'shared', true), [1]],
    ['the RMP lags', packed('shared', 'guestValid', 'shared', true), [1, 2]],
  ])('%s: notches', (_, bands, expected) => {
    expect(notchesOf(bands)).toEqual(expected);
  });

  test('reads as words', () => {
    expect(bandsText(packed('guestValid', 'shared', 'shared', true))).toBe(
      'guest: private, validated; RMP, KVM: shared, hypervisor; seam',
    );
  });
});

describe('the grid', () => {
  test.each([
    [1200, 32],
    [860, 16],
    [390, 8],
    [280, 4],
  ])('%d pixels hold %d columns of at least the least width', (width, columns) => {
    const size = gridSize(width, 5);
    expect(size.columns).toBe(columns);
    expect(size.pitch - 3).toBeGreaterThanOrEqual(LEAST_CELL);
    expect(size.gutter + size.columns * size.pitch).toBeLessThanOrEqual(width);
  });

  test('rows that agree fold; the selected page keeps its row', () => {
    const world = worldOf(1024);
    makeValid(world, 0x121, 1);
    const runs = bandRuns(world, 0, 1024);
    const size = gridSize(860, 5);
    const shape = (kept: { first: number; count: number }[]) =>
      planGrid(size, { first: 0, count: 1024 }, runs, kept).rows.map(({ kind, first, count }) => [
        kind,
        first,
        count,
      ]);
    expect(shape([])).toEqual([
      ['fold', 0, 0x120],
      ['cells', 0x120, 16],
      ['fold', 0x130, 1024 - 0x130],
    ]);
    expect(shape([{ first: 0x205, count: 1 }])).toEqual([
      ['fold', 0, 0x120],
      ['cells', 0x120, 16],
      ['fold', 0x130, 0xd0],
      ['cells', 0x200, 16],
      ['fold', 0x210, 1024 - 0x210],
    ]);
  });

  test('two whole rows that agree fold, one does not', () => {
    const rowsOf = (whole: number): string[] => {
      const world = worldOf(1024);
      makeValid(world, 0, 1);
      makeValid(world, 16 * (1 + whole), 1024 - 16 * (1 + whole));
      const shown = planGrid(gridSize(860, 5), { first: 0, count: 1024 }, bandRuns(world, 0, 1024), []);
      return shown.rows.filter(({ first }) => first > 0).map(({ kind, count }) => `${kind} ${count}`);
    };
    expect(rowsOf(1)).toEqual(['cells 16', `fold ${1024 - 32}`]);
    expect(rowsOf(2)).toEqual(['fold 32', `fold ${1024 - 48}`]);
  });

  test('every frame of the window has exactly one row, and rows do not overlap', () => {
    const world = worldOf(1000);
    for (let gfn = 3; gfn < 1000; gfn += 97) makeValid(world, gfn, gfn % 5);
    const window = { first: 0, count: 1000 };
    const plan = planGrid(gridSize(600, 5), window, bandRuns(world, 0, 1000), [{ first: 500, count: 3 }]);
    let next = 0;
    let y = 0;
    for (const row of plan.rows) {
      expect(row.first).toBe(next);
      expect(row.y).toBe(y);
      next += row.count;
      y += row.height;
    }
    expect(next).toBe(1000);
  });

  test('cells stand side by side', () => {
    const size = gridSize(860, 5);
    const row = { first: 0x120, count: 16 };
    expect(cellX(size, row, 0x121) - cellX(size, row, 0x120)).toBe(size.pitch);
  });

  test.each([
    ['ArrowRight', 0x125, 0x126],
    ['ArrowLeft', 0x120, 0x11f],
    ['ArrowDown', 0x125, 0x135],
    ['ArrowUp', 0x125, 0x115],
    ['Home', 0x125, 0x120],
    ['End', 0x125, 0x12f],
  ])('%s from 0x%x leads to the frame beside it, into folds too', (key, from, to) => {
    const world = worldOf(1024);
    const window = { first: 0, count: 1024 };
    const plan = planGrid(gridSize(860, 5), window, bandRuns(world, 0, 1024), [{ first: from, count: 1 }]);
    expect(frameTowards(plan, window, from, key)).toBe(to);
  });

  test('bands are found in runs', () => {
    const world = worldOf(1024);
    makeValid(world, 0x121, 2);
    const runs = clipRuns(bandRuns(world, 0, 1024), { first: 0x100, count: 0x100 });
    expect(runs.map(({ first, count }) => [first, count])).toEqual([
      [0x100, 0x21],
      [0x121, 2],
      [0x123, 0xdd],
    ]);
    expect(bandsAt(runs, 0x122)).toBe(packed('guestValid', 'guestValid', 'guestValid'));
    expect(bandsAt(runs, 0x123)).toBe(packed('none', 'shared', 'shared'));
  });

  test('the strip shrinks long runs and keeps the selected page', () => {
    const bands = packed('none', 'shared', 'shared');
    expect(
      stripItems([{ first: 0, count: 100, bands }], [{ first: 50, count: 1 }]).map(({ first, count }) => [
        first,
        count,
      ]),
    ).toEqual([
      [0, 50],
      [50, 1],
      [51, 49],
    ]);
  });
});

describe('what a step touched', () => {
  test('host pages are found behind their frames', () => {
    const world = worldOf(64);
    Object.assign(world.slots[0] as object, { firstGfn: 16, pages: 32, firstGmemPage: 0 });
    const change = { kind: 'pages', before: 0, after: 1 } as const;
    expect(
      changedFrames(world, [
        { ...change, field: 'rmp', first: 4, count: 2 },
        { ...change, field: 'gfn', first: 22, count: 1 },
        { ...change, field: 'rmp', first: 40, count: 2 },
      ]),
    ).toEqual([{ first: 20, count: 3 }]);
  });

  test('ranges that touch are one', () => {
    expect(
      mergeRanges([
        { first: 8, count: 2 },
        { first: 0, count: 4 },
        { first: 4, count: 1 },
      ]),
    ).toEqual([
      { first: 0, count: 5 },
      { first: 8, count: 2 },
    ]);
  });
});

describe('the overview', () => {
  const palette = Uint32Array.from([0, 1, 2, 3, 4, 5, 6, 7]);

  test('memory that lies apart is two parts, a hole between two pages is none', () => {
    const memory = packed('shared', 'shared', 'shared');
    const nothing = packed('none', 'none', 'none');
    expect(
      memoryParts([
        { first: 0, count: 0x1000, bands: memory },
        { first: 0x1000, count: 0x10, bands: nothing },
        { first: 0x1010, count: 0xff0, bands: memory },
        { first: 0x2000, count: 0xfdfc0, bands: nothing },
        { first: 0xfffc0, count: 0x40, bands: memory },
      ]),
    ).toEqual([
      { first: 0, count: 0x2000 },
      { first: 0xfffc0, count: 0x40 },
    ]);
  });

  test('fits any memory into one picture', () => {
    expect(planOverview({ first: 0, count: 1 << 20 })).toMatchObject({
      framesPerPixel: 16,
      columns: 256,
      rows: 256,
    });
    expect(planOverview({ first: 0, count: 1 << 28 })).toMatchObject({ framesPerPixel: 4096, rows: 256 });
    expect(planOverview({ first: 0, count: 8192 })).toMatchObject({ framesPerPixel: 1, rows: 32 });
  });

  test('a pixel shows the rarest thing among its frames', () => {
    const world = worldOf(1 << 18);
    makeValid(world, 0x1000, 0x1000);
    world.pages.rmp.set(0x1800, rmpBits.assigned | rmpBits.validated | rmpBits.vmsa | (1 << RMP_ASID_SHIFT));
    const plan = planOverview({ first: 0, count: 1 << 18 });
    const painter = new OverviewPainter(plan, palette);
    painter.paint(world);
    const at = (gfn: number) => painter.pixels[pixelOf(plan, gfn)];
    expect(plan.framesPerPixel).toBe(4);
    expect(at(0)).toBe(pageClassCode.shared);
    expect(at(0x1000)).toBe(pageClassCode.guestValid);
    expect(at(0x1802)).toBe(7); // the guest does not know of the VMSA: a seam
    expect(at(0x1804)).toBe(pageClassCode.guestValid);
  });

  test('repainting a batch gives what painting everything gives', () => {
    const world = worldOf(1 << 18);
    const plan = planOverview({ first: 0, count: 1 << 18 });
    const painter = new OverviewPainter(plan, palette);
    painter.paint(world);
    makeValid(world, 0x1234, 253);
    expect(painter.paintFrames(world, { first: 0x1234, count: 253 })).toEqual({ from: 4, to: 5 });
    const fresh = new OverviewPainter(plan, palette);
    fresh.paint(world);
    expect(painter.pixels).toEqual(fresh.pixels);
  });

  test('rows with something rare are named', () => {
    const world = worldOf(1 << 18);
    makeValid(world, 0x1234, 1);
    const painter = new OverviewPainter(planOverview({ first: 0, count: 1 << 18 }), palette);
    painter.paint(world);
    expect(painter.notableRows([pageClassCode.shared])).toEqual([4]);
  });

  test('zooming stays inside memory', () => {
    const whole = { first: 0, count: 1 << 20 };
    expect(zoomRange(whole, whole, 1000, 8)).toEqual({ first: 0, count: 1 << 17 });
    expect(zoomRange({ first: 0, count: 1 << 17 }, whole, (1 << 20) - 1, 8).first).toBe(
      (1 << 20) - (1 << 14),
    );
    expect(zoomRange({ first: 0, count: 1 << 17 }, whole, 0, 1 / 8)).toEqual(whole);
  });

  test('frames are counted by what they are', () => {
    const world = worldOf(1024);
    makeValid(world, 0, 24);
    const counts = summaryCounts(bandRuns(world, 0, 1024));
    expect([counts[pageClassCode.guestValid], counts[pageClassCode.shared]]).toEqual([24, 1000]);
  });
});

test('the detail of a page names its entry, its backing and who holds it', () => {
  const world = worldOf(1024);
  makeValid(world, 0x121, 1);
  world.vcpu(0).exists = true;
  world.vcpu(0).pendingVmsaGpa = 0x121000n;
  const { groups, holders, bands } = pageDetail(world, 0x121);
  const value = (title: string, name: string) =>
    groups.find((group) => group.title === title)?.rows.find((row) => row.name === name)?.value;
  expect(bands.seam).toBe(false);
  expect(value('RMP entry', 'state')).toBe('Guest-Valid');
  expect(value('RMP entry', 'gfn in entry')).toBe('0x121');
  expect(value('KVM keeps', 'attribute')).toBe('PRIVATE');
  expect(value('Backing', 'guest_memfd page')).toBe('0x121');
  expect(holders).toEqual(['v0: VMSA that waits', 'memory slot 0']);
});
