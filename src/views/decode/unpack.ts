/** Unpacks a gzip in the browser. */
import { MAX_PAGE_FILE } from '../../base/limits';

/** @returns the bytes; nothing where they are broken, or more than the page reads */
export async function unpack(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const packed = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream('gzip'));
  const reader = packed.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > MAX_PAGE_FILE) {
        await reader.cancel();
        return undefined;
      }
      chunks.push(next.value);
    }
  } catch {
    return undefined;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
