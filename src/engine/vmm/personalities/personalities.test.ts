import { describe, expect, test } from 'vitest';
import {
  kvmRun,
  kvmRunHypercall,
  kvmRunMemoryFault,
  kvmRunSystemEvent,
  KVM_EXIT_FAIL_ENTRY,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_MEMORY_FAULT,
  KVM_EXIT_SHUTDOWN,
  KVM_EXIT_SYSTEM_EVENT,
} from '../../../abi/kvm-run';
import { errno } from '../../../abi/errno';
import { defaultProfile } from '../../../profiles/resolve';
import { pageState } from '../../hardware/rmp';
import { moveText } from '../../moves';
import { perform } from '../../perform';
import type { Vm } from '../../state/vm';
import { World } from '../../world';
import { nextVmmAct } from '../handle';

type Personality = Vm['personality'];

/** A world with one vCPU whose KVM_RUN returned; frames 0 to 0x3ff are guest_memfd, 0x400 to 0x4ff are not. */
function exited(personality: Personality, reason: number, failed = 0): World {
  const world = new World({ vcpus: 1, gfnCount: 0x1000, gmemPages: 0x400 }, defaultProfile());
  world.vm.personality = personality;
  perform(world, { actor: 'vmm', verb: 'create-vm', args: {} });
  perform(world, { actor: 'vmm', verb: 'memslot', args: { gfn: 0, n: 0x400 } });
  perform(world, { actor: 'vmm', verb: 'memslot', args: { gfn: 0x400, n: 0x100, backing: 'none' } });
  const vcpu = world.vcpu(0);
  vcpu.exists = true;
  vcpu.exitPending = true;
  vcpu.runErrno = failed;
  const run = world.kvmRun[0];
  if (run) kvmRun.set(run, 'exitReason', reason);
  return world;
}

function mapGpaRange(world: World, gpa: bigint, pages: bigint, attributes: bigint, nr = 12n): void {
  const run = world.kvmRun[0];
  if (!run) return;
  kvmRunHypercall.set(run, 'nr', nr);
  [gpa, pages, attributes].forEach((value, index) => kvmRunHypercall.setItem(run, 'args', index, value));
  kvmRunHypercall.set(run, 'ret', 7n);
}

function handle(world: World): { stopped: boolean; next: string; ret: bigint } {
  perform(world, { actor: 'vmm', verb: 'handle', args: { vcpu: 0 } });
  const run = world.kvmRun[0];
  return {
    stopped: world.vm.vmmStopped,
    next: nextVmmAct(world)?.verb ?? 'nothing',
    ret: run ? kvmRunHypercall.get(run, 'ret') : 0n,
  };
}
const isPrivate = (world: World, gfn: number): boolean => (world.pages.gfn.get(gfn) & 1) === 1;

describe('KVM_HC_MAP_GPA_RANGE', () => {
  test.each<[Personality, boolean, bigint]>([
    ['qemu', true, 7n],
    ['cloud-hypervisor', true, 7n],
    ['strict', true, 0n],
    ['negative-errno', true, 0n],
    ['lazy', false, 7n],
    ['forgets-private', true, 7n],
  ])('%s: converted is %s, ret is %s', (personality, converted, ret) => {
    const world = exited(personality, KVM_EXIT_HYPERCALL);
    mapGpaRange(world, 0x20000n, 2n, 0x10n);
    expect(handle(world)).toEqual({ stopped: false, next: 'run', ret });
    expect([isPrivate(world, 0x20), isPrivate(world, 0x21), isPrivate(world, 0x22)]).toEqual([
      converted,
      converted,
      false,
    ]);
  });

  test.each<[string, bigint, bigint, bigint, boolean]>([
    ['an unaligned address', 0x20800n, 1n, 0x10n, true],
    ['an empty range', 0x20000n, 0n, 0x10n, true],
    ['private where no memory is', 0x800000n, 1n, 0x10n, true],
    ['shared where no memory is', 0x800000n, 1n, 0n, false],
    ['private without guest_memfd', 0x400000n, 1n, 0x10n, true],
    ['a range that runs out of its slot', 0x3ff000n, 2n, 0x10n, true],
  ])('%s: QEMU stops the VM is %s', (_, gpa, pages, attributes, stopped) => {
    const world = exited('qemu', KVM_EXIT_HYPERCALL);
    mapGpaRange(world, gpa, pages, attributes);
    expect(handle(world)).toEqual({ stopped, next: stopped ? 'nothing' : 'run', ret: 7n });
  });

  test.each<[Personality, bigint]>([
    ['strict', 22n],
    ['negative-errno', 0xffffffffffffffean],
  ])('%s writes %s when the conversion fails', (personality, ret) => {
    const world = exited(personality, KVM_EXIT_HYPERCALL);
    mapGpaRange(world, 0x20800n, 1n, 0x10n);
    expect(handle(world)).toEqual({ stopped: false, next: 'run', ret });
  });

  test('an injected answer stands in for whatever the personality would say', () => {
    const world = exited('qemu', KVM_EXIT_HYPERCALL);
    mapGpaRange(world, 0x20000n, 1n, 0x10n);
    perform(world, { actor: 'inject', verb: 'answer', args: { ret: 11n } });
    expect(handle(world).ret).toBe(11n);
    expect(isPrivate(world, 0x20)).toBe(false);
  });

  test.each<[Personality, boolean]>([
    ['qemu', true],
    ['cloud-hypervisor', false],
  ])('another hypercall: %s stops is %s', (personality, stopped) => {
    const world = exited(personality, KVM_EXIT_HYPERCALL);
    mapGpaRange(world, 0n, 0n, 0n, 5n);
    expect(handle(world).stopped).toBe(stopped);
  });
});

test('what becomes private is discarded on the shared side', () => {
  const world = exited('qemu', KVM_EXIT_HYPERCALL);
  world.pages.sharedLow.set(0x20, 0x1234);
  mapGpaRange(world, 0x20000n, 1n, 0x10n);
  handle(world);
  expect(world.pages.sharedLow.get(0x20)).toBe(0);
});

describe('a memory fault', () => {
  test.each<[bigint, boolean]>([
    [8n, false],
    [0n, false],
    [9n, true],
  ])('with flags %s stops QEMU is %s', (flags, stopped) => {
    const world = exited('qemu', KVM_EXIT_MEMORY_FAULT, errno.EFAULT);
    const run = world.kvmRun[0];
    if (!run) return;
    kvmRunMemoryFault.set(run, 'flags', flags);
    kvmRunMemoryFault.set(run, 'gpa', 0x20000n);
    kvmRunMemoryFault.set(run, 'size', 0x1000n);
    expect(handle(world).stopped).toBe(stopped);
    expect(isPrivate(world, 0x20)).toBe(flags === 8n);
  });
});

/** What the return of KVM_RUN leads to, by errno and exit reason. */
describe('errno and exit reason', () => {
  const { EFAULT, EINVAL, EIO, ENOENT, ENOMEM, EHWPOISON, EAGAIN, EINTR } = errno;
  const ENOTSUP_EXIT = 99;
  const HLT = 5;
  test.each<[number, number, string, string]>([
    [EFAULT, KVM_EXIT_MEMORY_FAULT, 'converts', 'converts'],
    [EHWPOISON, KVM_EXIT_MEMORY_FAULT, 'error: kvm run failed', 'converts'],
    [EINVAL, KVM_EXIT_MEMORY_FAULT, 'error: kvm run failed', 'VCPU error'],
    [ENOENT, KVM_EXIT_MEMORY_FAULT, 'error: kvm run failed', 'VCPU error'],
    [ENOMEM, KVM_EXIT_MEMORY_FAULT, 'error: kvm run failed', 'VCPU error'],
    // A reason that is left over from an earlier exit.
    [EIO, KVM_EXIT_MEMORY_FAULT, 'error: kvm run failed', 'VCPU error'],
    [EFAULT, 0, 'error: kvm run failed', 'VCPU error'],
    [EAGAIN, KVM_EXIT_MEMORY_FAULT, 'goes on', 'goes on'],
    [EINTR, KVM_EXIT_MEMORY_FAULT, 'goes on', 'goes on'],
    [0, 0, 'KVM: unknown exit, hardware reason', 'Unexpected exit reason on vcpu run: KVM_EXIT_UNKNOWN'],
    [0, HLT, 'goes on', 'a HLT exit: the VM is reset'],
    [0, KVM_EXIT_SHUTDOWN, 'the guest shut down', 'the guest shut down: the VM is reset'],
    [0, KVM_EXIT_FAIL_ENTRY, 'KVM: entry failed', 'Unexpected exit reason'],
    [0, KVM_EXIT_SYSTEM_EVENT, 'KVM: unknown exit reason 24', 'Unexpected exit reason'],
    [0, ENOTSUP_EXIT, 'KVM: unknown exit reason 99', 'Unexpected exit reason'],
  ])('errno %i with exit %i: QEMU %s, cloud-hypervisor %s', (failed, reason, ...expected) => {
    const ends = (['qemu', 'cloud-hypervisor'] as const).map((personality) => {
      const world = exited(personality, reason, failed);
      const run = world.kvmRun[0];
      if (run && reason === KVM_EXIT_MEMORY_FAULT) {
        kvmRunMemoryFault.set(run, 'flags', 8n);
        kvmRunMemoryFault.set(run, 'gpa', 0x20000n);
        kvmRunMemoryFault.set(run, 'size', 0x1000n);
      }
      const steps: string[] = [];
      world.recorder = {
        transition: () => {},
        facet: () => {},
        finding: () => {},
        move: (kind, vcpu, args) => void steps.push(moveText({ kind, vcpu, args })),
      };
      handle(world);
      const stopped = steps.find((step) => step.startsWith('VM stopped: '))?.slice('VM stopped: '.length);
      return stopped ?? (isPrivate(world, 0x20) ? 'converts' : 'goes on');
    });
    expect(ends.map((end, i) => (end.startsWith(expected[i] ?? '') ? expected[i] : end))).toEqual(expected);
  });
});

test.each<[Personality, boolean]>([
  ['qemu', true],
  ['strict', true],
])('%s: a range that runs out of its region fails after its attribute was set', (personality, changed) => {
  const world = exited(personality, KVM_EXIT_HYPERCALL);
  mapGpaRange(world, 0x3ff000n, 2n, 0x10n);
  handle(world);
  expect([isPrivate(world, 0x3ff), isPrivate(world, 0x400)]).toEqual([changed, changed]);
});

test.each<[Personality, string]>([
  ['qemu', 'Hypervisor'],
  ['qemu-10.2', 'Guest-Invalid'],
])('%s leaves a page that became private %s', (personality, state) => {
  const world = exited(personality, KVM_EXIT_HYPERCALL);
  world.vm.preFaultAllowed = true;
  world.vm.asid = 1;
  mapGpaRange(world, 0x20000n, 2n, 0x10n);
  expect(handle(world)).toMatchObject({ stopped: false, next: 'run' });
  expect([pageState(world, 0x20), pageState(world, 0x21), pageState(world, 0x22)]).toEqual([
    state,
    state,
    'Hypervisor',
  ]);
});

test('a pre-fault that fails does not stop QEMU 10.2', () => {
  const world = exited('qemu-10.2', KVM_EXIT_HYPERCALL);
  mapGpaRange(world, 0x20000n, 2n, 0x10n);
  expect(handle(world)).toMatchObject({ stopped: false, next: 'run' });
  expect(pageState(world, 0x20)).toBe('Hypervisor');
});

test.each<[string, number, number, boolean, string]>([
  ['SYSTEM_EVENT', KVM_EXIT_SYSTEM_EVENT, 0, true, 'nothing'],
  ['SHUTDOWN', KVM_EXIT_SHUTDOWN, 0, true, 'nothing'],
  ['FAIL_ENTRY', KVM_EXIT_FAIL_ENTRY, 0, true, 'nothing'],
  ['an exit that no VMM knows', 99, 0, true, 'nothing'],
  ['-EINVAL', 0, errno.EINVAL, true, 'nothing'],
  ['-EINTR', 10, errno.EINTR, false, 'run'],
  ['-EAGAIN', 0, errno.EAGAIN, false, 'run'],
])('%s: QEMU stops is %#, and does next', (_, reason, failed, stopped, next) => {
  const world = exited('qemu', reason, failed);
  expect(handle(world)).toMatchObject({ stopped, next });
});

test('a SEV termination is remembered', () => {
  const world = exited('qemu', KVM_EXIT_SYSTEM_EVENT);
  const run = world.kvmRun[0];
  if (run) kvmRunSystemEvent.set(run, 'type', 6);
  handle(world);
  expect(world.vm.terminationRequested).toBe(true);
});

test('the second -EAGAIN without a change makes the thread wait, an INIT makes it go on', () => {
  const world = exited('qemu', 0, errno.EAGAIN);
  handle(world);
  world.vcpu(0).exitPending = true;
  expect(handle(world).next).toBe('nothing');
  world.vcpu(0).initLatched = true;
  expect(nextVmmAct(world)?.verb).toBe('run');
});

test('a manual host handles nothing', () => {
  const world = exited('manual', KVM_EXIT_HYPERCALL);
  expect(nextVmmAct(world)).toBeUndefined();
  expect(perform(world, { actor: 'vmm', verb: 'handle', args: { vcpu: 0 } })?.says).toContain('manual');
});
