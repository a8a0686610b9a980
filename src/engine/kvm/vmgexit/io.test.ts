/** Port and MMIO accesses of a guest: how often they leave, with what, and where the data ends up. */
import { describe, expect, test } from 'vitest';
import { ghcbPage, GHCB_SHARED_BUFFER } from '../../../abi/ghcb-page';
import { errno } from '../../../abi/errno';
import { kvmRunIo, kvmRunMmio } from '../../../abi/kvm-run';
import type { ProfileId } from '../../../profiles/profiles';
import { guestGhcb } from '../../guest/ghcb-writer';
import type { Image } from '../../memory/image';
import { Run } from '../../../testing/engine/test-run';

const kvmRunOf = ({ world }: Run): Image => world.kvmRun[0] as Image;
const ghcbOf = ({ world }: Run): Image => guestGhcb(world, world.vcpu(0));
const PORT = 0x3f8;

describe('a port access of one item', () => {
  test.each([
    [1, 0xffff_ffff_ffff_ff12n],
    [2, 0xffff_ffff_ffff_5612n],
    [4, 0x7834_5612n],
  ])('IN of %d bytes: up to two bytes are merged into RAX, four replace it', (size, rax) => {
    const run = new Run().running().guest('io-in', { port: PORT, size });
    run.world.vcpu(0).rax = 0xffff_ffff_ffff_ffffn;
    run.vmm('answer', { value: 0x7834_5612n }).vmm('run', { vcpu: 0 });
    expect(ghcbPage.get(ghcbOf(run), 'rax')).toBe(rax);
  });

  test('OUT carries as many bytes as it says', () => {
    const run = new Run().running().guest('io-out', { port: PORT, size: 2, value: 0x12_3456n });
    expect(run.world.vcpu(0).ioData).toBe(0x3456n);
    expect(kvmRunIo.get(kvmRunOf(run), 'count')).toBe(1);
  });
});

describe('a string', () => {
  const string = (n: number, extra = {}) => ({ port: PORT, size: 2, n, ...extra });

  test('INS brings every item to the scratch area', () => {
    const run = new Run().running().guest('io-string', { direction: 'in', ...string(3) });
    expect(run.steps.at(-1)).toBe('IO string in port 0x3f8 size 2 count 3');
    run.vmm('answer', { value: 0xbbaan }).vmm('run', { vcpu: 0 });
    const data = ghcbOf(run).toBytes(GHCB_SHARED_BUFFER, 7);
    expect([...data]).toEqual([0xaa, 0xbb, 0xaa, 0xbb, 0xaa, 0xbb, 0]);
    expect(run.world.vcpu(0).guestResult).toBe('ok');
  });

  test('OUTS shows the items behind kvm_run', () => {
    const run = new Run().running();
    run.guest('io-string', { direction: 'out', value: 0x6968n, ...string(2) });
    const data = run.world.findImage('portData', 0);
    expect([...(data?.toBytes(0, 5) ?? [])]).toEqual([0x68, 0x69, 0x68, 0x69, 0]);
  });

  test.each<[string, bigint, string]>([
    ['more items than INT_MAX', 0x8000_0000n, 'KVM_RUN v0 = -EINVAL, exit KVM_EXIT_UNKNOWN'],
    ['more bytes than INT_MAX', 0x4000_0000n, 'KVM_RUN v0 = -EINVAL, exit KVM_EXIT_UNKNOWN'],
    ['more bytes than the shared buffer', 1017n, 'malformed input 2/3: '],
    ['no items', 0n, 'IOIO answered 0x0/0x0'],
  ])('of %s: %s', (_, info2, says) => {
    const run = new Run().running().guest('hv-features', { form: 'nae' });
    const scratch = run.world.vcpu(0).guestGhcbGpa + 0x800n;
    run.guest('nae', { code: 0x7bn, info1: 0x3f8_0025n, info2, scratch });
    expect(run.steps.some((step) => step.startsWith(says))).toBe(true);
  });
});

describe('MMIO', () => {
  test('a read leaves once and brings the data to the scratch area', () => {
    const run = new Run().running().guest('mmio-read', { gpa: 0xfee0_0000n, len: 4 });
    run.vmm('answer', { value: 0x1122_3344_5566_7788n }).vmm('run', { vcpu: 0 });
    expect(ghcbOf(run).u64(GHCB_SHARED_BUFFER)).toBe(0x5566_7788n);
  });

  test('protocol version 1: 20 bytes leave as 8, 8 and 4', () => {
    const run = new Run().running();
    run.world.vm.ghcbVersion = 1;
    run.guest('mmio-write', { gpa: 0x1000_0000n, len: 20, value: 7n });
    const seen: [bigint, number][] = [];
    while (run.world.vcpu(0).run === 'inUserspace') {
      seen.push([kvmRunMmio.get(kvmRunOf(run), 'physAddr'), kvmRunMmio.get(kvmRunOf(run), 'len')]);
      run.vmm('run', { vcpu: 0 });
    }
    expect(seen).toEqual([
      [0x1000_0000n, 8],
      [0x1000_0008n, 8],
      [0x1000_0010n, 4],
    ]);
  });
});

describe('a scratch area outside the GHCB page', () => {
  const read = { code: 0x8000_0001n, info1: 0xfee0_0000n, info2: 8n, scratch: 0x5ffcn };

  test.each<[ProfileId, number, string]>([
    ['linux-7.2', 2, 'malformed'],
    ['linux-6.12', 2, 'malformed'],
    ['linux-6.17', 2, 'scratch area 0x5ffc copied, 8 bytes'],
    ['linux-7.2', 1, 'scratch area 0x5ffc copied, 8 bytes'],
  ])('%s, version %d: %s', (profile, version, says) => {
    const run = new Run(profile).running();
    run.world.vm.ghcbVersion = version;
    run.guest('nae', read);
    expect(run.steps.some((step) => step.startsWith(says))).toBe(true);
  });

  test('goes back to the guest as KVM copied it, whatever the guest wrote meanwhile', () => {
    const run = new Run('linux-6.17').running();
    run.world.image('shared', 5).setU32(0xffc, 0x1111);
    run.guest('nae', { ...read, info2: 2n });
    run.world.image('shared', 5).setU8(0xffd, 0x99);
    run.vmm('answer', { value: 0xaaaan }).vmm('run', { vcpu: 0 });
    expect(run.world.image('shared', 5).u32(0xffc)).toBe(0xaaaa);
    expect(run.world.vcpu(0).scratchCopied).toBe(false);
    expect(run.world.pageImages.some((image) => image.used && image.side === 'scratch')).toBe(false);
  });

  test('that no memory slot covers fails KVM_RUN with -EFAULT', () => {
    const run = new Run('linux-6.17').running().guest('nae', { ...read, scratch: 0x8000_0000n });
    expect(run.world.vcpu(0).runErrno).toBe(errno.EFAULT);
  });
});
