import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { profile } from '../profiles/resolve';
import { readTraceInParts } from '../traces/read';
import { shortLogMail, wholeLogMail } from './log-mail';

const event = (at: number, body: string): string =>
  `       CPU 0/KVM-4711    [012] .....   812.00000${at}: ${body}`;
const terminated = [
  event(1, 'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000021100'),
  '[  812.000002] kvm_amd: SEV-ES guest requested termination: 0x1:0x2',
  event(3, 'kvm_userspace_exit: reason KVM_EXIT_SYSTEM_EVENT (24)'),
  'qemu-system-x86_64: KVM: unknown exit reason 24',
];
const refused = [
  '[  900.000001] kvm_amd: kvm [4711]: vcpu0, guest rIP: 0x0 vmgexit: invalid AP APIC ID [0x9] from guest',
  "qemu-system-x86_64: SNP_LAUNCH_START ret=-22 fw_error=0 ''",
  'vmgexit: ghcb usage 0x1 is not valid',
  'vmgexit: GHCB gpa is not set',
];
const link = 'https://example.org/#/d/log/2.abc/lines/1';
const mailed = (lines: readonly string[]) => {
  const trace = finish(readTraceInParts(lines.join('\n')));
  return {
    trace,
    line: trace.lines[0],
    notes: new Map(),
    link,
    profiles: [profile('linux-6.12'), profile('linux-7.2')],
  };
};
/** The words of a mail without its line ends. */
const words = (lines: readonly string[]): string => lines.join(' ').replace(/ +/g, ' ');
const short = (lines: readonly string[]): string[] =>
  finish(shortLogMail(mailed(lines)))
    .trimEnd()
    .split('\n');

describe('the short mail of a log', () => {
  test('has the line, what failed, who refused, what follows, the kernels and the link', () => {
    const lines = short(terminated);
    const text = words(lines);
    expect(lines[0]).toBe('A log of 4 lines: 4 placed.');
    expect(text).toContain(
      '1. The guest asked to be terminated, with reason 0x1:0x2. By the guest, lines 1, 2:',
    );
    expect(text).toContain('| kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000021100');
    expect(text).toContain('then line 3: The guest left for good');
    expect(text).toContain('may be: Linux: PVALIDATE failed.');
    expect(text).toContain('Explained whole, 3 lines, by linux-6.12, linux-7.2.');
    expect(lines.at(-1)).toBe(`<${link}>`);
  });

  test('names the first line that a kernel does not explain, and what it would be', () => {
    const text = words(
      short([
        event(1, 'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000000080'),
        event(2, 'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0000000000009081, result 1'),
      ]),
    );
    expect(text).toContain('No line of it is a failure that is known here.');
    expect(text).toContain(
      'Not line 2 by linux-6.12, linux-7.2: it would be "kvm_vmgexit_msr_protocol_exit:',
    );
    expect(text).toContain('ghcb_gpa 0000000000003081');
  });

  test('of many failures the first three, and how many more there are', () => {
    const lines = short([...terminated, ...refused]);
    expect(words(lines)).toContain('and 2 more, from line 7 on.');
  });

  const any = fc.constantFrom(
    ...terminated,
    ...refused,
    'a line of nobody',
    'x'.repeat(300),
    '> ',
    'From me',
    '',
  );
  test('never has more than 25 lines of 72 columns, but for the link', () => {
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 12 }), (lines) => {
        const written = short(lines);
        expect(written.length).toBeLessThanOrEqual(25);
        for (const line of written.slice(0, -1)) expect(line.length, line).toBeLessThanOrEqual(72);
      }),
      { numRuns: 12 },
    );
  });
});

test('the whole mail has every cause with its source, each kernel and the timeline', () => {
  const text = finish(wholeLogMail(mailed([...terminated, ...refused])));
  expect(text).toContain('look at:');
  expect(text).toContain('linux-6.12');
  expect(text).toMatch(/^~ .*inferred/m);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(72);
});
