/** Nested faults that do not find what they need, memory slots that change, and more than one guest_memfd. */
import { describe, expect, test } from 'vitest';
import { errno } from '../../../abi/errno';
import { pageState } from '../../hardware/rmp';
import { Run } from '../../../testing/engine/test-run';

const PAGE = 0x5000n;
const touch = (run: Run, asPrivate: boolean, gpa = PAGE): Run =>
  run.guest('read', { gpa, private: asPrivate });
const ended = (run: Run): string | undefined => run.steps.at(-1);

describe('the errno of a look-up travels with KVM_EXIT_MEMORY_FAULT', () => {
  test.each([
    ['RMPUPDATE fails', 'rmpupdate', { code: 1 }, '-EINVAL'],
    ['no page can be allocated', 'allocation', { what: 'gmem' }, '-ENOMEM'],
  ] as const)('%s', (_, verb, args, ret) => {
    const run = new Run().running().act({ actor: 'inject', verb, args } as never);
    expect(ended(touch(run, true))).toBe(`MEMORY_FAULT 0x5000 flags=0x8 = ${ret}`);
  });

  test('a damaged page', () => {
    const run = new Run().running().guest('pvalidate', { gpa: PAGE });
    run.act({ actor: 'inject', verb: 'memory-failure', args: { gfn: 5 } });
    expect(ended(touch(run, true))).toBe('MEMORY_FAULT 0x5000 flags=0x8 = -EHWPOISON');
  });
});

describe('user memory behind a shared frame', () => {
  const shared = (access: 'r' | 'none' | 'poisoned'): Run =>
    new Run()
      .running()
      .vmm('set-attributes', { gfn: 5, n: 1, private: false })
      .vmm('user-memory', { gfn: 5, n: 1, access });

  test('that is not mapped is -EFAULT without an exit that names the address', () => {
    expect(ended(touch(shared('none'), false))).toBe('KVM_RUN v0 = -EFAULT, exit KVM_EXIT_UNKNOWN');
  });
  test('that is read-only is read, and a write is -EFAULT', () => {
    const run = touch(shared('r'), false);
    expect(ended(run)).toBe('read 0x5000 shared = 0x0');
    expect(ended(run.guest('write', { gpa: PAGE, private: false, value: 1n }))).toContain('-EFAULT');
  });
  test('that is damaged sends SIGBUS, which ends KVM_RUN', () => {
    const { steps } = touch(shared('poisoned'), false);
    expect(steps.at(-2)).toContain('SIGBUS');
    expect(steps.at(-1)).toContain('-EINTR');
  });
});

describe('memory slots', () => {
  const slots = (): Run =>
    new Run()
      .vmm('create-vm', {})
      .vmm('memslot', { gfn: 0, n: 0x100 })
      .vmm('memslot', { gfn: 0x200, n: 0x10, backing: 'none' });

  test.each([
    ['deleted', { slot: 1, gfn: 0x200, n: 0 }, 0],
    ['moved', { slot: 1, gfn: 0x300, n: 0x10, backing: 'none' }, 0],
    ['moved onto another', { slot: 1, gfn: 0x80, n: 0x10, backing: 'none' }, -errno.EEXIST],
    ['resized', { slot: 1, gfn: 0x200, n: 0x20, backing: 'none' }, -errno.EINVAL],
    ['moved, with guest_memfd', { slot: 0, gfn: 0x300, n: 0x100 }, -errno.EINVAL],
    ['deleted, but missing', { slot: 7, gfn: 0, n: 0 }, -errno.EINVAL],
    ['read-only', { slot: 2, gfn: 0x300, n: 1, backing: 'none', flag: 'readonly' }, -errno.EINVAL],
  ] as const)('a slot that is %s', (_, args, ret) => {
    expect(slots().vmm('memslot', args).ret).toBe(ret);
  });

  test.each([
    ['linux-6.12', -errno.EINVAL],
    ['linux-7.2', -errno.EEXIST],
    ['linux-7.3', -errno.EEXIST],
  ] as const)('two slots on one page of a file under %s', (id, ret) => {
    const run = new Run(id).vmm('create-vm', {}).vmm('memslot', { gfn: 0, n: 0x10 });
    expect(run.vmm('memslot', { gfn: 0x20, n: 0x10, gmem: 8 }).ret).toBe(ret);
    expect(run.vmm('memslot', { gfn: 0x20, n: 0x10, gmem: 16 }).ret).toBe(0);
  });

  test('pages stay in guest_memfd when their slot is deleted, and come back with their bytes', () => {
    const run = new Run().running().guest('pvalidate', { gpa: PAGE });
    run.guest('write', { gpa: PAGE, private: true, value: 7n });
    run.vmm('memslot', { slot: 0, gfn: 0, n: 0 });
    expect(ended(touch(run, true))).toBe('MEMORY_FAULT 0x5000 flags=0x8 = -EFAULT');
    run.vmm('memslot', { gfn: 0, n: 0x400, gmem: 0 }).vmm('run', { vcpu: 0 });
    expect(ended(touch(run, true))).toBe('read 0x5000 private = 0x7');
  });
});

describe('a guest_memfd made with the mmap flag', () => {
  const made = (id: string): Run =>
    new Run(id).vmm('create-vm', {}).vmm('init2', {}).vmm('create-gmem', { flags: 1n, size: 0x10000n });

  test('is refused by 6.12', () => expect(made('linux-6.12').ret).toBe(-errno.EINVAL));

  test.each(['linux-7.2', 'linux-7.3'])(
    'serves shared faults under %s, and its page becomes private in the RMP',
    (id) => {
      const run = made(id).vmm('memslot', { gfn: 0, n: 16, file: 1 }).vmm('create-vcpu', {});
      run.vmm('launch-start', {}).vmm('launch-finish', {}).vmm('run', { vcpu: 0 });
      touch(run, false);
      const pfn = run.world.slots[0]?.firstGmemPage ?? 0;
      expect(pageState(run.world, pfn + 5)).toBe('Guest-Invalid');
      expect(ended(run)).toContain('RMP violation');
    },
  );
});

test('a hole punch whose RMPUPDATE fails returns 0, and the page is freed while it is assigned', () => {
  const run = new Run().running().guest('pvalidate', { gpa: PAGE });
  run.act({ actor: 'inject', verb: 'rmpupdate', args: { code: 1 } });
  run.vmm('punch-hole', { gfn: 5, n: 1 });
  expect(run.ret).toBe(0);
  expect(run.steps).toContain('WARN: a page being freed stays assigned');
  expect(pageState(run.world, 5)).not.toBe('Hypervisor');
  expect(run.world.pages.hostPage.get(5)).toBe(0);
});

test('the next VM has a guest_memfd of its own', () => {
  const run = new Run().running().vmm('destroy', {}).vmm('create-vm', {});
  expect(run.vmm('memslot', { gfn: 0, n: 0x400 }).ret).toBe(0);
});
