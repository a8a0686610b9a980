/** The launch, driven by acts and seen in steps and state. */
import { describe, expect, test } from 'vitest';
import { errno } from '../../../abi/errno';
import type { Act } from '../../acts';
import { arrangeRmp, pageState } from '../../hardware/rmp';
import { Run } from '../../../testing/engine/test-run';

const failsFirmware = (command: bigint, status: bigint, nth = 1): Act => ({
  actor: 'inject',
  verb: 'firmware',
  args: { command, status, nth },
});
const BAD_SIGNATURE = 0x0an;

describe('LAUNCH_FINISH that fails in the firmware', () => {
  test('leaves the VMSAs encrypted, and the second one is -EINVAL', () => {
    const run = new Run().started({ vcpus: 2 }).act(failsFirmware(0xa2n, BAD_SIGNATURE));
    run.vmm('launch-finish', {});
    expect([run.ret, run.world.vm.ioctlError]).toEqual([-errno.EIO, Number(BAD_SIGNATURE)]);
    expect(run.world.vcpus.map((vcpu) => pageState(run.world, vcpu.launchVmsaPfn))).toEqual([
      'Guest-Valid',
      'Guest-Valid',
    ]);
    expect([run.world.vm.launch, run.world.vm.gstate]).toEqual(['finishFailed', 'LAUNCH']);
    expect(run.vmm('launch-finish', {}).ret).toBe(-errno.EINVAL);
  });

  test('can be repeated when there is no vCPU', () => {
    const run = new Run().started({ vcpus: 0 }).act(failsFirmware(0xa2n, BAD_SIGNATURE));
    expect(run.vmm('launch-finish', {}).ret).toBe(-errno.EIO);
    expect(run.vmm('launch-finish', {}).ret).toBe(0);
    expect(run.world.vm.gstate).toBe('RUNNING');
  });

  test('at the first VMSA can be repeated, at the second cannot', () => {
    const first = new Run().started({ vcpus: 2 }).act(failsFirmware(0xa1n, 2n));
    expect([first.vmm('launch-finish', {}).ret, first.vmm('launch-finish', {}).ret]).toEqual([-errno.EIO, 0]);
    const second = new Run().started({ vcpus: 2 }).act(failsFirmware(0xa1n, 2n, 2));
    expect([second.vmm('launch-finish', {}).ret, second.vmm('launch-finish', {}).ret]).toEqual([
      -errno.EIO,
      -errno.EINVAL,
    ]);
  });

  test('shows RMPUPDATE, firmware command and protection of each vCPU as steps of their own', () => {
    const run = new Run().started({ vcpus: 2 }).vmm('launch-finish', {});
    expect(run.steps.map((step) => step.split(/[ :]/)[0])).toEqual(
      ['KVM_SEV_SNP_LAUNCH_FINISH']
        .concat(...[0, 1].map(() => ['VMSA', 'RMPUPDATE', 'SNP_LAUNCH_UPDATE', `v`]))
        .map((word, i) => (word === 'v' ? `v${i > 4 ? 1 : 0}` : word))
        .concat('SNP_LAUNCH_FINISH', 'KVM_SEV_SNP_LAUNCH_FINISH'),
    );
  });
});

describe('LAUNCH_UPDATE', () => {
  test.each([
    ['stops at a populated page with 0 and says how far it came', 6, 0, 0x2000n],
    ['that begins at a populated page is -EIO', 8, -errno.EIO, 0x1000n],
  ])('%s', (_, gfn, ret, left) => {
    const run = new Run().started({ vcpus: 0 }).vmm('launch-update', { gfn: 8, type: 'normal' });
    run.vmm('launch-update', { gfn, n: gfn === 8 ? 1 : 4, type: 'normal' });
    expect([run.ret, run.world.vm.updateLeft]).toEqual([ret, left]);
  });

  test('of a CPUID page with a wrong leaf rewrites the source, and the second call is accepted', () => {
    const wrong = 0x0100_0000_0000_0005n;
    const run = new Run().started({ vcpus: 0 });
    run.vmm('launch-update', { gfn: 4, type: 'cpuid', content: wrong });
    expect([run.ret, run.world.vm.ioctlError]).toEqual([-errno.EIO, 0x16]);
    expect(pageState(run.world, 4)).toBe('Hypervisor');
    run.vmm('launch-update', { gfn: 4, type: 'cpuid' });
    expect([run.ret, pageState(run.world, 4)]).toEqual([0, 'Guest-Valid']);
  });

  test('after a successful LAUNCH_FINISH is refused by the firmware, and the page comes back', () => {
    const run = new Run().started({ vcpus: 0 }).vmm('launch-finish', {});
    run.vmm('launch-update', { gfn: 4, type: 'normal' });
    expect([run.ret, run.world.vm.ioctlError, pageState(run.world, 4)]).toEqual([
      -errno.EIO,
      2,
      'Hypervisor',
    ]);
  });

  test('whose page cannot be reclaimed bugs the VM and leaks the page', () => {
    const run = new Run().started({ vcpus: 0 });
    run.act(failsFirmware(0xa1n, 2n)).act(failsFirmware(0xc7n, 0x10n));
    run.vmm('launch-update', { gfn: 4, type: 'normal' });
    expect([run.ret, run.world.vm.health, run.world.host.leakedPages]).toEqual([-errno.EIO, 'bugged', 1]);
    expect(run.vmm('launch-finish', {}).ret).toBe(-errno.EIO);
  });

  test.each([
    ['linux-6.12', 0],
    ['linux-7.2', -errno.EINVAL],
  ] as const)('of length 0: %s returns %i', (id, ret) => {
    const run = new Run(id).started({ vcpus: 0 }).vmm('launch-update', { gfn: 4, len: 0n, type: 'normal' });
    expect(run.ret).toBe(ret);
  });
});

describe('the end of a VM', () => {
  test('gives every page back and keeps the ASID for recycling', () => {
    const run = new Run().started({ vcpus: 2 }).vmm('launch-update', { gfn: 0, n: 3, type: 'normal' });
    run.vmm('launch-finish', {}).vmm('destroy', {});
    expect([...run.world.pages.rmp.runs()]).toEqual([]);
    const { asidsReclaim, asidCharges, leakedPages } = run.world.host;
    expect([asidsReclaim, asidCharges, leakedPages]).toEqual([0b10, 0, 0]);
  });

  test('leaks context, ASID and charge when DECOMMISSION fails', () => {
    const run = new Run().started({ vcpus: 0 }).act(failsFirmware(0x90n, 0x10n)).vmm('destroy', {});
    expect([run.world.host.asidsReclaim, run.world.host.asidCharges]).toEqual([0, 1]);
    expect(run.steps).toContain('WARN: DECOMMISSION failed');
  });
});

describe('LAUNCH_UPDATE of four pages whose third fails in the firmware', () => {
  test.each([
    ['part2-v4', -errno.EIO, 'Hypervisor', 0x4000n],
    ['part2-v5', -errno.EIO, 'Guest-Valid', 0x4000n],
    ['v11', -errno.EIO, 'Hypervisor', 0x4000n],
    ['v14', 0, 'Guest-Valid', 0x2000n],
    ['linux-7.2', 0, 'Guest-Valid', 0x2000n],
  ] as const)('%s: returns %i, the pages before are %s, len says %i', (id, ret, before, left) => {
    const run = new Run(id).started({ vcpus: 0 }).act(failsFirmware(0xa1n, 9n, 3));
    run.vmm('launch-update', { gfn: 8, n: 4, type: 'normal', content: 7n });
    expect([run.ret, run.world.vm.updateLeft]).toEqual([ret, left]);
    expect([8, 9, 10, 11].map((pfn) => pageState(run.world, pfn))).toEqual([
      before,
      before,
      'Hypervisor',
      'Hypervisor',
    ]);
  });
});

test.each([
  ['part2-v4', 0, 'Guest-Valid'],
  ['v11', -errno.EFAULT, 'Guest-Valid'],
  ['v14', -errno.EIO, 'Guest-Valid'],
] as const)('LAUNCH_UPDATE of a page that is populated: %s returns %i', (id, ret, state) => {
  const run = new Run(id).started({ vcpus: 0 }).vmm('launch-update', { gfn: 8, type: 'normal' });
  run.vmm('launch-update', { gfn: 8, type: 'normal' });
  expect([run.ret, pageState(run.world, 8)]).toEqual([ret, state]);
});

test('a call that meets a 2M entry under its page never returns, and the world goes on', () => {
  const run = new Run().started({ vcpus: 0 });
  const entry = { assigned: true, immutable: false, asid: 1, gfn: 0, twoMeg: true, validated: false };
  arrangeRmp(run.world, 0, entry);
  run.world.pages.rmp.set(4, 0);
  run.vmm('launch-update', { gfn: 4, type: 'normal' });
  expect(run.steps.at(-1)).toBe(
    'RMPUPDATE is retried for ever; the call never returns, kvm->lock and kvm->slots_lock and the invalidation lock of guest_memfd stays taken',
  );
});

describe('an SEV-ES guest, whose launch is taken as done', () => {
  const created = () => new Run().vmm('create-vm', { type: 'seves' }).vmm('memslot', { gfn: 0, n: 0x400 });

  test.each([
    ['before INIT2', created(), 'there is no active SEV-ES VM'],
    ['without a vCPU', created().vmm('init2', {}), 'there is no vCPU to launch'],
    ['an SNP VM', new Run().started({ vcpus: 1 }), 'there is no active SEV-ES VM'],
  ])('not %s', (_, run, why) => {
    expect(run.vmm('assume-es-launch', {}).steps).toEqual([`refused: ${why}`]);
  });

  test('it is entered after that, and not before', () => {
    const run = created().vmm('init2', {}).vmm('create-vcpu', {}).vmm('run', { vcpu: 0 });
    expect(run.world.vcpu(0).run).toBe('inUserspace');
    expect(run.steps.join()).toContain('the VMSA is not encrypted');
    run.vmm('assume-es-launch', {}).vmm('run', { vcpu: 0 });
    expect(run.world.vcpu(0).run).toBe('inGuest');
  });
});

test('closing the file of a vCPU frees nothing', () => {
  const run = new Run().started({ vcpus: 1 });
  expect(run.vmm('close-vcpu', { vcpu: 0 }).steps).toEqual(['file of v0 closed']);
  expect(run.world.vcpu(0).exists).toBe(true);
});

test('LAUNCH_FINISH is -EBUSY until a vCPU that is half created is whole', () => {
  const run = new Run().started({ vcpus: 1 }).vmm('create-vcpu', { half: true });
  expect(run.vmm('launch-finish', {}).ret).toBe(-errno.EBUSY);
  run.vmm('create-vcpu', {});
  expect(run.vmm('launch-finish', {}).ret).toBe(0);
  expect(run.world.vm.vcpuCount).toBe(2);
});
