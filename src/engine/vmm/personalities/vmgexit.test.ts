/** KVM_EXIT_VMGEXIT and the VMMs: those of its time walked the buffer, those of today do not know it. */
import { describe, expect, test } from 'vitest';
import type { PscEntryInput } from '../../acts';
import type { Vm } from '../../state/vm';
import {
  currentEntry,
  entry,
  info2,
  PRIVATE,
  running,
  SHARED,
  SMASH,
} from '../../../testing/engine/test-psc';
import type { Run } from '../../../testing/engine/test-run';

const isPrivate = ({ world }: Run, gfn: number): boolean => (world.pages.gfn.get(gfn) & 1) === 1;

/** A batch or a page, handled by a personality and run again. */
function handled(spec: string, personality: Vm['personality'], entries: readonly PscEntryInput[]): Run {
  const run = running(spec);
  run.world.vm.personality = personality;
  run.guest('psc', { entries });
  return run.vmm('handle', { vcpu: 0 });
}

describe.each(['v14', 'v14:psc.batch=rawMsrExit'])('a batch under %s', (spec) => {
  test('the VMM of the time converts run by run, takes SMASH for shared, and marks every entry', () => {
    const run = handled(spec, 'historical-vmgexit', [
      entry(SHARED, 0x120),
      entry(SHARED, 0x121),
      entry(SMASH, 0x140),
    ]);
    expect(run.steps.filter((step) => step.startsWith('convert'))).toEqual([
      'convert 0x120000 n=2 to shared',
      'convert 0x140000 n=1 to shared',
    ]);
    expect([0x120, 0x121, 0x140, 0x141].map((gfn) => isPrivate(run, gfn))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    run.vmm('run', { vcpu: 0 });
    expect([info2(run), currentEntry(run)]).toEqual([0n, 3]);
    expect(run.world.image('shared', 0x3ff).u16(0x808) & 0xfff).toBe(1);
  });

  test('a range that fails is answered with the generic error, and cur_entry stays at it', () => {
    const run = handled(spec, 'historical-vmgexit', [entry(SHARED, 0x120), entry(PRIVATE, 0x500)]);
    run.vmm('run', { vcpu: 0 });
    expect([info2(run), currentEntry(run)]).toEqual([0x100_0000_0000n, 1]);
    expect(run.world.vm.vmmStopped).toBe(false);
  });

  test('an end_entry of 253 is a bad header to that VMM, cur above end is nothing to do', () => {
    const answers = [
      { cur: 0, end: 253 },
      { cur: 5, end: 3 },
    ].map((header) => {
      const run = running(spec);
      run.world.vm.personality = 'historical-vmgexit';
      run
        .guest('psc', { entries: [], ...header })
        .vmm('handle', { vcpu: 0 })
        .vmm('run', { vcpu: 0 });
      return info2(run);
    });
    expect(answers).toEqual([0x1_0000_0001n, 0n]);
  });

  test.each<[Vm['personality'], boolean]>([
    ['qemu', true],
    ['cloud-hypervisor', true],
    ['strict', true],
    ['lazy', false],
  ])('%s stops at an exit it does not know is %s', (personality, stops) => {
    const run = handled(spec, personality, [entry(SHARED, 0x120)]);
    expect(run.world.vm.vmmStopped).toBe(stops);
    expect(isPrivate(run, 0x120)).toBe(true);
  });
});

describe('one page', () => {
  const asked = (spec: string, gfn: number): Run => {
    const run = running(spec);
    run.world.vm.personality = 'historical-vmgexit';
    return run.guest('msr-psc', { gfn, op: 'shared' }).vmm('handle', { vcpu: 0 });
  };

  test.each(['v14', 'v14:psc.msr=rawMsrExit'])('%s: it is converted and the guest reads 0x15', (spec) => {
    const run = asked(spec, 0x120).vmm('run', { vcpu: 0 });
    expect(run.world.vcpu(0).guestReadMsr).toBe(0x15n);
    expect(isPrivate(run, 0x120)).toBe(false);
  });

  test('when it cannot be converted the negative errno is stored and the VM stops', () => {
    const run = running('v14');
    run.world.vm.personality = 'historical-vmgexit';
    run.guest('msr-psc', { gfn: 0x500, op: 'private' }).vmm('handle', { vcpu: 0 });
    expect(run.world.vm.vmmStopped).toBe(true);
    run.vmm('run', { vcpu: 0 });
    expect(run.world.vcpu(0).guestReadMsr).toBe(0xffff_ffea_0000_0015n);
  });
});
