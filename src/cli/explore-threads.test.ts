/** `explore --threads`: from its bundle, as threads run no TypeScript. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isLong } from '../testing/effort';

const run = promisify(execFile);
const launcher = join(import.meta.dirname, 'launcher/vmgexit.mjs');
let folder = '';

/** Enough states for several batches; v1 and v2 are alike. */
const scope = `ghcb-scenario 1
vm vcpus=3 memory=4M
guest manual
host manual
launch standard
v0 make-vmsa gpa=0x121000
explore threads
explore v0 ap-create target=1|2 vmsa=0x121000
explore v0 ap-destroy target=1|2 features=0x1
explore v0 sipi target=1|2
explore v0 init target=1|2
explore vmm run vcpu=1|2
end ghcb-scenario
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmgexit-threads-'));
  writeFileSync(join(folder, 'scope.ghcb'), scope);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything that the search says, but for the time that it took; each thread must have answered to the end. */
async function said(threads: number, ...words: string[]): Promise<unknown> {
  const call = [
    launcher,
    'explore',
    join(folder, 'scope.ghcb'),
    '--profile',
    'linux-6.12',
    '--json',
    `--threads=${threads}`,
    ...words,
  ];
  const { stdout } = await run(process.execPath, call, { maxBuffer: 2 ** 26 }).catch((error: unknown) => {
    // A violation ends with status 1.
    const { stdout: printed = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    if (stderr !== '') throw error;
    return { stdout: printed };
  });
  const [{ ms, threads: alive, ...rest }] = JSON.parse(stdout) as [Record<string, unknown>];
  expect(ms).toBeGreaterThan(0);
  expect(alive).toBe(threads);
  return rest;
}

test.each([
  ['under one name', ['--whole', '--max-states', '10000']],
  ['with all names', ['--whole', '--without', 'symmetry', '--max-states', '10000']],
  ['to the first answer', ['--property', 'DestroySticky']],
])('with two threads each run says what one thread says, %s', async (_, words) => {
  const alone = await said(1, ...words);
  for (let runs = isLong ? 19 : 1; runs > 0; runs--) expect(await said(2, ...words)).toEqual(alone);
});

test('a number of threads above 0 is needed', async () => {
  await expect(said(0)).rejects.toThrow('--threads needs a number above 0');
});
