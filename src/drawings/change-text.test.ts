import { checkPath } from '../engine/observe';
import { describe, expect, test } from 'vitest';
import type { Act } from '../engine/acts';
import { pageState, psmash, rmpEntry, rmpMakePrivate } from '../engine/hardware/rmp';
import { hostPageBits, LEAK_COUNT_SHIFT, rmpBits, userBits } from '../engine/memory/page-bits';
import { World } from '../engine/world';
import { profile } from '../profiles/resolve';
import { Timeline, type Change } from '../recording/timeline/timeline';
import { parseScenario } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { changeRows, type ChangeRow } from './change-text';

const newWorld = (): World =>
  new World({ vcpus: 1, gfnCount: 0x400, gmemPages: 0x400 }, profile('linux-7.2'));

const vmm = (verb: string, args: object): Act => ({ actor: 'vmm', verb, args }) as unknown as Act;
const launch: readonly Act[] = [
  vmm('create-vm', {}),
  vmm('memslot', { gfn: 0, n: 0x400 }),
  vmm('set-attributes', { gfn: 0, n: 0x400, private: true }),
  vmm('init2', {}),
  vmm('create-vcpu', {}),
  vmm('launch-start', {}),
  vmm('launch-update', { gfn: 3, type: 'normal' }),
  vmm('launch-finish', {}),
  vmm('run', { vcpu: 0 }),
];

function launched(): Timeline {
  const timeline = new Timeline(newWorld());
  for (const act of launch) expect(timeline.perform(act, 'user').refused).toBeUndefined();
  return timeline;
}

/** A VMM by QEMU answers; large and small changes, in both directions. */
const pscScenario = `ghcb-scenario 1
title   Page state changes
profile linux-7.2
vm      vcpus=1 memory=8M
guest   manual
host    qemu
launch  standard
v0      register-ghcb gpa=0x7f0000
v0      psc entries=private:0x100+64
v0      psc entries=private:0x200/2M+2
v0      psc entries=shared:0x210
v0      psc entries=shared:0x200/2M+2
v0      msr-psc gfn=0x31 op=shared
end ghcb-scenario
`;

function scenarioTimeline(): Timeline {
  const parsed = parseScenario(pscScenario);
  if (!parsed.ok) throw new Error('the scenario of the test does not parse');
  return runScenario(parsed.scenario, profile('linux-7.2'), (world) => new Timeline(world)).timeline;
}

const rowsOf = (timeline: Timeline, index: number): readonly ChangeRow[] =>
  changeRows(timeline.at(index + 1).world, timeline.step(index).changes);
const allRows = (timeline: Timeline): ChangeRow[] =>
  Array.from({ length: timeline.stepCount }, (_, index) => rowsOf(timeline, index)).flat();

test('a path of a row is a name that filters know', () => {
  const timeline = launched();
  for (const { path } of allRows(timeline))
    if (path !== undefined)
      expect(checkPath(path, { vcpus: timeline.world.vcpus.length }), path).toHaveProperty('words');
});

/** Pages of a row's name. */
function pagesOf(name: string): number[] {
  const [, first = '', last = first] =
    /^host pages? (0x[0-9a-f]+)(?:\.\.(0x[0-9a-f]+))?: RMP entry$/.exec(name) ?? [];
  const start = Number(first);
  return first === '' ? [] : Array.from({ length: Number(last) - start + 1 }, (_, i) => start + i);
}

/** State and facts of each entry as the engine reads them. */
function entriesOf(world: World): string[] {
  return Array.from({ length: world.pages.rmp.pageCount }, (_, pfn) => {
    const { assigned, validated, immutable, vmsa, asid } = rmpEntry(world, pfn);
    const flags = Object.entries({ validated, immutable, vmsa }).filter(([, set]) => set);
    return [
      `${pageState(world, pfn)}: ${assigned ? 'assigned' : 'not assigned'}`,
      ...flags.map(([name]) => name),
      ...(assigned ? [`asid ${asid}`] : []),
    ].join(', ');
  });
}
const withoutSizeAndFrame = (text: string): string =>
  text.replace(/, gpa .*$/, '').replace(/, (2 MiB|4 KiB)/, '');

/** The frame of a page in a row's text: of the first page, rising. */
const frameIn = (text: string, index: number): number | undefined => {
  const gpa = /, gpa (0x[0-9a-f]+)/.exec(text)?.[1];
  return gpa === undefined ? undefined : Number(BigInt(gpa) >> 12n) + index;
};

test.each([
  ['a launch', launched],
  ['page state changes', scenarioTimeline],
])('the rows of %s tell each RMP entry as the engine reads it before and after the step', (_, make) => {
  const timeline = make();
  let told = 0;
  let before = entriesOf(timeline.at(0).world);
  for (let index = 0; index < timeline.stepCount; index++) {
    const rows = rowsOf(timeline, index);
    const after = entriesOf(timeline.at(index + 1).world);
    const changed = new Set(after.flatMap((entry, pfn) => (entry === before[pfn] ? [] : [pfn])));
    for (const row of rows) {
      pagesOf(row.name).forEach((pfn, i) => {
        told++;
        changed.delete(pfn);
        expect(withoutSizeAndFrame(row.before)).toBe(before[pfn]);
        expect(withoutSizeAndFrame(row.after)).toBe(after[pfn]);
        const entry = rmpEntry(timeline.world, pfn);
        expect(frameIn(row.after, i)).toBe(entry.assigned ? entry.gfn : undefined);
      });
    }
    expect([...changed]).toEqual([]);
    before = after;
  }
  expect(told).toBeGreaterThan(3);
});

test('no row shows the halves and distances in which the world keeps its facts', () => {
  for (const timeline of [launched(), scenarioTimeline()]) {
    const text = allRows(timeline).map(({ name, before, after }) => `${name} ${before} ${after}`);
    expect(text.filter((line) => /valid(Low|High)|page.*(Low|High|0xfff[0-9a-f]{5}\b)/.test(line))).toEqual(
      [],
    );
    expect(allRows(timeline).filter(({ before, after }) => before === after)).toEqual([]);
  }
});

test('a page of the launch is told from the host to the guest, with its frame', () => {
  const rows = allRows(launched()).filter(({ name }) => name === 'host page 0x3: RMP entry');
  expect(rows.map(({ before, after }) => [before, after])).toEqual([
    ['Hypervisor: not assigned', 'Pre-Guest: assigned, immutable, 4 KiB, asid 1, gpa 0x3000'],
    [
      'Pre-Guest: assigned, immutable, 4 KiB, asid 1, gpa 0x3000',
      'Guest-Valid: assigned, validated, 4 KiB, asid 1, gpa 0x3000',
    ],
  ]);
});

test('a page for the firmware has the address 0, not its distance from the page', () => {
  expect(allRows(launched())).toContainEqual({
    name: 'host page 0x403: RMP entry',
    before: 'Hypervisor: not assigned',
    after: 'Firmware: assigned, immutable, 4 KiB, asid 0, gpa 0x0',
  });
});

test('bits of frames and host pages have names, and a kernel page its own', () => {
  const rows = allRows(launched());
  expect(rows).toContainEqual({
    name: 'gfns 0x0..0x3ff: view',
    path: 'page.0x0.attribute',
    before: 'none',
    after: 'attributePrivate',
  });
  expect(rows).toContainEqual({
    name: 'host page 0x401: kernel keeps',
    before: 'none',
    after: 'fw0 allocated',
  });
});

test('the valid bitmap is one row that names the fields', () => {
  const rows = allRows(scenarioTimeline()).filter(({ name }) => name === 'v0.validBitmap');
  expect(rows[0]).toMatchObject({
    before: 'nothing marked',
    after: 'swExitCode swExitInfo1 swExitInfo2 swScratch',
  });
});

describe('changes by themselves', () => {
  const pages = (field: string, first: number, count: number, before: number, after: number): Change =>
    ({ kind: 'pages', field, first, count, before, after }) as Change;

  test('a half that did not change keeps its value', () => {
    const world = newWorld();
    world.pages.contentLow.set(7, 0x89abcdef);
    world.pages.contentHigh.set(7, 0x01234567);
    expect(changeRows(world, [pages('contentHigh', 7, 1, 0, 0x01234567)])).toEqual([
      { name: 'host page 0x7: private bytes', before: '0x89abcdef', after: '0x123456789abcdef' },
    ]);
    world.vcpu(0).validLow = 1n << 63n;
    world.vcpu(0).validHigh = 1n << 50n;
    const change = { kind: 'variable', instance: 'v0', variable: 'validHigh', doc: '' } as const;
    expect(changeRows(world, [{ ...change, before: '0x0', after: '0x4000000000000' }])).toMatchObject([
      { name: 'v0.validBitmap', before: 'rax', after: 'rax swExitCode' },
    ]);
  });

  test('a change of one field is split where another field differs, and joined where nothing does', () => {
    const world = newWorld();
    world.pages.sharedLow.setRun(0, 4, 5);
    world.pages.sharedHigh.setRun(2, 2, 1);
    const changes = [
      pages('sharedLow', 1, 1, 0, 5),
      pages('sharedLow', 0, 1, 0, 5),
      pages('sharedLow', 2, 2, 0, 5),
    ];
    expect(changeRows(world, changes)).toEqual([
      { name: 'gfns 0x0..0x1: shared bytes', path: 'page.0x0.shared', before: '0x0', after: '0x5' },
      {
        name: 'gfns 0x2..0x3: shared bytes',
        path: 'page.0x2.shared',
        before: '0x100000000',
        after: '0x100000005',
      },
    ]);
  });

  test('PSMASH is told of all pages of the large page', () => {
    const world = newWorld();
    rmpMakePrivate(world, 0x200, { gfn: 0x100, asid: 1, immutable: false, twoMeg: true });
    const before = world.pages.rmp.get(0x200);
    psmash(world, 0x200);
    const after = before & ~rmpBits.twoMeg;
    const facts = 'asid 1, gpa 0x100000..0x2ff000';
    expect(changeRows(world, [pages('rmp', 0x200, 1, before, after)])).toEqual([
      {
        name: 'host pages 0x200..0x3ff: RMP entry',
        before: `Guest-Invalid: assigned, 2 MiB, ${facts}`,
        after: `Guest-Invalid: assigned, 4 KiB, ${facts}`,
      },
    ]);
  });

  test('a leaked page and a buffer that can only be read', () => {
    const leaked = hostPageBits.present | (2 << LEAK_COUNT_SHIFT);
    const changes = [
      pages('hostPage', 1, 1, hostPageBits.present, leaked),
      pages('user', 2, 1, 0, userBits.readOnly),
    ];
    expect(changeRows(newWorld(), changes)).toEqual([
      { name: 'host page 0x1: kernel keeps', before: 'present', after: 'present leaked 2 ×' },
      { name: 'source page 0x2: mapping', before: 'none', after: 'readOnly' },
    ]);
  });
});
