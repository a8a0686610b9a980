/** The package as somebody gets it: packed, unpacked elsewhere without a network, and used as the README says. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
/** The first block in a language after a heading of the README. */
function block(heading: string, language: string): string {
  const section = readme.split(`## ${heading}\n`)[1] ?? '';
  return new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(section)?.[1] ?? '';
}
const example = block('As a package', 'js');
const commands = block('As a package', 'sh').split('\n');

let folder = '';
const unpacked = (): string => join(folder, 'node_modules/vmgexit');
const node = (...words: string[]): string =>
  execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
const manifest = () =>
  JSON.parse(readFileSync(join(unpacked(), 'package.json'), 'utf8')) as Record<string, unknown> & {
    bin: { vmgexit: string };
    version: string;
  };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmgexit-package-'));
  mkdirSync(unpacked(), { recursive: true });
  execFileSync('npm', ['pack', '--offline', '--silent', '--pack-destination', folder], { cwd: root });
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? '';
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', unpacked()], { cwd: folder });
  writeFileSync(join(folder, 'scenario.ghcb'), block('Writing a scenario', ''));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('it holds the bundle and needs no other package', () => {
  expect(readdirSync(unpacked()).sort()).toEqual(['LICENSE', 'README.md', 'lib', 'package.json']);
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies'])
    expect(manifest()).not.toHaveProperty(kind);
  const files = readdirSync(join(unpacked(), 'lib'), { recursive: true, encoding: 'utf8' });
  const imported = files
    .filter((file) => file.endsWith('.mjs'))
    .flatMap((file) => [
      ...readFileSync(join(unpacked(), 'lib', file), 'utf8').matchAll(/^import .*"(.+)";$/gm),
    ])
    .map(([, from = '']) => from);
  expect(imported).toContain('node:fs');
  // A package in the bundle may name a module of Node as they were named before `node:`.
  expect(imported.filter((from) => !isBuiltin(from) && !/^\.{1,2}\//.test(from))).toEqual([]);
});

test("the README names the tarball, and the README's commands run", () => {
  expect(commands).toContain(`npm install ./vmgexit-${manifest().version}.tgz`);
  const told = commands
    .filter((command) => command.startsWith('npx vmgexit '))
    .map((command) => node(join(unpacked(), manifest().bin.vmgexit), ...command.split(' ').slice(2)));
  expect(told).toHaveLength(2);
  expect(told[0]).toContain('1 of 1 expectations hold');
  expect(told[1]).toMatch(/gfn .*0x12345/);
});

test("the README's program runs", () => {
  writeFileSync(join(folder, 'example.mjs'), example);
  const out = node('example.mjs');
  expect(out).toMatch(/^all expectations hold [0-9a-f]+$/m);
  expect(out).toMatch(/runs: \[ 0 \],\s+text: 'v1: CREATE waits, VMSA 0x122000'/);
  expect(out).toContain("'gfn 0x12345'");
  expect(out).toContain('linux-7.2 ');
});

test('what cannot be read is an InputError that says where', () => {
  const program = `import { InputError, compare, decode, runScenario } from 'vmgexit';
    const of = (act) => { try { act(); } catch (error) { return error instanceof InputError && error.message; } };
    console.log(JSON.stringify([
      of(() => runScenario('ghcb-scenario 1\\nv0 hltt\\nend ghcb-scenario\\n')),
      of(() => runScenario('ghcb-scenario 1\\nend ghcb-scenario\\n', 'linux-9')),
      of(() => compare('ghcb-scenario 1\\nend ghcb-scenario\\n', [])),
      of(() => decode('zz', 'ghcb-msr')),
    ]))`;
  const messages = JSON.parse(node('--input-type=module', '--eval', program)) as string[];
  expect(messages).toEqual([
    expect.stringContaining("line 2, column 4: 'v0' knows no 'hltt'"),
    expect.stringContaining("no profile is called 'linux-9'"),
    'a comparison needs profiles',
    expect.stringContaining("'zz' is not a number"),
  ]);
});

test('the declarations satisfy a strict compiler, and refuse what does not exist', () => {
  symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'));
  writeFileSync(join(folder, 'example.mts'), example);
  writeFileSync(join(folder, 'wrong.mts'), "import { runScenario } from 'vmgexit';\nrunScenario('').step;\n");
  const options =
    '--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2022 --lib es2023';
  const words = [...options.split(' '), '--types', 'node', 'example.mts', 'wrong.mts'];
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, ...words], { cwd: folder, encoding: 'utf8' });
  const errors = stdout.split('\n').filter((line) => line.includes('error'));
  expect(errors).toEqual([
    expect.stringMatching(/^wrong\.mts.* Property 'step' does not exist on type 'ScenarioRun'/),
  ]);
});
