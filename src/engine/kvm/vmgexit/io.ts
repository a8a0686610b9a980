/** Port accesses through the GHCB page. No device is emulated in the kernel: every access exits to userspace. */
import { errno } from '../../../abi/errno';
import { ioioInfo1 } from '../../../abi/ioio';
import { kvmRunIo, KVM_EXIT_IO } from '../../../abi/kvm-run';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf, leaveToUserspace } from '../exit';
import { failRequest, resumeAnswered, type Handled } from '../ghcb/ghcb';
import { isScratch, scratchAgain, setupScratch } from '../ghcb/scratch';

/** The page behind kvm_run that holds the data of a port access (KVM_PIO_PAGE_OFFSET, x86). */
export const PIO_DATA_OFFSET = 4096n;
const PIO_DATA_SIZE = 4096;
const INT_MAX = 0x7fffffffn;

interface PortAccess {
  readonly direction: 'in' | 'out';
  readonly port: number;
  /** Bytes of one item. */
  readonly size: number;
}

function portAccessOf(vcpu: Vcpu): PortAccess {
  const { direction, port, sizeBytes } = ioioInfo1.decode(vcpu.exitInfo1);
  return { direction: direction === 1 ? 'in' : 'out', port, size: sizeBytes };
}

const isString = ({ completion }: Vcpu): boolean => completion === 'stringIn' || completion === 'stringOut';

/** The data page behind kvm_run for userspace: the value of one item, or the first item of a string. */
export function readPortData(world: World, vcpu: Vcpu): bigint {
  if (!isString(vcpu)) return vcpu.ioData;
  const data = world.findImage('portData', vcpu.index);
  return (data?.u64(0) ?? 0n) & maskOf(vcpu.ioBytes);
}

/** Userspace writes the value of an IN to the page behind kvm_run, for a string to every item. */
export function writePortData(world: World, vcpu: Vcpu, value: bigint): void {
  if (!isString(vcpu)) {
    vcpu.ioData = value;
    return;
  }
  const data = world.image('portData', vcpu.index);
  const items = kvmRunIo.get(kvmRunOf(world, vcpu), 'count');
  for (let i = 0; i < items * vcpu.ioBytes; i++) {
    data.setU8(i, Number((value >> BigInt(8 * (i % vcpu.ioBytes))) & 0xffn));
  }
}

/** NAE event 0x7b. */
export function handleIoio(world: World, vcpu: Vcpu): Handled {
  const access = portAccessOf(vcpu);
  if (access.size === 0 && world.facet('io.sizeZero') === 'handled') {
    return resumeAnswered(world, vcpu, 'PortIoNothing');
  }
  if (ioioInfo1.decode(vcpu.exitInfo1).string === 1) return sevEsStringIo(world, vcpu, access);
  return kvmFastPio(world, vcpu, access);
}

function fillIo(world: World, vcpu: Vcpu, access: PortAccess, count: number): void {
  const run = kvmRunOf(world, vcpu);
  kvmRunIo.set(run, 'direction', access.direction === 'in' ? 0 : 1);
  kvmRunIo.set(run, 'size', access.size);
  kvmRunIo.set(run, 'port', access.port);
  kvmRunIo.set(run, 'count', count);
  kvmRunIo.set(run, 'dataOffset', PIO_DATA_OFFSET);
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_IO });
}

const maskOf = (bytes: number): bigint => (1n << BigInt(8 * bytes)) - 1n;

/** kvm_fast_pio: one item, in RAX. */
function kvmFastPio(world: World, vcpu: Vcpu, access: PortAccess): Handled {
  const { direction, port, size } = access;
  vcpu.ioBytes = size;
  vcpu.ioData = direction === 'out' ? vcpu.rax & maskOf(size) : 0n;
  vcpu.completion = direction === 'in' ? 'portIn' : 'none';
  fillIo(world, vcpu, access, 1);
  world.move('portIoExit', vcpu.index, { direction, port, size }, 'PortIo');
  return 'left';
}

/** KVM_RUN again after an IN: up to two bytes are merged into RAX, four replace it. */
export function completePortIn(world: World, vcpu: Vcpu): Handled {
  const mask = maskOf(vcpu.ioBytes);
  const kept = vcpu.ioBytes < 4 ? vcpu.rax & ~mask : 0n;
  vcpu.rax = kept | (vcpu.ioData & mask);
  vcpu.completion = 'none';
  world.sendExchange(vcpu, { type: 'USERSPACE_RETURNED' });
  return resumeAnswered(world, vcpu);
}

/** sev_es_string_io: items in the scratch area, their number in SW_EXITINFO2. */
function sevEsStringIo(world: World, vcpu: Vcpu, access: PortAccess): Handled {
  const items = vcpu.exitInfo2;
  const bytes = items * BigInt(access.size);
  if (items > INT_MAX || bytes > INT_MAX) return failRequest(world, vcpu, errno.EINVAL, 'StringTooLong');
  if (bytes === 0n && world.facet('io.sizeZero') === 'handled') {
    return resumeAnswered(world, vcpu, 'PortIoNothing');
  }
  const scratch = setupScratch(world, vcpu, { minimum: bytes, sync: access.direction === 'in' });
  if (!isScratch(scratch)) return scratch;
  vcpu.ioBytes = access.size;
  vcpu.ioItems = Number(items);
  vcpu.ioDone = 0;
  return exitStringIo(world, vcpu);
}

/** Items that fit the data page; the remaining ones need another exit. */
function itemsOfThisExit(world: World, vcpu: Vcpu): number {
  if (vcpu.ioBytes === 0) {
    world.finding('violation', 'this kernel divides the page size by an item size of 0');
    return vcpu.ioItems;
  }
  return Math.min(Math.floor(PIO_DATA_SIZE / vcpu.ioBytes), vcpu.ioItems);
}

function exitStringIo(world: World, vcpu: Vcpu): Handled {
  const access = portAccessOf(vcpu);
  const { direction, port, size } = access;
  const count = itemsOfThisExit(world, vcpu);
  if (direction === 'out') {
    const data = world.image('portData', vcpu.index);
    const scratch = scratchAgain(world, vcpu);
    for (let i = 0; i < count * size; i++) data.setU8(i, scratch.page.u8(scratch.at + vcpu.ioDone + i));
  }
  vcpu.completion = direction === 'in' ? 'stringIn' : 'stringOut';
  fillIo(world, vcpu, access, count);
  world.move('stringIoExit', vcpu.index, { direction, port, size, count }, 'StringIo');
  return 'left';
}

/** KVM_RUN again after a string exit: data of an INS is copied to the scratch area, then the next items exit. */
export function completeStringIo(world: World, vcpu: Vcpu): Handled {
  const count = itemsOfThisExit(world, vcpu);
  const bytes = count * vcpu.ioBytes;
  if (vcpu.completion === 'stringIn') {
    const data = world.findImage('portData', vcpu.index);
    const scratch = scratchAgain(world, vcpu);
    for (let i = 0; i < bytes; i++) scratch.page.setU8(scratch.at + vcpu.ioDone + i, data?.u8(i) ?? 0);
  }
  vcpu.ioDone += bytes;
  vcpu.ioItems -= count;
  vcpu.completion = 'none';
  world.sendExchange(vcpu, { type: 'USERSPACE_RETURNED' });
  return vcpu.ioItems > 0 ? exitStringIo(world, vcpu) : resumeAnswered(world, vcpu);
}
