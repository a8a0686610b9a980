/** LAUNCH_UPDATE, LAUNCH_START and LAUNCH_FINISH of the postings, driven by acts and seen in results and pages. */
import { describe, expect, test } from 'vitest';
import { errno } from '../../abi/errno';
import { parseProfileSpec } from '../../profiles/resolve';
import type { Act, VmmAct } from '../acts';
import { pageState } from '../hardware/rmp';
import { moveText } from '../moves';
import { perform } from '../perform';
import { World, type Recorder } from '../world';
import { sharedContent, USER_BUFFERS, userContent } from './user-memory';

const LAUNCH_UPDATE = 0xa1n;
const LAUNCH_FINISH = 0xa2n;
const PAGE_RECLAIM = 0xc7n;
const BAD_SIGNATURE = 0x0an;
const INVALID_ADDRESS = 9n;
const WRONG_CPUID = 0x0100_0000_0000_0005n;

/** A VM under a profile, at the point where pages are added: frames 0 to 0x3ff are one memory slot. */
class Launch {
  readonly world: World;
  readonly findings: string[] = [];
  steps: string[] = [];
  constructor(spec: string, vcpus = 0) {
    const profile = parseProfileSpec(spec);
    if (!profile.ok) throw new Error(profile.error.message);
    this.world = new World({ vcpus: 3, gfnCount: 0x400, gmemPages: 0x400 }, profile.value);
    this.world.recorder = {
      transition: () => {},
      facet: () => {},
      finding: (kind, text) => void this.findings.push(`${kind}: ${text}`),
      move: (kind, vcpu, args) => void this.steps.push(moveText({ kind, vcpu, args })),
    } satisfies Recorder;
    this.vmm('create-vm', {}).vmm('init2', {}).vmm('memslot', { gfn: 0, n: 0x400 });
    for (let i = 0; i < vcpus; i++) this.vmm('create-vcpu', {});
    this.vmm('set-attributes', { gfn: 0, n: 0x400, private: true }).vmm('launch-start', {});
  }
  act(act: Act): this {
    this.steps = [];
    const outcome = perform(this.world, act);
    if (outcome) this.steps.push(`refused: ${outcome.says}`);
    return this;
  }
  vmm<V extends VmmAct['verb']>(verb: V, args: Extract<VmmAct, { verb: V }>['args']): this {
    return this.act({ actor: 'vmm', verb, args } as Act);
  }
  failing(command: bigint, status: bigint, nth = 1): this {
    return this.act({ actor: 'inject', verb: 'firmware', args: { command, status, nth } });
  }
  get ret(): number {
    return this.world.vm.ioctlRet;
  }
  get error(): number {
    return this.world.vm.ioctlError;
  }
  pages(...pfns: number[]): string[] {
    return pfns.map((pfn) => pageState(this.world, pfn));
  }
}

const V = 'Guest-Valid';
const H = 'Hypervisor';
const all = [
  'part2-v4',
  'as-reviewed',
  'part2-v5',
  'v11',
  'v14',
  'linux-6.11',
  'linux-6.12',
  'linux-6.17',
  'linux-7.2',
] as const;

describe('LAUNCH_UPDATE from a buffer outside every memory slot', () => {
  test.each([
    ['part2-v4', -errno.EINVAL, H],
    ['part2-v5', -errno.EINVAL, H],
    ['v11', 0, H],
    ['v14', 0, V],
    ['linux-6.11', 0, V],
    ['linux-7.2', 0, V],
    ['as-reviewed', 0, V],
  ])('%s: returns %i, the page is %s', (id, ret, state) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 8, type: 'normal', uaddr: USER_BUFFERS });
    expect([launch.ret, ...launch.pages(8)]).toEqual([ret, state]);
  });

  test('part2-v5 takes it once the region is registered', () => {
    const launch = new Launch('part2-v5').vmm('register-region', { uaddr: USER_BUFFERS, n: 4 });
    launch.vmm('launch-update', { gfn: 8, n: 2, type: 'normal', uaddr: USER_BUFFERS });
    expect(launch.ret).toBe(0);
    expect(launch.findings.some((text) => text.startsWith('unmodelled'))).toBe(true);
  });

  test('part2-v4 makes the pages before it shared again', () => {
    const last = { gfn: 0x3ff, n: 2, type: 'normal' } as const;
    const launch = new Launch('part2-v4').vmm('launch-update', last);
    expect([launch.ret, ...launch.pages(0x3ff)]).toEqual([-errno.EINVAL, H]);
  });
});

describe('LAUNCH_UPDATE whose page 1 of 3 the firmware rejects', () => {
  test.each([
    // ret, error, pages 0 1 2, frame and length in the struct; that of v4 has no frame
    ['part2-v4', -errno.EIO, 9, H, H, H, 0n, 0x3000n],
    ['part2-v5', -errno.EIO, 9, V, H, H, 8n, 0x3000n],
    ['v11', -errno.EIO, 9, H, H, H, 8n, 0x3000n],
    ['v13-launch-update', -errno.EINTR, 0xffffffff, V, H, H, 8n, 0x3000n],
    ['v14', 0, 0xffffffff, V, H, H, 9n, 0x2000n],
    ['linux-6.11', 0, 0xffffffff, V, H, H, 9n, 0x2000n],
    ['linux-6.17', 0, 0xffffffff, V, H, H, 9n, 0x2000n],
    ['linux-7.2', 0, 0xffffffff, V, H, H, 9n, 0x2000n],
  ])('%s: %i, error %i, pages %s %s %s', (id, ret, error, page0, page1, page2, gfn, len) => {
    const launch = new Launch(id).failing(LAUNCH_UPDATE, INVALID_ADDRESS, 2);
    launch.vmm('launch-update', { gfn: 8, n: 3, type: 'normal' });
    expect([launch.ret, launch.error, ...launch.pages(8, 9, 10)]).toEqual([ret, error, page0, page1, page2]);
    expect([launch.world.vm.updateGfn, launch.world.vm.updateLeft]).toEqual([gfn, len]);
  });

  test('part2-v5 makes the rejected page shared as often as it had pages in hand', () => {
    const launch = new Launch('part2-v5').failing(LAUNCH_UPDATE, INVALID_ADDRESS, 3);
    launch.vmm('launch-update', { gfn: 8, n: 4, type: 'normal' });
    const shared = launch.steps.filter((step) => /^RMPUPDATE page 0xa .*Hypervisor/.test(step));
    expect(shared).toHaveLength(3);
  });

  test.each(['part2-v4', 'v11', 'linux-7.2'])('%s touches nothing behind it, but v4 zaps it too', (id) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 10, type: 'normal' });
    launch.failing(LAUNCH_UPDATE, INVALID_ADDRESS, 1).vmm('launch-update', { gfn: 8, n: 3, type: 'normal' });
    expect(launch.pages(10)).toEqual([id === 'part2-v4' ? H : V]);
  });
});

describe('LAUNCH_UPDATE of a page that is assigned already', () => {
  test.each([
    ['part2-v4', 0, [V, V]],
    ['part2-v5', -errno.EFAULT, [H, V]],
    ['v11', -errno.EFAULT, [V, V]],
    ['v14', 0, [V, V]],
    ['linux-6.11', 0, [V, V]],
    ['linux-7.2', 0, [V, V]],
  ] as const)('%s: as second of two pages it gives %i and leaves %s', (id, ret, states) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 9, type: 'normal' });
    launch.vmm('launch-update', { gfn: 8, n: 2, type: 'normal' });
    expect([launch.ret, launch.pages(8, 9)]).toEqual([ret, states]);
  });

  test('v11 says that it keeps references to its pages', () => {
    const launch = new Launch('v11').vmm('launch-update', { gfn: 8, type: 'normal' });
    launch.vmm('launch-update', { gfn: 8, type: 'normal' });
    expect(launch.findings.join()).toContain('keeps references');
  });

  test('part2-v4 clears Validated without a word, and the firmware sets it again', () => {
    const launch = new Launch('part2-v4').vmm('launch-update', { gfn: 8, type: 'normal' });
    launch.vmm('launch-update', { gfn: 8, type: 'normal' });
    expect(launch.steps.find((step) => step.startsWith('RMPUPDATE'))).toContain('Pre-Guest');
    expect([launch.ret, ...launch.pages(8)]).toEqual([0, V]);
  });
});

describe('LAUNCH_UPDATE without the private attribute', () => {
  test.each([
    ['v11', 0, V],
    ['v14', -errno.EIO, H],
    ['linux-6.11', -errno.EIO, H],
    ['linux-7.2', -errno.EIO, H],
  ])('%s: returns %i, the page is %s', (id, ret, state) => {
    const launch = new Launch(id).vmm('set-attributes', { gfn: 8, n: 1, private: false });
    launch.vmm('launch-update', { gfn: 8, type: 'normal' });
    expect([launch.ret, ...launch.pages(8)]).toEqual([ret, state]);
  });

  test.each(['part2-v4', 'part2-v5'])('%s has no such attribute: -ENOTTY, and the launch goes on', (id) => {
    const launch = new Launch(id).vmm('set-attributes', { gfn: 8, n: 1, private: true });
    expect(launch.ret).toBe(-errno.ENOTTY);
    expect(launch.vmm('launch-update', { gfn: 8, type: 'normal' }).ret).toBe(0);
  });
});

describe('the corrected table of a rejected CPUID page', () => {
  test.each([
    ['part2-v4', 'shared side'],
    ['part2-v5', 'shared side'],
    ['v11', 'shared side'],
    ['v14', 'source'],
    ['linux-7.2', 'source'],
  ])('%s: is found at the %s', (id, where) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 4, type: 'cpuid', content: WRONG_CPUID });
    expect([launch.ret, launch.error, ...launch.pages(4)]).toEqual([-errno.EIO, 0x16, H]);
    const corrected = where === 'source' ? userContent(launch.world, 4) : sharedContent(launch.world, 4);
    expect(corrected).not.toBe(WRONG_CPUID);
    expect(corrected).not.toBe(0n);
  });
});

describe('a failed page whose PAGE_RECLAIM fails too', () => {
  test.each([
    ['part2-v4', 'sound', 0],
    ['part2-v5', 'sound', 2],
    ['v11', 'sound', 2],
    ['v14', 'sound', 2],
    ['linux-6.11', 'bugged', 1],
    ['linux-7.2', 'bugged', 1],
  ])('%s: the VM is %s, the leak list grows by %i', (id, health, leaked) => {
    const launch = new Launch(id).failing(LAUNCH_UPDATE, 2n).failing(PAGE_RECLAIM, 0x10n);
    launch.vmm('launch-update', { gfn: 4, type: 'normal' });
    const { vm, host } = launch.world;
    expect([vm.health, host.leakedPages, ...launch.pages(4)]).toEqual([health, leaked, 'Pre-Guest']);
  });
});

describe('arguments of LAUNCH_UPDATE', () => {
  test.each([
    ['part2-v4', 'vmsa', 0],
    ['v11', 'vmsa', 0],
    ['v14', 'vmsa', -errno.EINVAL],
    ['linux-7.2', 'vmsa', -errno.EINVAL],
  ] as const)('%s: page type %s gives %i', (id, type, ret) => {
    expect(new Launch(id).vmm('launch-update', { gfn: 8, type }).ret).toBe(ret);
  });

  test.each([
    ['v11', -errno.EINVAL],
    ['v14', 0],
    ['linux-6.12', 0],
    ['linux-7.2', -errno.EINVAL],
  ])('%s: length 0 gives %i', (id, ret) => {
    expect(new Launch(id).vmm('launch-update', { gfn: 8, len: 0n, type: 'normal' }).ret).toBe(ret);
  });

  test.each([
    ['part2-v4', V, V],
    ['v11', V, V],
    ['linux-7.2', H, H],
  ])('%s: half a page behind a whole one: pages %s %s', (id, ...states) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 8, len: 0x1800n, type: 'normal' });
    expect(launch.pages(8, 9)).toEqual(states);
  });

  test.each([
    ['v11', 0],
    ['v13-launch-update', 0],
    ['linux-7.2', -errno.EINVAL],
  ])('%s: a length of 4 GiB and a page: the 32-bit field keeps the page', (id, ret) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 8, len: 0x1_0000_1000n, type: 'normal' });
    const inStruct = ret === 0 ? 0x1000n : undefined;
    if (inStruct !== undefined) expect([launch.ret, launch.world.vm.updateLeft]).toEqual([0, inStruct]);
    else expect(launch.world.vm.updateLeft).toBe(0x1_0000_1000n - 0x3f8000n);
  });

  test.each(['part2-v4', 'part2-v5', 'v11', 'v13-launch-update'])('%s: there is no place for flags', (id) => {
    const launch = new Launch(id).vmm('launch-update', { gfn: 8, type: 'normal', flags: 1 });
    expect(launch.steps).toEqual(['refused: the struct of this kernel has no flags']);
  });

  test.each([
    ['v11', -errno.EINVAL],
    ['linux-7.2', 0],
  ])('%s: a page without direct-map address gives %i', (id, ret) => {
    const launch = new Launch(id).act({ actor: 'inject', verb: 'no-direct-map', args: { gfn: 8 } });
    expect(launch.vmm('launch-update', { gfn: 8, type: 'normal' }).ret).toBe(ret);
  });

  test.each([
    ['part2-v4', -errno.ENOTTY],
    ['v14', -errno.EINVAL],
  ])('%s: before the VM is an SNP guest the call gives %i', (id, ret) => {
    const launch = new Launch(id).vmm('destroy', {}).vmm('create-vm', {}).vmm('memslot', { gfn: 0, n: 16 });
    expect(launch.vmm('launch-update', { gfn: 8, type: 'normal' }).ret).toBe(ret);
  });
});

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

describe('the command that makes an SNP guest', () => {
  test.each(all)('%s: is named in the steps, and works', (id) => {
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
    '%s: the second one writes into an encrypted page, and the host is lost',
    (id) => {
      const launch = failed(id).vmm('launch-finish', {});
      expect(launch.world.host.rmpFault).toBe(true);
      expect(launch.findings.join()).toContain('host takes an RMP fault');
      expect(launch.vmm('run', { vcpu: 0 }).steps[0]).toContain('refused: the host is lost');
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
    expect(new Launch(id).vmm('pre-fault', { gfn: 8, n: 1 }).ret).toBe(ret);
  });

  test('v14: whether KVM_PRE_FAULT_MEMORY exists is not known, and said', () => {
    const launch = new Launch('v14').vmm('pre-fault', { gfn: 8, n: 1 });
    expect(launch.findings.join()).toContain('preFault.beforeFinish');
  });
});

describe('the end of a VM', () => {
  test.each(all)('%s: every page comes back', (id) => {
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
