/** NAE event 0x7c: an MSR access of the guest. */
import { hex } from '../../../base/hex';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { resumeAnswered, svmVmgexitInjectGp, type Handled } from '../ghcb/ghcb';
import { modelledMsr, type ModelledMsr } from './msrs';

const LOW_32 = 0xffffffffn;

/** msr_interception. SW_EXITINFO1 is the direction: 0 is a read, any other value a write. */
export function msrInterception(world: World, vcpu: Vcpu): Handled {
  const number = Number(vcpu.rcx & LOW_32);
  const direction = vcpu.exitInfo1 === 0n ? 'read' : 'write';
  const msr = givenMsr(world, number) ?? modelledMsr(world, vcpu, number);
  if (msr === undefined) return notModelled(world, vcpu, number, direction);
  if (msr === 'fails') return svmVmgexitInjectGp(world, vcpu, 'MsrFails');
  return access(world, vcpu, { number, direction, msr });
}

/** A row of the table of a conformance case; without one, a complete table has no such MSR. */
function givenMsr(world: World, number: number): ModelledMsr | 'fails' | undefined {
  const row = world.msrs.find((msr) => msr.used && msr.number === number);
  if (!row) return world.vm.tablesComplete ? 'fails' : undefined;
  return {
    read: () => row.value,
    write: (value) => {
      row.value = value;
      return true;
    },
  };
}

interface Access {
  readonly number: number;
  readonly direction: 'read' | 'write';
  readonly msr: ModelledMsr;
}

function access(world: World, vcpu: Vcpu, { number, direction, msr }: Access): Handled {
  if (!world.vm.instructionHandlersInert) {
    if (direction === 'read') {
      vcpu.rax = msr.read() & LOW_32;
      vcpu.rdx = msr.read() >> 32n;
    } else if (!msr.write(((vcpu.rdx & LOW_32) << 32n) | (vcpu.rax & LOW_32))) {
      return svmVmgexitInjectGp(world, vcpu, 'MsrFails');
    }
  }
  world.move('msrAccess', vcpu.index, { direction, number, value: msr.read() });
  return resumeAnswered(world, vcpu);
}

/** KVM knows the answer and the model does not: the guest goes on, with the registers as they are. */
function notModelled(world: World, vcpu: Vcpu, number: number, direction: 'read' | 'write'): Handled {
  world.finding(
    'unmodelled',
    `MSR ${hex(number)} is not modelled: what the ${direction} does in KVM is not shown`,
  );
  const rule: RuleId = 'MsrNotModelled';
  return resumeAnswered(world, vcpu, rule);
}
