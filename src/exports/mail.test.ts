import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { parseProfileSpec } from '../profiles/resolve';
import { compare } from '../recording/comparison/comparison';
import { Timeline } from '../recording/timeline/timeline';
import { runs, sampled } from '../testing/effort';
import { anyScenario } from '../testing/scenarios/any-scenario';
import { isScissorsLine, lineTraps } from '../scenarios/mail';
import { parseScenario, problemText } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { headOf, withProfiles, type Scenario } from '../scenarios/scenario';
import { mailText } from './mail';

const folder = join(import.meta.dirname, '../../public/scenarios');
const read = (text: string): Scenario => {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
};
const shipped = (file: string): Scenario => read(readFileSync(join(folder, file), 'utf8'));

function mailOf(
  scenario: Scenario,
  specs: readonly string[] = headOf(scenario).profiles,
  link?: string,
): string {
  const runs = specs.map((spec) => {
    const profile = parseProfileSpec(spec);
    if (!profile.ok) throw new Error(profile.error.message);
    return runScenario(scenario, profile.value, (world) => new Timeline(world), { maxSteps: 6000 });
  });
  return finish(mailText(compare(runs), link === undefined ? {} : { link }));
}

/** What a mail becomes when it is answered `depth` times. */
const quoted = (mail: string, depth: number): string =>
  `On Monday somebody wrote:\n${mail.replace(/^/gm, '> '.repeat(depth)).replace(/ +$/gm, '')}\n\nWhy?\n`;

function checkMail(mail: string): void {
  for (const line of mail.split('\n')) {
    expect(line.length, line).toBeLessThanOrEqual(72);
    expect(line).not.toMatch(lineTraps);
    expect(line).not.toMatch(/\s$/);
    expect(isScissorsLine(line)).toBe(false);
  }
}

const files = readdirSync(folder).filter((file) => file.endsWith('.ghcb'));
test.each(sampled(files, 16))(
  '%s: the mail fits 72 columns, holds no trap, and pasted back at any depth gives the scenario',
  (file) => {
    const scenario = shipped(file);
    const mail = mailOf(scenario);
    checkMail(mail);
    for (const depth of [0, 1, 3]) expect(read(quoted(mail, depth))).toEqual(scenario);
  },
);

const corpus = join(import.meta.dirname, '../testing/corpus/scenario');
const onceFailed = readdirSync(corpus).flatMap((file) => {
  const parsed = parseScenario(readFileSync(join(corpus, file), 'utf8'));
  return parsed.ok ? [[file, parsed.scenario] as const] : [];
});
test.each(onceFailed)('so does the mail of %s, which once failed', (_, scenario) => {
  const specs = ['part2-v4', 'linux-7.2'];
  const mail = mailOf(scenario, specs);
  checkMail(mail);
  expect(read(quoted(mail, 1))).toEqual(withProfiles(scenario, specs));
});

test('so does the mail of any scenario, under profiles that it does not name', () => {
  const specs = ['part2-v4', 'linux-7.2:ap.doubleCreate=reject'];
  fc.assert(
    fc.property(anyScenario, fc.integer({ min: 0, max: 4 }), (scenario, depth) => {
      const mail = mailOf(scenario, specs);
      checkMail(mail);
      const back = read(quoted(mail, depth));
      expect(back).toEqual(withProfiles(scenario, specs));
      expect(headOf(back).profiles).toEqual(specs);
    }),
    { numRuns: runs(20) },
  );
});

test.each(['ghcb-scenario 1', 'From the mail of -- >8 --', 'Subject: re', '# diff --- a', 'begin 644 x'])(
  'a title that would be taken for something else does no harm: %s',
  (title) => {
    const scenario: Scenario = { lines: [{ kind: 'title', text: title }, { kind: 'launch' }] };
    const mail = mailOf(scenario, ['linux-7.2', 'part2-v4']);
    checkMail(mail.slice(0, mail.indexOf('\nghcb-scenario 1\n')));
    expect(headOf(read(mail)).title).toBe(title);
  },
);

describe('the mail of two runs that part', () => {
  const scenario = shipped('ap-create-on-init-then-create.ghcb');
  const mail = mailOf(scenario, ['linux-7.2', 'linux-7.2:ap.doubleCreate=reject']);

  test('says at which step, and what decided it with its sources', () => {
    expect(mail).toContain('differs at step 93, v0 ap-create target=1 vmsa=0x122000');
    expect(mail).toMatch(/Decided by:\n {2}ap\.doubleCreate\n {4}A replace; Linux 7\.2/);
  });

  test('draws what both do once, and an own arrow for each where they differ', () => {
    expect(mail).toMatch(/^ {5}92 {4}o-----\|\|-> {2}\. {2}\. AP_CREATION CREATE v1 VMSA 0x122000$/m);
    expect(mail).toMatch(/^<> {3}95 A {2}<-----\|\|-o {2}\. {2}\. AP_CREATION answered 0x0\/0x0$/m);
    expect(mail).toMatch(/^<> {3}95 B {2}o----x\|\| \. {2}\. {2}\. malformed input 2\/5:/m);
    expect(mail).toMatch(/^v0 make-vmsa gpa=0x121000 \(3 steps, alike\)$/m);
  });

  test('tells the state that differs in the end', () => {
    expect(mail).toMatch(/In the end:\n(.*\n)* {2}v1\.guestVmsaGpa: A 0x122000, B 0x121000\n/);
  });
});

describe('launch standard, in a scenario about something else', () => {
  const acts = 'vm vcpus=1\nlaunch standard\nv0 hv-features form=msr\nend ghcb-scenario\n';

  test('is one line where all profiles do the same, and in the mail of a single run', () => {
    const two = mailOf(read(`ghcb-scenario 1\n${acts}`), ['linux-7.2', 'linux-7.2']);
    expect(two).toMatch(/\nlaunch standard {1,2}\(\d+ steps, alike\)\nv0 hv-features/);
    const one = mailOf(read(`ghcb-scenario 1\n${acts}`), ['linux-7.2']);
    expect(one).toMatch(/\nlaunch standard {1,2}\(\d+ steps\)\nv0 hv-features form=msr\n/);
  });

  test('holds only the rows that differ where some do', () => {
    const mail = mailOf(shipped('ap-create-on-init-then-create.ghcb'), ['part2-v4', 'linux-7.2']);
    const launch = mail.slice(mail.indexOf('\nlaunch standard'), mail.indexOf('\nv0 init-sipi'));
    expect(launch).toMatch(/^\nlaunch standard {1,2}\(\d+ of \d+ steps, alike, are left out\)\n/);
    const rows = launch.trim().split('\n').slice(1);
    expect(rows.filter((row) => /^.{2} +\d+ /.test(row) && !row.startsWith('<>'))).toEqual([]);
  });

  test('is printed whole where it is all that happens', () => {
    const mail = mailOf(read('ghcb-scenario 1\nvm vcpus=1\nlaunch standard\nend ghcb-scenario\n'), [
      'linux-7.2',
    ]);
    expect(mail).toContain('KVM_SEV_SNP_LAUNCH_FINISH');
  });
});

test('a link stands alone on its line, in angle brackets, however long it is', () => {
  const link = `https://example.org/#/x/1.${'a'.repeat(200)}`;
  const mail = mailOf(shipped('selftest.ghcb'), ['linux-7.2'], link);
  expect(mail.split('\n').filter((line) => line.length > 72)).toEqual([`<${link}>`]);
});

test('more vCPUs than lanes fit share one, and each move names its own', () => {
  const acts = Array.from({ length: 7 }, (_, i) => `v0 init-sipi target=${i + 1}`).join('\n');
  const text = `ghcb-scenario 1\nvm vcpus=8\nlaunch standard\n${acts}\nend ghcb-scenario\n`;
  const mail = mailOf(read(text), ['linux-7.2']);
  expect(mail).toMatch(/\|\| K {2}M {2}P$/m);
  expect(mail).toContain('. v7: INIT taken');
  checkMail(mail);
});
