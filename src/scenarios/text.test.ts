import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyScenario } from '../testing/scenarios/any-scenario';
import { parseScenario, problemText } from './parse';
import { printScenario } from './print';
import { headKinds, type Scenario } from './scenario';
import { scenarioText } from './read';
import { isScissorsLine, lineTraps } from './mail';

const example = `ghcb-scenario 1
title   AP_CREATE on a vCPU that is created-on-init
ref     20210707183616.5620-41-brijesh.singh@amd.com
profile part2-v4 linux-7.2:ap.doubleCreate=reject
vm      vcpus=2 memory=4M
guest   manual
host    qemu
launch  standard
v0      init-sipi target=1
v1      hold form=msr
v0      make-vmsa gpa=0x121000
v0      psc entries=private:0x100,shared:0x104,private:0x200/2M@5,
          private:0x300+253,psmash:0x400,none:0x401,9:0x402,
          private:0x500
; a word about what follows
v0      ap-create-on-init target=1 vmsa=0x121000
        ? guest.result == ok
        ? @linux-7.2 v1.pendingVmsa == 0x122000

note    9 does the pending INIT creation survive?
run     until=steps:0x10
explore threads
explore 2x v* ap-create target=* vmsa=0x121000|0x122000
explore kvm host-write gfn=0x100 value=1
explore limit states=10_000
explore invariants NoRunWithoutVmsa DestroySticky
explore never v1.mpState == HALTED and not v1.destroyed
explore some act ~ hlt then v1.mpState changed
explore alike linux-7.2 linux-6.12:psc.retInit=zeroedByKvm
end ghcb-scenario
`;

const scenarioOf = (text: string): Scenario => {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
};
const problemsOf = (body: string): string[] => {
  const parsed = parseScenario(`ghcb-scenario 1\n${body}\nend ghcb-scenario\n`);
  return parsed.ok ? [] : parsed.problems.map(problemText);
};

test('a canonical scenario prints as it was written', () => {
  expect(printScenario(scenarioOf(example))).toBe(example);
});

describe('a scenario survives', () => {
  const quoted = (mark: string) => example.replace(/^/gm, mark);
  test.each([
    ['one quote mark', quoted('> ')],
    ['three quote marks', quoted('> > > ')],
    ['quote marks without blanks', quoted('>>')],
    ['blank lines that lost their blanks', quoted('> ').replace(/^> $/gm, '>')],
    ['CRLF', example.replaceAll('\n', '\r\n')],
    ['tabs', example.replaceAll('        ', '\t')],
    ['indentation as a block', quoted('    ')],
    ['prose around it', `Hi,\n\nsee below: it breaks\n---\n${example}\n-- \nBob\n`],
    ['a byte order mark', `\ufeff${example}`],
    ['no-break spaces', example.replace('v0      make', 'v0\u00a0\u00a0make')],
    ['trailing blanks', example.replaceAll('\n', '   \n')],
  ])('%s', (_, text) => {
    expect(printScenario(scenarioOf(text))).toBe(example);
  });

  test('a reply between its quoted lines, and says that it left it out', () => {
    const text = example
      .replace(/^/gm, '> ')
      .replace('> ; a word', '\nThis line surprises me.\n\n> ; a word');
    const parsed = parseScenario(text);
    expect(parsed.ok && printScenario(parsed.scenario)).toBe(example.replace('; a word', '\n; a word'));
    expect(parsed.warnings.map((warning) => warning.message)).toEqual([expect.stringContaining('left out')]);
  });
});

test('a wrapped quoted line is an error, never half a line', () => {
  const text = example.replace(/^/gm, '> ').replace('none:0x401,', 'none:0x401,\n');
  const parsed = parseScenario(text);
  expect(parsed.ok).toBe(false);
});

describe('every problem is reported with its place', () => {
  test.each([
    ['v0 ini target=1', ["line 2, column 4: 'v0' knows no 'ini'; did you mean 'init'?"]],
    [
      'v0 init taget=1',
      ["'init' needs 'target'", "line 2, column 9: 'init' has no 'taget'; did you mean 'target'?"],
    ],
    ['v0 init', ["line 2, column 4: 'init' needs 'target'"]],
    ['v0 init target=one', ["line 2, column 16: 'one' is no number"]],
    ['v0 init target=1 target=2', ["'target' is given twice"]],
    ['v7 hlt', ['line 2, column 2: this VM has 2 vCPUs: v0 to v1']],
    ['vmm run vcpu=2', ['line 2, column 14: this VM has 2 vCPUs']],
    ['vm vcpus=4\nv3 hlt', []],
    ['profile linux-7.9', ["line 2, column 9: no profile is called 'linux-7.9'; did you mean 'linux-7.2'?"]],
    ['@linux-7.2', ["unknown word '@linux-7.2'"]],
    ['v0 hlt\n? @linux-7.9 v0.ret == 1', ["line 3, column 4: no profile is called 'linux-7.9'"]],
    ['v0 hlt\n? v0.ret = 1', ["line 3, column 10: '=' is not known here"]],
    ['v0 hlt\n? v0.ret ==', ['line 3, column 12: a value is missing']],
    ['v0 hlt\n? @linux-7.2', ['line 3, column 1: an expectation is incomplete']],
    ['v0 hlt\n? v0.mpState', ["line 3, column 3: 'v0.mpState' is no question"]],
    ['v0 hlt\n? v0.ret == 0 and v1.mpStat changed', ["line 3, column 22: vcpu variable 'mpStat'"]],
    ['v0 hlt\n? not findings.divergence', ["'findings.divergence' is about several runs"]],
    ['? v0.ret == 1', ['there is no act above this expectation']],
    ['v0 hlt\n? gust.result == ok', ["line 3, column 3: name 'gust' is not known; did you mean 'guest'?"]],
    ['v0 hlt\n? v9.mpState == HALTED', ['line 3, column 3: this VM has 2 vCPUs (expected v0 to v1)']],
    ['vm vcpus=3\nv0 hlt\n? v2.mpState == HALTED', []],
    ['v0 hlt\n? v0.run.hypercal.nr == 12', ["line 3, column 10: field of kvm_run 'hypercal' is not known"]],
    [
      'v0 hlt\n? v0.run.hypercall.args[77] == 1',
      ["line 3, column 20: field of kvm_run.hypercall 'args[77]'"],
    ],
    ['v0 hlt\n? moves.sipiDroped == 1', ["line 3, column 9: kind of move 'sipiDroped'"]],
    ['v0 hlt\n? page.0x100.rmq == Guest-Valid', ["line 3, column 14: what to say of a page 'rmq'"]],
    ['v0 hlt\n? v1.mpState != HALTEDD', ["line 3, column 17: value 'HALTEDD' is not known; did you mean"]],
    ['v0 hlt\n? vm.gstate != RUNING', ["did you mean 'RUNNING'? (expected one of none, INIT,"]],
    ['v0 hlt\n? v0.exit != HYPERCAL', ["did you mean 'HYPERCALL'? (expected a number or one of"]],
    ['v0 hlt\n? page.0x100.rmp != Guest-Vald', ["did you mean 'Guest-Valid'?"]],
    [
      'v0 hlt\n? @linux-7.2 vm.exists != ys',
      ["line 3, column 27: value 'ys' is not known; did you mean 'yes'?"],
    ],
    ['v0 hlt\n? guest.info2 != zero', ["'zero' is not known (expected a number or one of none)"]],
    ['v0 hlt\n? v0.run < 3', ["line 3, column 12: '< 3' compares no numbers (expected == or !=)"]],
    ['v0 hlt\nguest linux', ["line 3, column 1: 'guest' belongs before the first act"]],
    ['guest linux\nguest manual', ["there is a 'guest' line already"]],
    ['guest windows', ["line 2, column 7: 'windows' is not known here"]],
    ['host qemo', ["did you mean 'qemu'?"]],
    ['launch fast', ["line 2, column 8: 'fast' is not known here"]],
    ['run until=monday', ["line 2, column 5: 'until=monday' is no end of a run"]],
    ['run', ["'run' needs to know until when"]],
    ['explore', ["'explore' says nothing"]],
    ['explore nver v0.ret == 1', ["line 2, column 9: 'explore' knows no 'nver'; did you mean 'never'?"]],
    ['explore never v0.mpStat == HALTED', ["line 2, column 18: vcpu variable 'mpStat'"]],
    ['explore some v0.ret == 1 then', ["nothing stands behind 'then'"]],
    ['explore invariants NoRunWithoutVmsas', ["did you mean 'NoRunWithoutVmsa'?"]],
    ['explore alike linux-7.2', ['too few profiles are named']],
    ['explore 0x v0 hlt', ['0 is no number of times']],
    ['explore v0 hltt', ["'v0' knows no 'hltt'; did you mean 'hlt'?"]],
    ['explore v5 hlt', ['this VM has 2 vCPUs']],
    ['explore v0 init target=one|1', ["line 2, column 24: 'one' is no number"]],
    ['explore v0 hlt\nv0 hlt', ['acts stand above all explore lines']],
    ['explore limit stats=3', ["'limit' has no 'stats'; did you mean 'states'?"]],
    ['vm memory=5', ['line 2, column 11: 5 is not a multiple of 4K']],
    ['vm vcpus=0', ['line 2, column 10: there must be at least one']],
    ['vm vcpus=65', ['65 is too large']],
    ['v0 msr value=0x1ffffffffffffffff', ['needs more than 64 bits']],
    [
      'v0 psc entries=private:0x1,shard:0x2',
      ["line 2, column 28: unknown operation 'shard'; did you mean 'shared'?"],
    ],
    ['v0 psc entries=private:0x1,\n   shard:0x2', ["line 3, column 4: unknown operation 'shard'"]],
    ['v0 psc entries=private', ["'private' is no entry"]],
    ['v0 psc entries=private:0x1/1G', ["'/1G' is no page size"]],
    ['v0 psc entries=private:0x1+0', ["'+0' is no number of entries"]],
    ['v0 read gpa=0 private=maybe', ["line 2, column 23: 'maybe' is neither yes nor no"]],
    ['title', ["'title' says nothing"]],
    ['  v0 hlt', ['line 2, column 3: an indented line continues the line above, but there is none']],
    ['frobnicate\nv0 hltt\n', ["unknown word 'frobnicate'", "'v0' knows no 'hltt'; did you mean 'hlt'?"]],
    ['note --->8---->8--->8---', ['git am --scissors']],
    ['note a word before ---------->8---------------------------------8<----------', ['git am --scissors']],
    [`note ${'x'.repeat(72)}`, ['a word of 72 characters does not survive mail']],
  ])('%j', (body, expected) => {
    const problems = problemsOf(body);
    expect(problems).toHaveLength(expected.length);
    expected.forEach((message, i) => expect(problems[i]).toContain(message));
  });

  test.each([
    ['', 'the text is empty'],
    ['v0 hlt', 'there is no line that says `ghcb-scenario 1`'],
    ['ghcb-scenario 2\nend ghcb-scenario', "version '2' is not known"],
    ['ghcb-scenario\nend ghcb-scenario', 'the version is missing'],
    ['ghcb-scenario 1\nv0 hlt', 'the scenario has no last line'],
    ['ghcb-scenario 1\nghcb-scenario 1\nend ghcb-scenario', 'a second scenario starts'],
  ])('%j', (text, message) => {
    const parsed = parseScenario(text);
    expect(parsed.ok ? [] : parsed.problems.map(problemText).join()).toContain(message);
  });
});

test.each([
  [new Uint8Array(), 'empty'],
  [new Uint8Array([103, 0, 1]), 'binary'],
  [new Uint8Array([0xff, 0xfe]), 'not UTF-8'],
  [new Uint8Array(50 << 20), 'at most'],
])('bytes that are no text give one sentence', (bytes, says) => {
  const result = scenarioText(bytes);
  expect(result.ok ? '' : result.error.message).toContain(says);
});

test('git takes these lines for scissors, and those not', () => {
  expect(['-- >8 --', '- - - >8 - - -', '---8<---'].map(isScissorsLine)).toEqual([true, true, true]);
  // Blades, dashes and the blanks between them must make up more than a third of the line.
  expect(isScissorsLine('-- >8 -- cut here, please')).toBe(true);
  expect(isScissorsLine('-- >8 -- cut here, please do')).toBe(false);
  expect(['n >8 pages', '>8', 'no scissors -------'].map(isScissorsLine)).toEqual([false, false, false]);
});

describe('for any scenario', () => {
  test('reading what was printed gives it back, and nothing printed is a trap for mail', () => {
    fc.assert(
      fc.property(anyScenario, (scenario) => {
        const text = printScenario(scenario);
        expect(scenarioOf(text)).toEqual(scenario);
        for (const line of text.split('\n')) {
          expect(line.length).toBeLessThanOrEqual(72);
          expect(line).not.toMatch(lineTraps);
          expect(line).not.toMatch(/\s$/);
          expect(isScissorsLine(line)).toBe(false);
        }
      }),
    );
  });

  test('quoting, wrapping in prose and CRLF change nothing', () => {
    const marks = fc.constantFrom('', '> ', '>', '> > ', '>>', '>> ', '> > > > ', ' > ');
    fc.assert(
      fc.property(anyScenario, marks, fc.boolean(), (scenario, mark, crlf) => {
        const text = printScenario(scenario).replace(/^/gm, mark);
        const mail = `On Monday someone wrote:\n${text}\nregards\n`;
        expect(scenarioOf(crlf ? mail.replaceAll('\n', '\r\n') : mail)).toEqual(scenario);
      }),
    );
  });
});

describe('words that would begin a line of their own sense', () => {
  const refused = 'The page state change must be refused when the gfn is any value >';
  test.each([
    `note    ${refused} 0x100 here`,
    `note    ${refused} ? ; > # - From: 0x100`,
    `title   ${refused}8 pages and more`,
    `; ${refused} ${'? '.repeat(30)}then`,
    `ref     ${refused} ;and so on`,
    `note    ${'word '.repeat(11)}-- >8 -- and no scissors`,
    `note    ${'word '.repeat(12)}-- >8 -- -- >8 -- -- >8 -- -- >8 -- -- word`,
    `v0      hlt\n        ? @linux-7.2 @part2-v4 @linux-6.12 v0.run.hypercall.args[1] > 5`,
    `note    a\u0000 \u0000b ${'\u0000 '.repeat(80)}`,
    `note    ${'x'.repeat(71)} ${'y'.repeat(71)}`,
    'note    -- >8 -- >8 --',
    `note    ${'-- >8 -- '.repeat(40)}`,
    // As formatted before: the quotation mark begins the line.
    'note    The page state change must be refused when the gfn is any value\n          > 0x100 here',
  ])('%j is read, printed and read again', (line) => {
    const scenario = scenarioOf(`ghcb-scenario 1\n${line}\nend ghcb-scenario`);
    const text = printScenario(scenario);
    for (const mark of ['', '> ', '>']) expect(scenarioOf(text.replace(/^/gm, mark))).toEqual(scenario);
    for (const printed of text.split('\n')) {
      expect(printed.length, printed).toBeLessThanOrEqual(72);
      expect(isScissorsLine(printed), printed).toBe(false);
      expect(printed).not.toMatch(/^ +(?:>|;|\? .*\? )/);
    }
  });

  test.each([
    [`note ${'? '.repeat(40)}`, 'characters that no line break may part do not survive mail'],
    [`note ${'> '.repeat(40)}`, 'characters that no line break may part do not survive mail'],
    [`note >${'x'.repeat(70)}`, 'characters that no line break may part do not survive mail'],
    [`v0 psc entries=private:0x${'0'.repeat(70)}1,shared:0x2`, 'do not survive mail'],
    [`note ${'word '.repeat(12)}${'-'.repeat(30)}>8${'-'.repeat(35)} word`, 'git am --scissors'],
  ])('%j is refused: %s', (line, message) => {
    const [problem, ...others] = problemsOf(line);
    expect(problem).toContain(message);
    expect(others).toEqual([]);
  });
});

test('no text makes the reader throw', () => {
  const words = [
    'ghcb-scenario 1',
    'end ghcb-scenario',
    'v0',
    'psc',
    'entries=',
    'private:0x',
    '\n',
    '\t',
    '> ',
    '? ',
    ';',
    '=',
    ',',
    'vm',
    'run',
  ];
  const soup = fc
    .array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 30 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(soup, (text) => {
      expect(() => parseScenario(text)).not.toThrow();
      expect(() => parseScenario(`ghcb-scenario 1\n${text}\nend ghcb-scenario`)).not.toThrow();
    }),
    { numRuns: 500 },
  );
});

test('head lines come first', () => {
  expect(headKinds).toContain('profile');
});

test.each([
  ['-9223372036854775808', 1n << 63n],
  ['-0x8000000000000000', 1n << 63n],
  ['-1', (1n << 64n) - 1n],
  ['0xffffffffffffffff', (1n << 64n) - 1n],
])('%s is a 64-bit word', (text, value) => {
  const { lines } = scenarioOf(`ghcb-scenario 1\nv0 msr value=${text}\nend ghcb-scenario\n`);
  expect(lines[0]).toMatchObject({ act: { args: { value } } });
});

test.each(['-9223372036854775809', '-0x8000000000000001', '0x10000000000000000'])('%s is none', (text) =>
  expect(problemsOf(`v0 msr value=${text}`)[0]).toContain('needs more than 64 bits'),
);

test('a line that is quoted deeper than the scenario is said to be', () => {
  const text = '> ghcb-scenario 1\n> v0 hlt\n> > v0 hlt\n> end ghcb-scenario\n';
  const parsed = parseScenario(text);
  expect(parsed.ok ? [] : parsed.problems.map(problemText)).toEqual([
    expect.stringContaining('the line is quoted deeper than the first one'),
  ]);
});

test.each(['        ', '\t', '    \t', '       \t'])(
  'a tab leads to the next multiple of eight columns: a line after %j continues nothing',
  (blanks) => {
    const text = `\tghcb-scenario 1\n${blanks}v0 hlt\n${blanks}v0 hlt\n\tend ghcb-scenario\n`;
    expect(scenarioOf(text).lines).toHaveLength(2);
  },
);
