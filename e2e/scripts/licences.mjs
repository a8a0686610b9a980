// @ts-check
/**
 * `npm run licences`: the packages in the built page and in the bundle of the command line, with their licences. Fails on
 * one that is unknown or asks for more than its text beside the code.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCommandLine } from '../../src/cli/launcher/build.mjs';
import { isAllowed, packagesIn } from '../../src/cli/launcher/shipped.mjs';

/** @param {string} folder */
const shippedIn = (folder) => packagesIn(readFileSync(join(folder, 'licences.txt'), 'utf8'));

async function shippedInCommandLine() {
  const folder = mkdtempSync(join(tmpdir(), 'vmgexit-licences-'));
  try {
    await buildCommandLine(process.cwd(), folder, { main: 'src/cli/main.ts' });
    return shippedIn(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const bundles = { page: shippedIn('dist'), 'command line': await shippedInCommandLine() };
for (const [bundle, packages] of Object.entries(bundles)) {
  if (packages.length === 0) throw new Error(`No package was found in the bundle of the ${bundle}.`);
  console.log(`${bundle}:`);
  for (const { name, licence } of packages) console.log(`  ${name}: ${licence || 'no licence named'}`);
}
const all = Object.values(bundles).flat();
const refused = all.filter(({ licence }) => !isAllowed(licence));
for (const { name, licence } of refused)
  console.error(`${name}: the licence "${licence}" is not among those that may ship.`);
if (refused.length === 0)
  console.log(`licences that ship: ${[...new Set(all.map(({ licence }) => licence))].sort().join(', ')}`);
process.exitCode = refused.length === 0 ? 0 : 1;
