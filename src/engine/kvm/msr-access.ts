/** NAE event 0x7c: an MSR access of the guest. */
import { GHCB_HV_RESP_ISSUE_EXCEPTION, KVM_INJECT_GP } from '../../abi/error-words';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { answerPage, resumeAnswered, writeInfo1, writeInfo2, type Handled } from './ghcb';

const LOW_32 = 0xffffffffn;

/** msr_interception. SW_EXITINFO1 tells the direction: 0 is a read, anything else a write. */
export function msrInterception(world: World, vcpu: Vcpu): Handled {
  const number = Number(vcpu.rcx & LOW_32);
  const known = world.msrs.find((msr) => msr.used && msr.number === number);
  if (!known) return svmVmgexitInjectGp(world, vcpu);
  const direction = vcpu.exitInfo1 === 0n ? 'read' : 'write';
  if (!world.vm.instructionHandlersInert) {
    if (direction === 'write') known.value = ((vcpu.rdx & LOW_32) << 32n) | (vcpu.rax & LOW_32);
    else {
      vcpu.rax = known.value & LOW_32;
      vcpu.rdx = known.value >> 32n;
    }
  }
  world.move('msrAccess', world.indexOf(vcpu), { direction, number, value: known.value });
  return resumeAnswered(world, vcpu);
}

/** svm_vmgexit_inject_exception: a failing access is answered through the GHCB page, and the guest raises #GP itself. */
function svmVmgexitInjectGp(world: World, vcpu: Vcpu): Handled {
  const page = answerPage(world, vcpu);
  writeInfo1(page, GHCB_HV_RESP_ISSUE_EXCEPTION);
  writeInfo2(page, KVM_INJECT_GP);
  return resumeAnswered(world, vcpu, 'MsrFails');
}
