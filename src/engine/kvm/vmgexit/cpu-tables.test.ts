/** CPUID leaves and MSRs: what a personality and KVM fill, and what the model does not know. */
import { describe, expect, test } from 'vitest';
import { cpuidRequest } from '../../../abi/ghcb-msr';
import type { GuestAct } from '../../acts';
import type { Vm } from '../../state/vm';
import { Run } from '../../../testing/engine/test-run';

function running(personality: Vm['personality'] = 'qemu', vcpus = 1): { run: Run; findings: string[] } {
  const run = new Run('linux-7.2', 2);
  run.world.vm.personality = personality;
  const findings: string[] = [];
  const { recorder } = run.world;
  if (recorder) recorder.finding = (kind, text) => void findings.push(`${kind}: ${text}`);
  run.running({ vcpus });
  findings.length = 0;
  return { run, findings };
}

const registersOf = ({ world }: Run): bigint[] => {
  const { rax, rbx, rcx, rdx } = world.vcpu(0);
  return [rax, rbx, rcx, rdx];
};

describe('CPUID', () => {
  test('a personality sets the place of the C-bit, which the version answer names too', () => {
    const { run, findings } = running();
    run.guest('cpuid', { form: 'nae', fn: 0x8000_001fn });
    expect(registersOf(run)).toEqual([0x1an, 0x73n, 0n, 0n]);
    const cBit = Number((registersOf(run)[1] ?? 0n) & 0x3fn);
    expect(cBit).toBe(run.world.vm.cBit);
    run.guest('cpuid', { form: 'msr', fn: 0x8000_001fn, reg: 1 });
    expect(run.world.vcpu(0).guestReadMsr).toBe((0x73n << 32n) | 0x4000_0005n);
    expect(findings).toEqual([]);
  });

  test('the vendor is in the leaf of the highest extended one', () => {
    const { run } = running('cloud-hypervisor');
    run.guest('cpuid', { form: 'nae', fn: 0x8000_0000n });
    const [eax, ...vendor] = registersOf(run);
    expect(eax).toBe(0x8000_001fn);
    const [ebx = 0n, ecx = 0n, edx = 0n] = vendor;
    const text = [ebx, edx, ecx].map((word) => {
      const bytes = [0n, 8n, 16n, 24n].map((shift) => Number((word >> shift) & 0xffn));
      return String.fromCharCode(...bytes);
    });
    expect(text.join('')).toBe('AuthenticAMD');
  });

  test.each<[string, Extract<GuestAct, { verb: 'cpuid' }>['args']]>([
    ['nae', { form: 'nae', fn: 1n }],
    ['msr', { form: 'msr', fn: 1n, reg: 0 }],
  ])('a leaf that the table lacks is not shown as an answer of KVM (%s)', (_, args) => {
    const { run, findings } = running();
    run.guest('cpuid', args);
    expect(findings).toEqual([expect.stringMatching(/^unmodelled: CPUID leaf 0x1, /)]);
    expect(cpuidRequest.decode(run.world.vcpu(0).guestReadMsr).function).toBeDefined();
  });

  test('set-cpuid adds a leaf for a manual host, and replaces it', () => {
    const { run, findings } = running('manual');
    run.vmm('set-cpuid', { leaf: 1, eax: 0xa00f11 }).vmm('set-cpuid', { leaf: 1, eax: 0xa00f12, edx: 7 });
    run.guest('cpuid', { form: 'nae', fn: 1n });
    expect(registersOf(run)).toEqual([0xa00f12n, 0n, 0n, 7n]);
    expect(findings).toEqual([]);
  });

  test('a value of more than 32 bits and a full table are refused', () => {
    const { run } = running('manual');
    run.vmm('set-cpuid', { leaf: 2 ** 32 });
    expect(run.steps).toEqual(['refused: leaves and registers have 32 bits']);
    for (let leaf = 0; leaf < 8; leaf++) run.vmm('set-cpuid', { leaf });
    expect(run.vmm('set-cpuid', { leaf: 8 }).steps).toEqual([
      "refused: the model's table has room for 8 leaves",
    ]);
  });
});

describe('MSRs', () => {
  const GP = 1n;
  const read = (run: Run, index: bigint): [bigint, bigint] => {
    run.guest('rdmsr', { index });
    const { rax, rdx, guestReadInfo1 } = run.world.vcpu(0);
    return [guestReadInfo1, (rdx << 32n) | rax];
  };

  test.each<[string, bigint, bigint]>([
    ['PAT', 0x277n, 0x0007_0406_0007_0406n],
    ['the APIC base of the boot processor', 0x1bn, 0xfee0_0900n],
    ['MTRRcap', 0xfen, 0x508n],
  ])('%s after reset', (_, index, value) => {
    const { run, findings } = running();
    expect(read(run, index)).toEqual([0n, value]);
    expect(findings).toEqual([]);
  });

  test('an AP is not the boot processor', () => {
    const { run } = running('qemu', 2);
    expect([run.world.vcpu(0).apicBase, run.world.vcpu(1).apicBase]).toEqual([0xfee0_0900n, 0xfee0_0800n]);
  });

  test.each<[string, bigint, bigint, bigint]>([
    ['PAT takes types that exist', 0x277n, 0x0707_0707_0707_0707n, 0n],
    ['PAT refuses a type that does not', 0x277n, 0x0207_0707_0707_0707n, GP],
    ['x2APIC without the APIC enabled is refused', 0x1bn, 0xfee0_0400n, GP],
    ['a reserved bit of the APIC base is refused', 0x1bn, 0xfee0_0a00n, GP],
    ['an APIC base beyond the physical address width is refused', 0x1bn, 0x1_0000_fee0_0900n, GP],
    ['the APIC may be moved', 0x1bn, 0xfed0_0900n, 0n],
    ['MTRRcap is read-only', 0xfen, 0x508n, GP],
  ])('%s', (_, index, value, info1) => {
    const { run } = running();
    run.guest('wrmsr', { index, value });
    expect(run.world.vcpu(0).guestReadInfo1).toBe(info1);
    if (info1 === 0n) expect(read(run, index)).toEqual([0n, value]);
  });

  test.each<[string, bigint, bigint, bigint]>([
    ['x2APIC to xAPIC', 0xfee0_0d00n, 0xfee0_0900n, GP],
    ['x2APIC to disabled', 0xfee0_0d00n, 0xfee0_0100n, 0n],
    ['disabled to x2APIC', 0xfee0_0100n, 0xfee0_0d00n, GP],
    ['disabled to xAPIC', 0xfee0_0100n, 0xfee0_0900n, 0n],
  ])('APIC mode, %s', (_, first, second, info1) => {
    const { run } = running();
    run.guest('wrmsr', { index: 0x1bn, value: first }).guest('wrmsr', { index: 0x1bn, value: second });
    expect(run.world.vcpu(0).guestReadInfo1).toBe(info1);
  });

  test('the x2APIC range is #GP in xAPIC mode; in x2APIC mode its registers are beyond the model', () => {
    const { run, findings } = running();
    run.guest('rdmsr', { index: 0x830n });
    expect([run.world.vcpu(0).guestReadInfo1, findings]).toEqual([GP, []]);
    run.guest('wrmsr', { index: 0x1bn, value: 0xfee0_0d00n }).guest('rdmsr', { index: 0x830n });
    expect(run.world.vcpu(0).guestReadInfo1).toBe(0n);
    expect(findings).toEqual([expect.stringMatching(/^unmodelled: MSR 0x830 /)]);
  });

  test.each([0x10n, 0x8bn, 0xc000_0080n, 0x1d9n])('MSR %s is not modelled: said so, and no #GP', (index) => {
    const { run, findings } = running();
    run.guest('rdmsr', { index });
    expect(run.world.vcpu(0).guestReadInfo1).toBe(0n);
    expect(findings).toHaveLength(1);
  });
});
