/** NAE event 0x7c: an MSR access of the guest. */
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { resumeAnswered, svmVmgexitInjectGp, type Handled } from '../ghcb/ghcb';

const LOW_32 = 0xffffffffn;

/** msr_interception. SW_EXITINFO1 is the direction: 0 is a read, any other value a write. */
export function msrInterception(world: World, vcpu: Vcpu): Handled {
  const number = Number(vcpu.rcx & LOW_32);
  const known = world.msrs.find((msr) => msr.used && msr.number === number);
  if (!known) return svmVmgexitInjectGp(world, vcpu, 'MsrFails');
  const direction = vcpu.exitInfo1 === 0n ? 'read' : 'write';
  if (!world.vm.instructionHandlersInert) {
    if (direction === 'write') known.value = ((vcpu.rdx & LOW_32) << 32n) | (vcpu.rax & LOW_32);
    else {
      vcpu.rax = known.value & LOW_32;
      vcpu.rdx = known.value >> 32n;
    }
  }
  world.move('msrAccess', vcpu.index, { direction, number, value: known.value });
  return resumeAnswered(world, vcpu);
}
