import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from './io';
import { trace } from './trace';

const folder = mkdtempSync(join(tmpdir(), 'vmgexit-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const refusal = (...words: string[]): string => {
  try {
    trace(words);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return '';
};

const ends =
  'kvm_amd: SEV-ES guest requested termination: 0x1:0x2\nqemu-system-x86_64: KVM: unknown exit reason 24\n';
const log = file('guest.log', ends);

describe('trace', () => {
  test('--diagnose: what failed, with sources', () => {
    expect(trace([log, '--diagnose']).text).toContain(
      '1. The guest asked to be terminated, with reason 0x1:0x2.',
    );
    const json = JSON.parse(trace([log, '--diagnose', '--json']).text) as {
      diagnoses: { by: string; further: object[]; scenario: string }[];
    };
    expect(json.diagnoses.map(({ by }) => by)).toEqual(['the guest']);
    expect(json.diagnoses[0]?.further).toMatchObject([{ lines: [2] }]);
    expect(json.diagnoses[0]?.scenario).toContain('terminate');
  });

  test('--explain: status 0 when all explain it, 1 when one does not, and a wrong profile is bad input', () => {
    expect(trace([log, '--explain', 'linux-6.12,linux-7.2'])).toMatchObject({ status: 0 });
    const wrong = file(
      'wrong.log',
      'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000000080\nkvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0000000000009081, result 1\n',
    );
    const found = trace([wrong, '--explain', 'linux-7.2']);
    expect(found.status).toBe(1);
    expect(found.text).toContain('linux-7.2 does not explain line 2');
    expect(refusal(wrong, '--explain', 'linux-9')).toContain('linux-9');
    expect(refusal(log, '--explain', 'linux-7.2', '--diagnose')).toContain('exclude');
  });

  test('--timeline: the lines on lanes, and what follows from them', () => {
    expect(trace([log, '--timeline']).text).toMatch(/^~ .*inferred: the vCPU is not entered again/m);
    const { rows } = JSON.parse(trace([log, '--timeline', '--json']).text) as {
      rows: { inferred?: object }[];
    };
    expect(rows.map(({ inferred }) => inferred !== undefined)).toEqual([false, true, false]);
  });

  test('--timeline: notes that the page wrote into the file stand beside their lines', () => {
    const noted = file(
      'noted.log',
      `${ends}# vmgexit: the first line is line 801\n# vmgexit: note on line 802: why?\n`,
    );
    const { text } = trace([noted, '--timeline']);
    expect(text).toContain('note: why?');
    expect(text).toContain('2 lines: 2 placed');
    expect(text).toMatch(/^ +802 /m);
  });

  test('--scenario: of a line, of all, and why there is none', () => {
    expect(trace([log, '--scenario', '1']).text).toContain('terminate form=msr set=1 code=2');
    expect(refusal(log, '--scenario', '9')).toContain('1 to 2');
    const requests = file(
      'requests.log',
      'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000000080\n'.repeat(4),
    );
    const several = (word: string) => trace([requests, '--scenario', word]).text.match(/msr value=0x80/g);
    expect(several('all')).toHaveLength(4);
    expect(several('2-4')).toHaveLength(3);
    expect(refusal(requests, '--scenario', '7-9')).toContain('No line of it is a request');
  });

  test('a window keeps the numbers of its lines, a count needs none of them', () => {
    const many = file('many.log', `${'[  1.0] usb 1-1: new device\n'.repeat(99_999)}${ends}`);
    expect(trace([many, '--lines', '100000-100001']).text).toContain('100000  kvm_amd: SEV-ES');
    expect(trace([many, '--lines', '3-4']).text).toContain('2 lines: 2 without protocol content');
    expect(trace([many, '--count']).text).toContain('100001 lines');
    expect(refusal(many, '--lines', '4-3')).toContain('FIRST-LAST');
  });

  test('a file that is too large to be read whole: what it would take, and a window', () => {
    const large = file('large.log', ends);
    truncateSync(large, 10 * 2 ** 30);
    expect(refusal(large)).toMatch(/10\.00 GiB.*some 120 GiB of memory.*--lines FIRST-LAST/);
    expect(trace([large, '--lines', '1-2']).text).toContain('2 lines: 2 placed');
  });

  test('packed, wide and binary files', () => {
    const packed = trace([file('log.gz', gzipSync(ends))]);
    expect(packed.text).toContain('2 lines: 2 placed');
    const wide = trace([file('wide.log', Buffer.from(`\ufeff${ends}`, 'utf16le'))]);
    expect(wide).toMatchObject({ complaint: 'The file is in UTF-16LE.' });
    const binary = trace([
      file('bin.log', Buffer.concat([Buffer.alloc(64), Buffer.from('\x1b[2J\n'), Buffer.from(ends)])),
    ]);
    expect(binary.complaint).toContain('It is most likely no log');
    expect(binary.text).toContain('2 placed');
    expect(binary.text).not.toContain('\x1b');
    const long = trace([file('long.log', `${'x'.repeat(100_000)}\n${ends}`)]);
    expect(long.text).toContain('It has 100000 characters');
    expect(long.text.length).toBeLessThan(10_000);
    expect(refusal(file('cut.gz', gzipSync(ends).subarray(0, 12)))).toContain(
      'nothing of it can be unpacked',
    );
    const cut = trace([file('cut.gz', gzipSync(ends).subarray(0, -8))]);
    expect(cut).toMatchObject({ complaint: expect.stringContaining('end of the gzip is missing') as string });
    expect(cut.text).toContain('2 lines: 2 placed');
    for (const option of [['--count'], ['--lines', '1-2']])
      expect(refusal(file('log.gz', gzipSync(ends)), ...option)).toContain('zcat');
    expect(refusal(file('trace.dat', Buffer.from('\x17\x08Dtracing6\0', 'latin1')))).toContain(
      'trace-cmd report',
    );
  });
});
