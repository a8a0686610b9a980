import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { decode } from './codec';
import { UsageError } from './io';

const temporary = mkdtempSync(join(tmpdir(), 'vmgexit-'));
afterAll(() => rmSync(temporary, { recursive: true }));
const file = (name: string): string => join(temporary, name);

test('without a kind it names what was read, every value, and what else each may be', () => {
  const { status, text } = decode(['0x80000013 0x100000001 0x121000']);
  expect(status).toBe(0);
  expect(text).toContain('Read as an exit code and its info words.');
  expect(text).toContain('SW_EXITINFO1 0x100000001: ap-info1.');
  expect(text).toMatch(/^ {2}or ghcb-msr: /m);
});

test('a line of a log names who prints it', () => {
  const { text } = decode(['SEV-ES guest requested termination: 0x1:0x2']);
  expect(text).toContain('printed by: Linux 6.12.117, arch/x86/kvm/svm/sev.c');
});

test('a file of bytes, and one of text', () => {
  writeFileSync(file('page.bin'), Buffer.alloc(4096).fill(2, 0xffa, 0xffb));
  expect(decode([file('page.bin')]).text).toContain('value 4096 bytes: ghcb-page');
  writeFileSync(file('value.txt'), '0x21100\n');
  expect(decode([file('value.txt')]).text).toContain('value 0x21100: ghcb-msr');
  expect(decode(['ghcb-msr', file('value.txt')]).text).toContain('PVALIDATE failed');
});

test('JSON has the candidates with their reasons', () => {
  const parsed = JSON.parse(decode(['0x21100', '--json']).text) as {
    parts: { kind: string; candidates: { kind: string; why: string }[]; fields: unknown[] }[];
  };
  expect(parsed.parts[0]).toMatchObject({ kind: 'ghcb-msr', candidates: [{ kind: 'ghcb-msr' }, {}] });
  expect(parsed.parts[0]?.fields).toHaveLength(4);
});

test.each<[string[], string]>([
  [['abcdef0123456789a'], 'odd number'],
  [['-5'], 'is negative'],
  [[';'], 'No value stands in ";"'],
  [[','], 'No value stands in ","'],
  [['0x10000000000000000'], '2^64 or more'],
  [['vmsa', '00'], 'needs 1648 bytes, got 1'],
  [['psc-entry', '-5'], 'is negative'],
  [['psc-entry', '0x10000000000000000'], 'more than 64 bits'],
  [['0x1', '17zz'], '1 value before it understood'],
  [['00000000: 0000 0000\n00000004: 00000000'], 'mixed byte orders'],
  [['rmp-entry', '00'.repeat(16), '--scenario'], 'no act writes one'],
  [['0x1', '--json', '--scenario'], 'exclude each other'],
  [['ghcb-msrr', '0x1'], "did you mean 'ghcb-msr'?"],
  [['/'], 'is a directory'],
  [[], 'decode [KIND] VALUE'],
])('%j is refused: %s', (words, message) => {
  expect(() => decode(words)).toThrow(UsageError);
  expect(() => decode(words)).toThrow(message);
});

test('a page from the middle and an unknown exit code are read as far as they go', () => {
  const middle = Array.from(
    { length: 5 },
    (_, i) => `${(0x380 + 16 * i).toString(16).padStart(8, '0')}: ${'1000 0080 '.repeat(4).trim()}`,
  );
  expect(decode([middle.join('\n')]).text).toContain('in the middle of a page, at 0x380');
  const unknown = decode(['0x80000099 0x1 0x2']).text;
  expect(unknown).toContain('0x80000099 is no exit code that any source names');
  expect(unknown).toContain('SW_EXITINFO2 0x2');
});

test('a file of 1 GB is refused before it is read', () => {
  writeFileSync(file('core'), '');
  truncateSync(file('core'), 2 ** 30);
  const says = 'has 1073741824 bytes; 1 MB is the most that is read here, and nothing of it was';
  expect(() => decode([file('core')])).toThrow(says);
  expect(() => decode(['ghcb-page', file('core')])).toThrow(says);
});

test('a value becomes a scenario', () => {
  expect(decode(['0x21100', '--scenario']).text).toContain('v0      msr value=0x21100');
  expect(decode(['psc-entry', '0x0010000000100000', '--scenario']).text).toContain('0x808:0000100000001000');
});

test('two dumps are compared field by field', () => {
  const page = Buffer.alloc(4096).fill(2, 0xffa, 0xffb);
  writeFileSync(file('before.bin'), page);
  writeFileSync(file('after.bin'), Buffer.from(page).fill(0x10, 0x390, 0x391));
  const { text, status } = decode([file('before.bin'), '--against', file('after.bin')]);
  expect(status).toBe(1);
  expect(text).toMatch(/^ghcb-page: 1 of \d+ fields differ\n {2}swExitCode +0 +0x10/);
  expect(decode([file('before.bin'), '--against', file('before.bin')])).toMatchObject({ status: 0 });
  expect(decode(['ghcb-msr', '0x21100', '--against', '0x31100']).text).toContain('reasonCode');
  expect(() => decode(['vmsa', '00', '--against', '00'])).toThrow(UsageError);
});

test('a block of lines: what failed in it, and which kernel explains it; the status says whether all do', () => {
  const block = [
    '> kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000000080',
    '> kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0000000000003081, result 1',
    'kvm_amd: SEV-ES guest requested termination: 0x1:0x2',
  ].join('\n');
  const found = decode([block, '--diagnose']);
  expect(found.status).toBe(0);
  expect(found.text).toContain('3 lines: 3 placed.');
  expect(found.text).toContain('1. The guest asked to be terminated, with reason 0x1:0x2.');
  expect(decode([block, '--explain', 'linux-6.12,linux-7.2'])).toMatchObject({ status: 0 });
  const wrong = block.replace('3081', '9081');
  expect(decode([wrong, '--explain', 'linux-7.2', '--json'])).toMatchObject({ status: 1 });
  writeFileSync(file('block.log'), wrong);
  expect(decode([file('block.log'), '--explain', 'linux-7.2']).text).toContain('does not explain line 2');
  for (const [words, says] of [
    [[block, '--explain', 'linux-9'], 'linux-9'],
    [[block, '--explain', 'linux-7.2', '--diagnose'], 'exclude each other'],
    [[block, '--diagnose', '--scenario'], 'exclude --scenario'],
    [['0x21100', '--diagnose'], 'this is a value'],
    [['abcdef0123456789a', '--explain', 'linux-7.2'], 'odd number'],
  ] as const) {
    expect(() => decode(words)).toThrow(UsageError);
    expect(() => decode(words)).toThrow(says);
  }
});
