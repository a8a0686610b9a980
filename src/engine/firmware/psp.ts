/** The PSP driver: sends one command to the firmware and returns an errno and a firmware status. */
import { errno } from '../../abi/errno';
import { firmwareCommands, firmwareStatusText } from '../../abi/firmware';
import type { World } from '../world';
import { takeFault, TIMEOUT } from '../faults';

/** Result of a command. `error` is missing when the driver did not write it. */
export interface PspResult {
  /** 0 or a negative errno. */
  readonly ret: number;
  readonly error?: number;
}

export const pspDone: PspResult = { ret: 0, error: 0 };
/** The file descriptor in the command is not an SEV device. */
export const badDevice: PspResult = { ret: -errno.EBADF };

/** `sev_do_cmd`. @param command performs the command when it reaches the firmware; @returns its status */
export function sevDoCmd(
  world: World,
  id: keyof typeof firmwareCommands,
  command: (world: World) => number,
): PspResult {
  const { host } = world;
  if (host.noPsp) return { ret: -errno.ENODEV };
  const name = firmwareCommands[id];
  if (host.pspDead) {
    world.move('firmwareCommand', -1, { command: name, id, answer: 'dead', status: 0 }, 'PspDead');
    return { ret: -errno.EBUSY };
  }
  const fault = takeFault(world, 'firmware', id);
  if (fault?.status === TIMEOUT) {
    host.pspDead = true;
    world.move('firmwareCommand', -1, { command: name, id, answer: 'timeout', status: 0 }, 'PspTimeout');
    return { ret: -errno.ETIMEDOUT, error: 0 };
  }
  const status = fault ? fault.status : command(world);
  const answer = firmwareStatusText(status);
  world.move('firmwareCommand', -1, { command: name, id, answer, status }, 'FirmwareAnswers');
  return status === 0 ? pspDone : { ret: -errno.EIO, error: status };
}
