/** Threads of the VMM that are lost in the kernel, and what the others find afterwards. */
import { expect, test } from 'vitest';
import { Run } from '../../testing/engine/test-run';
import type { Act } from '../acts';
import { arrangeRmp } from '../hardware/rmp';
import { setHolder, slotsLock } from '../kvm/threads/locks';
import { observe } from '../observe';

const seen = ({ world }: Run, name: string): unknown => {
  const found = observe(world, name);
  return 'value' in found ? found.value : found.message;
};
const noLength: Extract<Act, { verb: 'nae' }>['args'] = {
  code: 0x8000_0010n,
  info1: 0n,
  info2: 0n,
  scratch: 0x20_0000n,
};
/** Both vCPUs are in the guest, and v0 has a GHCB page. */
const inGuest = (spec: string): Run =>
  new Run(spec)
    .running({ vcpus: 2 })
    .guest('init-sipi', { target: 1 })
    .vmm('run', { vcpu: 1 })
    .vmm('run', { vcpu: 1 })
    .guest('register-ghcb', { gpa: 0x10_0000n });

test.each(['linux-6.11', 'linux-6.17'])(
  '%s: a batched PSC of length 0 outside the GHCB page is an oops in KVM_RUN',
  (spec) => {
    const run = inGuest(spec).guest('nae', noLength);
    expect(run.steps.at(-1)).toBe(
      'thread v0 is killed by an oops (access through the pointer of an empty allocation): v0 stops, the mutex of v0 stays taken',
    );
    expect([seen(run, 'v0.run'), seen(run, 'host.oopsed'), seen(run, 'thread.v0.fate')]).toEqual([
      'inKvm',
      true,
      'oopsed',
    ]);
    expect(run.guest('hlt', {}).steps[0]).toContain('refused');
    expect(run.vmm('run', { vcpu: 0 }).steps).toEqual([
      'refused: thread v0 was killed by an oops of the host',
    ]);
    // The other vCPU runs on, and an ioctl of the lost one waits until the VMM is killed.
    expect(run.guest('hlt', {}, 1).steps[0]).toContain('HLT');
    run.vmm('get-mp-state', { vcpu: 0, thread: 'main' });
    expect(run.steps[0]).toContain(
      'waits for the mutex of v0, held by KVM_RUN of v0 on thread v0, which an oops killed',
    );
    run.vmm('kill', {}).act({ actor: 'kvm', verb: 'continue', args: { thread: 'main' } });
    expect(run.steps[0]).toContain('killed while it waits');
    run.act({ actor: 'kvm', verb: 'wake', args: { vcpu: 1 } });
    expect([seen(run, 'vm.exists'), seen(run, 'vm.filesClosed')]).toEqual([true, true]);
  },
);

test.each(['linux-6.12', 'linux-7.2', 'linux-7.3'])('%s: the same request is answered', (spec) => {
  const run = inGuest(spec).guest('nae', noLength);
  expect([seen(run, 'v0.run'), seen(run, 'host.oopsed')]).toEqual(['inGuest', false]);
});

test('an ioctl that hangs keeps its locks: later calls wait for ever, and no signal helps', () => {
  const run = new Run('linux-7.2').started({ vcpus: 1 });
  const entry = { assigned: true, immutable: false, asid: 1, gfn: 0, twoMeg: true, validated: false };
  arrangeRmp(run.world, 0, entry);
  run.world.pages.rmp.set(4, 0);
  run.vmm('launch-update', { gfn: 4, type: 'normal' });
  expect(run.vmm('launch-finish', {}).steps).toEqual(['refused: thread main never returns from its call']);
  run.vmm('set-attributes', { gfn: 9, n: 1, private: false, thread: 'v0' });
  expect(run.steps).toEqual([
    'KVM_SET_MEMORY_ATTRIBUTES on thread v0 waits for kvm->slots_lock, held by KVM_SEV_SNP_LAUNCH_UPDATE on thread main, which never returns',
  ]);
  run.vmm('kill', {}).act({ actor: 'kvm', verb: 'continue', args: { thread: 'v0' } });
  expect(run.steps[0]).toContain('refused: thread v0 waits in KVM_SET_MEMORY_ATTRIBUTES');
  expect(seen(run, 'vm.exists')).toBe(true);
});

test('a call that waited, went on and never returns is still the call of its thread', () => {
  const run = new Run('linux-7.2').started({ vcpus: 1 });
  const entry = { assigned: true, immutable: false, asid: 1, gfn: 0, twoMeg: true, validated: false };
  arrangeRmp(run.world, 0, entry);
  run.world.pages.rmp.set(4, 0);
  setHolder(run.world, slotsLock, 'v0');
  run.vmm('launch-update', { gfn: 4, type: 'normal' });
  expect(run.steps[0]).toContain('waits for kvm->slots_lock');
  setHolder(run.world, slotsLock, 'none');
  run.act({ actor: 'kvm', verb: 'continue', args: { thread: 'main' } });
  expect([seen(run, 'thread.main.fate'), seen(run, 'thread.main.call')]).toEqual(['hangs', 'launch-update']);
});
