/** Memory of a running guest: what the nested page table, the RMP and the attributes each have to say. */
import { describe, expect, test } from 'vitest';
import { errno } from '../../abi/errno';
import { kvmRun, kvmRunMemoryFault, KVM_EXIT_MEMORY_FAULT } from '../../abi/kvm-run';
import { vmsa } from '../../abi/vmsa';
import { arrangeRmp, pageState, rmpEntry } from '../hardware/rmp';
import type { Image } from '../memory/image';
import { Run } from '../../testing/engine/test-run';

const PAGE = 0x5000n;
const GFN = 5;
const kinds = (run: Run): string[] => run.steps.map((step) => step.split(' ')[0] ?? '');

describe('a private page at its first use', () => {
  test('is zeroed, made private, and raises #VC until it is validated', () => {
    const run = new Run().running().guest('read', { gpa: PAGE, private: true });
    expect(kinds(run)).toEqual(['nested', 'page', 'RMPUPDATE', '#VC']);
    expect(pageState(run.world, GFN)).toBe('Guest-Invalid');
    run.guest('pvalidate', { gpa: PAGE }).guest('write', { gpa: PAGE, private: true, value: 7n });
    run.guest('read', { gpa: PAGE, private: true });
    expect(run.steps).toEqual(['read 0x5000 private = 0x7']);
  });

  test.each([
    ['validating again', true, true, 255, 'Guest-Valid'],
    ['rescinding a validated page', true, false, 0, 'Guest-Invalid'],
    ['rescinding again', false, false, 255, 'Guest-Invalid'],
  ])('%s: PVALIDATE ends with %i', (_, first, second, code, state) => {
    const run = new Run().running().guest('pvalidate', { gpa: PAGE });
    run
      .guest('pvalidate', { gpa: PAGE, validate: first })
      .guest('pvalidate', { gpa: PAGE, validate: second });
    expect([run.world.vcpu(0).instructionCode, pageState(run.world, GFN)]).toEqual([code, state]);
  });

  test('PVALIDATE with 2M on 4K entries is a size mismatch', () => {
    const run = new Run().running().guest('pvalidate', { gpa: 0x200000n, size: '2M' });
    expect(run.world.vcpu(0).instructionCode).toBe(6);
  });

  test('PVALIDATE with 4K on a 2M entry has KVM smash it first', () => {
    const run = new Run().running();
    const entry = { assigned: true, immutable: false, asid: 1, gfn: 0x200, twoMeg: true, validated: false };
    arrangeRmp(run.world, 0x200, entry);
    run.guest('pvalidate', { gpa: 0x203000n });
    expect(kinds(run)).toContain('PSMASH');
    expect([rmpEntry(run.world, 0x200).twoMeg, pageState(run.world, 0x203)]).toEqual([false, 'Guest-Valid']);
  });
});

test.each([
  [true, 'read', '0x500000004'],
  [true, 'write', '0x500000006'],
  [false, 'read', '0x100000004'],
])('the nested fault of an access is that of a user (C-bit %s, %s)', (isPrivate, verb, error) => {
  const run = new Run().running().vmm('set-attributes', { gfn: GFN, n: 1, private: isPrivate });
  if (verb === 'read') run.guest('read', { gpa: PAGE, private: isPrivate });
  else run.guest('write', { gpa: PAGE, private: isPrivate, value: 1n });
  expect(run.steps[0]).toBe(`nested page fault 0x5000 error ${error}`);
});

describe('an access that differs from the attribute', () => {
  test.each([
    ['private', 'shared', true, 8n],
    ['shared', 'private', false, 0n],
  ])('a %s access to a %s page leaves with -EFAULT and MEMORY_FAULT', (_, __, access, flags) => {
    const run = new Run().running().vmm('set-attributes', { gfn: GFN, n: 1, private: !access });
    run.guest('read', { gpa: PAGE + 8n, private: access });
    const bytes = run.world.kvmRun[0] as Image;
    expect(kvmRun.get(bytes, 'exitReason')).toBe(KVM_EXIT_MEMORY_FAULT);
    expect([
      kvmRunMemoryFault.get(bytes, 'flags'),
      kvmRunMemoryFault.get(bytes, 'gpa'),
      kvmRunMemoryFault.get(bytes, 'size'),
    ]).toEqual([flags, PAGE, 0x1000n]);
    expect([run.world.vcpu(0).runErrno, run.world.vcpu(0).run]).toEqual([errno.EFAULT, 'inUserspace']);
  });

  test('and no memory for the page: the errno of guest_memfd comes out', () => {
    const run = new Run().running();
    run.act({ actor: 'inject', verb: 'allocation', args: { what: 'gmem' } });
    run.guest('read', { gpa: PAGE, private: true });
    expect(run.world.vcpu(0).runErrno).toBe(errno.ENOMEM);
  });
});

describe('converting', () => {
  test('to shared and back without a hole keeps the page, its RMP entry and its content', () => {
    const run = new Run().running().guest('pvalidate', { gpa: PAGE });
    run.guest('write', { gpa: PAGE, private: true, value: 7n });
    run.vmm('set-attributes', { gfn: GFN, n: 1, private: false });
    expect(pageState(run.world, GFN)).toBe('Guest-Valid');
    run.vmm('set-attributes', { gfn: GFN, n: 1, private: true });
    run.guest('read', { gpa: PAGE, private: true });
    expect(run.steps.at(-1)).toBe('read 0x5000 private = 0x7');
  });

  test('with a hole gives the page back; the next use finds zeros, not validated', () => {
    const run = new Run().running().guest('pvalidate', { gpa: PAGE });
    run.vmm('punch-hole', { gfn: GFN, n: 1 });
    expect(pageState(run.world, GFN)).toBe('Hypervisor');
    run.guest('read', { gpa: PAGE, private: true });
    expect(kinds(run)).toEqual(['nested', 'page', 'RMPUPDATE', '#VC']);
  });

  test('shared memory outside every slot is MMIO: #VC, and KVM does not leave', () => {
    const run = new Run().running();
    const [slot] = run.world.slots;
    if (slot) slot.pages = 0x100;
    run.vmm('set-attributes', { gfn: 0x200, n: 1, private: false });
    run.guest('read', { gpa: 0x200000n, private: false });
    expect(kinds(run)).toEqual(['nested', '#VC:']);
    expect(run.world.vcpu(0).run).toBe('inGuest');
  });
});

test('a VMSA page is filled with the features of the VM and marked by RMPADJUST', () => {
  const run = new Run().running().guest('pvalidate', { gpa: PAGE }).guest('make-vmsa', { gpa: PAGE });
  expect(rmpEntry(run.world, GFN)).toMatchObject({ validated: true, vmsa: true, asid: 1 });
  expect(vmsa.get(run.world.image('private', GFN), 'sevFeatures')).toBe(1n);
});

describe('a run of pages is one step with a count', () => {
  const alone = (n: number): Run => {
    const run = new Run().running();
    for (let i = 0; i < n; i++) run.guest('pvalidate', { gpa: 0x210000n + BigInt(i) * 0x1000n });
    return run;
  };

  test('PVALIDATE of 40 pages at once and one by one end in the same pages', () => {
    const together = new Run().running().guest('pvalidate', { gpa: 0x210000n, n: 40 });
    const onebyone = alone(40);
    const content = ({ world }: Run): unknown[] => world.pages.fields.map((field) => [...field.runs()]);
    expect(content(together)).toEqual(content(onebyone));
  });

  test('a page that is validated already ends the run with CF=1', () => {
    const run = alone(1);
    run.guest('pvalidate', { gpa: 0x20f000n, n: 3 });
    expect(run.steps.slice(-2)).toEqual([
      'PVALIDATE 0x20f000 4K validate: done',
      'PVALIDATE 0x210000 4K validate: CF=1, nothing changed',
    ]);
  });
});
