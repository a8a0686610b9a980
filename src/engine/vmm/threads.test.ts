/** Calls of several threads of the VMM that want the same lock. */
import { describe, expect, test } from 'vitest';
import { errno } from '../../abi/errno';
import { Run } from '../../testing/engine/test-run';
import type { Act } from '../acts';
import { enabledActs } from '../enabled-acts';
import { observe } from '../observe';
import { threadStates } from './threads';

const goOn = (thread: string): Act => ({ actor: 'kvm', verb: 'continue', args: { thread } });
const wake = (vcpu: number): Act => ({ actor: 'kvm', verb: 'wake', args: { vcpu } });
const seen = ({ world }: Run, name: string): unknown => {
  const found = observe(world, name);
  return 'value' in found ? found.value : found.message;
};
/** The launch is at its end, and the AP sleeps in KVM_RUN. */
const apSleeps = (spec: string): Run =>
  new Run(spec)
    .started({ vcpus: 2 })
    .vmm('launch-update', { gfn: 0, type: 'normal' })
    .vmm('run', { vcpu: 1 });
const TAKING = ['linux-7.2', 'linux-7.3'] as const;

describe('LAUNCH_FINISH while an AP sleeps in KVM_RUN', () => {
  test.each(['part2-v4', 'part2-v5', 'v11', 'v14', 'linux-6.11', 'linux-6.12', 'linux-6.17'])(
    '%s: it does not look, and succeeds',
    (spec) => {
      const run = apSleeps(spec);
      expect(seen(run, 'v1.run')).toBe('blocked');
      run.vmm('launch-finish', {});
      expect([run.ret, seen(run, 'vm.gstate'), seen(run, 'thread.main.call')]).toEqual([
        0,
        'RUNNING',
        'none',
      ]);
    },
  );

  test.each(TAKING)('%s: it waits, and nothing is encrypted', (spec) => {
    const run = apSleeps(spec).vmm('launch-finish', {});
    expect(run.steps).toEqual([
      'KVM_SEV_SNP_LAUNCH_FINISH on thread main waits for the mutex of v1, held by KVM_RUN of v1 on thread v1',
    ]);
    const names = ['thread.main.waitsFor', 'vm.lockHolder', 'v0.mutexHolder', 'v1.mutexHolder', 'vm.gstate'];
    expect(names.map((name) => seen(run, name))).toEqual(['vcpuMutex', 'main', 'main', 'v1', 'LAUNCH']);
    expect(run.act(goOn('main')).steps[0]).toContain('refused: thread main waits in');
  });

  test.each(TAKING)('%s: a signal to the AP ends the wait', (spec) => {
    const run = apSleeps(spec).vmm('launch-finish', {}).vmm('signal', { vcpu: 1 }).act(wake(1));
    expect(seen(run, 'v1.ret')).toBe('-EINTR');
    run.act(goOn('main'));
    expect(run.steps[0]).toBe('KVM_SEV_SNP_LAUNCH_FINISH on thread main gets the mutex of v1');
    expect([run.ret, seen(run, 'vm.gstate')]).toEqual([0, 'RUNNING']);
    const holders = ['vm.lockHolder', 'v0.mutexHolder', 'v1.mutexHolder'].map((name) => seen(run, name));
    expect(holders).toEqual(['none', 'none', 'none']);
  });

  test.each(TAKING)('%s: meanwhile KVM_RUN of the BSP waits too, and every SEV command', (spec) => {
    const run = apSleeps(spec).vmm('launch-finish', {}).vmm('run', { vcpu: 0 });
    expect(run.steps).toEqual([
      'KVM_RUN on thread v0 waits for the mutex of v0, held by KVM_SEV_SNP_LAUNCH_FINISH on thread main',
    ]);
    run.vmm('launch-update', { gfn: 1, type: 'normal', thread: 'v0' });
    expect(run.steps[0]).toMatch(/^refused: thread v0 waits in KVM_RUN for the mutex of v0, held by /);
    run.vmm('launch-update', { gfn: 1, type: 'normal' });
    expect(run.steps[0]).toMatch(
      /^refused: thread main waits in KVM_SEV_SNP_LAUNCH_FINISH for the mutex of v1/,
    );
    run.vmm('signal', { vcpu: 1 }).act(wake(1)).act(goOn('main')).act(goOn('v0'));
    expect(run.steps.slice(0, 2)).toEqual(['KVM_RUN on thread v0 gets the mutex of v0', 'KVM_RUN v0']);
    expect(seen(run, 'v0.run')).toBe('inGuest');
  });

  test.each(TAKING)('%s: a third thread waits for kvm->lock in KVM_CREATE_VCPU', (spec) => {
    const run = new Run(spec, 3)
      .started({ vcpus: 2 })
      .vmm('run', { vcpu: 1 })
      .vmm('launch-finish', {})
      .vmm('create-vcpu', { thread: 'v2' });
    expect(run.steps).toEqual([
      'KVM_CREATE_VCPU on thread v2 waits for kvm->lock, held by KVM_SEV_SNP_LAUNCH_FINISH on thread main',
    ]);
    run.vmm('signal', { vcpu: 1 }).act(wake(1)).act(goOn('main')).act(goOn('v2'));
    expect([seen(run, 'v2.exists'), seen(run, 'v2.guestStateProtected')]).toEqual([true, false]);
  });

  test('SIGKILL: KVM_RUN and the killable wait return -EINTR, and the VM ends with the last call', () => {
    const run = apSleeps('linux-7.2').vmm('launch-finish', {}).vmm('kill', {});
    expect(seen(run, 'vm.exists')).toBe(true);
    run.act(goOn('main'));
    expect(run.steps).toEqual([
      'KVM_SEV_SNP_LAUNCH_FINISH on thread main = -EINTR: killed while it waits for the mutex of v1',
    ]);
    expect([run.ret, seen(run, 'vm.lockHolder')]).toEqual([-errno.EINTR, 'none']);
    run.act(wake(1));
    expect(run.steps[0]).toBe('KVM_RUN v1 = -EINTR, exit KVM_EXIT_INTR');
    expect(run.steps).toContain('last file of the VM closed');
    expect(seen(run, 'vm.exists')).toBe(false);
    expect(run.vmm('create-vm', {}).ret).toBe(0);
  });

  test('SIGKILL does not end a wait for kvm->lock: KVM_CREATE_VCPU gets it after LAUNCH_FINISH gave up', () => {
    const run = new Run('linux-7.2', 3).started({ vcpus: 2 }).vmm('run', { vcpu: 1 });
    run.vmm('launch-finish', {}).vmm('create-vcpu', { thread: 'v2' }).vmm('kill', {});
    expect(run.act(goOn('v2')).steps[0]).toContain(
      'refused: thread v2 waits in KVM_CREATE_VCPU for kvm->lock',
    );
    run.act(goOn('main')).act(goOn('v2'));
    expect(seen(run, 'v2.exists')).toBe(true);
  });
});

describe('ioctls of a vCPU that is in KVM_RUN', () => {
  const calls = [
    ['set-mp-state', { vcpu: 0, state: 'HALTED' }, 'KVM_SET_MP_STATE'],
    ['get-mp-state', { vcpu: 0 }, 'KVM_GET_MP_STATE'],
    ['pre-fault', { vcpu: 0, gfn: 3, n: 1 }, 'KVM_PRE_FAULT_MEMORY'],
    ['vcpu-state', { vcpu: 0, what: 'regs', op: 'get' }, 'KVM_GET_REGS'],
    ['run', { vcpu: 0 }, 'KVM_RUN'],
  ] as const;
  test.each(calls)('%s from the main thread waits until KVM_RUN returns', (verb, args, name) => {
    const run = new Run('linux-7.2').running();
    run.act({ actor: 'vmm', verb, args: { ...args, thread: 'main' } } as Act);
    expect(run.steps).toEqual([
      `${name} on thread main waits for the mutex of v0, held by KVM_RUN of v0 on thread v0`,
    ]);
    run.vmm('signal', { vcpu: 0 }).act(wake(0)).act(goOn('main'));
    expect(run.steps[0]).toBe(`${name} on thread main gets the mutex of v0`);
    expect(run.steps.length).toBeGreaterThan(1);
    const inRun = verb === 'run';
    expect(seen(run, 'v0.mutexHolder')).toBe(inRun ? 'main' : 'none');
  });

  test.each(calls)('%s from its own thread is no act: the thread is in KVM_RUN', (verb, args) => {
    const run = new Run('linux-7.2').running().act({ actor: 'vmm', verb, args } as Act);
    expect(run.steps).toEqual(['refused: thread v0 is in KVM_RUN of v0 and holds its mutex']);
  });

  test('SET_MP_STATE that waited changes the state that KVM_RUN left', () => {
    const run = new Run('linux-7.2').running();
    run.vmm('set-mp-state', { vcpu: 0, state: 'HALTED', thread: 'main' });
    expect(seen(run, 'v0.mpState')).toBe('RUNNABLE');
    run.vmm('signal', { vcpu: 0 }).act(wake(0)).act(goOn('main'));
    expect([run.ret, seen(run, 'v0.mpState')]).toEqual([0, 'HALTED']);
  });

  test('an ordinary signal does not end the wait of the thread that it is for', () => {
    const run = apSleeps('linux-7.2').vmm('launch-finish', {}).vmm('run', { vcpu: 0 });
    run.vmm('signal', { vcpu: 0 });
    expect(run.act(goOn('v0')).steps[0]).toContain('refused: thread v0 waits in KVM_RUN');
  });
});

describe('KVM_CREATE_VCPU in progress', () => {
  const half = (spec: string): Run =>
    new Run(spec, 3).started({ vcpus: 1 }).vmm('create-vcpu', { half: true });
  test('linux-7.3: LAUNCH_FINISH waits for kvm->lock until the creation is over', () => {
    const run = half('linux-7.3').vmm('launch-finish', {});
    expect(run.steps).toEqual([
      'KVM_SEV_SNP_LAUNCH_FINISH on thread main waits for kvm->lock, held by KVM_CREATE_VCPU on thread v1',
    ]);
    run.vmm('create-vcpu', {}).act(goOn('main'));
    expect([run.ret, seen(run, 'v1.guestStateProtected')]).toEqual([0, true]);
  });
  test.each(['linux-6.12', 'linux-7.2'])('%s: LAUNCH_FINISH is -EBUSY', (spec) => {
    expect(half(spec).vmm('launch-finish', {}).ret).toBe(-errno.EBUSY);
  });
});

describe('closing every file', () => {
  test('the VM lives while a vCPU is in KVM_RUN, and its guest runs on', () => {
    const run = new Run('linux-7.2').running().vmm('destroy', {});
    expect(run.steps).toEqual([
      'every file of the VM is closed; it lives until these threads leave their calls: v0',
    ]);
    expect(run.vmm('launch-finish', {}).steps).toEqual(['refused: every file of the VM is closed']);
    run.guest('write', { gpa: 0n, private: true, value: 1n });
    expect(seen(run, 'v0.run')).toBe('inGuest');
    run.vmm('signal', { vcpu: 0 }).act(wake(0));
    expect(seen(run, 'vm.exists')).toBe(false);
  });
});

describe('closing every file but those of guest_memfd', () => {
  const held = () => {
    const run = new Run('linux-7.3').running().vmm('signal', { vcpu: 0 }).act(wake(0));
    return run.vmm('destroy', { gmem: 'open' });
  };
  test('the VM lives, and only guest_memfd can be used', () => {
    const run = held();
    expect(run.steps).toEqual([
      'the files of the VM and its vCPUs are closed; it lives until guest_memfd is closed',
    ]);
    expect(run.vmm('create-vcpu', {}).steps).toEqual(['refused: every file of the VM is closed']);
    expect(run.vmm('punch-hole', { gfn: 0, n: 1 }).ret).toBe(0);
    expect(seen(run, 'vm.exists')).toBe(true);
  });
  test('its last file ends the VM, whose pages are freed after DECOMMISSION', () => {
    const run = held().vmm('close-gmem', {});
    expect(seen(run, 'vm.exists')).toBe(false);
    const at = (text: string) => run.steps.findIndex((step) => step.includes(text));
    expect(at('SNP_DECOMMISSION')).toBeGreaterThan(0);
    expect(run.steps.findLastIndex((step) => step.startsWith('RMPUPDATE'))).toBeGreaterThan(
      at('SNP_DECOMMISSION'),
    );
  });
  test('a thread in KVM_RUN holds the VM beyond that', () => {
    const run = new Run('linux-7.3').running().vmm('destroy', { gmem: 'open' }).vmm('close-gmem', {});
    expect(seen(run, 'vm.exists')).toBe(true);
    run.vmm('signal', { vcpu: 0 }).act(wake(0));
    expect(seen(run, 'vm.exists')).toBe(false);
  });
});

test('the machines view lists who is in a call, once somebody waits', () => {
  const run = apSleeps('linux-7.2');
  expect(threadStates(run.world)).toEqual([]);
  run.vmm('launch-finish', {});
  expect(threadStates(run.world)).toEqual([
    {
      name: 'main',
      does: 'waits in KVM_SEV_SNP_LAUNCH_FINISH for the mutex of v1, held by KVM_RUN of v1 on thread v1',
      holds: 'kvm->lock, the mutex of v0',
    },
    { name: 'v1', does: 'is in KVM_RUN of v1 and holds its mutex', holds: 'the mutex of v1' },
  ]);
});

test('the menu offers a waiting thread what can end its wait, and refuses it everything else', () => {
  const run = apSleeps('linux-7.2').vmm('launch-finish', {});
  const menu = enabledActs(run.world);
  const entry = (verb: string) => menu.find(({ act }) => act.verb === verb);
  expect(entry('kill')?.refused).toBeUndefined();
  expect(entry('continue')?.refused).toContain('waits in KVM_SEV_SNP_LAUNCH_FINISH');
  expect(entry('launch-finish')?.refused).toContain('held by KVM_RUN of v1 on thread v1');
});
