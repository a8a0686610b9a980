/** Page state changes, MSR protocol and termination where the generations differ: one row for each value of a facet. */
import { describe, expect, test } from 'vitest';
import { kvmRunVmgexitPsc, kvmRunVmgexitRaw } from '../../../abi/kvm-run';
import { isAgreed, type FacetName } from '../../../profiles/facets';
import type { PscEntryInput } from '../../acts';
import { arrangeRmp, pageState } from '../../hardware/rmp';
import {
  batch,
  currentEntry,
  entry,
  exitsOf,
  GHCB,
  info2,
  PRIVATE,
  running,
  runOf,
  SHARED,
  SMASH,
} from '../../../testing/engine/test-psc';

const OVERLAP_OF_2021 = 7;

describe('a batch of three entries and a fourth elsewhere, all to private', () => {
  const entries = [0x120, 0x121, 0x122, 0x130].map((gfn) => entry(PRIVATE, gfn));
  test.each([
    ['part2-v4', []],
    ['part2-v5', []],
    ['v11', ['VMGEXIT type 2 psc shared_gpa=0x3ff800']],
    ['v14', ['VMGEXIT type 2 psc shared_gpa=0x3ff800']],
    ['v14:psc.batch=rawMsrExit', ['VMGEXIT ghcb_msr=0x3ff000']],
    [
      'linux-7.2',
      [
        'HYPERCALL MAP_GPA_RANGE 0x120000 n=0x3 attr=0x10',
        'HYPERCALL MAP_GPA_RANGE 0x130000 n=0x1 attr=0x10',
      ],
    ],
    [
      'as-reviewed',
      [
        'HYPERCALL MAP_GPA_RANGE 0x120000 n=0x3 attr=0x10',
        'HYPERCALL MAP_GPA_RANGE 0x130000 n=0x1 attr=0x10',
      ],
    ],
    [
      'linux-7.2:psc.merging=none',
      [0x120, 0x121, 0x122, 0x130].map(
        (gfn) => `HYPERCALL MAP_GPA_RANGE 0x${gfn.toString(16)}000 n=0x1 attr=0x10`,
      ),
    ],
  ])('leaves %s with %j', (spec, exits) => {
    const run = running(spec);
    expect(exitsOf(run, { entries })).toEqual(exits);
    expect(info2(run)).toBe(0n);
  });

  test.each(['part2-v4', 'part2-v5'])('%s has changed the RMP when the guest goes on', (spec) => {
    const run = running(spec);
    batch(run, { entries });
    expect([0x120, 0x122, 0x130, 0x131].map((pfn) => pageState(run.world, pfn))).toEqual([
      'Guest-Invalid',
      'Guest-Invalid',
      'Guest-Invalid',
      'Hypervisor',
    ]);
    expect(currentEntry(run)).toBe(4);
  });

  test('Linux 7.2 leaves the RMP alone until the page is touched', () => {
    const run = running('linux-7.2');
    batch(run, { entries });
    expect(pageState(run.world, 0x120)).toBe('Hypervisor');
  });
});

describe('{private 0x120, SMASH 0x200}', () => {
  const entries = [entry(PRIVATE, 0x120), entry(SMASH, 0x200)];
  test.each<[string, number, bigint, number]>([
    ['part2-v4', 0, 0x1_0000_0002n, 1],
    ['part2-v5', 0, 0x1_0000_0002n, 1],
    ['as-reviewed', 1, 0x1_0000_0002n, 1],
    ['linux-6.11', 1, 0n, 2],
    ['v15-first-posting', 2, 0n, 2],
    ['first-pull-tag', 1, 0x100_0000_0000n, 2],
    ['part2-v5:psc.smashTail=skippedAsDone', 0, 0n, 2],
  ])('%s leaves %i times, answers %s at entry %i', (spec, exits, answer, current) => {
    const run = running(spec);
    expect(exitsOf(run, { entries })).toHaveLength(exits);
    expect([info2(run), currentEntry(run)]).toEqual([answer, current]);
  });

  test('the first posting of v15 told the VMM that 0x200 became shared', () => {
    const [, tail] = exitsOf(running('v15-first-posting'), { entries });
    expect(tail).toBe('HYPERCALL MAP_GPA_RANGE 0x200000 n=0x1 attr=0x0');
  });
});

describe('headers and scratch areas', () => {
  test.each<[string, number, number, bigint]>([
    ['part2-v4', 5, 3, 0x1_0000_0002n],
    ['part2-v5', 5, 3, 2n],
    ['as-reviewed', 5, 3, 0x1_0000_0001n],
    ['linux-7.2', 5, 3, 0n],
    ['part2-v4', 0, 253, 0x1_0000_0002n],
    ['part2-v5', 0, 253, 2n],
    ['linux-6.11', 0, 253, 0x1_0000_0001n],
    ['linux-6.11:psc.headerError=bare2', 0, 253, 2n],
  ])('%s: indexes %i to %i are answered %s', (spec, cur, end, answer) => {
    const run = running(spec);
    batch(run, { entries: [entry(PRIVATE, 0x120)], cur, end });
    expect(info2(run)).toBe(answer);
  });

  test.each<[string, bigint, bigint, bigint]>([
    ['part2-v4', 0x3ffff0n, 0n, 0x1_0000_0001n],
    ['part2-v5', 0x3ff808n, 0n, 1n],
    ['amd-5.19-snp', 0x3ff808n, 2n, 1n],
    ['linux-7.2', 0x3ffff0n, 2n, 3n],
    ['as-reviewed', 0x3ffff0n, 2n, 3n],
  ])('%s: a buffer at %s is answered %s and %s', (spec, scratch, first, second) => {
    const { guestReadInfo1, guestReadInfo2 } = batch(running(spec), { scratch }).world.vcpu(0);
    expect([guestReadInfo1, guestReadInfo2]).toEqual([first, second]);
  });

  test('only the header must fit in v4, the whole buffer in v5', () => {
    const replies = ['part2-v4', 'part2-v5'].map((spec) => {
      const run = running(spec);
      return batch(run, { entries: [entry(PRIVATE, 0x120)], scratch: 0x3ff900n }).world.vcpu(0)
        .guestReadInfo2;
    });
    expect(replies).toEqual([0n, 1n]);
  });

  test.each<[string, bigint, bigint]>([
    ['part2-v4', 0n, 4n << 32n],
    ['part2-v5', 0n, 1n],
    ['linux-6.17', 2n, 4n],
    ['linux-7.2', 2n, 6n],
  ])('%s answers a batch of an SEV-ES guest with %s and %s', (spec, first, second) => {
    const run = running(spec);
    run.world.vm.type = 'seves';
    batch(run, { entries: [entry(PRIVATE, 0x120)] });
    const { guestReadInfo1, guestReadInfo2 } = run.world.vcpu(0);
    expect([guestReadInfo1, guestReadInfo2]).toEqual([first, second]);
  });

  test('v14 forwards the batch of an SEV-ES guest, and 0 for an address that is not marked valid', () => {
    const run = running('v14');
    run.world.vm.type = 'seves';
    batch(run, { entries: [entry(PRIVATE, 0x120)], omit: 8n });
    expect(kvmRunVmgexitPsc.get(runOf(run), 'sharedGpa')).toBe(0n);
  });
});

describe('entries', () => {
  const wrong: Record<string, PscEntryInput> = {
    'cur_page above the size': entry(PRIVATE, 0x120, { currentPage: 2 }),
    'a 2M entry half done': entry(PRIVATE, 0x200, { twoMeg: true, currentPage: 0x100 }),
    'a 2M entry off its boundary': entry(PRIVATE, 0x201, { twoMeg: true }),
  };
  test.each<[string, string, bigint, string[]]>([
    ['part2-v5', 'cur_page above the size', 0n, []],
    ['linux-7.2', 'cur_page above the size', 0x1_0000_0002n, []],
    ['as-reviewed', 'cur_page above the size', 0x1_0000_0002n, []],
    ['linux-7.2', 'a 2M entry half done', 0n, ['HYPERCALL MAP_GPA_RANGE 0x300000 n=0x100 attr=0x11']],
    [
      'linux-7.2:psc.partialEntry=ignored',
      'a 2M entry half done',
      0n,
      ['HYPERCALL MAP_GPA_RANGE 0x200000 n=0x200 attr=0x11'],
    ],
    ['part2-v5', 'a 2M entry off its boundary', 0x1_0000_0002n, []],
    ['linux-7.2', 'a 2M entry off its boundary', 0x1_0000_0002n, []],
  ])('%s: %s is answered %s', (spec, name, answer, exits) => {
    const run = running(spec);
    expect(exitsOf(run, { entries: [wrong[name] as PscEntryInput] })).toEqual(exits);
    expect(info2(run)).toBe(answer);
  });

  test('a half done 2M entry is done whole by the postings of 2021', () => {
    const run = running('part2-v5');
    batch(run, { entries: [wrong['a 2M entry half done'] as PscEntryInput] });
    expect([0x200, 0x3fe].map((pfn) => pageState(run.world, pfn))).toEqual([
      'Guest-Invalid',
      'Guest-Invalid',
    ]);
  });

  test.each<[string, bigint, number]>([
    ['part2-v4', 0n, 1],
    ['part2-v5', 4n << 32n, 0],
  ])('%s answers %s to a 2M entry whose end has no memslot', (spec, answer, current) => {
    const run = running(spec);
    const [slot] = run.world.slots;
    if (slot) slot.pages = 0x3f0;
    run.guest('register-ghcb', { gpa: 0x1e0000n });
    run.guest('psc', { entries: [entry(PRIVATE, 0x200, { twoMeg: true })] });
    const page = run.world.image('shared', 0x1e0);
    expect([run.world.vcpu(0).guestReadInfo2, page.u16(0x800)]).toEqual([answer, current]);
  });

  test.each<[string, number, bigint]>([
    ['part2-v5', OVERLAP_OF_2021, 0x3_0000_0002n],
    ['part2-v5', 4, 4n << 32n],
    ['part2-v5', 1, 0x1_0000_0001n],
    ['part2-v5', 2, 0x1_0000_0002n],
    ['part2-v4', 3, 4n << 32n],
    ['part2-v4:psc.errorDetail=perRange', 3, 0x100_0000_0000n],
  ])('%s: RMPUPDATE answering %i reaches the guest as %s, cur_entry on the entry', (spec, code, answer) => {
    const run = running(spec);
    run.act({ actor: 'inject', verb: 'rmpupdate', args: { nth: 2, code } });
    batch(run, { entries: [entry(PRIVATE, 0x120), entry(PRIVATE, 0x140), entry(PRIVATE, 0x160)] });
    expect([info2(run), currentEntry(run)]).toEqual([answer, 1]);
  });

  test('memory outside all registered regions becomes private in v4 and not in v5', () => {
    const [any, registered] = ['part2-v4', 'part2-v5'].map((spec) => {
      const run = running(spec);
      for (const slot of run.world.slots) slot.registered = false;
      return batch(run, { entries: [entry(PRIVATE, 0x120)] });
    });
    expect([any, registered].map((run) => run && info2(run))).toEqual([0n, 4n << 32n]);
  });

  test('a 2M RMP entry is smashed before one of its pages is made shared', () => {
    const run = running('part2-v5');
    const update = { assigned: true, immutable: false, asid: run.world.vm.asid, gfn: 0x200, twoMeg: true };
    arrangeRmp(run.world, 0x200, { ...update, validated: false });
    batch(run, { entries: [entry(SHARED, 0x205)] });
    expect([0x204, 0x205].map((pfn) => pageState(run.world, pfn))).toEqual(['Guest-Invalid', 'Hypervisor']);
    expect(run.steps).toContain('PSMASH page 0x200: code 0');
  });

  test('with 2M mappings a 2M entry becomes one 2M RMP entry, else 512 of 4K', () => {
    for (const [largePages, size] of [
      [true, '2M'],
      [false, '4K'],
    ] as const) {
      const run = running('part2-v5');
      for (const slot of run.world.slots) slot.largePages = largePages;
      const { steps } = batch(run, { entries: [entry(PRIVATE, 0x200, { twoMeg: true })] });
      expect(steps).toContain(`page state of 0x200000 n=512: private ${size}`);
    }
  });
});

test('a GHCB page that the guest makes private swallows the answer', () => {
  const run = running('part2-v5');
  batch(run, { entries: [entry(PRIVATE, Number(GHCB >> 12n))] });
  expect([pageState(run.world, 0x3ff), currentEntry(run)]).toEqual(['Guest-Invalid', 0]);
});

test.each<[string, FacetName]>([
  ['as-reviewed', 'psc.msrUnknownOp'],
  ['as-reviewed', 'psc.msrNonSnp'],
  ['as-reviewed', 'psc.doneReply'],
  ['v14', 'msr.gpaRequestNonSnp'],
  ['as-reviewed', 'psc.headerError'],
  ['as-reviewed', 'psc.badScratch'],
  ['as-reviewed', 'psc.batchNonSnp'],
  ['as-reviewed', 'psc.partialEntry'],
  ['as-reviewed', 'term.nae'],
])('what no source says of %s is said to be unknown: %s', (spec, facet) => {
  const run = running(spec);
  const found: string[] = [];
  const { recorder } = run.world;
  if (recorder)
    run.world.recorder = { ...recorder, finding: (kind, text) => void found.push(`${kind} ${text}`) };
  const asked: Partial<Record<FacetName, () => void>> = {
    'psc.msrUnknownOp': () => run.guest('msr-psc', { gfn: 0x120, op: 'psmash' }),
    'psc.msrNonSnp': () => (
      (run.world.vm.type = 'seves'),
      run.guest('msr-psc', { gfn: 0x120, op: 'shared' })
    ),
    'msr.gpaRequestNonSnp': () => ((run.world.vm.type = 'seves'), run.guest('msr', { value: 0x10n })),
    'psc.doneReply': () => exitsOf(run, { entries: [entry(PRIVATE, 0x120)] }),
    'psc.headerError': () => batch(run, { entries: [entry(PRIVATE, 0x120)], cur: 2, end: 1 }),
    'psc.badScratch': () => batch(run, { entries: [], scratch: 0x3ffffcn }),
    'psc.batchNonSnp': () => ((run.world.vm.type = 'seves'), batch(run, { entries: [] })),
    'psc.partialEntry': () =>
      exitsOf(run, { entries: [entry(PRIVATE, 0x200, { twoMeg: true, currentPage: 1 })] }),
    'term.nae': () => run.guest('terminate', { form: 'nae', set: 0, code: 0 }),
  };
  run.world.host.silenceSaid = false; // it is said once in a run, of whichever behaviour comes first
  asked[facet]?.();
  // Of a wish list the first behaviour of the act is said, and none about which all kernels agree.
  const isWishList = spec === 'as-reviewed';
  const begins = isWishList && !isAgreed(facet) ? 'ambiguity ' : `ambiguity ${facet}:`;
  expect(found.some((text) => text.startsWith(begins))).toBe(!isWishList || !isAgreed(facet));
});

test('the raw form keeps its answer to a batch apart from the MSR', () => {
  const run = running('v14:psc.batch=rawMsrExit');
  batch(run, { entries: [entry(PRIVATE, 0x120)] });
  expect(kvmRunVmgexitRaw.get(runOf(run), 'ghcbMsr')).toBe(GHCB);
  run.vmm('answer', { vcpu: 0, ret: 0x77n }).vmm('run', { vcpu: 0 });
  expect(run.world.vcpu(0).guestReadInfo2).toBe(0x77n);
});
