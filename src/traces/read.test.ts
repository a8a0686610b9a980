import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { littleEndian } from '../base/bytes';
import { lineForms } from './forms/all';
import { plainLines } from './lines';
import { partsOf, readPasted, remarksOf } from './pasted';
import { countsOf, countsText, readLine, TraceReader, type Trace } from './read';

function log(text: string): Trace {
  const pasted = readPasted(text);
  if (pasted.kind === 'log') return pasted.trace;
  throw new Error(
    `read as a value: ${pasted.found.ok ? pasted.found.value.form : pasted.found.error.message}`,
  );
}
const statuses = (text: string) => log(text).lines.map(({ status }) => status);
const valuesOf = (text: string, index = 0) =>
  log(text)
    .lines.slice(index, index + 1)
    .flatMap(partsOf)
    .map(({ candidates, bytes }) => [candidates[0]?.kind, littleEndian(bytes)]);
const said = (text: string, index = 0) =>
  log(text)
    .lines.slice(index, index + 1)
    .flatMap(remarksOf)
    .join(' ');

describe('the return value and the status of the firmware are read together', () => {
  test.each([
    ["SNP_LAUNCH_START ret=-22 fw_error=0 ''", [], 'KVM or its driver refused'],
    [
      "qemu-system-x86_64: sev_snp_launch_start: SNP_LAUNCH_START ret=-5 fw_error=7 'Policy is not allowed'",
      [['firmware-status', 7n]],
      'The firmware refused SNP_LAUNCH_START with POLICY_FAILURE (0x7)',
    ],
    ["SNP_LAUNCH_FINISH ret=-5 fw_error=0 ''", [], 'the failure is inside KVM or its driver'],
    [
      "SNP_LAUNCH_UPDATE ret=-22 fw_error=22 'Invalid parameter'",
      [['firmware-status', 22n]],
      'this return value has another cause',
    ],
    ["SNP_LAUNCH_START ret=-25 fw_error=-1 ''", [], 'the firmware was not called'],
    [
      'ccp 0000:02:00.5: SEV-SNP: failed to INIT rc -5, error 0x8004',
      [['firmware-status', 0x8004n]],
      'names 0x0 to 0x',
    ],
    ['kvm_amd: Failed to create SEV-SNP context, rc -5 fw_error 0', [], 'inside KVM or its driver'],
  ])('%s', (line, values, remark) => {
    expect(valuesOf(line)).toEqual(values);
    expect(said(line)).toContain(remark);
    expect(said(line)).not.toContain('SUCCESS');
  });

  test('the two halves of a guest request are one word', () => {
    expect(valuesOf('snpguest: (fw_error=0x0, vmm_error=0x2)')).toEqual([
      ['guest-request-info2', 0x2_0000_0000n],
    ]);
    expect(said('(fw_error=0x0, vmm_error=0x2)')).toContain('2 (busy, try again)');
    const alert = 'sev-guest sev-guest: Detected error from ASP request. rc: -5, exitinfo2: 0x200000000';
    expect(said(alert)).toContain(
      'The hypervisor refused the guest request, not the firmware: 2 (busy, try again)',
    );
    expect(said(alert.replace('0x200000000', '0x16'))).toContain('INVALID_PARAM (0x16)');
  });
});

describe('a number that several owners use', () => {
  test('a termination of set 1 names Linux and the reset vector of OVMF', () => {
    const line = 'kvm_amd: SEV-ES guest requested termination: 0x1:0x2';
    expect(said(line)).toContain('Linux: PVALIDATE failed');
    expect(said(line)).toContain('OVMF reset vector: an answer of the hypervisor that was not expected');
    expect(said('SEV-ES guest requested termination: 0x1:0xc')).toBe('');
    expect(said('SEV-ES guest requested termination: 0x0:0x2')).toBe('');
  });

  test.each([
    ['80000019', 'CONFIGURE_INT_INJ'],
    ['8000001a', 'DISABLE_ALT_INJ'],
    ['8000001b', 'SPECIFIC_EOI'],
  ])('exit code %s names what an older coconut-svsm meant by it, and what tells them apart', (code, name) => {
    const line = `kvm_vmgexit_enter: vcpu 0, exit_reason ${code}, exit_info1 0, exit_info2 0`;
    expect(said(line)).toContain(`${name} in coconut-svsm before 27 February 2025`);
    expect(said(line)).toContain('alternate injection');
    expect(said(line.replace(code, '8000001c'))).toBe('');
  });

  test.each([
    [
      'SEV: Unsupported exit-code 0x404 in #VC exception (IP: 0x1000)',
      0x404n,
      'had not validated, at the instruction at 0x1000',
    ],
    ['Wrong/unhandled opcode bytes: 0x8b, exit_code: 0x404, rIP: 0x1000', 0x404n, 'had not validated'],
    ['SEV: Unsupported exit-code 0x403 in #VC exception (IP: 0x1000)', 0x403n, ''],
    ['SEV: Unsupported exit-code 0x8d in #VC exception (IP: 0x1000)', 0x8dn, ''],
    ['Unhandled exit code: 72', 72n, 'decimal or hexadecimal'],
  ])('%s: a #VC code is an SVM exit code', (line, code, remark) => {
    expect(valuesOf(line)[0]).toEqual(['svm-exit', code]);
    expect(said(line)).toContain(remark);
  });
});

describe('lines of programs', () => {
  test.each([
    [
      'kvm_convert_memory start 0x800000 size 0x200000 shared_to_private',
      [],
      '0x200000 bytes at GPA 0x800000 become private',
    ],
    [
      '4711@1700000000.123456:kvm_convert_memory start 0x0 size 0x1000 private_to_shared',
      [],
      'become shared',
    ],
    [
      'Error: VmgexitError(2, 6)',
      [
        ['response-info1', 2n],
        ['malformed-info2', 6n],
      ],
      '',
    ],
    ['KVM: unknown exit reason 24', [['exit-reason', 24n]], 'the reason is in the line of the host kernel'],
    ['KVM: entry failed, hardware error 0xffffffff', [], 'SVM_EXIT_ERR'],
    ['error: kvm run failed Invalid argument', [], 'KVM_RUN returned -EINVAL'],
    ['error: kvm run failed Bad address', [], '-EFAULT'],
    ['[ 9.1] SEV: Unexpected RMP fault, non-private slot for GPA 0x1000', [], 'no guest_memfd'],
    ['snpguest: Status Code: 0x16: Given parameter is invalid', [['firmware-status', 0x16n]], ''],
    ['kvm_amd: SEV-ES unusable (ASIDs 100 - 99)', [], 'No ASID is left for SEV-ES guests'],
    ['kvm_amd: SEV-SNP enabled (ASIDs 1 - 99)', [], 'SEV-SNP guests have 99 ASIDs'],
    [
      'kvm_sev_snp_launch_update src 0x7f00 gpa 0x800000 len 0x1000 (Cpuid page)',
      [],
      '0x1000 bytes at GPA 0x800000 as Cpuid pages',
    ],
    ['kvm_sev_snp_launch_finish id_block (null) id_auth (null) host_data (null)', [], ''],
    ['ccp 0000:02:00.5: SEV-SNP API:1.55 build:24', [], 'SEV-SNP API 1.55, build 24'],
    ['kvm_run_exit cpu_index 0, reason 39', [['exit-reason', 39n]], ''],
    ['kvm_run_exit_system_event cpu_index 0, system_even_type 6', [], 'KVM_SYSTEM_EVENT_SEV_TERM'],
    [
      'MemoryFault { flags: 8, gpa: 4096, size: 4096 }',
      [['memory-fault-flags', 8n]],
      '0x1000 bytes at GPA 0x1000',
    ],
    [
      'kvm_vm_set_mem_attributes: 0x0000000000010 -- 0x0000000000020 [0x8]',
      [['memory-attribute-bits', 8n]],
      'guest frame numbers',
    ],
    [
      "failed to set memory (0x1000+0x1000) with attr 0x8 error 'Invalid argument'",
      [['memory-attribute-bits', 8n]],
      '-EINVAL',
    ],
  ])('%s', (line, values, remark) => {
    expect(statuses(line)).toEqual(['placed']);
    expect(valuesOf(line)).toEqual(values);
    expect(said(line)).toContain(remark);
  });

  test('a CPUID page that the firmware rejected: the leaf and the register', () => {
    const lines = [
      'qemu-system-x86_64: SEV-SNP: CPUID validation failed for function 0x8000001e, index: 0x0.',
      'provided: eax:0x00000000, ebx: 0x00000100, ecx: 0x00000b00, edx: 0x00000000',
      'expected: eax:0x00000000, ebx: 0x00000100, ecx: 0x00000300, edx: 0x00000000',
      'qemu-system-x86_64: SEV-SNP: failed update CPUID page',
    ].join('\n');
    expect(statuses(lines)).toEqual(['placed', 'continued', 'continued', 'unknown']);
    expect(said(lines)).toContain('ECX: 0xb00 was given, the firmware allows 0x300');
    expect(said(lines)).not.toContain('EBX');
  });

  test('result 0 behind an MSR request leaves the request in the MSR', () => {
    const line = 'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0010000007a31014, result 0';
    expect(said(line)).toContain('still holds the request');
    expect(said(line.replace('result 0', 'result -22'))).toContain('-EINVAL');
  });

  test('an errno is no exit reason', () => {
    expect(valuesOf('kvm_userspace_exit: reason error (14)')).toEqual([]);
    expect(said('kvm_userspace_exit: reason error (14)')).toContain('-EFAULT');
    expect(said('kvm_userspace_exit: reason restart (4)')).toContain('-EINTR');
  });
});

describe('what is taken for nothing that it is not', () => {
  test('a request has no status of the firmware', () => {
    for (const code of ['80000010', '72', '7c']) {
      const line = `kvm_vmgexit_enter: vcpu 0, exit_reason ${code}, exit_info1 0, exit_info2 0`;
      const kinds = log(line)
        .lines.flatMap(partsOf)
        .slice(1)
        .map(({ candidates }) => candidates[0]?.kind);
      expect(kinds).not.toContain('firmware-status');
    }
  });

  test('code and info words of different lines are no request', () => {
    const lines = [
      '#VC exit_code: 0x72',
      'other event exit_info_1: 0x5',
      'and one more exit_info_2 = 0x6',
    ].join('\n');
    expect(valuesOf(lines)).toEqual([['nae-code', 0x72n]]);
  });

  test('digits beyond 64 bits are refused and not cut', () => {
    for (const digits of ['20000000000142014', '123456789abcdef01', 'f'.repeat(17)]) {
      const line = `kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa ${digits}`;
      expect(statuses(line)).toEqual(['unknown']);
      expect(said(line)).toContain(`${digits} has more than 64 bits`);
    }
  });

  test('lines of other machines are seen and say nothing', () => {
    const lines = [
      'kvm_exit: vcpu 0 reason EPT_VIOLATION rip 0x1000 info1 0x0000000000000181 info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000',
      '[  1.0] kvm_intel: VMX not supported',
    ].join('\n');
    expect(said(lines)).toContain('Intel VMX');
    expect(statuses(lines)).toEqual(['placed', 'plain']);
    expect(valuesOf(lines)).toEqual([]);
  });
});

/** The same two events as each recorder writes them. */
const recorders: readonly (readonly [name: string, text: string])[] = [
  [
    'ftrace',
    '# tracer: nop\n       CPU 0/KVM-4711    [012] d....   812.000101: kvm_exit: vcpu 0 reason npf rip 0x0 info1 0x0000000500000006 info2 0x0000000012345000 intr_info 0x00000000 error_code 0x00000000 requests 0x0000000000000000\n       CPU 0/KVM-4711    [012] .....   812.000103: kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0010000007a31014',
  ],
  [
    'trace-cmd',
    'cpus=4\n       CPU 0/KVM-4711  [012]   812.000101123: kvm_exit:             vcpu 0 reason npf rip 0x0 info1 0x0000000500000006 info2 0x0000000012345000 intr_info 0x00000000 error_code 0x00000000\n       CPU 0/KVM-4711  [012]   812.000103456: kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0010000007a31014',
  ],
  [
    'perf script',
    '\n       CPU 0/KVM   4711 [012]   812.000101:                       kvm:kvm_exit: vcpu 0 reason npf rip 0x0 info1 0x0000000500000006 info2 0x0000000012345000 intr_info 0x00000000 error_code 0x00000000\n       CPU 0/KVM   4711 [012]   812.000103: kvm:kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0010000007a31014',
  ],
  [
    'text without its prefix',
    'kvm_entry: vcpu 0, rip 0x0\nkvm_exit: reason npf rip 0x0 info 500000006 12345000\nkvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0010000007a31014',
  ],
];

describe('recorders', () => {
  test.each(recorders)('%s', (_, text) => {
    const { lines } = log(text);
    expect(lines.filter(({ status }) => status === 'unknown')).toEqual([]);
    expect(lines.slice(-2).map(({ form }) => form?.id)).toEqual([
      'kvm_exit',
      'kvm_vmgexit_msr_protocol_enter',
    ]);
    const [fault, request] = lines.slice(-2);
    expect(fault && partsOf(fault).map(({ candidates }) => candidates[0]?.kind)).toEqual(['nested-fault']);
    expect(request?.meaning?.vcpu).toBe(0);
    if (request?.prefix?.recorder === 'ftrace' && request.prefix.cpu !== undefined)
      expect(request.prefix).toMatchObject({ task: 'CPU 0/KVM', pid: 4711, cpu: 12 });
  });

  test.each([
    '[  900.100001] ',
    '[  +0.000123] ',
    '[  900.100001] [   T4616] ',
    '<4>[  900.100001] ',
    '[Sat Feb 21 17:59:09 2026] ',
    'Feb 21 17:59:09 host kernel: ',
    'Feb 21 17:59:09 host kernel: [  900.100001] ',
    '2026-02-21T17:59:09.123456+01:00 host kernel: ',
    '2026-02-21 17:59:09 ',
    '',
  ])('a kernel log with "%s" before its lines', (before) => {
    const { lines } = log(
      `${before}kvm_amd: SEV-ES guest requested termination: 0x0:0x2\r\n${before}usb 1-1: new device`,
    );
    expect(lines[0]?.form?.id).toBe('termination-msr');
    expect(lines[1]?.status).toBe(before === '' ? 'unknown' : 'plain');
  });

  test('where events were lost', () => {
    expect(said('CPU:3 [LOST 42 EVENTS]\nkvm_entry: vcpu 0, rip 0x0')).toContain('42 events were lost');
  });
});

describe('mail and chat', () => {
  const line = 'kvm_vmgexit_enter: vcpu 1, exit_reason 80000013, exit_info1 200000001, exit_info2 107f3000';

  test.each([
    ['quoted', `> > ${line}`],
    ['fenced', `\`\`\`\n${line}\n\`\`\``],
    ['wrapped', line.replace(', exit_info2', ',\nexit_info2')],
    ['wrapped and quoted', `> ${line.replace('exit_info1 ', 'exit_info1\n> ')}`],
    [
      'wrapped twice',
      line.replace(', exit_reason', ',\nexit_reason').replace(', exit_info2', ',\nexit_info2'),
    ],
    ['with a soft break of MIME', line.replace('exit_in', 'exit_in=\n')],
    ['in the middle of a sentence', `It says ${line}`],
  ])('a line that is %s', (_, text) => {
    const { lines, counts } = log(text);
    const placed = lines.find(({ status }) => status === 'placed');
    expect(placed && partsOf(placed).map(({ bytes }) => littleEndian(bytes))).toEqual([
      0x8000_0013n,
      0x2_0000_0001n,
      0x107f_3000n,
    ]);
    expect(counts.unknown).toBe(0);
    expect(lines.map(({ number }) => number)).toEqual(lines.map((_line, index) => index + 1));
  });

  test('a dump of a GHCB is one request, and what is not marked valid is said', () => {
    const dump = [
      '[  900.1] kvm_amd: GHCB (GPA=0000000007fe1000) snapshot:',
      '[  900.1] kvm_amd: sw_exit_code        0000000080000010 is_valid: 1',
      '[  900.1] kvm_amd: sw_exit_info_1      0000000000000000 is_valid: 1',
      '[  900.1] kvm_amd: sw_exit_info_2      0000000000000000 is_valid: 0',
      '[  900.1] kvm_amd: sw_scratch          0000000000000000 is_valid: 0',
    ].join('\n');
    expect(statuses(dump)).toEqual(['placed', 'continued', 'continued', 'continued', 'continued']);
    expect(said(dump)).toContain('Not marked valid: SW_EXITINFO2');
  });
});

test('a block is read whole, in order, with counts', () => {
  const block = [
    'kvm_amd: SEV-ES guest requested termination: 0x0:0x1',
    '',
    'ccp 0000:02:00.5: SEV: INIT failed 0x1, rc -5',
    'kvm_amd: a sentence that no kernel prints',
    'kvm_amd: SEV-ES guest requested termination: 0x1:0x2',
  ].join('\n');
  const { lines, counts } = log(block);
  expect(lines.map(({ form }) => form?.id)).toEqual([
    'termination-msr',
    undefined,
    'sev-init',
    undefined,
    'termination-msr',
  ]);
  expect(countsText(counts)).toBe('5 lines: 3 placed, 1 without protocol content, 1 unknown');
});

describe('any text', () => {
  const piece = fc.oneof(
    fc.constantFrom(...recorders.flatMap(([, text]) => text.split('\n'))),
    fc.constantFrom(
      '> ',
      '```',
      '',
      '=',
      'kvm_exit:',
      'exit_info1 200000001,',
      '[  1.0] ',
      'EAX=0 EBX=0',
      'GHCB (GPA=0):',
    ),
    fc.string({ maxLength: 60 }),
  );
  const texts = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('\n'));

  test('as many lines come out as go in, in order, and nothing throws', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const reader = new TraceReader();
        const given = [...plainLines(text)];
        const out = [...given.flatMap((line) => reader.push(line)), ...reader.end()];
        expect(out.map(({ number, raw }) => [number, raw])).toEqual(
          given.map(({ number, raw }) => [number, raw]),
        );
        const counts = countsOf(out);
        expect(counts.placed + counts.plain + counts.continued + counts.unknown).toBe(given.length);
        for (const { status, of, number } of out) if (status === 'continued') expect(of).toBeLessThan(number);
      }),
      { numRuns: 300 },
    );
  });

  test('what is cut off or changed in one place is never read as more than it holds', () => {
    const line = 'kvm_vmgexit_enter: vcpu 1, exit_reason 80000013, exit_info1 200000001, exit_info2 107f3000';
    for (let length = 0; length < line.length; length++) {
      const { meaning } = readLine(line.slice(0, length));
      if (meaning?.exit?.info2 !== undefined) expect(length).toBeGreaterThan(line.indexOf('exit_info2 '));
    }
  });
});

describe('print formats', () => {
  test('every kind of line has a name of its own, and a word to be found by', () => {
    const ids = lineForms.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { isEvent, formats } of lineForms)
      if (!isEvent) for (const { keyword, text } of formats) expect(keyword.length, text).toBeGreaterThan(3);
  });

  test.each([
    ['of any size', (1n << 64n) - 1n],
    ['that are small', 9n],
  ])('what a format prints it reads, with numbers %s', (_, most) => {
    for (const { id, isEvent, formats } of lineForms)
      for (const format of formats)
        fc.assert(
          fc.property(fc.infiniteStream(fc.bigInt(0n, most)), (numbers) => {
            const given = Object.fromEntries(
              format.names.map((name) => [
                name,
                isTextField(format.text, name) ? 'word' : (numbers.next().value ?? 0n),
              ]),
            );
            const line = format.print(given);
            expect(format.read(line), `${id}: ${line}`).toMatchObject({ fields: given });
            if (most < 10n) expect(readLine(isEvent ? `${id}: ${line}` : line).form, line).toBeDefined();
          }),
          { numRuns: 3 },
        );
  });
});

const isTextField = (format: string, name: string): boolean => new RegExp(`\\{${name}:[wt]\\}`).test(format);
