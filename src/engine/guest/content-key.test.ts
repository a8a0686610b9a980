/** What a guest reads through its C-bit: its own bytes, or noise. */
import { describe, expect, test } from 'vitest';
import { Run } from '../../testing/engine/test-run';
import type { Act } from '../acts';
import { readContent } from '../kvm/memory/gmem';

const PAGE = 0x5000n;
const NOISE = 'read 0x5000 private = noise';
const validated = (): Run => new Run().running().guest('pvalidate', { gpa: PAGE });
const reading = (run: Run, gpa = PAGE): string[] => run.guest('read', { gpa, private: true }).steps;

describe('a read with the C-bit', () => {
  test('of a page that KVM zeroed is noise, the same each time, and never 0', () => {
    const run = validated();
    expect(reading(run)).toEqual([NOISE]);
    const first = run.world.vcpu(0).vmsaRax;
    expect(first).not.toBe(0n);
    expect(reading(run)).toEqual([NOISE]);
    expect(run.world.vcpu(0).vmsaRax).toBe(first);
  });

  test('finds the eight bytes that the guest wrote, and noise behind them', () => {
    const run = validated().guest('write', { gpa: PAGE, private: true, value: 7n });
    expect(reading(run)).toEqual(['read 0x5000 private = 0x7']);
    expect(reading(run, PAGE + 8n)).toEqual(['read 0x5008 private = noise']);
  });

  test('of bytes before those that the guest wrote is noise as well', () => {
    const run = validated().guest('write', { gpa: PAGE + 16n, private: true, value: 7n });
    expect(reading(run, PAGE + 16n)).toEqual(['read 0x5010 private = 0x7']);
    reading(run);
    expect(run.world.vcpu(0).vmsaRax).not.toBe(0n);
  });

  test('is noise of its own in each eight bytes of a page, also around those that were written', () => {
    const words = (run: Run): bigint[] =>
      [0n, 8n, 24n, 0xff8n].map((at) => {
        reading(run, PAGE + at);
        return run.world.vcpu(0).vmsaRax;
      });
    const before = words(validated());
    expect(new Set(before).size).toBe(4);
    const after = validated().guest('write', { gpa: PAGE + 16n, private: true, value: 7n });
    expect(words(after)).toEqual(before);
  });

  test('of a launch page finds what the firmware encrypted', () => {
    const run = new Run().started({ vcpus: 1 });
    run
      .vmm('launch-update', { gfn: 5, type: 'normal', content: 0x4141n })
      .vmm('launch-update', { gfn: 6, type: 'zero' })
      .vmm('launch-finish', {})
      .vmm('run', { vcpu: 0 });
    expect(reading(run).at(-1)).toBe('read 0x5000 private = 0x4141');
    expect(reading(run, 0x6000n).at(-1)).toBe('read 0x6000 private = 0x0');
  });

  test('finds the old bytes after a conversion that did not discard the page, and noise after one that did', () => {
    const convert = (run: Run, discards: boolean): Run => {
      run.vmm('set-attributes', { gfn: 5, n: 1, private: false });
      if (discards) run.vmm('punch-hole', { gfn: 5, n: 1 });
      return run.vmm('set-attributes', { gfn: 5, n: 1, private: true });
    };
    const written = (): Run => validated().guest('write', { gpa: PAGE, private: true, value: 7n });
    expect(reading(convert(written(), false)).at(-1)).toBe('read 0x5000 private = 0x7');
    const discarded = convert(written(), true).guest('pvalidate', { gpa: PAGE });
    expect(reading(discarded)).toEqual([NOISE]);
  });

  test('of a page into which the host wrote once it was shared again is noise, not what the host wrote', () => {
    const run = validated().guest('write', { gpa: PAGE, private: true, value: 7n });
    run.act({ actor: 'kvm', verb: 'rmpupdate', args: { gfn: 5, to: 'shared' } });
    run.act({ actor: 'kvm', verb: 'host-write', args: { gfn: 5, value: 0x4141n } });
    run.act({ actor: 'kvm', verb: 'rmpupdate', args: { gfn: 5, to: 'private' } });
    run.guest('pvalidate', { gpa: PAGE });
    expect(reading(run)).toEqual([NOISE]);
  });
});

describe('a host that copies private pages', () => {
  const [A, B] = [5, 6];
  const kvm = (run: Run, verb: 'host-copy' | 'rmpupdate' | 'migrate', args: object): Run =>
    run.act({ actor: 'kvm', verb, args } as Act);
  const make = (run: Run, gfn: number, to: 'shared' | 'private'): Run => kvm(run, 'rmpupdate', { gfn, to });
  const copy = (run: Run, from: number, to: number): Run => kvm(run, 'host-copy', { from, to });
  const GPA_B = 0x6000n;
  /** A reads 7, all of B is the guest's; B is the host's again. */
  const twoPages = (run = new Run().running()): Run => {
    run.guest('pvalidate', { gpa: PAGE }).guest('write', { gpa: PAGE, private: true, value: 7n });
    run.guest('write', { gpa: PAGE + 8n, private: true, value: 8n });
    run.guest('pvalidate', { gpa: GPA_B }).guest('write', { gpa: GPA_B, private: true, value: 9n });
    return make(run, B, 'shared');
  };
  const given = (run: Run, gfn: number, gpa: bigint): Run =>
    make(run, gfn, 'private').guest('pvalidate', { gpa });

  test('leaves noise elsewhere, in every byte, and the original as it was', () => {
    const run = copy(twoPages(), A, B);
    expect(run.steps).toEqual(['host copies page 0x5 to page 0x6']);
    given(run, B, GPA_B);
    expect(reading(run, GPA_B)).toEqual(['read 0x6000 private = noise']);
    expect(reading(run, GPA_B + 8n)).toEqual(['read 0x6008 private = noise']);
    expect(reading(run)).toEqual(['read 0x5000 private = 0x7']);
  });

  test('and copies back finds the old bytes: only the RMP keeps it from being unseen', () => {
    const run = copy(twoPages(), A, B).guest('write', { gpa: PAGE, private: true, value: 11n });
    copy(make(run, A, 'shared'), B, A);
    make(run, A, 'private');
    expect(reading(run)).toEqual(['#VC 0x404: 0x5000 is not validated']);
    run.guest('pvalidate', { gpa: PAGE });
    expect(reading(run)).toEqual(['read 0x5000 private = 0x7']);
    expect(reading(run, PAGE + 8n)).toEqual(['read 0x5008 private = 0x8']);
  });

  test('twice, over a third page, finds noise until the bytes are at their place again', () => {
    const C = 7;
    const run = twoPages().guest('pvalidate', { gpa: 0x7000n });
    copy(make(run, C, 'shared'), A, B);
    copy(run, B, C);
    expect(reading(given(run, C, 0x7000n), 0x7000n)).toEqual(['read 0x7000 private = noise']);
    copy(make(make(run, C, 'shared'), A, 'shared'), C, A);
    expect(reading(given(run, A, PAGE))).toEqual(['read 0x5000 private = 0x7']);
  });

  test('of eight bytes and noise finds just these back, over a page of which more was known', () => {
    const run = validated().guest('write', { gpa: PAGE, private: true, value: 7n });
    run.guest('pvalidate', { gpa: GPA_B }).guest('write', { gpa: GPA_B + 8n, private: true, value: 9n });
    copy(make(run, B, 'shared'), A, B);
    copy(make(run, A, 'shared'), B, A);
    given(run, A, PAGE);
    expect(reading(run)).toEqual(['read 0x5000 private = 0x7']);
    expect(reading(run, PAGE + 8n)).toEqual(['read 0x5008 private = noise']);
  });

  test('takes an RMP fault where the other page is assigned', () => {
    const run = copy(make(twoPages(), B, 'private'), A, B);
    expect(run.steps.at(-1)).toContain('killed by an oops (RMP fault of a host write)');
  });

  test.each([
    ['linux-7.2', 0xffff_ffff_ffff_ffffn],
    ['linux-6.12', 7n],
  ])('%s, set up for ciphertext hiding', (spec, held) => {
    const run = new Run(spec).act({ actor: 'inject', verb: 'ciphertext-hiding', args: { asids: 2 } });
    copy(twoPages(run.running()), A, B);
    expect(readContent(run.world, B)).toBe(held);
    expect(reading(given(run, B, GPA_B), GPA_B)).toEqual(['read 0x6000 private = noise']);
  });

  test('what the guest writes into a copy is its own', () => {
    const run = given(copy(twoPages(), A, B), B, GPA_B);
    run.guest('write', { gpa: GPA_B, private: true, value: 12n });
    expect(reading(run, GPA_B)).toEqual(['read 0x6000 private = 0xc']);
    reading(run, GPA_B + 8n);
    expect([0n, 8n]).not.toContain(run.world.vcpu(0).vmsaRax);
  });

  test('does not move pages of guest_memfd', () => {
    const run = kvm(twoPages(), 'migrate', { gfn: A });
    expect(run.steps).toEqual(['page 0x5 is not isolated for migration']);
    expect(reading(run)).toEqual(['read 0x5000 private = 0x7']);
  });

  test.each(['host-copy', 'migrate'] as const)(
    '%s is refused where private pages are userspace memory',
    (verb) => {
      const args = verb === 'migrate' ? { gfn: A } : { from: A, to: B };
      expect(kvm(new Run('part2-v4').running(), verb, args).steps[0]).toContain('refused: this kernel keeps');
    },
  );
});

test('memory slots that swap two pages of guest_memfd: each access faults for ever, and swapped back all is there', () => {
  const run = new Run().running();
  for (const [gpa, value] of [
    [0x5000n, 7n],
    [0x6000n, 9n],
  ] as const)
    run.guest('pvalidate', { gpa }).guest('write', { gpa, private: true, value });
  const bind = (slot: number, gfn: number, gmem: number, n = 1): Run =>
    run.vmm('memslot', { slot, gfn, n, gmem });
  const drop = (...slots: number[]): void =>
    slots.forEach((slot) => void run.vmm('memslot', { slot, gfn: 0, n: 0 }));
  run.vmm('signal', { vcpu: 0 }).act({ actor: 'kvm', verb: 'wake', args: { vcpu: 0 } });
  drop(0);
  bind(0, 0, 0, 5);
  bind(1, 5, 6);
  bind(2, 6, 5);
  expect(run.ret).toBe(0);
  run.vmm('run', { vcpu: 0 });
  expect(reading(run).at(-1)).toContain('another address');
  expect(reading(run, 0x6000n).at(-1)).toContain('another address');
  run.vmm('signal', { vcpu: 0 }).act({ actor: 'kvm', verb: 'wake', args: { vcpu: 0 } });
  drop(1, 2);
  bind(1, 5, 5);
  bind(2, 6, 6);
  run.vmm('run', { vcpu: 0 });
  expect([reading(run).at(-1), reading(run, 0x6000n).at(-1)]).toEqual([
    'read 0x5000 private = 0x7',
    'read 0x6000 private = 0x9',
  ]);
});
