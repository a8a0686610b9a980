/** MMIO accesses through the GHCB page. No device is emulated in the kernel: every access exits to userspace. */
import { GHCB_ERR_INVALID_INPUT } from '../../../abi/error-words';
import { kvmRunMmio, KVM_EXIT_MMIO } from '../../../abi/kvm-run';
import { MMIO_MAX_LENGTH } from '../../../abi/nae';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf, leaveToUserspace } from '../exit';
import { malformed, resumeAnswered, type Handled } from '../ghcb/ghcb';
import { isScratch, scratchAgain, setupScratch } from '../ghcb/scratch';

const DATA = kvmRunMmio.offsetOf('data');
/** Bytes that one exit carries: the data field of kvm_run. */
const PIECE = 8;

/** NAE events 0x80000001 and 0x80000002. */
export function handleMmio(world: World, vcpu: Vcpu, direction: 'read' | 'write'): Handled {
  const length = vcpu.exitInfo2;
  const tooLong = length > BigInt(MMIO_MAX_LENGTH) && world.vm.ghcbVersion >= 2;
  if ((length === 0n || tooLong) && world.facet('mmio.length') === 'handled') {
    if (length === 0n) return resumeAnswered(world, vcpu, 'MmioNothing');
    return malformed(world, vcpu, GHCB_ERR_INVALID_INPUT, 'MmioTooLong');
  }
  const scratch = setupScratch(world, vcpu, { minimum: length, sync: direction === 'read' });
  if (!isScratch(scratch)) return scratch;
  vcpu.ioBytes = Number(length);
  vcpu.ioDone = 0;
  return exitMmio(world, vcpu, direction);
}

/** A longer access, which protocol version 1 allows, exits once for every eight bytes. */
function exitMmio(world: World, vcpu: Vcpu, direction: 'read' | 'write'): Handled {
  const run = kvmRunOf(world, vcpu);
  const gpa = vcpu.exitInfo1 + BigInt(vcpu.ioDone);
  const length = Math.min(PIECE, vcpu.ioBytes);
  kvmRunMmio.set(run, 'physAddr', gpa);
  kvmRunMmio.set(run, 'len', length);
  kvmRunMmio.set(run, 'isWrite', direction === 'write' ? 1 : 0);
  if (direction === 'write') {
    const scratch = scratchAgain(world, vcpu);
    for (let i = 0; i < length; i++) run.setU8(DATA + i, scratch.page.u8(scratch.at + vcpu.ioDone + i));
  }
  vcpu.completion = direction === 'read' ? 'mmioRead' : 'mmioWrite';
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_MMIO });
  world.move('mmioExit', vcpu.index, { direction, gpa, length, left: vcpu.ioBytes }, 'Mmio');
  return 'left';
}

/** complete_sev_es_emulated_mmio: data of a read is copied to the scratch area, then the next piece exits. */
export function completeMmio(world: World, vcpu: Vcpu): Handled {
  const direction = vcpu.completion === 'mmioRead' ? 'read' : 'write';
  const length = Math.min(PIECE, vcpu.ioBytes);
  if (direction === 'read') {
    const scratch = scratchAgain(world, vcpu);
    const run = kvmRunOf(world, vcpu);
    for (let i = 0; i < length; i++) scratch.page.setU8(scratch.at + vcpu.ioDone + i, run.u8(DATA + i));
  }
  vcpu.ioDone += length;
  vcpu.ioBytes -= length;
  vcpu.completion = 'none';
  world.sendExchange(vcpu, { type: 'USERSPACE_RETURNED' });
  return vcpu.ioBytes > 0 ? exitMmio(world, vcpu, direction) : resumeAnswered(world, vcpu);
}
