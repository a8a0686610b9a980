/** Long work on the page itself, in slices: between them the browser draws and hears keys. */
import type { Resumable } from '../../base/resumable';

/** A frame of 60 Hz has 16 ms; the rest is the browser's. */
export const SLICE_MILLISECONDS = 12;

/** The browser does what waits for it, then the promise resolves. Not slowed down in a page that is in the background. */
export function otherTasks(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/**
 * Does work that nobody needs to stop by hand.
 * @param isWanted asked between slices; when it says no, nothing more is done
 * @returns the result, or nothing when it was no longer wanted
 */
export async function inSlices<T>(parts: Resumable<T>, isWanted: () => boolean): Promise<T | undefined> {
  while (isWanted()) {
    const end = performance.now() + SLICE_MILLISECONDS;
    do {
      const part = parts.next();
      if (part.done) return part.value;
    } while (performance.now() < end);
    await otherTasks();
  }
  return undefined;
}
