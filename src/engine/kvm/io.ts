/** Port and MMIO accesses that a guest asks for through the GHCB page. String I/O is not modelled yet. */
import { GHCB_ERR_INVALID_INPUT } from '../../abi/error-words';
import { ioioInfo1 } from '../../abi/ioio';
import { kvmRunIo, kvmRunMmio, KVM_EXIT_IO, KVM_EXIT_MMIO } from '../../abi/kvm-run';
import { MMIO_MAX_LENGTH } from '../../abi/nae';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { kvmRunOf, leaveToUserspace } from './exit';
import { malformed, resumeAnswered, type Handled } from './ghcb';
import { isScratch, scratchAgain, setupScratch, type Scratch } from './scratch';

/** The page behind kvm_run that holds the data of a port access (KVM_PIO_PAGE_OFFSET, x86). */
export const PIO_DATA_OFFSET = 4096n;
const MMIO_DATA = kvmRunMmio.offsetOf('data');

/** NAE event 0x7b. */
export function handleIoio(world: World, vcpu: Vcpu): Handled {
  const access = ioioInfo1.decode(vcpu.exitInfo1);
  const size = access.sizeBytes;
  if (size === 0 && world.facet('io.sizeZero') === 'handled') return resumeAnswered(world, vcpu);
  if (access.string === 1) {
    world.finding('unmodelled', 'IOIO string form: KVM answers this event, the model does not yet');
    return resumeAnswered(world, vcpu);
  }
  const direction = access.direction === 1 ? 'in' : 'out';
  const run = kvmRunOf(world, vcpu);
  kvmRunIo.set(run, 'direction', direction === 'in' ? 0 : 1);
  kvmRunIo.set(run, 'size', size);
  kvmRunIo.set(run, 'port', access.port);
  kvmRunIo.set(run, 'count', 1);
  kvmRunIo.set(run, 'dataOffset', PIO_DATA_OFFSET);
  vcpu.ioBytes = size;
  vcpu.ioData = direction === 'out' ? vcpu.rax & ((1n << BigInt(8 * size)) - 1n) : 0n;
  vcpu.completion = direction === 'in' ? 'portIn' : 'none';
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_IO });
  world.move('portIoExit', world.indexOf(vcpu), { direction, port: access.port, size }, 'PortIo');
  return 'left';
}

/** KVM_RUN again after an IN: the data goes to RAX. */
export function completePortIn(world: World, vcpu: Vcpu): Handled {
  const mask = (1n << BigInt(8 * vcpu.ioBytes)) - 1n;
  vcpu.rax = (vcpu.rax & ~mask) | (vcpu.ioData & mask);
  vcpu.completion = 'none';
  world.sendExchange(vcpu, { type: 'USERSPACE_RETURNED' });
  return resumeAnswered(world, vcpu);
}

/** NAE events 0x80000001 and 0x80000002. */
export function handleMmio(world: World, vcpu: Vcpu, direction: 'read' | 'write'): Handled {
  const length = vcpu.exitInfo2;
  const checked = world.facet('mmio.length') === 'handled';
  if (length === 0n && checked) return resumeAnswered(world, vcpu);
  if (length > BigInt(MMIO_MAX_LENGTH) && checked && world.vm.ghcbVersion >= 2) {
    return malformed(world, vcpu, GHCB_ERR_INVALID_INPUT, 'InvalidInput');
  }
  const scratch = setupScratch(world, vcpu, length);
  if (!isScratch(scratch)) return scratch;
  exitMmio(world, vcpu, { direction, scratch, lengthBytes: Number(length) });
  return 'left';
}

function exitMmio(
  world: World,
  vcpu: Vcpu,
  access: { direction: 'read' | 'write'; scratch: Scratch; lengthBytes: number },
): void {
  const { direction, scratch, lengthBytes } = access;
  const run = kvmRunOf(world, vcpu);
  kvmRunMmio.set(run, 'physAddr', vcpu.exitInfo1);
  kvmRunMmio.set(run, 'len', lengthBytes);
  kvmRunMmio.set(run, 'isWrite', direction === 'write' ? 1 : 0);
  if (direction === 'write') {
    for (let i = 0; i < Math.min(lengthBytes, MMIO_MAX_LENGTH); i++)
      run.setU8(MMIO_DATA + i, scratch.page.u8(scratch.at + i));
  }
  vcpu.ioBytes = lengthBytes;
  vcpu.completion = direction === 'read' ? 'mmioRead' : 'none';
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_MMIO });
  world.move(
    'mmioExit',
    world.indexOf(vcpu),
    { direction, gpa: vcpu.exitInfo1, length: lengthBytes },
    'Mmio',
  );
}

/** KVM_RUN again after an MMIO read: the data goes to the scratch area. */
export function completeMmioRead(world: World, vcpu: Vcpu): Handled {
  const scratch = scratchAgain(world, vcpu);
  const run = kvmRunOf(world, vcpu);
  for (let i = 0; i < vcpu.ioBytes; i++) scratch.page.setU8(scratch.at + i, run.u8(MMIO_DATA + i));
  vcpu.completion = 'none';
  world.sendExchange(vcpu, { type: 'USERSPACE_RETURNED' });
  return resumeAnswered(world, vcpu);
}
