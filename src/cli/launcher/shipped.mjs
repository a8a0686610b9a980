// @ts-check
/** Which packages stand in a bundle, and under which licences they may be passed on. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that let anybody pass the code on inside a bundle with their text beside it. */
const ALLOWED = new Set([
  ...['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'Unlicense'],
  'EPL-2.0', // elkjs, if it is ever bundled: until now only what it computes is
]);

/** Packages of the service worker, which workbox-build bundles apart. */
const WORKBOX = ['workbox-core', 'workbox-precaching', 'workbox-routing', 'workbox-strategies'];

/** Modules that a tool adds to a bundle without a file. */
const GENERATED = [
  { prefix: '\0vite/', name: 'vite' },
  { prefix: '\0rolldown/', name: 'rolldown' },
];

/**
 * @typedef {object} Shipped
 * @property {string} name
 * @property {string} version
 * @property {string} licence an SPDX expression, or '' where the package names none
 * @property {string} text the licence itself, or '' where the package has no such file
 */

/** @param {string} id of a module in a bundle @returns {string | undefined} the folder of the package that it belongs to */
function folderOf(id) {
  const generated = GENERATED.find(({ prefix }) => id.startsWith(prefix));
  if (generated) return join('node_modules', generated.name);
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id.replaceAll('\\', '/'))?.[0];
}

/** @param {string} folder @returns {Shipped} */
function packageIn(folder) {
  /** @type {{ name: string, version: string, license?: string }} */
  const { name, version, license = '' } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)/i.test(one));
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
  return { name, version, licence: license, text };
}

/** @param {Iterable<string>} ids of modules @returns {Shipped[]} their packages, by name */
export function packagesOf(ids) {
  const folders = new Set([...ids].flatMap((id) => folderOf(id) ?? []));
  return [...folders]
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map(packageIn)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param {string} licence an SPDX expression @returns {boolean} whether one of its alternatives is allowed */
export const isAllowed = (licence) =>
  licence
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((one) => ALLOWED.has(one));

const RULE = `\n${'-'.repeat(72)}\n`;

/** @param {readonly Shipped[]} packages @returns {string} a list of them, one a line, then the text of each licence */
export const licencesText = (packages) =>
  [
    packages.map(({ name, version, licence }) => `${name} ${version} ${licence}\n`).join(''),
    ...packages.map(({ name, text }) => `\n${name}\n\n${text}\n`),
  ].join(RULE);

/** @param {string} text of {@link licencesText} @returns {{ name: string, licence: string }[]} */
export const packagesIn = (text) =>
  (text.split(RULE)[0] ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', , ...licence] = line.split(' ');
      return { name, licence: licence.join(' ') };
    });

/**
 * Plugins that write `licences.txt` beside a bundle. Workers are bundled apart and earlier, so they have one of their own.
 * @returns {{ ofBundle: () => import('vite').Plugin, ofWorker: () => import('vite').Plugin }}
 */
export function shippedPackages() {
  /** @type {Set<string>} */
  const ids = new Set();
  /** @param {import('vite').Rollup.OutputBundle} bundle */
  const collect = (bundle) => {
    for (const output of Object.values(bundle))
      if (output.type === 'chunk')
        for (const [id, { renderedLength }] of Object.entries(output.modules))
          if (renderedLength > 0) ids.add(id);
  };
  return {
    ofWorker: () => ({
      name: 'shipped-packages-of-worker',
      generateBundle: (_, bundle) => collect(bundle),
    }),
    ofBundle: () => ({
      name: 'shipped-packages',
      apply: 'build',
      generateBundle(_, bundle) {
        collect(bundle);
        for (const name of WORKBOX) ids.add(join(process.cwd(), 'node_modules', name, 'package.json'));
        this.emitFile({ type: 'asset', fileName: 'licences.txt', source: licencesText(packagesOf(ids)) });
      },
    }),
  };
}
