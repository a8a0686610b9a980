/** The files of a VM are closed, and the VM ends when nobody uses it any more. */
import type { GmemFile } from '../../state/vm';
import type { World } from '../../world';
import { closeGmemFile, releaseGmem } from '../memory/gmem';
import { threadsInCalls } from '../threads/locks';
import { closeEverything } from './teardown';

/**
 * Closes every file of the VM, those of guest_memfd among them or not. Each call that is not over holds the file that
 * it was made on, and each file of guest_memfd holds the VM.
 */
export function closeFiles(world: World, gmem: 'closed' | 'open' = 'closed'): void {
  const { vm } = world;
  vm.heldByGmem = gmem === 'open' && world.files.some(({ exists, open }) => exists && open);
  vm.filesClosed = true;
  if (vm.heldByGmem) world.move('vmHeldByGmem', -1, {}, 'GmemHoldsVm');
  const inside = threadsInCalls(world);
  if (inside.length > 0) world.move('vmLivesOn', -1, { threads: inside.join(', ') }, 'CallHoldsItsFile');
  closeAfterLastCall(world);
}

/** The last descriptor of a file of guest_memfd is closed. When it held the VM, the VM ends before its pages are freed. */
export function closeGmem(world: World, file: GmemFile): void {
  const { vm } = world;
  const others = world.files.some((other) => other !== file && other.exists && other.open);
  if (!vm.heldByGmem || others) {
    releaseGmem(world, file);
    return;
  }
  closeGmemFile(world, file);
  vm.heldByGmem = false;
  closeAfterLastCall(world);
}

/** After each act: the VM whose files are closed ends with the last call. */
export function closeAfterLastCall(world: World): void {
  const { filesClosed, heldByGmem } = world.vm;
  if (filesClosed && !heldByGmem && threadsInCalls(world).length === 0) closeEverything(world);
}

/** SIGKILL to the VMM: a signal that also ends killable waits, and closed files once the threads are gone. */
export function killVmm(world: World): void {
  world.vm.killed = true;
  for (const vcpu of world.vcpus) if (vcpu.exists && vcpu.run !== 'inUserspace') vcpu.signalPending = true;
  world.move('vmmKilled', -1, {});
  closeFiles(world);
}
