/** Starts the workers of views. */
import { isHeld, scriptUrl } from './script-url';

/** @param address of the worker's file, as `?worker&url` gives it */
export const workerFrom = (address: string): Worker =>
  new Worker(scriptUrl(address), { type: isHeld(address) ? 'classic' : 'module' });
