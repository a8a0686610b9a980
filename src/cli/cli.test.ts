/** The commands, mostly called in this process; what the program adds to them is looked at in a few processes of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { call } from './call';
import { EXIT_USAGE, UsageError } from './io';

const root = join(import.meta.dirname, '../..');
const launcher = join(root, 'src/cli/launcher/vmgexit.mjs');

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A process of the program, as a person starts it. */
function started(words: readonly string[], input = ''): Ended {
  const done = spawnSync(process.execPath, [launcher, ...words], {
    input,
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, COLUMNS: '80' },
  });
  return { status: done.status, out: done.stdout, err: done.stderr };
}

/** What a process would give, without one. */
async function vmgexit(words: readonly string[]): Promise<Ended> {
  try {
    const { status, text, complaint = '' } = await call(words);
    return { status, out: text, err: complaint };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { status: EXIT_USAGE, out: '', err: error.message };
  }
}

beforeEach(() => void vi.stubEnv('COLUMNS', '80'));
afterEach(() => void vi.unstubAllEnvs());

const folder = mkdtempSync(join(tmpdir(), 'vmgexit-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
/** A file that holds a text. */
function fileOf(text: string): string {
  const file = join(folder, 'given');
  writeFileSync(file, text);
  return file;
}
const shipped = (slug: string): string => join(root, `public/scenarios/${slug}.ghcb`);

test.each([['help'], ['--help'], ['-h']])('%s lists the commands and is fine', async (word) => {
  const { status, out, err } = await vmgexit([word]);
  expect([status, err]).toEqual([0, '']);
  expect(out).toMatch(/^vmgexit COMMAND$/m);
  for (const command of ['run', 'decode', 'encode', 'fmt', 'diff', 'verify', 'conform', 'matrix', 'profiles'])
    expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
});

test('a process says how it was called, and ends its text with a line', () => {
  const { status, out, err } = started(['help']);
  expect([status, err]).toEqual([0, '']);
  expect(out).toMatch(/^npm run -s vmgexit -- COMMAND\n[^]*\.\n$/);
});

test.each([['--version'], ['-v']])('%s gives the version of the package', async (word) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(await vmgexit([word])).toEqual({ status: 0, out: version, err: '' });
});

test('--help after a command tells of that command', async () => {
  const { status, out } = await vmgexit(['verify', '--help']);
  expect(status).toBe(0);
  expect(out).toMatch(/^verify FILE/);
});

describe('bad usage is one message on standard error, status 2 and nothing else', () => {
  test.each<[string[], string]>([
    [[], 'vmgexit COMMAND'],
    [['rnu'], "no command 'rnu'"],
    [['runn', 'x'], "did you mean 'run'?"],
    [['run'], 'run takes one FILE'],
    [['lesson', 'chek'], "did you mean 'check'?"],
    [['lesson', 'check'], 'lesson check FILE...'],
    [['run', '/nowhere.ghcb'], 'no such file'],
    [['run', shipped('selftest'), '--profil', 'x'], "did you mean 'profile'?"],
    [['run', shipped('selftest'), '--profile', 'linux-9'], 'no profile is called'],
    [
      ['run', shipped('selftest'), '--profile', 'linux-7.2:ap.doubleCraete=reject'],
      "no facet is called 'ap.doubleCraete'; did you mean 'ap.doubleCreate'?",
    ],
    [['run', shipped('selftest'), '--profile', 'linux-7.2:ap.doubleCreate=rejct'], "did you mean 'reject'?"],
    [['run', shipped('selftest'), '--format', 'jsonn'], "did you mean 'jsonl'?"],
    [['run', shipped('selftest'), '--max-writes', '0'], '--max-writes 0: a number from 1 on'],
    [['run', shipped('selftest'), '--max-memory', 'all'], '--max-memory all: a number from 1 on'],
    [['decode', 'ghcb-msrr', '1'], "no kind 'ghcb-msrr'"],
    [['decode', 'ghcb-msr', 'zz'], 'not a number'],
    [['profiles', 'x'], 'profiles takes no word'],
    [['matrix', 'vcpus'], "did you mean 'vcpu'?"],
    [['matrix', 'vcpu', 'launch'], 'matrix takes at most one CHART'],
    [['matrix', '--profile', 'linux-7.9'], "did you mean 'linux-7.2'?"],
    [['encode', 'psc-entry', 'gfn=1', 'gfn=2'], "'gfn' is given twice"],
    [['conform', '/dev/null'], '/dev/null: there is no vector in it'],
  ])('%j', async (words, message) => {
    const usage = await call(words).catch((error: unknown) => error);
    expect(usage).toBeInstanceOf(UsageError);
    expect((usage as UsageError).message).toContain(message);
  });

  test('the process ends with status 2, the message on standard error', () => {
    const { status, out, err } = started(['rnu']);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^vmgexit: no command 'rnu'/);
  });

  test.each([
    ['{"kind":"psc"', 'given: line 2: the line is not JSON'],
    ['[]', "given: line 2: the line is no vector: there is no 'kind'"],
    ['{"kind":"psc","input":{},"output":{}}', "there is no 'kernel'"],
    ['{"kind":"psc","kernel":"7.2","output":{}}', "there is no 'input'"],
    ['{"kind":"psc","kernel":"7.2","input":{}}', "there is no 'output'"],
  ])('conform refuses %s', async (line, message) => {
    const { status, out, err } = await vmgexit(['conform', fileOf(`\n${line}\n`)]);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  test('conform names standard input', () => {
    const { status, out, err } = started(['conform', '-'], '[]');
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain("standard input: line 1: the line is no vector: there is no 'kind'");
  });

  test('a name or a value that an expectation cannot have', async () => {
    const lines = [
      'ghcb-scenario 1',
      'v0 hlt',
      '? gust.result == ok',
      '? v1.mpState != HALTEDD',
      'end ghcb-scenario',
    ];
    const { status, out, err } = await vmgexit(['run', fileOf(lines.join('\n'))]);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain("given: line 3, column 3: name 'gust' is not known; did you mean 'guest'?");
    expect(err).toContain("given: line 4, column 17: value 'HALTEDD' is not known; did you mean");
  });

  test('every problem of a scenario is told, with its place', () => {
    const { status, out, err } = started(
      ['run', '-'],
      'ghcb-scenario 1\nv0 ini\nvmm lunch-start\nend ghcb-scenario\n',
    );
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('standard input: line 2, column 4');
    expect(err).toContain("line 3, column 5: 'vmm' knows no 'lunch-start'; did you mean 'launch-start'?");
  });
});

test('a scenario runs, and its expectations decide the status', async () => {
  const good = await vmgexit(['run', shipped('selftest'), '--profile', 'linux-7.2']);
  expect(good.status).toBe(0);
  expect(good.out).toContain('8 of 8 expectations hold');
  const text = readFileSync(shipped('selftest'), 'utf8').replace('data[0] == 0x100', 'data[0] == 0x101');
  const bad = started(['run', '-', '--profile', 'linux-7.2'], text);
  expect(bad.status).toBe(1);
  expect(bad.out).toContain('FAILED: it is 0x100, expected == 0x101');
});

describe('several profiles', () => {
  const words = ['run', shipped('ap-create-on-init-then-create')];
  const two = [...words, '--profile', 'linux-7.2,linux-7.2:ap.doubleCreate=reject'];

  test('are compared; --fail-on-diff makes a difference fail', async () => {
    const { status, out } = await vmgexit(two);
    expect(status).toBe(0);
    expect(out).toContain('first difference at step 93: v0 ap-create target=1 vmsa=0x122000');
    expect(out).toMatch(/^ = v0 make-vmsa gpa=0x121000$/m);
    expect(out).toMatch(/^<> A +95 v0 +kvm>guest +AP_CREATION answered 0x0\/0x0$/m);
    expect(out).toMatch(/^ +B +95 v0 +kvm>guest +malformed input 2\/5/m);
    expect((await vmgexit([...two, '--fail-on-diff'])).status).toBe(1);
    const same = await vmgexit([...words, '--profile', 'linux-7.2,linux-7.2', '--fail-on-diff']);
    expect(same.status).toBe(0);
  });

  test('stand in two columns where the terminal is wide enough', async () => {
    vi.stubEnv('COLUMNS', '150');
    const { out } = await vmgexit(two);
    expect(out).toMatch(
      /^<> +95 v0 +kvm>guest +AP_CREATION answered 0x0\/0x0 +\| +95 v0 +kvm>guest +malformed/m,
    );
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(150);
  });

  test('give a JSON line for each row, and the state that differs in the end', async () => {
    const lines = (await vmgexit([...two, '--format', 'jsonl'])).out.trim().split('\n');
    const [head, ...rest] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const rows = rest.filter(({ type }) => type === 'row');
    expect(head).toMatchObject({ type: 'comparison', rows: rows.length, firstDivergence: 92 });
    expect(rows[92]).toMatchObject({ row: 92, equal: false, steps: [92, null], groups: [[0], [1]] });
    expect(rows.filter(({ equal }) => equal === false)).toHaveLength(head?.['divergences'] as number);
    const state = rest.find(({ type }) => type === 'state') as { differences: unknown[] };
    expect(state.differences).toContainEqual({ name: 'v1.guestVmsaGpa', values: ['0x122000', '0x121000'] });
  });

  test('make a mail of at most 72 columns that runs as it is when it is pasted back', async () => {
    const mail = (await vmgexit([...two, '--format', 'mail'])).out;
    expect(mail.split('\n').filter((line) => line.length > 72)).toEqual([]);
    const quoted = fileOf(mail.replace(/^/gm, '> '));
    expect((await vmgexit(['run', quoted, '--format', 'mail'])).out).toBe(mail);
  });
});

describe('find', () => {
  test('lists the steps that a filter asks for', async () => {
    const found = await vmgexit(['find', shipped('ap-create-on-init-then-create'), 'v1.mpState changed']);
    expect(found.status).toBe(0);
    expect(found.out).toMatch(/^ +\d+ {2}INIT taken/m);
    expect(found.out.trimEnd()).toMatch(/part2-v4: \d+ of \d+ steps$/);
  });

  test('a filter that no step meets ends with status 1, a mistake in it with 2 and its place', async () => {
    const none = await vmgexit(['find', shipped('selftest'), 'text ~ "no step says this"']);
    expect(none.status).toBe(1);
    const wrong = await vmgexit(['find', shipped('selftest'), 'v0.mpStat changed']);
    expect(wrong.status).toBe(2);
    expect(wrong.err).toMatch(/did you mean 'mpState'[\s\S]+\n {5}\^{6}$/m);
  });
});

test('a recording replays, one that was changed does not, one that was cut says where', async () => {
  const words = ['run', shipped('selftest'), '--profile', 'linux-7.2', '--format', 'jsonl'];
  const recording = (await vmgexit(words)).out;
  expect(started(['verify', '-'], recording)).toMatchObject({ status: 0, err: '' });
  const changed = await vmgexit(['verify', fileOf(recording.replace('"gfn":256', '"gfn":257'))]);
  expect(changed.status).toBe(1);
  expect(changed.out).toContain('differs at step');
  const cut = await vmgexit(['verify', fileOf(recording.slice(0, -60))]);
  expect(cut.status).toBe(2);
  expect(cut.err).toMatch(/line \d+/);
});

test('words are decoded and encoded', async () => {
  const decoded = await vmgexit(['decode', 'ghcb-msr', '0x21100', '--json']);
  expect(JSON.parse(decoded.out)).toMatchObject({
    kind: 'ghcb-msr',
    fields: [{ name: 'info', value: '0x100' }, {}, {}, {}],
  });
  const psc = await vmgexit(['encode', 'psc-entry', 'gfn=0x123', 'operation=private']);
  expect(psc.out.trim()).toBe('0x0010000000123000');
});

test('decode takes standard input and refuses too much of it', async () => {
  const dump = '00000000  00 00 00 00 00 00 00 00  00 50 34 12 00 00 10 00  |................|\n';
  const { status, out } = await vmgexit(['decode', fileOf(dump), '--json']);
  expect(status).toBe(0);
  expect(out).toContain('"kind": "psc-buffer"');
  const much = started(['decode', '-'], '0'.repeat(3 << 20));
  expect([much.status, much.out]).toEqual([2, '']);
  expect(much.err).toContain('1 MB is the most');
});

test('what decode makes a scenario of runs', async () => {
  const words = ['decode', 'SEV-ES guest requested termination: 0x1:0x2', '--scenario'];
  const ran = await vmgexit(['run', fileOf((await vmgexit(words)).out)]);
  expect(ran.status).toBe(0);
  expect(ran.out).toContain('KVM_EXIT_SYSTEM_EVENT');
});

test('the formatter reads standard input and is idempotent', () => {
  const text = readFileSync(shipped('psc-batch'), 'utf8');
  const once = started(['fmt', '-'], text.replace(/^/gm, '> ')).out;
  expect(once).toBe(text);
});

test.each([['run'], ['fmt']])('%s warns of a second scenario on standard error', async (command) => {
  const text = readFileSync(shipped('selftest'), 'utf8');
  const once = await vmgexit([command, fileOf(text)]);
  const { status, out, err } = await vmgexit([command, fileOf(`${text}${text}`)]);
  expect([status, out, once.err]).toEqual([0, once.out, '']);
  expect(err).toMatch(/^warning: .*given: line \d+, column 1: another scenario follows and was left out$/m);
});

test('profiles says what an unspecified value is shown as, and why', async () => {
  expect((await vmgexit(['profiles'])).out).toContain(
    '    unspecified is shown as eperm, as in v14: the first posting with KVM_SEV_INIT2, the command of the reviewed design too',
  );
});

test('profiles as JSON carry value, source and confidence of every facet', async () => {
  const parsed = JSON.parse((await vmgexit(['profiles', '--json'])).out) as {
    profiles: {
      id: string;
      facets: Record<string, { value: string; confidence: string; document: string }>;
    }[];
  };
  const baseline = parsed.profiles.find(({ id }) => id === 'linux-7.2');
  expect(baseline?.facets['ap.doubleCreate']).toMatchObject({ value: 'replace', confidence: 'executed' });
});

test('a lesson is checked, with every mistake at its line', async () => {
  const file = join(root, 'public/lessons/page-changes-hands.md');
  const sound = await call(['lesson', 'check', file]);
  expect(sound).toMatchObject({ status: 0 });
  expect(sound.text).toContain('all sound');
  const spoilt = readFileSync(file, 'utf8')
    .replace('hint First', 'hins First')
    .replace('v0 pvalidate gpa=', 'v0 pvalidat gpa=');
  const { status, out } = started(['lesson', 'check', '-'], spoilt);
  expect(status).toBe(1);
  expect(out).toMatch(/^standard input:\d+: unknown word in 'try': 'hins'; did you mean 'hint'\?/m);
  expect(out).toMatch(/^standard input:\d+: .*did you mean 'pvalidate'\?/m);
});
