// @ts-check
/** Makes a bundle of the sources as they are, or finds the one that was made of the same contents. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CACHE, entryOf, stampFile } from './stamp.mjs';

/** Bundles of other branches and work trees that are kept beside the newest. */
const KEPT = 4;
const LAYERS_WITHOUT_PAGE = /^(?!app$|views$)/;

/** @param {string} root @returns {{ files: string[], folders: string[] }} all that a bundle may be made of */
function sources(root) {
  const files = ['package.json', 'package-lock.json'];
  const folders = ['src'];
  /** @param {string} folder */
  const walk = (folder) => {
    folders.push(folder);
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (/\.(ts|mjs|json)$/.test(entry.name) && !entry.name.endsWith('.test.ts')) files.push(path);
    }
  };
  for (const entry of readdirSync(join(root, 'src'), { withFileTypes: true }))
    if (entry.isDirectory() && LAYERS_WITHOUT_PAGE.test(entry.name)) walk(`src/${entry.name}`);
  return { files: files.sort(), folders };
}

/** @param {string} root @returns {import('./stamp.mjs').Stamp} */
function stampNow(root) {
  const { files, folders } = sources(root);
  // Before the contents are read: what changes meanwhile is found changed by the next call.
  const entries = [...folders, ...files].map((path) => entryOf(root, path));
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return { hash: hash.digest('hex').slice(0, 32), entries };
}

/** A name that no other call uses. @param {string} what */
const ownName = (what) => `${what}-${process.pid}-${Date.now().toString(36)}`;

/** Puts a file in its place in one move, so that nobody reads half of it. @param {string} path @param {string} text */
function writeWhole(path, text) {
  const draft = ownName(path);
  writeFileSync(draft, text);
  renameSync(draft, path);
}

/** @param {string} cache @param {string} current */
function removeOld(cache, current) {
  const folders = readdirSync(cache, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== current)
    .map(({ name }) => ({ name, used: statSync(join(cache, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.used - a.used);
  for (const { name } of folders.slice(KEPT)) rmSync(join(cache, name), { recursive: true, force: true });
}

/**
 * Two calls at one moment may both build: each does so in a folder of its own, and the first to finish gives its folder
 * the name.
 * @param {string} root @returns {Promise<string>} the folder
 */
export async function freshBundle(root) {
  const cache = join(root, CACHE);
  mkdirSync(cache, { recursive: true });
  for (;;) {
    const stamp = stampNow(root);
    const folder = join(cache, stamp.hash);
    if (!existsSync(folder)) {
      const { buildCommandLine } = await import('./build.mjs');
      const draft = join(cache, ownName('draft'));
      await buildCommandLine(root, draft, {
        main: 'src/cli/main.ts',
        bench: 'src/cli/bench/main.ts',
      });
      if (stampNow(root).hash !== stamp.hash) {
        rmSync(draft, { recursive: true, force: true });
        continue; // somebody saved a file meanwhile
      }
      try {
        renameSync(draft, folder);
      } catch (error) {
        rmSync(draft, { recursive: true, force: true });
        if (!existsSync(folder)) throw error;
      }
    }
    const now = new Date();
    utimesSync(folder, now, now);
    writeWhole(stampFile(root), JSON.stringify(stamp));
    removeOld(cache, stamp.hash);
    return folder;
  }
}
