// @ts-check
/**
 * Starts a program of the command line from a bundle: Node 20 runs no TypeScript, and a bundle starts several times faster
 * than a source tree that is compiled at each call. It is built by the first call after a change and kept in
 * `node_modules/.cache/vmgexit/` under the hash of what it was made of.
 */
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CACHE, isCurrent, stampFile } from './stamp.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** @returns {Promise<string>} the folder of a bundle of the sources as they are now */
async function bundleFolder() {
  try {
    const stamp = /** @type {import('./stamp.mjs').Stamp} */ (
      JSON.parse(readFileSync(stampFile(root), 'utf8'))
    );
    const folder = join(root, CACHE, stamp.hash);
    if (isCurrent(root, stamp) && existsSync(folder)) return folder;
  } catch {
    // there is no stamp yet, or it is none of this version
  }
  const { freshBundle } = await import('./fresh-bundle.mjs');
  return freshBundle(root);
}

/** @param {'main' | 'bench'} program */
export async function launch(program) {
  const folder = await bundleFolder();
  // Node keeps compiled code beside the bundle since 22.1; the types are those of Node 20.
  if ('enableCompileCache' in module && typeof module.enableCompileCache === 'function')
    module.enableCompileCache(join(folder, 'v8'));
  await import(pathToFileURL(join(folder, `${program}.mjs`)).href);
}
