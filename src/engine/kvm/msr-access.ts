/** NAE event 0x7c: an MSR access of the guest. */
import { GHCB_HV_RESP_ISSUE_EXCEPTION } from '../../abi/error-words';
import type { Image } from '../memory/image';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { resumeAnswered, writeInfo1, writeInfo2, type Handled } from './ghcb';

/** #GP as KVM writes it: bit 31 comes from a signed constant, so the upper half is all ones. */
const INJECT_GP = 0xffffffff8000030dn;
const LOW_32 = 0xffffffffn;

export function handleMsrAccess(world: World, vcpu: Vcpu, page: Image): Handled {
  const number = Number(vcpu.rcx & LOW_32);
  const known = world.msrs.find((msr) => msr.used && msr.number === number);
  if (!known) {
    writeInfo1(page, GHCB_HV_RESP_ISSUE_EXCEPTION);
    writeInfo2(page, INJECT_GP);
    return resumeAnswered(world, vcpu);
  }
  if (vcpu.exitInfo1 !== 0n) known.value = ((vcpu.rdx & LOW_32) << 32n) | (vcpu.rax & LOW_32);
  else {
    vcpu.rax = known.value & LOW_32;
    vcpu.rdx = known.value >> 32n;
  }
  return resumeAnswered(world, vcpu);
}
