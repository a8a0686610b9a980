/** Page state changes by the MSR protocol, SNP messages of other guests, and accesses of the other kind, by generation. */
import { describe, expect, test } from 'vitest';
import { kvmRun, kvmRunHypercall, kvmRunVmgexitPscMsr } from '../../../abi/kvm-run';
import { pageState } from '../../hardware/rmp';
import { gfnBits } from '../../memory/page-bits';
import { running, runOf } from '../../../testing/engine/test-psc';

describe('one page by the MSR protocol', () => {
  test.each<[string, string | undefined]>([
    ['part2-v4', undefined],
    ['part2-v5', undefined],
    ['v11', 'VMGEXIT type 1 psc_msr 0x120000 op=2'],
    ['v14:psc.msr=rawMsrExit', 'VMGEXIT ghcb_msr=0x20000000120014'],
    ['linux-7.2', 'HYPERCALL MAP_GPA_RANGE 0x120000 n=0x1 attr=0x0'],
  ])('%s leaves with %s', (spec, exit) => {
    const run = running(spec).guest('msr-psc', { gfn: 0x120, op: 'shared' });
    expect(run.steps.find((step) => /^(HYPERCALL|VMGEXIT)/.test(step))).toBe(exit);
    if (exit === undefined) expect(run.world.vcpu(0).guestReadMsr).toBe(0x15n);
  });

  test.each<[string, bigint, boolean]>([
    ['part2-v4', 0xffff_ffff_0000_0015n, true],
    ['part2-v5', 0xffff_ffff_0000_0015n, true],
    ['v11', 0x8000_0000_0000_0015n, false],
    ['as-reviewed', 0x8000_0000_0000_0015n, false],
    ['linux-7.2', 0x8000_0000_0000_0015n, false],
  ])('%s: an unknown operation is answered %s, and maps the page is %s', (spec, answer, maps) => {
    const run = running(spec).guest('msr-psc', { gfn: 0x120, op: 'psmash' });
    expect(run.world.vcpu(0).guestReadMsr).toBe(answer);
    expect((run.world.pages.gfn.get(0x120) & gfnBits.mappedShared) !== 0).toBe(maps);
  });

  test.each<[string, bigint, bigint]>([
    ['v14', 0x1_2345n, 0x1_2345_0000_0015n],
    ['v14:psc.msrFailure=bit63', 0x1_2345n, 0x8000_0000_0000_0015n],
    ['linux-6.12', 0x1_2345n, 0x8000_0000_0000_0015n],
    ['linux-7.2', 22n, 0x8000_0000_0000_0015n],
    ['as-reviewed', 22n, 0x8000_0000_0000_0015n],
  ])('%s: ret %s reaches the guest as %s', (spec, ret, answer) => {
    const run = running(spec).guest('msr-psc', { gfn: 0x120, op: 'shared' });
    run.vmm('answer', { vcpu: 0, ret }).vmm('run', { vcpu: 0 });
    expect(run.world.vcpu(0).guestReadMsr).toBe(answer);
  });

  test('without a type the VMM writes the whole MSR, and a VMM that does not is read as no answer', () => {
    const run = running('v14:psc.msr=rawMsrExit').guest('msr-psc', { gfn: 0x120, op: 'shared' });
    expect(kvmRun.get(runOf(run), 'exitReason')).toBe(50);
    run.vmm('answer', { vcpu: 0, value: 0x7_0000_0015n }).vmm('run', { vcpu: 0 });
    expect(run.world.vcpu(0).guestReadMsr).toBe(0x7_0000_0015n);
    expect(run.steps).toContainEqual(expect.stringMatching(/PSC_RESP.*0x700000015/));
    run.guest('msr-psc', { gfn: 0x120, op: 'shared' }).vmm('run', { vcpu: 0 });
    expect(run.world.vcpu(0).guestResult).toBe('unanswered');
  });

  test.each<[string, boolean]>([
    ['v11', false],
    ['linux-7.2', true],
    ['linux-7.2:psc.exitsDisabled=notNegotiable', false],
  ])('%s: an error when exits were never enabled is %s', (spec, isError) => {
    const run = running(spec);
    run.world.vm.hypercallExits = false;
    run.guest('msr-psc', { gfn: 0x120, op: 'shared' });
    expect(run.world.vcpu(0).run).toBe(isError ? 'inGuest' : 'inUserspace');
  });

  test.each<[string, number, number]>([
    ['v11', 4, 40],
    ['linux-6.11', 4, 3],
  ])('%s leaves an old answer in ret', (spec, word, reason) => {
    const run = running(spec);
    runOf(run).setU32(52, word);
    kvmRunHypercall.set(runOf(run), 'ret', 9n);
    runOf(run).setU32(52, word);
    run.guest('msr-psc', { gfn: 0x120, op: 'shared' });
    expect(kvmRun.get(runOf(run), 'exitReason')).toBe(reason);
    const ret =
      reason === 40
        ? kvmRunVmgexitPscMsr.get(runOf(run), 'ret')
        : Number(kvmRunHypercall.get(runOf(run), 'ret'));
    expect(ret).toBe(reason === 40 ? word : 9);
  });
});

describe('an SEV-ES guest sends SNP messages', () => {
  test.each<[string, 'answered' | 'forwarded' | 'terminated']>([
    ['part2-v4', 'answered'],
    ['v14', 'forwarded'],
    ['as-reviewed', 'terminated'],
    ['linux-7.2', 'terminated'],
  ])('%s: its page state change is %s', (spec, what) => {
    const run = running(spec);
    run.world.vm.type = 'seves';
    run.guest('msr-psc', { gfn: 0x120, op: 'shared' });
    const reason = kvmRun.get(runOf(run), 'exitReason');
    const outcome =
      run.world.vcpu(0).run === 'inGuest' ? 'answered' : reason === 24 ? 'terminated' : 'forwarded';
    expect(outcome).toBe(what);
  });

  test.each<[string, boolean]>([
    ['v14', false],
    ['amd-5.19-snp', false],
    ['linux-7.2', true],
  ])('%s: asking for a preferred GHCB address ends it is %s', (spec, ends) => {
    const run = running(spec);
    run.world.vm.type = 'seves';
    run.guest('msr', { value: 0x10n });
    expect(run.world.vcpu(0).run === 'inUserspace').toBe(ends);
  });
});

describe('an access of the other kind than the page', () => {
  test.each(['part2-v4', 'part2-v5'])('%s changes the page under the guest', (spec) => {
    const run = running(spec);
    run.guest('pvalidate', { gpa: 0x120000n });
    expect(pageState(run.world, 0x120)).toBe('Guest-Valid');
    run.guest('read', { gpa: 0x120000n, private: false });
    expect(pageState(run.world, 0x120)).toBe('Hypervisor');
    expect(run.world.vcpu(0).run).toBe('inGuest');
  });

  test('Linux 7.2 asks the VMM', () => {
    const run = running('linux-7.2').guest('read', { gpa: 0x120000n, private: false });
    expect(kvmRun.get(runOf(run), 'exitReason')).toBe(39);
  });
});
