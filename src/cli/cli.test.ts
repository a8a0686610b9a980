import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');

function vmgexit(words: readonly string[], input = ''): { status: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, [tsx, join(root, 'src/cli/main.ts'), ...words], {
    input,
    cwd: root,
    encoding: 'utf8',
  });
  return { status: done.status, out: done.stdout, err: done.stderr };
}
const shipped = (slug: string): string => join(root, `public/scenarios/${slug}.ghcb`);

describe('bad usage is one message on standard error, status 2 and nothing else', () => {
  test.each<[string[], string]>([
    [[], 'npm run -s vmgexit -- COMMAND'],
    [['rnu'], "no command 'rnu'"],
    [['runn', 'x'], "did you mean 'run'?"],
    [['run'], 'run takes one FILE'],
    [['run', '/nowhere.ghcb'], 'no such file'],
    [['run', shipped('selftest'), '--profil', 'x'], "did you mean 'profile'?"],
    [['run', shipped('selftest'), '--profile', 'linux-9'], 'no profile is called'],
    [['run', shipped('selftest'), '--format', 'jsonn'], "did you mean 'jsonl'?"],
    [['decode', 'ghcb-msrr', '1'], "no kind 'ghcb-msrr'"],
    [['decode', 'ghcb-msr', 'zz'], 'not a number'],
    [['profiles', 'x'], 'profiles takes no word'],
    [['matrix', 'vcpus'], "did you mean 'vcpu'?"],
    [['matrix', 'vcpu', 'launch'], 'matrix takes at most one CHART'],
    [['matrix', '--profile', 'linux-7.3'], "did you mean 'linux-7.2'?"],
    [['encode', 'psc-entry', 'gfn=1', 'gfn=2'], "'gfn' is given twice"],
    [['conform', '/dev/null'], '/dev/null: there is no vector in it'],
  ])('%j', (words, message) => {
    const { status, out, err } = vmgexit(words);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  test.each([
    ['{"kind":"psc"', 'standard input: line 2: the line is not JSON'],
    ['[]', "standard input: line 2: the line is no vector: there is no 'kind'"],
    ['{"kind":"psc","input":{},"output":{}}', "there is no 'kernel'"],
    ['{"kind":"psc","kernel":"7.2","output":{}}', "there is no 'input'"],
    ['{"kind":"psc","kernel":"7.2","input":{}}', "there is no 'output'"],
  ])('conform refuses %s', (line, message) => {
    const { status, out, err } = vmgexit(['conform', '-'], `\n${line}\n`);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  test('a name or a value that an expectation cannot have', () => {
    const lines = [
      'ghcb-scenario 1',
      'v0 hlt',
      '? gust.result == ok',
      '? v1.mpState != HALTEDD',
      'end ghcb-scenario',
    ];
    const { status, out, err } = vmgexit(['run', '-'], lines.join('\n'));
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(
      "standard input: line 3, column 3: name 'gust' is not known; did you mean 'guest'?",
    );
    expect(err).toContain("standard input: line 4, column 17: value 'HALTEDD' is not known; did you mean");
  });

  test('every problem of a scenario is told, with its place', () => {
    const { status, out, err } = vmgexit(
      ['run', '-'],
      'ghcb-scenario 1\nv0 ini\nvmm lunch-start\nend ghcb-scenario\n',
    );
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('standard input: line 2, column 4');
    expect(err).toContain("line 3, column 5: 'vmm' knows no 'lunch-start'; did you mean 'launch-start'?");
  });
});

test('a scenario runs, and its expectations decide the status', () => {
  const good = vmgexit(['run', shipped('selftest'), '--profile', 'linux-7.2']);
  expect(good.status).toBe(0);
  expect(good.out).toContain('8 of 8 expectations hold');
  const text = readFileSync(shipped('selftest'), 'utf8').replace('data[0] == 0x100', 'data[0] == 0x101');
  const bad = vmgexit(['run', '-', '--profile', 'linux-7.2'], text);
  expect(bad.status).toBe(1);
  expect(bad.out).toContain('FAILED: it is 0x100, expected == 0x101');
});

test('several profiles are compared; --fail-on-diff makes a difference fail', () => {
  const words = ['run', shipped('ap-create-on-init-then-create'), '--profile', 'as-reviewed,linux-7.2'];
  const { status, out } = vmgexit(words);
  expect(status).toBe(0);
  expect(out).toContain('first difference at: v0 ap-create target=1 vmsa=0x122000');
  expect(vmgexit([...words, '--fail-on-diff']).status).toBe(1);
});

test('a mail has at most 72 columns and holds the scenario', () => {
  const { out } = vmgexit(['run', shipped('ap-create-on-init-then-create'), '--format', 'mail']);
  expect(out.split('\n').filter((line) => line.length > 72)).toEqual([]);
  expect(out).toContain('\nghcb-scenario 1\n');
});

test('a recording replays, one that was changed does not, one that was cut says where', () => {
  const recording = vmgexit(['run', shipped('selftest'), '--profile', 'linux-7.2', '--format', 'jsonl']).out;
  expect(vmgexit(['verify', '-'], recording)).toMatchObject({ status: 0, err: '' });
  const changed = vmgexit(['verify', '-'], recording.replace('"gfn":256', '"gfn":257'));
  expect(changed.status).toBe(1);
  expect(changed.out).toContain('differs at step');
  const cut = vmgexit(['verify', '-'], recording.slice(0, -60));
  expect(cut.status).toBe(2);
  expect(cut.err).toMatch(/line \d+/);
});

test('words are decoded and encoded', () => {
  const decoded = vmgexit(['decode', 'ghcb-msr', '0x21100', '--json']);
  expect(JSON.parse(decoded.out)).toMatchObject({
    kind: 'ghcb-msr',
    fields: [{ name: 'info', value: '0x100' }, {}, {}, {}],
  });
  const psc = vmgexit(['encode', 'psc-entry', 'gfn=0x123', 'operation=private']);
  expect(psc.out.trim()).toBe('0x0010000000123000');
});

test('decode takes standard input and refuses too much of it', () => {
  const dump = '00000000  00 00 00 00 00 00 00 00  00 50 34 12 00 00 10 00  |................|\n';
  const { status, out } = vmgexit(['decode', '-', '--json'], dump);
  expect(status).toBe(0);
  expect(out).toContain('"kind": "psc-buffer"');
  const much = vmgexit(['decode', '-'], '0'.repeat(3 << 20));
  expect([much.status, much.out]).toEqual([2, '']);
  expect(much.err).toContain('1 MB is the most');
});

test('what decode makes a scenario of runs', () => {
  const scenario = vmgexit(['decode', 'SEV-ES guest requested termination: 0x1:0x2', '--scenario']).out;
  const ran = vmgexit(['run', '-'], scenario);
  expect(ran.status).toBe(0);
  expect(ran.out).toContain('KVM_EXIT_SYSTEM_EVENT');
});

test('the formatter reads standard input and is idempotent', () => {
  const text = readFileSync(shipped('psc-batch'), 'utf8');
  const once = vmgexit(['fmt', '-'], text.replace(/^/gm, '> ')).out;
  expect(once).toBe(text);
});

test.each([['run'], ['fmt']])('%s warns of a second scenario on standard error', (command) => {
  const text = readFileSync(shipped('selftest'), 'utf8');
  const once = vmgexit([command, '-'], text);
  const { status, out, err } = vmgexit([command, '-'], `${text}${text}`);
  expect([status, out, once.err]).toEqual([0, once.out, '']);
  expect(err).toMatch(
    /^warning: standard input: line \d+, column 1: another scenario follows and was left out$/m,
  );
});

test('profiles as JSON carry value, source and confidence of every facet', () => {
  const parsed = JSON.parse(vmgexit(['profiles', '--json']).out) as {
    profiles: {
      id: string;
      facets: Record<string, { value: string; confidence: string; document: string }>;
    }[];
  };
  const baseline = parsed.profiles.find(({ id }) => id === 'linux-7.2');
  expect(baseline?.facets['ap.doubleCreate']).toMatchObject({ value: 'replace', confidence: 'executed' });
});
