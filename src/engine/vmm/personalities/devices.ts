/** The devices of every personality: a serial port, and memory-mapped registers without state. */
import { kvmRunIo, kvmRunMmio } from '../../../abi/kvm-run';
import { hex } from '../../../base/hex';
import { readPortData, writePortData } from '../../kvm/vmgexit/io';
import type { Exit } from './personality';

const SERIAL = 0x3f8;
const LINE_STATUS = SERIAL + 5;
/** Transmitter empty and idle: the guest may send. */
const READY = 0x60n;
const FLOATING = 0xffff_ffffn;
const MMIO_DATA = kvmRunMmio.offsetOf('data');

export function portAccess({ world, vcpu, index, run }: Exit): void {
  const port = kvmRunIo.get(run, 'port');
  const isIn = kvmRunIo.get(run, 'direction') === 0;
  const device = port >= SERIAL && port < SERIAL + 8 ? 'serial port' : `port ${hex(port)}`;
  if (isIn) {
    const value = port === LINE_STATUS ? READY : FLOATING;
    writePortData(world, vcpu, value);
    world.move('vmmWritesData', index, { value });
    return;
  }
  const data = readPortData(world, vcpu);
  const value = Number(data & 0xffn);
  const shown =
    port === SERIAL && value >= 0x20 && value < 0x7f ? `'${String.fromCharCode(value)}'` : hex(data);
  const count = kvmRunIo.get(run, 'count');
  const more = count === 1 ? '' : ` and ${count - 1} more`;
  world.move('vmmDevice', index, { device, what: `out ${shown}${more}` });
}

export function mmioAccess({ world, index, run }: Exit): void {
  const device = `MMIO ${hex(kvmRunMmio.get(run, 'physAddr'))}`;
  if (kvmRunMmio.get(run, 'isWrite') !== 0) {
    world.move('vmmDevice', index, { device, what: `write ${hex(run.u64(MMIO_DATA))}` });
    return;
  }
  run.setU64(MMIO_DATA, 0n);
  world.move('vmmWritesData', index, { value: 0n });
}
