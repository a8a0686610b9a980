/** The files of a VM are closed, and the VM ends when nobody uses it any more. */
import type { World } from '../../world';
import { threadsInCalls } from '../threads/locks';
import { closeEverything } from './teardown';

/** Closes every file of the VM. Each call that is not over holds the file that it was made on. */
export function closeFiles(world: World): void {
  const inside = threadsInCalls(world);
  if (inside.length === 0) {
    closeEverything(world);
    return;
  }
  world.vm.filesClosed = true;
  world.move('vmLivesOn', -1, { threads: inside.join(', ') }, 'CallHoldsItsFile');
}

/** After each act: the VM whose files are closed ends with the last call. */
export function closeAfterLastCall(world: World): void {
  if (world.vm.filesClosed && threadsInCalls(world).length === 0) closeEverything(world);
}

/** SIGKILL to the VMM: a signal that also ends killable waits, and closed files once the threads are gone. */
export function killVmm(world: World): void {
  world.vm.killed = true;
  for (const vcpu of world.vcpus) if (vcpu.exists && vcpu.run !== 'inUserspace') vcpu.signalPending = true;
  world.move('vmmKilled', -1, {});
  closeFiles(world);
}
