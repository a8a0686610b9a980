/** The RMP as hardware: which instruction may do what to which page. */
import { describe, expect, test } from 'vitest';
import { RMP_FAIL_OVERLAP, RMP_FAIL_PERMISSION, type PageState } from '../../abi/rmp';
import { profile } from '../../profiles/resolve';
import { pageChart, type PageEvent } from '../../machines/page';
import { take } from '../../machines/compile';
import { armFault } from '../faults';
import { gctxCreate, pageReclaim } from '../firmware/commands';
import { rmpBits } from '../memory/page-bits';
import { World } from '../world';
import { NeverReturns, pageState, psmash, rmpEntry, rmpLookup, rmpMakePrivate, rmpMakeShared } from './rmp';

const newWorld = (): World =>
  new World({ vcpus: 1, gfnCount: 0x400, gmemPages: 0x400 }, profile('linux-7.2'));
const asGuest = { gfn: 5, asid: 1, immutable: false, twoMeg: false };

test.each([
  ['a guest page', { gfn: 5, asid: 1, immutable: false }, 'Guest-Invalid'],
  ['a page for LAUNCH_UPDATE', { gfn: 5, asid: 1, immutable: true }, 'Pre-Guest'],
  ['a page for the firmware', { gfn: 0, asid: 0, immutable: true }, 'Firmware'],
] as const)('RMPUPDATE for %s makes it %s', (_, to, state) => {
  const world = newWorld();
  expect(rmpMakePrivate(world, 5, { ...to, twoMeg: false })).toBe(true);
  expect(pageState(world, 5)).toBe(state);
});

test('a plain RMPUPDATE takes back Guest-Invalid and Reclaim, but not an immutable page', () => {
  const world = newWorld();
  rmpMakePrivate(world, 5, asGuest);
  expect(rmpMakeShared(world, 5)).toBe(true);
  rmpMakePrivate(world, 6, { ...asGuest, immutable: true });
  expect([rmpMakeShared(world, 6), pageState(world, 6)]).toEqual([false, 'Pre-Guest']);
  expect([pageReclaim(world, 6), pageState(world, 6), rmpMakeShared(world, 6)]).toEqual([
    0,
    'Guest-Invalid',
    true,
  ]);
});

test('GCTX_CREATE wants a page in Firmware state', () => {
  const world = newWorld();
  expect(gctxCreate(world, 5)).toBe(0x1a);
  rmpMakePrivate(world, 5, { gfn: 0, asid: 0, immutable: true, twoMeg: false });
  expect([gctxCreate(world, 5), pageState(world, 5), world.vm.gstate]).toEqual([0, 'Context', 'INIT']);
});

describe('a 2M entry', () => {
  const large = (): World => {
    const world = newWorld();
    rmpMakePrivate(world, 0x200, { gfn: 0x200, asid: 1, immutable: false, twoMeg: true });
    return world;
  };

  test.each([0x201, 0x2ff, 0x3ff])('cannot be made while page %i inside it is assigned alone', (page) => {
    const world = newWorld();
    rmpMakePrivate(world, page, { ...asGuest, gfn: page });
    const whole = { gfn: 0x200, asid: 1, immutable: false, twoMeg: true };
    // RMPUPDATE answers FAIL_OVERLAP, and the kernel tries again for ever.
    expect(() => rmpMakePrivate(world, 0x200, whole)).toThrow(NeverReturns);
    expect(rmpMakeShared(world, page)).toBe(true);
    expect(rmpMakePrivate(world, 0x200, whole)).toBe(true);
  });

  test('decides the size of every page inside', () => {
    expect(rmpLookup(large(), 0x2ff)).toEqual({ assigned: true, level: '2M' });
  });

  test('PSMASH leaves 512 entries of 4K with rising addresses and the validated bits', () => {
    const world = large();
    world.pages.rmp.set(0x233, world.pages.rmp.get(0x233) | rmpBits.validated);
    expect(psmash(world, 0x233)).toBe(0);
    expect(rmpEntry(world, 0x233)).toMatchObject({ validated: true, twoMeg: false, gfn: 0x233 });
    expect(rmpLookup(world, 0x200)).toEqual({ assigned: true, level: '4K' });
  });

  test('a 4K RMPUPDATE inside fails with FAIL_OVERLAP, and the kernel retries for ever', () => {
    expect(() => rmpMakeShared(large(), 0x233)).toThrow(NeverReturns);
  });
});

test('FAIL_OVERLAP once is retried, any other code is final', () => {
  const world = newWorld();
  armFault(world, { kind: 'rmpupdate', status: RMP_FAIL_OVERLAP });
  expect(rmpMakePrivate(world, 5, asGuest)).toBe(true);
  armFault(world, { kind: 'rmpupdate', status: RMP_FAIL_PERMISSION });
  expect(rmpMakePrivate(world, 6, asGuest)).toBe(false);
});

test.each([
  ['Pre-Guest', { type: 'SNP_LAUNCH_UPDATE' }, 'Guest-Valid'],
  ['Context', { type: 'SNP_DECOMMISSION' }, 'Firmware'],
  ['Firmware', { type: 'SNP_PAGE_RECLAIM' }, 'Reclaim'],
  ['Pre-Swap', { type: 'SNP_PAGE_RECLAIM' }, 'Guest-Valid'],
  ['Guest-Valid', { type: 'SNP_PAGE_RECLAIM' }, 'Guest-Valid'],
  ['Context', { type: 'SNP_PAGE_RECLAIM' }, 'INVALID_PAGE_STATE'],
  ['Guest-Invalid', { type: 'PVALIDATE', validate: true, sizeFits: true }, 'Guest-Valid'],
  ['Guest-Valid', { type: 'PVALIDATE', validate: true, sizeFits: true }, 'Guest-Valid'],
  ['Guest-Valid', { type: 'PVALIDATE', validate: false, sizeFits: false }, 'RMP_FAIL_SIZEMISMATCH'],
  ['Hypervisor', { type: 'PVALIDATE', validate: true, sizeFits: true }, 'RMP_FAIL_PERMISSION'],
] as const satisfies readonly (readonly [PageState, PageEvent, string])[])(
  'a page in %s meets %o: %s',
  (state, event, result) => {
    const [region] = pageChart.regions;
    const code = pageChart.eventCodes.get(event.type) ?? -1;
    const taken =
      region && take(region, region.states.indexOf(state), code, pageChart.eventTypes.length, event);
    const effect = taken?.effects[0];
    const refusal = effect && (effect.params['code'] ?? effect.params['status'] ?? effect.type);
    const stays = taken && taken.target < 0 ? state : undefined;
    expect(refusal ?? stays ?? region?.states[taken?.target ?? -1]).toBe(result);
  },
);
