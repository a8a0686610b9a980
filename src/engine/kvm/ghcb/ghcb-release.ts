/** The GHCB page at guest entry. */
import { writeValid } from '../../../abi/ghcb-page';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { answerPage, ghcbReachable } from './ghcb';
import { releaseScratch } from './scratch';

/** Writes the scratch copy back, writes the four registers and marks them valid, and unmaps the page. */
export function unmapGhcb(world: World, vcpu: Vcpu): void {
  if (!vcpu.ghcbMapped) return;
  releaseScratch(world, vcpu);
  if (ghcbReachable(world, vcpu)) writeRegisters(world, vcpu);
  vcpu.ghcbMapped = false;
}

/** Unmaps the GHCB page and ends an AP reset hold, as before each guest entry. */
export function syncGhcb(world: World, vcpu: Vcpu): void {
  unmapGhcb(world, vcpu);
  endHold(vcpu);
}

/** A guest entry ends an AP reset hold. */
export function endHold(vcpu: Vcpu): void {
  if (vcpu.holdType !== 'none') vcpu.holdType = 'none';
}

function writeRegisters(world: World, vcpu: Vcpu): void {
  const page = answerPage(world, vcpu);
  writeValid(page, 'rax', vcpu.rax);
  writeValid(page, 'rbx', vcpu.rbx);
  writeValid(page, 'rcx', vcpu.rcx);
  writeValid(page, 'rdx', vcpu.rdx);
}
