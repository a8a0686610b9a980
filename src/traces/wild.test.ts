/**
 * Kinds of misreading that public reports showed, each with the lines of the reports and others of the same kind. What is
 * said is written down from the sources that the lines name.
 */
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { decodeText, sourceOfValue } from '../abi/kind-text';
import { readPasted, partsOf, remarksOf } from './pasted';
import { readTraceInParts, type TraceLine } from './read';

const lineOf = (text: string): TraceLine => {
  const [line] = finish(readTraceInParts(text)).lines;
  if (!line) throw new Error('no line');
  return line;
};
const said = (text: string): string => remarksOf(lineOf(text)).join(' ');
const kindsOf = (text: string): (string | undefined)[] =>
  partsOf(lineOf(text)).map(({ candidates: [best] }) => best?.kind);

describe('the failure on the line is read with its status', () => {
  test.each([
    ["SNP_LAUNCH_START ret=-22 fw_error=0 ''", '-EINVAL'],
    ['(fw_error=0x0, vmm_error=0x2)', 'busy'],
    ["SNP_LAUNCH_UPDATE ret=-5 fw_error=0 ''", 'inside KVM or its driver'],
    ["SNP_LAUNCH_FINISH ret=-22 fw_error=0 ''", '-EINVAL'],
    ['(fw_error=0x0, vmm_error=0x1)', 'certificate buffer too small'],
    ['sev-guest sev-guest: Detected error from ASP request. rc: -5, exitinfo2: 0x200000000', 'busy'],
  ])('%s: a status of 0 beside a failure is no success', (text, says) => {
    expect(said(text)).toContain(says);
    expect(said(text)).not.toMatch(/\bSUCCESS\b/);
    expect(kindsOf(text)).not.toContain('firmware-status');
  });

  test.each([
    ['sev-guest sev-guest: Detected error from ASP request. rc: -5, exitinfo2: 0x16', 'INVALID_PARAM'],
    ["SNP_LAUNCH_START ret=-5 fw_error=7 ''", 'POLICY_FAILURE'],
    ['kvm_amd: Failed to create SEV-SNP context, rc -5 fw_error 13', 'INVALID_ASID'],
  ])('%s: a status is named with who refused', (text, name) => {
    const fields = partsOf(lineOf(text)).flatMap(({ candidates }) => candidates.map(({ kind }) => kind));
    expect(`${said(text)} ${fields.join()}`).toMatch(/firmware/i);
    expect(said(text)).toContain(name);
  });
});

describe('a number of several owners', () => {
  test.each([
    ['SEV-ES guest requested termination: 0x1:0x2', 'PVALIDATE failed', 'was not expected'],
    ['SEV-ES guest requested termination: 0x1:0x1', 'page state change failed', 'not one of CPUID'],
    ['kvm_amd: SEV-ES guest requested termination: 0x1:0x2', 'PVALIDATE failed', 'OVMF reset vector'],
    ['SystemEvent(6, [135424])', 'PVALIDATE failed', 'OVMF reset vector'],
    [
      'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000021100',
      'PVALIDATE failed',
      'OVMF reset vector',
    ],
  ])('%s names Linux and OVMF', (text, linux, ovmf) => {
    expect(said(text)).toContain(linux);
    expect(said(text)).toContain(ovmf);
  });

  test.each([
    ['8000001a', 'DISABLE_ALT_INJ'],
    ['8000001b', 'SPECIFIC_EOI'],
    ['80000019', 'coconut-svsm'],
  ])('exit code 0x%s names what coconut-svsm meant before', (code, name) => {
    expect(said(`kvm_vmgexit_enter: vcpu 0, exit_reason ${code}, exit_info1 0, exit_info2 0`)).toContain(
      name,
    );
  });
});

describe('a #VC code is an SVM exit code', () => {
  test.each([
    ['Wrong/unhandled opcode bytes: 0x8b, exit_code: 0x404, rIP: 0x1000', 'had not validated'],
    ['SEV: Unsupported exit-code 0x404 in #VC exception (IP: 0x1000)', 'had not validated'],
    ['SEV: Unsupported exit-code 0x999 in #VC exception (IP: 0x1000)', 'no exit that asm/svm.h names'],
    ['SEV: Unsupported exit-code 0x405 in #VC exception (IP: 0x0)', 'no exit that asm/svm.h names'],
  ])('%s', (text, says) => expect(said(text)).toContain(says));

  test.each(['0x403', '0x8d', '0x87', '0x72', '0x7f'])('%s is named', (code) => {
    expect(said(`SEV: Unsupported exit-code ${code} in #VC exception (IP: 0x1000)`)).not.toContain('no exit');
    expect(kindsOf(`SEV: Unsupported exit-code ${code} in #VC exception (IP: 0x1000)`)).toEqual(['svm-exit']);
  });
});

describe('numbers are taken for nothing that they are not', () => {
  test.each(['80000010', '72', '7c', '7b', '80000004'])(
    'a request 0x%s has no status of the firmware',
    (code) => {
      const text = `kvm_vmgexit_enter: vcpu 0, exit_reason ${code}, exit_info1 0, exit_info2 0`;
      expect(kindsOf(text)).not.toContain('firmware-status');
    },
  );

  test.each([
    ['three lines of others', ['exit_code: 0x72', 'exit_info_1: 0x5', 'exit_info_2 = 0x6']],
    [
      'with the code last',
      ['first event exit_info_1: 0x5', 'second exit_info_2 = 0x6', '#VC exit_code: 0x80000010'],
    ],
    [
      'behind the time of each',
      ['[ 1.0] exit_code: 0x7c', '[ 1.1] exit_info_1: 0x1', '[ 1.2] exit_info_2: 0x0'],
    ],
    ['quoted', ['> exit_code: 0x80000013', '>> exit_info_1: 0x100000001', '> exit_info_2: 0x121000']],
  ])('code and info words of different lines are no request: %s', (_, words) => {
    const pasted = readPasted(words.join('\n'));
    const lines = pasted.kind === 'log' ? pasted.trace.lines : [];
    expect(lines).toHaveLength(3);
    expect(lines.some(({ meaning }) => meaning?.exit?.code !== undefined)).toBe(true);
    for (const { meaning } of lines) {
      const { code, info1, info2 } = meaning?.exit ?? {};
      expect([code, info1, info2].filter((word) => word !== undefined).length).toBeLessThan(2);
    }
  });

  test.each([
    'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0x20000000000142014',
    'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 12345678901234567',
    'kvm_vmgexit_enter: vcpu 0, exit_reason 80000010, exit_info1 10000000000000000, exit_info2 0',
    'kvm_page_fault: vcpu 0 rip 0x0 address 0x10000000000000000 error_code 0x0',
  ])('%s: digits beyond 64 bits are refused, not cut', (text) => {
    expect(lineOf(text)).toMatchObject({ status: 'unknown' });
    expect(said(text)).toContain('more than 64 bits');
  });

  test('an address with 0x where the kernel prints none is read', () => {
    const line = lineOf('kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0x0010000000142014');
    expect(line.fields).toMatchObject({ msr: 0x0010000000142014n });
  });
});

describe('a block is read whole', () => {
  test.each([
    [
      'four trace lines',
      ['80', '3081', '200012', '200013'].map(
        (msr) => `kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa ${msr}`,
      ),
      { placed: 4, plain: 0, continued: 0, unknown: 0 },
    ],
    [
      'a failure of INIT and two terminations',
      [
        'ccp 0000:02:00.5: SEV-SNP: failed to INIT rc -5, error 0x3',
        'SEV-ES guest requested termination: 0x0:0x2',
        'SEV-ES guest requested termination: 0x1:0x2',
      ],
      { placed: 3, plain: 0, continued: 0, unknown: 0 },
    ],
    [
      'quoted, fenced and with lines of others',
      [
        '> ```',
        '> SEV-ES guest requested termination: 0x0:0x2',
        '> ```',
        '[ 1.0] usb 1-1: new',
        'snp: words of nobody',
      ],
      { placed: 1, plain: 3, continued: 0, unknown: 1 },
    ],
    [
      'two vCPUs, an answer and a fault between them',
      [
        '       CPU 0/KVM-4711    [012] .....   812.000101: kvm_vmgexit_enter: vcpu 0, exit_reason 80000010, exit_info1 0, exit_info2 0',
        '       CPU 1/KVM-4712    [013] .....   812.000102: kvm_page_fault: vcpu 1 rip 0x0 address 0x0000000000201000 error_code 0x500000004',
        '       CPU 0/KVM-4711    [012] .....   812.000103: kvm_vmgexit_exit: vcpu 0, exit_reason 80000010, exit_info1 0, exit_info2 0',
        '       CPU 1/KVM-4712    [013] .....   812.000104: sched_switch: prev_comm=x',
      ],
      { placed: 3, plain: 1, continued: 0, unknown: 0 },
    ],
    [
      'with carriage returns',
      ['SEV-ES guest requested termination: 0x0:0x2\r', '[    1.000000] usb 1-1: new\r'],
      { placed: 1, plain: 1, continued: 0, unknown: 0 },
    ],
  ])('%s', (_, lines, counts) => {
    const pasted = readPasted(lines.join('\n'));
    expect(pasted.kind === 'log' && pasted.trace.counts).toEqual(counts);
    expect(pasted.kind === 'log' && pasted.trace.lines.map(({ number }) => number)).toEqual(
      lines.map((__, at) => at + 1),
    );
  });
});

describe('lines of programs are known', () => {
  test.each([
    'kvm_memory_fault start 0x201000 size 0x1000 flags 0x8',
    'kvm_convert_memory start 0x200000 size 0x1000 shared_to_private',
    'sev-guest sev-guest: Detected error from ASP request. rc: -5, exitinfo2: 0x16',
    'VmgexitError(2, 6)',
    'KVM: unknown exit reason 24',
    'KVM: entry failed, hardware error 0xffffffff',
    'error: kvm run failed Invalid argument',
    'SEV: Unexpected RMP fault for non-private GPA 0x1000',
    'Status Code: 0x16: Given parameter is invalid',
    'kvm_amd: SEV-ES unusable (ASIDs 100 - 99)',
    'Unhandled exit code: 72',
    'kvm_sev_snp_launch_update src 0x7f0000000000 gpa 0x800000 len 0x1000 (Cpuid page)',
    'SEV-SNP API:1.55 build:24',
    // Others of the same kind.
    '4711@1700000000.123456:kvm_run_exit cpu_index 0, reason 39',
    'MemoryFault { flags: 8, gpa: 4096, size: 4096 }',
    'qemu-system-x86_64: KVM_EXIT_MEMORY_FAULT: Unknown flag 0x10',
    'Nov 28 17:59:09 host kernel: kvm_amd: kvm [4711]: vcpu1, guest rIP: 0x0 vmgexit: ghcb usage 0x1 is not valid',
  ])('%s', (text) => expect(lineOf(text)).toMatchObject({ status: 'placed' }));

  test.each(['snp: words of nobody', 'kvm_amd: a sentence of no kernel', 'KVM: nothing known 5'])(
    '%s: the reason is about the line and not about its first word',
    (text) => {
      const line = lineOf(text);
      expect(line.status).toBe('unknown');
      expect(line.why).toBe('It is in no format that is known here.');
    },
  );
});

describe('the source is that of the number, not of the table that it stands in', () => {
  test.each([
    ['0x80000020', 'Alexey Kardashevskiy', 'read'],
    ['0x80000019', 'coconut-svsm', 'unconfirmed'],
    ['0x80000014', 'Melody Wang', 'read'],
    ['0x80000010', 'AMD publication 56421', 'read'],
    ['0x99', 'AMD publication 56421', 'read'],
  ])('exit code %s: %s, %s', (code, document, confidence) => {
    const decoded = decodeText('nae-code', code);
    const found = decoded.ok ? sourceOfValue('nae-code', decoded.value.rows) : undefined;
    expect(found?.document).toContain(document);
    expect(found?.confidence).toBe(confidence);
  });
});

describe('a number outside its enumeration says the known range', () => {
  test.each([
    ['failed to INIT error 0x8004', '0x0 to 0x3f'],
    ['Status Code: 0x99: nonsense', '0x0 to 0x3f'],
    ["SNP_LAUNCH_START ret=-5 fw_error=65535 ''", '0x0 to 0x3f'],
    ['KVM: unknown exit reason 99', 'No header names exit reason 99; those that are known are 0 to '],
    [
      'SEV-ES guest requested termination: 0x2:0x7',
      'No source names reason set 2: those of 0 and 1 are known',
    ],
    ['SEV-ES guest requested termination: 0x1:0xfe', 'of set 1 the codes 0x0 to '],
    [
      'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 00000000000f0100',
      'No source names the reason 0x0:0xf',
    ],
    ['SEV: Unsupported exit-code 0x999 in #VC exception (IP: 0x0)', '0x404'],
  ])('%s', (text, range) => expect(said(text)).toContain(range));
});
