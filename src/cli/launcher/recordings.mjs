// @ts-check
/**
 * `npm run recordings`: makes the recordings that ship with the page anew, as public/recordings/index.json lists them: a
 * shipped scenario, or the text beside the recording, under one profile. `npm run recordings -- --check` writes nothing
 * and ends with status 1 when one of them would change.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const folder = join(root, 'public/recordings');
const program = join(root, 'src/cli/launcher/vmgexit.mjs');
const isCheck = process.argv.includes('--check');

/** @typedef {{ slug: string, scenario?: string, profile: string }} Entry */
const { recordings } = /** @type {{ recordings: readonly Entry[] }} */ (
  JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
);

let changed = 0;
for (const { slug, scenario, profile } of recordings) {
  const file =
    scenario === undefined ? join(folder, `${slug}.ghcb`) : join(root, `public/scenarios/${scenario}.ghcb`);
  const args = [program, 'run', file, '--profile', profile, '--format', 'jsonl'];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${slug}: status ${status}: ${stderr}`);
  const path = join(folder, `${slug}.ghcb.jsonl`);
  if (existsSync(path) && readFileSync(path, 'utf8') === stdout) continue;
  changed++;
  console.log(`${slug}: ${stdout.length} bytes${isCheck ? ', would change' : ''}`);
  if (!isCheck) writeFileSync(path, stdout);
}
process.exitCode = isCheck && changed > 0 ? 1 : 0;
