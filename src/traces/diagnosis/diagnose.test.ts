import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineForms } from '../forms/all';
import { readPasted } from '../pasted';
import { diagnose, endings } from './diagnose';
import { diagnosisText } from './text';

const diagnosesOf = (text: string) => {
  const pasted = readPasted(text);
  if (pasted.kind !== 'log') throw new Error('not read as a log');
  return diagnose(pasted.trace);
};

describe('who refused, and why', () => {
  test.each([
    [
      'kvm_amd: SEV-ES guest requested termination: 0x0:0x2',
      'the guest',
      ['SNP features not sufficient', 'of a version 1 hypervisor it takes the features as 0'],
    ],
    [
      'kvm_amd: SEV-ES guest requested termination: 0x1:0x2',
      'the guest',
      ['Linux: PVALIDATE failed', 'OVMF reset vector', 'before its kernel begins'],
    ],
    [
      "SNP_LAUNCH_START ret=-22 fw_error=0 ''",
      'KVM',
      ['Policy bit 17 must be one', 'The policy has a bit that KVM does not allow', 'accepts no flags'],
    ],
    ["SNP_LAUNCH_START ret=-5 fw_error=7 ''", 'the firmware', ['does not allow SMT']],
    ["SNP_LAUNCH_FINISH ret=-5 fw_error=11 ''", 'the firmware', ['not the digest of the launch']],
    ['error: kvm run failed Invalid argument', 'KVM', ['unsupported-event report', 'registered']],
    ['KVM: unknown exit reason 24', 'the guest', ['SEV termination among them']],
    ['KVM: unknown exit reason 39', 'QEMU', ['no case for']],
    ['KVM: entry failed, hardware error 0xffffffff', 'the processor', ['VMRUN needs a VMSA page']],
    ['vmgexit: exit code 0x72 input is not valid', 'KVM', ['not marked valid']],
    ['SNP: PSC failed ret=0 exit_info_2=10000000000', 'the VMM', ['Userspace refused the range']],
    ['SEV: Unsupported exit-code 0x404 in #VC exception (IP: 0x1000)', 'the guest', ['has not validated']],
    ['Error: VmgexitError(2, 6)', 'KVM', ['does not support the exit code']],
    ['sev-guest: Detected error from ASP request. rc: -5, exitinfo2: 0x200000000', 'the hypervisor', []],
    ['ccp 0000:02:00.5: sev command 0xa2 failed (0x0000000a)', 'the firmware', ['signature of the ID block']],
    ['kvm_amd: SEV-ES unusable (ASIDs 100 - 99)', 'the kernel of the host', ['No ASID is free']],
    ['[ 9.1] SEV: Unexpected RMP fault, non-private slot for GPA 0x1000', 'KVM', ['logged, no more']],
    [
      'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000021100',
      'the guest',
      ['Linux: PVALIDATE failed', 'OVMF reset vector'],
    ],
    ['kvm_vmgexit_enter: vcpu 0, exit_reason 8000fffe, exit_info1 20, exit_info2 0', 'the guest', []],
    ['kvm_vmgexit_exit: vcpu 1, exit_reason 80000013, exit_info1 2, exit_info2 5', 'KVM', ['APIC id']],
    ['kvm_vmgexit_exit: vcpu 0, exit_reason 80000099, exit_info1 2, exit_info2 6', 'KVM', ['exit code']],
    [
      'kvm_vmgexit_exit: vcpu 0, exit_reason 80000010, exit_info1 0, exit_info2 10000000000',
      'the VMM',
      ['Userspace refused the range'],
    ],
    ['kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 8000000000000015, result 1', 'KVM', []],
    ['kvm_userspace_exit: reason KVM_EXIT_SYSTEM_EVENT (24)', 'the guest', []],
    ['kvm_userspace_exit: reason KVM_EXIT_SHUTDOWN (8)', 'the guest', []],
    ['1@0.1:kvm_run_exit cpu_index 0, reason 9', 'the processor', ['VMRUN needs a VMSA page']],
    ['1@0.1:kvm_run_exit_system_event cpu_index 0, system_even_type 6', 'the guest', []],
  ] as const)('%s: %s', (line, by, causes) => {
    const [found, ...others] = diagnosesOf(line);
    expect(others).toEqual([]);
    expect(found?.refusedBy).toBe(by);
    const said = found?.causes.map(({ says }) => says).join(' ') ?? '';
    for (const cause of causes) expect(said).toContain(cause);
    expect(found?.next.length).toBeGreaterThan(0);
  });

  test('every ending is of a kind of line', () => {
    const ids = new Set(lineForms.map(({ id }) => id));
    for (const id of Object.keys(endings)) expect(ids, id).toContain(id);
  });

  test.each([
    "SNP_LAUNCH_START ret=0 fw_error=0 ''",
    'kvm_userspace_exit: reason KVM_EXIT_HYPERCALL (3)',
    'kvm_userspace_exit: reason restart (4)',
    'kvm_rmp_fault: vcpu 0 gpa 0000000012345000 pfn 0x9a000 error_code 0x2000580000004 rmp_level 2 psmash_ret 0',
    'kvm_amd: SEV-SNP enabled (ASIDs 1 - 99)',
    'kvm_vmgexit_exit: vcpu 0, exit_reason 80000010, exit_info1 0, exit_info2 0',
    'kvm_vmgexit_exit: vcpu 0, exit_reason 7c, exit_info1 1, exit_info2 8000030d',
    'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0000000000000015, result 1',
    '1@0.1:kvm_run_exit cpu_index 0, reason 39',
    '1@0.1:kvm_run_exit_system_event cpu_index 0, system_even_type 2',
    'ccp 0000:02:00.5: SEV-SNP API:1.55 build:24',
  ])('%s is no failure', (line) => {
    expect(diagnosesOf(line)).toEqual([]);
  });
});

describe('a log', () => {
  const block = [
    'kvm_amd: SEV-ES guest requested termination: 0x0:0x1',
    '[ 1.0] usb 1-1: new device',
    'kvm_amd: SEV-ES guest requested termination: 0x0:0x1',
    "qemu-system-x86_64: SNP_LAUNCH_START ret=-22 fw_error=0 ''",
  ].join('\n');

  test('its failures stand in the order of their lines, those that say the same once', () => {
    expect(diagnosesOf(block).map(({ lines }) => lines)).toEqual([[1, 3], [4]]);
  });

  test('each names the line whose scenario ends in the same words', () => {
    const text = diagnosisText(diagnosesOf(block), 100).join('\n');
    expect(text).toContain('lines 1, 3; by the guest');
    expect(text).toContain('--scenario 4');
  });

  const event = (vcpu: number, body: string, at: number) =>
    `       CPU ${vcpu}/KVM-${4711 + vcpu}    [012] d....   812.${String(at).padStart(6, '0')}: ${body}`;
  const rounds = (vcpu: number, count: number, from: number) =>
    Array.from({ length: count }, (_, i) => event(vcpu, `kvm_entry: vcpu ${vcpu}, rip 0x0`, from + i));

  test('"last exit X, then nothing": the vCPU that goes silent long before the end', () => {
    const silent = [
      ...rounds(1, 3, 0),
      event(1, 'kvm_vmgexit_msr_protocol_enter: vcpu 1, ghcb_gpa 0000000000000006', 10),
      ...rounds(0, 20, 20),
    ].join('\n');
    const [found, ...others] = diagnosesOf(silent);
    expect(others).toEqual([]);
    expect(found?.what).toContain('After line 4 nothing is seen of vCPU 1');
    expect(found?.what).toContain('AP_RESET_HOLD');
    expect(found?.lines).toEqual([4]);
  });

  test('an exit to userspace belongs to the vCPU of its thread', () => {
    const silent = [
      ...rounds(1, 3, 0),
      event(1, 'kvm_userspace_exit: reason KVM_EXIT_HYPERCALL (3)', 10),
      ...rounds(0, 20, 20),
    ].join('\n');
    expect(diagnosesOf(silent)[0]?.what).toContain(
      'vCPU 1: it left to userspace with KVM_EXIT_HYPERCALL (3)',
    );
  });

  test('a vCPU whose last line says why nothing follows is not silent besides', () => {
    const found = diagnosesOf(
      [
        ...rounds(1, 3, 0),
        event(1, 'kvm_vmgexit_msr_protocol_enter: vcpu 1, ghcb_gpa 0000000000021100', 10),
        '[  812.000011] kvm_amd: SEV-ES guest requested termination: 0x1:0x2',
        ...rounds(0, 20, 20),
      ].join('\n'),
    );
    expect(found.map(({ lines }) => lines)).toEqual([[4, 5]]);
  });

  test.each([
    [
      'an AP that is created for nobody',
      [
        event(
          0,
          'kvm_vmgexit_enter: vcpu 0, exit_reason 80000013, exit_info1 900000001, exit_info2 121000',
          1,
        ),
        '[  812.000002] kvm_amd: kvm [4711]: vcpu0, guest rIP: 0x0 vmgexit: invalid AP APIC ID [0x9] from guest',
        event(0, 'kvm_vmgexit_exit: vcpu 0, exit_reason 80000013, exit_info1 2, exit_info2 5', 3),
        '[    1.271828] SNP AP CREATE error',
      ],
      [
        [
          'AP creation for APIC id 0x9',
          'KVM refused SVM_VMGEXIT_AP_CREATION with',
          'KVM refused the AP CREATE',
        ],
      ],
    ],
    [
      'a launch that the firmware does not begin',
      [
        '4711@1700000000.123456:kvm_sev_snp_launch_start policy 0x30000 gosvw (null)',
        '[  900.100001] ccp 0000:02:00.5: sev command 0xa0 failed (0x00000007)',
        "qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=7 'Policy is not allowed'",
      ],
      [['The firmware answered SNP_LAUNCH_START with', 'SNP_LAUNCH_START failed with -EIO']],
    ],
    [
      'a page that the guest never validated',
      [
        event(0, 'kvm_page_fault: vcpu 0 rip 0x0 address 0x0000000000201000 error_code 0x500000004', 1),
        event(0, 'kvm_userspace_exit: reason error (14)', 2),
        '4711@1700000000.123456:kvm_memory_fault start 0x201000 size 0x1000 flags 0x8',
        'SEV: Unsupported exit-code 0x404 in #VC exception (IP: 0x1000)',
        'kvm_amd: SEV-ES guest requested termination: 0x0:0x0',
      ],
      [
        ['An access to 0x201000 did not fit', 'KVM_RUN failed with -EFAULT'],
        ['The guest touched private memory', 'The guest asked to be terminated, with reason 0x0:0x0'],
      ],
    ],
    [
      'a page state change that userspace refuses',
      [
        event(0, 'kvm_vmgexit_enter: vcpu 0, exit_reason 80000010, exit_info1 0, exit_info2 0', 1),
        event(0, 'kvm_vmgexit_exit: vcpu 0, exit_reason 80000010, exit_info1 0, exit_info2 10000000000', 2),
        'SNP: PSC failed ret=0 exit_info_2=10000000000',
        event(0, 'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000011100', 4),
        '[  812.000005] kvm_amd: SEV-ES guest requested termination: 0x1:0x1',
        event(0, 'kvm_userspace_exit: reason KVM_EXIT_SYSTEM_EVENT (24)', 6),
        '4711@812.000007:kvm_run_exit cpu_index 0, reason 24',
        'qemu-system-x86_64: KVM: unknown exit reason 24',
      ],
      [
        [
          'A page state change was answered with SW_EXITINFO2 0x10000000000',
          'The guest asked to be terminated, with reason 0x1:0x1',
          'The guest left for good with KVM_EXIT_SYSTEM_EVENT',
          'QEMU does not handle KVM_EXIT_SYSTEM_EVENT',
        ],
      ],
    ],
    [
      'a request that KVM does not know, and another one that is refused for another reason',
      [
        '[ 1.0] kvm_amd: kvm [1]: vcpu0, guest rIP: 0x0 vmgexit: exit code 0x80000099 is not valid',
        event(0, 'kvm_vmgexit_exit: vcpu 0, exit_reason 80000099, exit_info1 2, exit_info2 6', 2),
        event(0, 'kvm_vmgexit_exit: vcpu 0, exit_reason 80000013, exit_info1 2, exit_info2 5', 3),
      ],
      [
        ['KVM does not support', 'KVM refused the request 0x80000099 with GHCB_ERR_INVALID_EVENT'],
        ['KVM refused SVM_VMGEXIT_AP_CREATION with GHCB_ERR_INVALID_INPUT'],
      ],
    ],
    [
      'an unsupported #VC exception that the guest reports',
      [
        'kvm_amd: kvm [1]: vcpu0, guest rIP: 0x0 vmgexit: unsupported event - exit_info_1=0x404, exit_info_2=0x0',
        event(0, 'kvm_userspace_exit: reason error (22)', 1),
        'error: kvm run failed Invalid argument',
      ],
      [['The guest reported a #VC exception 0x404', 'KVM_RUN failed with -EINVAL']],
    ],
    [
      'a vCPU that VMRUN does not take',
      [
        event(1, 'kvm_userspace_exit: reason KVM_EXIT_FAIL_ENTRY (9)', 1),
        'KVM: entry failed, hardware error 0xffffffff',
      ],
      [['VMRUN failed: KVM_RUN left with KVM_EXIT_FAIL_ENTRY', 'VMRUN failed with 0xffffffff']],
    ],
    [
      "QEMU's last words before the log of the kernel",
      [
        "qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=7 'Policy is not allowed'",
        'qemu-system-x86_64: KVM: unknown exit reason 24',
        '[  900.100001] ccp 0000:02:00.5: sev command 0xa0 failed (0x00000007)',
        '[  900.200000] kvm_amd: SEV-ES guest requested termination: 0x0:0x2',
      ],
      [
        ['The firmware answered SNP_LAUNCH_START with', 'SNP_LAUNCH_START failed with -EIO'],
        [
          'The guest asked to be terminated, with reason 0x0:0x2',
          'QEMU does not handle KVM_EXIT_SYSTEM_EVENT',
        ],
      ],
    ],
  ])('%s: one entry for each cause, what follows from it below', (_, lines, whats) => {
    const found = diagnosesOf(lines.join('\n'));
    const told = found.map(({ what, further }) => [what, ...further.map((one) => one.what)]);
    expect(told).toEqual(whats.map((words) => words.map((word): unknown => expect.stringContaining(word))));
    for (const { causes, what } of found) expect(causes.length, what).toBeGreaterThan(0);
    expect(found.filter(({ scenario }) => scenario.ok).length).toBeGreaterThan(0);
  });

  test('a cause that comes again is one entry, and so is what follows from it', () => {
    const attempt = [
      '[  812.000002] kvm_amd: kvm [4711]: vcpu0, guest rIP: 0x0 vmgexit: invalid AP APIC ID [0x9] from guest',
      event(0, 'kvm_vmgexit_exit: vcpu 0, exit_reason 80000013, exit_info1 2, exit_info2 5', 3),
    ];
    const [found, ...rest] = diagnosesOf([...attempt, ...attempt, ...attempt].join('\n'));
    expect(rest).toEqual([]);
    expect(found?.lines).toEqual([1, 3, 5]);
    expect(found?.further.map(({ lines }) => lines)).toEqual([[2, 4, 6]]);
  });

  const left = (vcpu: number, at: number) => event(vcpu, 'kvm_userspace_exit: reason error (14)', at);
  test('a fault for which KVM_RUN returned -EFAULT is handled where the vCPU runs again', () => {
    expect(diagnosesOf([left(0, 1), ...rounds(0, 1, 2)].join('\n'))).toEqual([]);
    // The other vCPU does not.
    const found = diagnosesOf([...rounds(1, 1, 0), left(1, 1), left(0, 2), ...rounds(0, 2, 3)].join('\n'));
    expect(found.map(({ lines }) => lines)).toEqual([[2]]);
  });

  test('a fault on a page that is converted after it is no failure, and one on another page is', () => {
    const fault = (gpa: string) => `1@1.0:kvm_memory_fault start 0x${gpa} size 0x1000 flags 0x8`;
    const converted = [
      left(0, 1),
      fault('201000'),
      '1@1.1:kvm_convert_memory start 0x200000 size 0x2000 shared_to_private',
    ];
    expect(diagnosesOf(converted.join('\n'))).toEqual([]);
    const found = diagnosesOf([...converted, fault('301000')].join('\n'));
    expect(found.map(({ what }) => what)).toEqual([
      'An access to 0x301000 did not fit the attribute of its page.',
    ]);
  });

  test('vCPUs that all run up to the end are not silent', () => {
    expect(diagnosesOf([...rounds(1, 6, 0), ...rounds(0, 6, 10)].join('\n'))).toEqual([]);
  });

  test('what a person pastes never throws', () => {
    const lines = fc.constantFrom(...block.split('\n'), ...rounds(0, 3, 1), 'kvm_exit:', '> ', '');
    fc.assert(
      fc.property(fc.array(fc.oneof(lines, fc.string({ maxLength: 40 })), { maxLength: 12 }), (all) => {
        const pasted = readPasted(all.join('\n'));
        if (pasted.kind === 'log') diagnosisText(diagnose(pasted.trace), 80);
      }),
      { numRuns: 100 },
    );
  });
});
