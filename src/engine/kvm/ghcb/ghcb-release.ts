/** What KVM does with a GHCB page when it enters the guest again. */
import { writeValid } from '../../../abi/ghcb-page';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { answerPage, ghcbReachable } from './ghcb';
import { releaseScratch } from './scratch';

/** The scratch copy goes back, the four registers are written and marked valid, and the page is unmapped. */
export function syncGhcb(world: World, vcpu: Vcpu): void {
  if (vcpu.ghcbMapped) {
    releaseScratch(world, vcpu);
    if (ghcbReachable(world, vcpu)) writeRegisters(world, vcpu);
    vcpu.ghcbMapped = false;
  }
  if (vcpu.holdType !== 'none') vcpu.holdType = 'none';
}

function writeRegisters(world: World, vcpu: Vcpu): void {
  const page = answerPage(world, vcpu);
  writeValid(page, 'rax', vcpu.rax);
  writeValid(page, 'rbx', vcpu.rbx);
  writeValid(page, 'rcx', vcpu.rcx);
  writeValid(page, 'rdx', vcpu.rdx);
}
