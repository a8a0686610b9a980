// @ts-check
/** What the sources looked like when a bundle was made: enough to see, without reading them, that nothing has changed. */
import { statSync } from 'node:fs';
import { join } from 'node:path';

export const CACHE = 'node_modules/.cache/vmgexit';

/**
 * @typedef {object} Stamp
 * @property {string} hash of all contents; the bundle's folder
 * @property {[path: string, size: number, changed: number][]} entries files, and folders for what was added or removed
 */

/** Work trees may share one node_modules, so each has its own stamp. @param {string} root */
export function stampFile(root) {
  return join(root, CACHE, `stamp-${Buffer.from(root).toString('base64url').slice(-100)}.json`);
}

/** @param {string} root @param {string} path @returns {Stamp['entries'][number]} */
export function entryOf(root, path) {
  const stats = statSync(join(root, path));
  return [path, stats.isDirectory() ? 0 : stats.size, stats.mtimeMs];
}

/** @param {string} root @param {Stamp} stamp */
export function isCurrent(root, stamp) {
  return stamp.entries.every((entry) => {
    const now = entryOf(root, entry[0]);
    return now[1] === entry[1] && now[2] === entry[2];
  });
}
