/** What a guest reads through its C-bit: its own bytes, or noise. */
import { describe, expect, test } from 'vitest';
import { Run } from '../../testing/engine/test-run';

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
