/** What is said where no source says what a kernel does. */
import { expect, test } from 'vitest';
import { PSC_DRAFT_OTHER, PSC_OP_PRIVATE } from '../abi/psc';
import { isAgreed } from '../profiles/facets';
import { Run } from '../testing/engine/test-run';

function heard(spec: string): { run: Run; ambiguities: string[] } {
  const run = new Run(spec, 2);
  const ambiguities: string[] = [];
  const { recorder } = run.world;
  if (recorder) recorder.finding = (kind, text) => void (kind === 'ambiguity' && ambiguities.push(text));
  return { run, ambiguities };
}

test('of a wish list it is said once in a run, and not where all kernels agree', () => {
  const { run, ambiguities } = heard('as-reviewed');
  run.running({ vcpus: 2 });
  run.guest('register-ghcb', { gpa: 0x4000n }).guest('hv-features', { form: 'nae' });
  run.vmm('device-attribute', { attribute: 'snp-policy-bits' }).vmm('get-mp-state', { vcpu: 1 });
  expect(ambiguities).toHaveLength(1);
  const [facet = ''] = (ambiguities[0] ?? '').split(':');
  expect(isAgreed(facet as Parameters<typeof isAgreed>[0])).toBe(false);
  expect(ambiguities[0]).toContain('the nearest kernel is shown');
});

test('undo takes it back, so that it is said again', () => {
  const { run, ambiguities } = heard('as-reviewed');
  const mark = run.world.mark();
  run.running();
  run.world.undo(mark);
  run.running();
  expect(ambiguities).toHaveLength(2);
  expect(ambiguities[0]).toBe(ambiguities[1]);
});

test('of a posting it is said each time', () => {
  const { run, ambiguities } = heard('v11');
  run.vmm('create-vm', {}).vmm('device-attribute', { attribute: 'snp-policy-bits' });
  run.vmm('device-attribute', { attribute: 'snp-policy-bits' });
  const said = expect.stringMatching(/^attr.snpPolicyBits: no source says what this kernel does/) as string;
  expect(ambiguities).toEqual([said, said]);
});

test.each([
  ['psc.retInit', false],
  ['ap.offlineState', false],
  ['vmsa.reload', false],
  ['run.stoppedWoken', true],
  ['lu.cpuidReadOnlySource', false],
] as const)('all generations that are known agree about %s: %s', (name, agreed) => {
  expect(isAgreed(name)).toBe(agreed);
});

test('part2-v4: the reply to a page without memslot is undefined, of a later page of the entry it is success', () => {
  const reply = (gfn: number, twoMeg: boolean): { info2: bigint; said: boolean } => {
    const { run, ambiguities } = heard('part2-v4');
    run.vmm('create-vm', {}).vmm('memslot', { gfn: 0, n: 0x210 }).vmm('init2', {});
    run.vmm('register-region', { gfn: 0, n: 0x210 }).vmm('create-vcpu', {}).vmm('launch-start', {});
    run.vmm('launch-finish', {}).vmm('run', { vcpu: 0 });
    run.guest('register-ghcb', { gpa: 0x4000n });
    const entry = { operation: PSC_OP_PRIVATE, gfn, twoMeg, currentPage: 0 };
    run.guest('psc', { entries: [entry] });
    const said = ambiguities.some((text) => text.includes('the reply is undefined'));
    return { info2: run.world.vcpu(0).guestReadInfo2, said };
  };
  expect(reply(0x300, false)).toEqual({ info2: PSC_DRAFT_OTHER, said: true });
  expect(reply(0x200, true)).toEqual({ info2: 0n, said: false });
});

test.each([
  ['linux-6.12', 0xffff_ffffn],
  ['linux-6.17', 0xffff_ffffn],
  ['linux-7.2', 0xffff_ffff_ffff_ffffn],
])('%s reports a VMRUN that the hardware refuses with %s', (spec, reason) => {
  const { run } = heard(spec);
  run.started({ vcpus: 1 }).vmm('launch-finish', {});
  run.world.vm.vmrunOracle = 'alwaysFails';
  run.vmm('run', { vcpu: 0 });
  const image = run.world.kvmRun[0];
  // hardware_entry_failure_reason is the first field of the union, at 32.
  expect(image?.u64(32)).toBe(reason);
});
