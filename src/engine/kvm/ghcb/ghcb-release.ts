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

/** sev_es_sync_to_ghcb, and what goes with it. */
export function syncGhcb(world: World, vcpu: Vcpu): void {
  unmapGhcb(world, vcpu);
  holdOver(vcpu);
}

/** At guest entry no AP reset hold is in force any more. */
export function holdOver(vcpu: Vcpu): void {
  if (vcpu.holdType !== 'none') vcpu.holdType = 'none';
}

function writeRegisters(world: World, vcpu: Vcpu): void {
  const page = answerPage(world, vcpu);
  writeValid(page, 'rax', vcpu.rax);
  writeValid(page, 'rbx', vcpu.rbx);
  writeValid(page, 'rcx', vcpu.rcx);
  writeValid(page, 'rdx', vcpu.rdx);
}
