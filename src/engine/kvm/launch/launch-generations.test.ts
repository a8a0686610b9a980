/** LAUNCH_START, LAUNCH_FINISH and what stands around them, generation by generation. */
import { describe, expect, test } from 'vitest';
import { errno } from '../../../abi/errno';
import { profileIds } from '../../../profiles/profiles';
import { pageState } from '../../hardware/rmp';
import { perform } from '../../perform';
import { Launch } from '../../../testing/engine/test-launch';
import { World } from '../../world';

const LAUNCH_UPDATE = 0xa1n;
const LAUNCH_FINISH = 0xa2n;
const BAD_SIGNATURE = 0x0an;
const V = 'Guest-Valid';
const H = 'Hypervisor';

describe('LAUNCH_START with a policy that forbids SMT', () => {
  test.each([
    ['part2-v4', -errno.EIO, 7, 0],
    ['v11', -errno.EINVAL, 0, -errno.EINVAL],
    ['v14', -errno.EINVAL, 0, -errno.EINVAL],
    ['linux-6.11', -errno.EINVAL, 0, -errno.EINVAL],
    ['linux-6.12', -errno.EINVAL, 0xffffffff, 0],
    ['linux-7.2', -errno.EIO, 7, 0],
  ])('%s: gives %i with error %i, and a second one %i', (id, ret, error, again) => {
    const launch = new Launch(id).vmm('destroy', {}).vmm('create-vm', {}).vmm('init2', {});
    launch.vmm('launch-start', { policy: 0x20000n });
    expect([launch.ret, launch.error]).toEqual([ret, error]);
    expect(launch.vmm('launch-start', {}).ret).toBe(again);
  });
});

describe('a second LAUNCH_START', () => {
  test.each([
    ['part2-v4', -errno.EIO, true],
    ['part2-v5', -errno.EIO, true],
    ['v11', -errno.EINVAL, false],
    ['linux-6.11', -errno.EINVAL, false],
    ['linux-7.2', -errno.EINVAL, false],
  ])('%s: gives %i, and ACTIVATE was asked to bind the ASID again: %s', (id, ret, asked) => {
    const launch = new Launch(id).vmm('launch-start', {});
    expect(launch.ret).toBe(ret);
    expect(launch.steps.some((step) => step.startsWith('SNP_ACTIVATE: ASID_OWNED'))).toBe(asked);
  });
});

describe('LAUNCH_UPDATE of three pages when one page is assigned already', () => {
  test.each([
    ['part2-v5', 'the first', 4, -errno.EFAULT, [H, H]],
    ['part2-v5', 'the last', 6, -errno.EFAULT, [H, H]],
    ['part2-v5', 'the one behind them', 7, 0, [V, V]],
    ['part2-v5', 'the one before them', 3, 0, [V, V]],
  ])('%s: %s: gives a value, and what became of the others', (id, _, assigned, ret, others) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: assigned, type: 'normal' });
    launch.vmm('launch-update', { gfn: 4, n: 3, type: 'normal' });
    expect([launch.ret, launch.pages(...[4, 5, 6].filter((pfn) => pfn !== assigned).slice(0, 2))]).toEqual([
      ret,
      others,
    ]);
  });
});

describe('the command that makes an SNP guest', () => {
  test.each(profileIds)('%s: is named in the steps, and works', (id) => {
    const launch = new Launch(id).vmm('destroy', {}).vmm('create-vm', {}).vmm('init2', {});
    const snpInit = ['part2-v4', 'part2-v5', 'v11'].includes(id);
    expect(launch.steps[0]).toMatch(snpInit ? /^KVM_SEV_SNP_INIT / : /^KVM_SEV_INIT2 /);
    expect([launch.ret, launch.world.vm.sevActive]).toEqual([0, true]);
  });

  test.each([
    ['v11', -errno.EOPNOTSUPP, 1],
    ['linux-7.2', -errno.EINVAL, 0],
  ])('%s: a flag gives %i, ASIDs drawn: %i', (id, ret, drawn) => {
    const launch = new Launch(id).vmm('destroy', {}).vmm('create-vm', {});
    const before = launch.world.host.asidsUsed;
    launch.vmm('init2', { flags: 1 });
    expect([launch.ret, launch.world.vm.sevActive]).toEqual([ret, false]);
    expect(launch.world.host.asidsUsed === before ? 0 : 1).toBe(drawn);
  });
});

describe('LAUNCH_FINISH that fails in the firmware, for two vCPUs', () => {
  const failed = (spec: string): Launch =>
    new Launch(spec, 2).failing(LAUNCH_FINISH, BAD_SIGNATURE).vmm('launch-finish', {});
  const vmsas = ({ world }: Launch): string[] =>
    world.vcpus.filter(({ exists }) => exists).map(({ launchVmsaPfn }) => pageState(world, launchVmsaPfn));

  test.each([
    ['part2-v4', [V, V], 'sound', true],
    ['part2-v5', [V, V], 'sound', true],
    ['v11', [V, V], 'sound', true],
    ['linux-6.17', [V, V], 'sound', true],
    ['linux-7.2', [V, V], 'sound', true],
    ['as-reviewed', [H, H], 'sound', false],
    ['as-reviewed:lf.failure=kill', [V, V], 'dead', true],
  ] as const)('%s: VMSAs %s, the VM is %s', (spec, states, health, stillProtected) => {
    const launch = failed(spec);
    expect([launch.ret, launch.error]).toEqual([-errno.EIO, Number(BAD_SIGNATURE)]);
    expect([vmsas(launch), launch.world.vm.health]).toEqual([states, health]);
    expect(launch.world.vcpu(0).guestStateProtected).toBe(stillProtected);
  });

  test.each(['part2-v4', 'part2-v5', 'v11', 'v14', 'linux-6.11', 'linux-6.17'])(
    '%s: the second one writes into an encrypted page: an oops with kvm->lock held',
    (id) => {
      const launch = failed(id).vmm('launch-finish', {});
      expect(launch.world.host.rmpFault).toBe(true);
      expect(launch.findings.join()).toContain('host takes an RMP fault');
      expect(launch.steps.at(-1)).toBe(
        'thread main is killed by an oops (RMP fault of a host write): kvm->lock stays taken',
      );
      expect(launch.vmm('launch-finish', {}).steps).toEqual([
        'refused: thread main was killed by an oops of the host',
      ]);
      launch.vmm('launch-finish', { thread: 'v1' });
      expect(launch.steps[0]).toContain(
        'waits for kvm->lock, held by KVM_SEV_SNP_LAUNCH_FINISH on thread main',
      );
      expect(launch.findings.at(-1)).toContain('was killed by an oops');
      expect(launch.vmm('kill', {}).steps[1]).toContain(
        'it lives until these threads leave their calls: main',
      );
    },
  );

  test.each([
    ['linux-6.12', -errno.EINVAL],
    ['linux-7.2', -errno.EINVAL],
    ['as-reviewed', 0],
    ['as-reviewed:lf.failure=kill', -errno.EIO],
  ])('%s: the second one gives %i', (spec, ret) => {
    expect(failed(spec).vmm('launch-finish', {}).ret).toBe(ret);
  });

  test('as-reviewed: an RMPUPDATE that fails while it unwinds kills the VM', () => {
    const launch = new Launch('as-reviewed', 2).failing(LAUNCH_FINISH, BAD_SIGNATURE);
    // Two VMSAs are made private, the third RMPUPDATE takes the first one back.
    launch.act({ actor: 'inject', verb: 'rmpupdate', args: { nth: 3, code: 2 } }).vmm('launch-finish', {});
    expect(launch.world.vm.health).toBe('dead');
  });
});

describe('LAUNCH_FINISH that cannot encrypt the VMSA of vCPU 1 of 3', () => {
  test.each([
    ['part2-v4', [V, H, H]],
    ['v11', [V, 'Guest-Invalid', H]],
    ['v14', [V, 'Guest-Invalid', H]],
    ['linux-6.11', [V, H, H]],
    ['linux-7.2', [V, H, H]],
    ['as-reviewed', [H, H, H]],
  ] as const)('%s: the pages are %s', (id, states) => {
    const launch = new Launch(id, 3).failing(LAUNCH_UPDATE, 2n, 2).vmm('launch-finish', {});
    expect(launch.world.vcpus.map(({ launchVmsaPfn }) => pageState(launch.world, launchVmsaPfn))).toEqual(
      states,
    );
  });
});

describe('before LAUNCH_FINISH', () => {
  test.each([
    ['as-reviewed', 'EINVAL'],
    ['part2-v4', 'guest is in LAUNCH'],
    ['linux-7.2', 'guest is in LAUNCH'],
  ])('%s: KVM_RUN ends with %s', (id, why) => {
    const launch = new Launch(id, 1).vmm('run', { vcpu: 0 });
    expect(launch.steps.join()).toContain(why);
  });

  test.each([
    ['part2-v4', -errno.ENOTTY],
    ['v11', -errno.ENOTTY],
    ['linux-6.11', -errno.EOPNOTSUPP],
    ['linux-7.2', -errno.EOPNOTSUPP],
  ])('%s: KVM_PRE_FAULT_MEMORY gives %i', (id, ret) => {
    expect(new Launch(id).vmm('create-vcpu', {}).vmm('pre-fault', { gfn: 8, n: 1 }).ret).toBe(ret);
  });

  test('linux-7.2: KVM_PRE_FAULT_MEMORY of a dead VM gives EIO, and no page is taken off its range', () => {
    const launch = new Launch('linux-7.2', 1);
    launch.world.vm.health = 'dead';
    launch.vmm('pre-fault', { vcpu: 0, gfn: 8, n: 2 });
    const { preFaultGpa, preFaultSize } = launch.world.vm;
    expect([launch.ret, preFaultGpa, preFaultSize]).toEqual([-errno.EIO, 0x8000n, 0x2000n]);
  });

  test('v14: whether KVM_PRE_FAULT_MEMORY exists is not known, and said', () => {
    const launch = new Launch('v14').vmm('pre-fault', { gfn: 8, n: 1 });
    expect(launch.findings.join()).toContain('preFault.beforeFinish');
  });
});

describe('the end of a VM', () => {
  test.each(profileIds)('%s: every page comes back', (id) => {
    const launch = new Launch(id, 2).vmm('launch-update', { gfn: 0, n: 3, type: 'normal' });
    launch.vmm('launch-finish', {}).vmm('destroy', {});
    expect([...launch.world.pages.rmp.runs()]).toEqual([]);
    expect(launch.world.host.leakedPages).toBe(0);
  });

  test.each([
    ['part2-v4', 'sound'],
    ['v14', 'sound'],
    ['linux-6.11', 'bugged'],
    ['linux-7.2', 'bugged'],
  ])('%s: a VMSA page that RMPUPDATE does not give back is leaked, the VM was %s', (id, health) => {
    const launch = new Launch(id, 1).vmm('launch-finish', {});
    launch.act({ actor: 'inject', verb: 'rmpupdate', args: { code: 2 } }).vmm('destroy', {});
    expect([launch.world.host.leakedPages, launch.world.vm.health]).toEqual([1, health]);
  });
});

describe('what a VMM can ask', () => {
  test.each([
    ['linux-6.12', -errno.ENXIO],
    ['linux-7.2', 0],
  ])('%s: the policy bits give %i', (id, ret) => {
    expect(new Launch(id).vmm('device-attribute', { attribute: 'snp-policy-bits' }).ret).toBe(ret);
  });

  test.each([
    ['part2-v4', 0n, -errno.ENOTTY],
    ['linux-6.12', 1n, -errno.EINVAL],
    ['linux-7.2', 1n, 0],
    ['linux-7.2', 2n, -errno.EINVAL],
    ['linux-6.12', 0n, 0],
  ])('%s: guest_memfd with flags %i gives %i', (id, flags, ret) => {
    expect(new Launch(id).vmm('create-gmem', { flags }).ret).toBe(ret);
  });

  test.each([
    ['linux-6.12', -errno.EINVAL],
    ['linux-7.2', 0],
  ])('%s: Secure TSC on a processor that has it gives %i', (id, ret) => {
    const launch = new Launch(id).vmm('destroy', {});
    launch.world.host.vmsaFeatures = 0x220n;
    launch.vmm('create-vm', {}).vmm('init2', { features: 0x200n });
    expect(launch.ret).toBe(ret);
  });

  test.each([
    ['linux-6.12', 1],
    ['linux-7.2', 3],
  ])('%s: under ciphertext hiding with two ASIDs for SNP an SEV-ES guest gets ASID %i', (id, asid) => {
    const launch = new Launch(id);
    const world = new World({ vcpus: 1, gfnCount: 16, gmemPages: 16 }, launch.world.profile);
    perform(world, { actor: 'inject', verb: 'ciphertext-hiding', args: { asids: 2 } });
    perform(world, { actor: 'vmm', verb: 'create-vm', args: { type: 'seves' } });
    perform(world, { actor: 'vmm', verb: 'init2', args: {} });
    expect(world.vm.asid).toBe(asid);
  });
});
