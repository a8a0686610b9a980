/** Calls that a personality makes to handle an exit find locks taken, as a call of the scenario does. */
import { expect, test } from 'vitest';
import { Run } from '../../testing/engine/test-run';
import { RMP_FAIL_OVERLAP } from '../../abi/rmp';
import { armFault } from '../faults';
import { gmemLock, holderOf, setHolder, slotsLock, vcpuMutex, type Lock } from '../kvm/threads/locks';
import { observe } from '../observe';
import type { Vm } from '../state/vm';
import { nextVmmAct } from './handle';

const FRAME = 0x300;
const seen = ({ world }: Run, name: string): unknown => {
  const found = observe(world, name);
  return 'value' in found ? found.value : found.message;
};
/** The guest touched a private frame without the C-bit, and its exit waits for the VMM. */
function exited(personality: Vm['personality'], spec = 'linux-7.2'): Run {
  const run = new Run(spec).running().guest('read', { gpa: BigInt(FRAME) << 12n, private: true });
  run.guest('read', { gpa: BigInt(FRAME) << 12n, private: false });
  run.world.vm.personality = personality;
  return run;
}
const handled = (run: Run): Run => run.vmm('handle', { vcpu: 0 });
const goOn = (run: Run): Run => run.act({ actor: 'kvm', verb: 'continue', args: { thread: 'v0' } });
/** Every RMPUPDATE from now on overlaps with an entry of the other size: the kernel retries for ever. */
const overlaps = (run: Run): boolean =>
  armFault(run.world, { kind: 'rmpupdate', status: RMP_FAIL_OVERLAP, every: true });

test('the attribute waits for kvm->slots_lock of a LAUNCH_UPDATE that never returns', () => {
  const run = exited('qemu');
  overlaps(run);
  run.vmm('launch-update', { gfn: 0x204, type: 'normal' });
  expect(handled(run).steps.at(-1)).toBe(
    'KVM_SET_MEMORY_ATTRIBUTES on thread v0 waits for kvm->slots_lock, held by KVM_SEV_SNP_LAUNCH_UPDATE on thread main, which never returns',
  );
  expect([seen(run, 'page.0x300.attribute'), seen(run, 'v0.exit')]).toEqual(['private', 'MEMORY_FAULT']);
  expect(handled(run).steps[0]).toContain('refused: thread v0 waits in KVM_SET_MEMORY_ATTRIBUTES');
  expect(nextVmmAct(run.world)).toBeUndefined();
});

test.each<[Vm['personality'], Lock, string]>([
  ['qemu', slotsLock, 'private'],
  ['cloud-hypervisor', slotsLock, 'private'],
  ['qemu', gmemLock, 'shared'],
  ['qemu-10.2', slotsLock, 'private'],
])('%s goes on when %o is free: the attribute was %s meanwhile', (personality, lock, meanwhile) => {
  const run = exited(personality);
  setHolder(run.world, lock, 'main');
  expect(handled(run).steps.at(-1)).toContain('thread v0 waits for');
  expect(seen(run, 'page.0x300.attribute')).toBe(meanwhile);
  expect(goOn(run).steps[0]).toContain('refused');
  setHolder(run.world, lock, 'none');
  goOn(run);
  expect([run.ret, seen(run, 'page.0x300.attribute'), holderOf(run.world, lock)]).toEqual([
    0,
    'shared',
    'none',
  ]);
  expect(nextVmmAct(run.world)).toEqual({ actor: 'vmm', verb: 'handle', args: { vcpu: 0 } });
  handled(run);
  expect(nextVmmAct(run.world)?.verb).toBe('run');
});

test('a hole that is never punched takes the thread of the vCPU, with the lock of guest_memfd', () => {
  const run = exited('qemu');
  overlaps(run);
  handled(run);
  expect([seen(run, 'thread.v0.fate'), seen(run, 'thread.v0.call'), seen(run, 'vm.gmemLockHolder')]).toEqual([
    'hangs',
    'punch-hole',
    'v0',
  ]);
  run.vmm('punch-hole', { gfn: 9, n: 1 });
  expect(run.steps[0]).toContain(
    'fallocate on thread main waits for the invalidation lock of guest_memfd, held by fallocate on thread v0, which never returns',
  );
});

test('QEMU 10.2 pre-faults what was converted, and waits for the mutex of the vCPU', () => {
  const run = new Run('linux-7.2').running().vmm('hypercall-exits', {});
  run.guest('msr-psc', { gfn: FRAME, op: 'private' });
  run.world.vm.personality = 'qemu-10.2';
  setHolder(run.world, vcpuMutex(0), 'main');
  expect(handled(run).steps.at(-1)).toContain('KVM_PRE_FAULT_MEMORY on thread v0 waits for the mutex of v0');
});

test('a command of the launch that waits or never returns has no result yet, whatever the one before said', () => {
  const run = new Run('linux-7.3').running();
  expect([seen(run, 'ioctl.ret'), seen(run, 'ioctl.error')]).toEqual([0, 0]);
  overlaps(run);
  run.vmm('launch-update', { gfn: 0x204, type: 'normal' });
  expect([seen(run, 'ioctl.ret'), seen(run, 'ioctl.error')]).toEqual(['pending', 'pending']);
});
