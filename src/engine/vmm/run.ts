/** What a VMM thread does with a vCPU: run it, answer its exits, set its mp_state. */
import {
  kvmRun,
  kvmRunHypercall,
  kvmRunMmio,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_IO,
  KVM_EXIT_MMIO,
} from '../../abi/kvm-run';
import { refused, type Outcome } from '../acts';
import { kvmRunOf } from '../kvm/exit';
import { getMpState, mutexHeld, setMpState } from '../kvm/mp-state';
import { kvmRunIoctl } from '../kvm/run';
import type { HandlersOf } from '../perform';
import type { World } from '../world';

const MMIO_DATA = kvmRunMmio.offsetOf('data');

/** Writes an answer into kvm_run: bytes that KVM reads at the next KVM_RUN. */
function answer(world: World, args: { vcpu?: number; ret?: bigint; value?: bigint }): Outcome {
  const index = args.vcpu ?? world.vcpus.findIndex((vcpu) => vcpu.exists && vcpu.exitPending);
  const vcpu = world.vcpus[index];
  if (!vcpu || vcpu.run !== 'inUserspace') return refused('no vCPU waits for an answer');
  const run = kvmRunOf(world, vcpu);
  const reason = kvmRun.get(run, 'exitReason');
  if (args.ret !== undefined && reason !== KVM_EXIT_HYPERCALL)
    return refused('only a hypercall exit takes ret');
  if (args.ret !== undefined) kvmRunHypercall.set(run, 'ret', args.ret);
  if (args.value !== undefined && reason === KVM_EXIT_MMIO) run.setU64(MMIO_DATA, args.value);
  if (args.value !== undefined && reason === KVM_EXIT_IO) vcpu.ioData = args.value;
  vcpu.exitPending = false;
  world.move('vmmAnswer', index, {
    what: args.ret === undefined ? 'data' : 'ret',
    value: args.ret ?? args.value ?? 0n,
  });
  return undefined;
}

/** VMM acts on single vCPUs. */
export const runHandlers = {
  run: (world, args) => kvmRunIoctl(world, args.vcpu, { immediateExit: args['immediate-exit'] ?? false }),
  answer,
  'set-mp-state': (world, { vcpu, state }) => {
    const impossible = existing(world, vcpu) ?? mutexHeld(world, vcpu);
    if (impossible) return impossible;
    const ret = setMpState(world, world.vcpu(vcpu), state);
    world.vm.ioctlRet = ret;
    world.move('mpStateSet', vcpu, { value: state, ret }, ret === 0 ? undefined : 'MpStateUnknown');
    return undefined;
  },
  'get-mp-state': (world, { vcpu }) => {
    const impossible = existing(world, vcpu) ?? mutexHeld(world, vcpu);
    if (impossible) return impossible;
    world.move('mpStateRead', vcpu, { value: getMpState(world, world.vcpu(vcpu)) });
    return undefined;
  },
  signal: (world, { vcpu }) => {
    const impossible = existing(world, vcpu);
    if (impossible) return impossible;
    world.vcpu(vcpu).signalPending = true;
    world.move('signalSent', vcpu, { vcpu });
    return undefined;
  },
} satisfies Partial<HandlersOf<'vmm'>>;

function existing(world: World, index: number): Outcome {
  return world.vcpus[index]?.exists ? undefined : refused(`there is no vCPU ${index}`);
}
