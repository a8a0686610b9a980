/** Hypercalls of a guest: number, arguments, RAX; and what stands in kvm_run. */
import { describe, expect, test } from 'vitest';
import { ghcbPage } from '../../../abi/ghcb-page';
import { kvmRunHypercall } from '../../../abi/kvm-run';
import type { ProfileId } from '../../../profiles/profiles';
import { guestGhcb } from '../../guest/ghcb-writer';
import type { Image } from '../../memory/image';
import { Run } from '../../../testing/engine/test-run';

const BEFORE = 0x77n;
const kvmRunOf = ({ world }: Run): Image => world.kvmRun[0] as Image;
const raxOf = ({ world }: Run): bigint =>
  BigInt.asIntN(64, ghcbPage.get(guestGhcb(world, world.vcpu(0)), 'rax'));
const retOf = (run: Run): bigint => BigInt.asIntN(64, kvmRunHypercall.get(kvmRunOf(run), 'ret'));

function running(profile: ProfileId = 'linux-7.2', { exits = true } = {}): Run {
  const run = new Run(profile).running();
  if (exits) run.vmm('hypercall-exits', {});
  kvmRunHypercall.set(kvmRunOf(run), 'ret', BEFORE);
  return run;
}

test.each([
  ['from CPL 3', { nr: 12n, cpl: 3, a0: 0x1000n, a1: 1n }, -1n],
  ['poll for interrupts', { nr: 1n }, 0n],
  ['kick a CPU, which CPUID does not offer', { nr: 5n }, -1000n],
  ['unknown', { nr: 13n }, -1000n],
  ['12 with an unaligned address', { nr: 12n, a0: 0x1001n, a1: 1n }, -22n],
  ['12 with no pages', { nr: 12n, a0: 0x1000n, a1: 0n }, -22n],
  ['12 with a range that wraps', { nr: 12n, a0: 0x1000n, a1: 0xffff_ffff_ffff_ffffn }, -22n],
])('hypercall %s', (_, args, rax) => {
  expect(raxOf(running().guest('vmmcall', args))).toBe(rax);
});

test('hypercall 12 does not exist until userspace enables its exit', () => {
  const run = running('linux-7.2', { exits: false }).guest('vmmcall', { nr: 12n, a0: 0x1000n, a1: 1n });
  expect(raxOf(run)).toBe(-1000n);
});

test.each<[ProfileId, bigint]>([
  ['linux-6.11', BEFORE],
  ['linux-6.12', BEFORE],
  ['linux-6.17', -1000n],
  ['linux-7.2', -1000n],
])('%s leaves %d in ret when it answers by itself', (profile, ret) => {
  expect(retOf(running(profile).guest('vmmcall', { nr: 13n }))).toBe(ret);
});

describe('the exit of hypercall 12', () => {
  const call = { nr: 12n, a0: 0x5000n, a1: 1n << 63n, a2: 0xffn };

  test.each<[ProfileId, bigint]>([
    ['linux-6.12', BEFORE],
    ['linux-7.2', 0n],
  ])('%s passes the arguments on unfiltered, sets the long-mode flag, and shows ret %d', (profile, ret) => {
    const run = running(profile).guest('vmmcall', call);
    const args = [0, 1, 2].map((index) => kvmRunHypercall.item(kvmRunOf(run), 'args', index));
    expect(args).toEqual([0x5000n, 1n << 63n, 0xffn]);
    expect(kvmRunHypercall.get(kvmRunOf(run), 'flags')).toBe(1n);
    expect(retOf(run)).toBe(ret);
  });

  test.each([0n, 1n, 22n, 0x1_0000_0016n, -22n])('ret %d goes to RAX as it is', (ret) => {
    const run = running().guest('vmmcall', call);
    run.vmm('answer', { ret: BigInt.asUintN(64, ret) }).vmm('run', { vcpu: 0 });
    expect(raxOf(run)).toBe(ret);
  });
});
