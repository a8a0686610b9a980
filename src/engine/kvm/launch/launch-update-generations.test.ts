/** LAUNCH_UPDATE of each generation, driven by acts and seen in results and pages. */
import { describe, expect, test } from 'vitest';
import { errno } from '../../../abi/errno';
import { Launch } from '../../../testing/engine/test-launch';
import { sharedContent, USER_BUFFERS, userContent } from '../memory/user-memory';

const LAUNCH_UPDATE = 0xa1n;
const PAGE_RECLAIM = 0xc7n;
const INVALID_ADDRESS = 9n;
const WRONG_CPUID = 0x0100_0000_0000_0005n;
const V = 'Guest-Valid';
const H = 'Hypervisor';

describe('LAUNCH_UPDATE from a buffer outside every memory slot', () => {
  test.each([
    ['part2-v4', -errno.EINVAL, H],
    ['part2-v5', -errno.EINVAL, H],
    ['v11', 0, H],
    ['v14', 0, V],
    ['linux-6.11', 0, V],
    ['linux-7.2', 0, V],
    ['as-reviewed', 0, V],
  ])('%s: returns %i, the page is %s', (id, ret, state) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 8, type: 'normal', uaddr: USER_BUFFERS });
    expect([launch.ret, ...launch.pages(8)]).toEqual([ret, state]);
  });

  test('part2-v5 takes it once the region is registered', () => {
    const launch = new Launch('part2-v5').vmm('register-region', { uaddr: USER_BUFFERS, n: 4 });
    launch.vmm('launch-update', { gfn: 8, n: 2, type: 'normal', uaddr: USER_BUFFERS });
    expect(launch.ret).toBe(0);
    expect(launch.findings.some((text) => text.startsWith('unmodelled'))).toBe(true);
  });

  test('part2-v4 makes the pages before it shared again', () => {
    const last = { gfn: 0x3ff, n: 2, type: 'normal' } as const;
    const launch = new Launch('part2-v4').vmm('launch-update', last);
    expect([launch.ret, ...launch.pages(0x3ff)]).toEqual([-errno.EINVAL, H]);
  });
});

describe('LAUNCH_UPDATE whose page 1 of 3 the firmware rejects', () => {
  test.each([
    // ret, error, pages 0 1 2, frame and length in the struct; that of v4 has no frame
    ['part2-v4', -errno.EIO, 9, H, H, H, 0n, 0x3000n],
    ['part2-v5', -errno.EIO, 9, V, H, H, 8n, 0x3000n],
    ['v11', -errno.EIO, 9, H, H, H, 8n, 0x3000n],
    ['v13-launch-update', -errno.EINTR, 0xffffffff, V, H, H, 8n, 0x3000n],
    ['v14', 0, 0xffffffff, V, H, H, 9n, 0x2000n],
    ['linux-6.11', 0, 0xffffffff, V, H, H, 9n, 0x2000n],
    ['linux-6.17', 0, 0xffffffff, V, H, H, 9n, 0x2000n],
    ['linux-7.2', 0, 0xffffffff, V, H, H, 9n, 0x2000n],
  ])('%s: %i, error %i, pages %s %s %s', (id, ret, error, page0, page1, page2, gfn, len) => {
    const launch = new Launch(id).failing(LAUNCH_UPDATE, INVALID_ADDRESS, 2);
    launch.vmm('launch-update', { gfn: 8, n: 3, type: 'normal' });
    expect([launch.ret, launch.error, ...launch.pages(8, 9, 10)]).toEqual([ret, error, page0, page1, page2]);
    expect([launch.world.vm.updateGfn, launch.world.vm.updateLeft]).toEqual([gfn, len]);
  });

  test('part2-v5 makes the rejected page shared as often as it had pages in hand', () => {
    const launch = new Launch('part2-v5').failing(LAUNCH_UPDATE, INVALID_ADDRESS, 3);
    launch.vmm('launch-update', { gfn: 8, n: 4, type: 'normal' });
    const shared = launch.steps.filter((step) => /^RMPUPDATE page 0xa .*Hypervisor/.test(step));
    expect(shared).toHaveLength(3);
  });

  test.each(['part2-v4', 'v11', 'linux-7.2'])('%s touches nothing behind it, but v4 zaps it too', (id) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 10, type: 'normal' });
    launch.failing(LAUNCH_UPDATE, INVALID_ADDRESS, 1).vmm('launch-update', { gfn: 8, n: 3, type: 'normal' });
    expect(launch.pages(10)).toEqual([id === 'part2-v4' ? H : V]);
  });
});

describe('LAUNCH_UPDATE of a page that is assigned already', () => {
  test.each([
    ['part2-v4', 0, [V, V]],
    ['part2-v5', -errno.EFAULT, [H, V]],
    ['v11', -errno.EFAULT, [V, V]],
    ['v14', 0, [V, V]],
    ['linux-6.11', 0, [V, V]],
    ['linux-7.2', 0, [V, V]],
  ] as const)('%s: as second of two pages it gives %i and leaves %s', (id, ret, states) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 9, type: 'normal' });
    launch.vmm('launch-update', { gfn: 8, n: 2, type: 'normal' });
    expect([launch.ret, launch.pages(8, 9)]).toEqual([ret, states]);
  });

  test('v11 says that it keeps references to its pages', () => {
    const launch = new Launch('v11').vmm('launch-update', { gfn: 8, type: 'normal' });
    launch.vmm('launch-update', { gfn: 8, type: 'normal' });
    expect(launch.findings.join()).toContain('keeps references');
  });

  test('part2-v4 clears Validated without a word, and the firmware sets it again', () => {
    const launch = new Launch('part2-v4').vmm('launch-update', { gfn: 8, type: 'normal' });
    launch.vmm('launch-update', { gfn: 8, type: 'normal' });
    expect(launch.steps.find((step) => step.startsWith('RMPUPDATE'))).toContain('Pre-Guest');
    expect([launch.ret, ...launch.pages(8)]).toEqual([0, V]);
  });
});

describe('LAUNCH_UPDATE without the private attribute', () => {
  test.each([
    ['v11', 0, V],
    ['v14', -errno.EIO, H],
    ['linux-6.11', -errno.EIO, H],
    ['linux-7.2', -errno.EIO, H],
  ])('%s: returns %i, the page is %s', (id, ret, state) => {
    const launch = new Launch(id).vmm('set-attributes', { gfn: 8, n: 1, private: false });
    launch.vmm('launch-update', { gfn: 8, type: 'normal' });
    expect([launch.ret, ...launch.pages(8)]).toEqual([ret, state]);
  });

  test.each(['part2-v4', 'part2-v5'])('%s has no such attribute: -ENOTTY, and the launch goes on', (id) => {
    const launch = new Launch(id).vmm('set-attributes', { gfn: 8, n: 1, private: true });
    expect(launch.ret).toBe(-errno.ENOTTY);
    expect(launch.vmm('launch-update', { gfn: 8, type: 'normal' }).ret).toBe(0);
  });
});

describe('the corrected table of a rejected CPUID page', () => {
  test.each([
    ['part2-v4', 'shared side'],
    ['part2-v5', 'shared side'],
    ['v11', 'shared side'],
    ['v14', 'source'],
    ['linux-7.2', 'source'],
  ])('%s: is found at the %s', (id, where) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 4, type: 'cpuid', content: WRONG_CPUID });
    expect([launch.ret, launch.error, ...launch.pages(4)]).toEqual([-errno.EIO, 0x16, H]);
    const corrected = where === 'source' ? userContent(launch.world, 4) : sharedContent(launch.world, 4);
    expect(corrected).not.toBe(WRONG_CPUID);
    expect(corrected).not.toBe(0n);
  });
});

describe('a failed page whose PAGE_RECLAIM fails too', () => {
  test.each(['v14', 'linux-6.11', 'linux-7.2'])('%s: its corrected CPUID table is not copied back', (id) => {
    const launch = new Launch(id).failing(PAGE_RECLAIM, 0x10n);
    launch.vmm('launch-update', { gfn: 4, type: 'cpuid', content: WRONG_CPUID });
    expect([launch.ret, launch.error, ...launch.pages(4)]).toEqual([-errno.EIO, 0x16, 'Pre-Guest']);
    expect(userContent(launch.world, 4)).toBe(WRONG_CPUID);
  });

  test.each([
    ['part2-v4', 'sound', 0],
    ['part2-v5', 'sound', 2],
    ['v11', 'sound', 2],
    ['v14', 'sound', 2],
    ['linux-6.11', 'bugged', 1],
    ['linux-7.2', 'bugged', 1],
  ])('%s: the VM is %s, the leak list grows by %i', (id, health, leaked) => {
    const launch = new Launch(id).failing(LAUNCH_UPDATE, 2n).failing(PAGE_RECLAIM, 0x10n);
    launch.vmm('launch-update', { gfn: 4, type: 'normal' });
    const { vm, host } = launch.world;
    expect([vm.health, host.leakedPages, ...launch.pages(4)]).toEqual([health, leaked, 'Pre-Guest']);
  });
});

describe('arguments of LAUNCH_UPDATE', () => {
  test.each([
    ['part2-v4', 'vmsa', 0],
    ['v11', 'vmsa', 0],
    ['v14', 'vmsa', -errno.EINVAL],
    ['linux-7.2', 'vmsa', -errno.EINVAL],
  ] as const)('%s: page type %s gives %i', (id, type, ret) => {
    expect(new Launch(id).vmm('launch-update', { gfn: 8, type }).ret).toBe(ret);
  });

  test.each([
    ['v11', -errno.EINVAL],
    ['v14', 0],
    ['linux-6.12', 0],
    ['linux-7.2', -errno.EINVAL],
  ])('%s: length 0 gives %i', (id, ret) => {
    expect(new Launch(id).vmm('launch-update', { gfn: 8, len: 0n, type: 'normal' }).ret).toBe(ret);
  });

  test.each([
    ['part2-v4', V, V],
    ['v11', V, V],
    ['linux-7.2', H, H],
  ])('%s: half a page behind a whole one: pages %s %s', (id, ...states) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 8, len: 0x1800n, type: 'normal' });
    expect(launch.pages(8, 9)).toEqual(states);
  });

  test.each([
    ['v11', 0],
    ['v13-launch-update', 0],
    ['linux-7.2', -errno.EINVAL],
  ])('%s: a length of 4 GiB and a page: the 32-bit field keeps the page', (id, ret) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 8, len: 0x1_0000_1000n, type: 'normal' });
    const inStruct = ret === 0 ? 0x1000n : undefined;
    if (inStruct !== undefined) expect([launch.ret, launch.world.vm.updateLeft]).toEqual([0, inStruct]);
    else expect(launch.world.vm.updateLeft).toBe(0x1_0000_1000n - 0x3f8000n);
  });

  test.each(['part2-v4', 'part2-v5', 'v11', 'v13-launch-update'])('%s: there is no place for flags', (id) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 8, type: 'normal', flags: 1 });
    expect(launch.steps).toEqual(['refused: the struct of this kernel has no flags']);
  });

  test.each([
    ['v11', -errno.EINVAL],
    ['linux-7.2', 0],
  ])('%s: a page without direct-map address gives %i', (id, ret) => {
    const launch = new Launch(id).act({ actor: 'inject', verb: 'no-direct-map', args: { gfn: 8 } });
    expect(launch.vmm('launch-update', { gfn: 8, type: 'normal' }).ret).toBe(ret);
  });

  test.each([
    ['part2-v4', -errno.ENOTTY],
    ['v14', -errno.EINVAL],
  ])('%s: before the VM is an SNP guest the call gives %i', (id, ret) => {
    const launch = new Launch(id).vmm('destroy', {}).vmm('create-vm', {}).vmm('memslot', { gfn: 0, n: 16 });
    expect(launch.vmm('launch-update', { gfn: 8, type: 'normal' }).ret).toBe(ret);
  });
});
