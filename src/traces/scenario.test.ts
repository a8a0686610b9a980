import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { parseProfileSpec } from '../profiles/resolve';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario, problemText } from '../scenarios/parse';
import { printScenario } from '../scenarios/print';
import { runScenario } from '../scenarios/run';
import { headOf, type Scenario } from '../scenarios/scenario';
import type { LineForm } from './form';
import { lineForms } from './forms/all';
import { readPasted } from './pasted';
import type { PrintedLine } from './printed/printed';
import { printedLinesInParts } from './printed/steps';
import type { TraceLine } from './read';
import { scenarioOfLine } from './scenario';

function lineOf(text: string): TraceLine {
  const pasted = readPasted(text);
  const [line] = pasted.kind === 'log' ? pasted.trace.lines : [];
  if (!line) throw new Error(`not read as a log: ${text}`);
  return line;
}

/** The lines of a scenario as a person gets it: printed, read again and run under the kernel that it names. */
function linesOf(scenario: Scenario) {
  const parsed = parseScenario(printScenario(scenario));
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  const [spec = ''] = headOf(parsed.scenario).profiles;
  const profile = parseProfileSpec(spec);
  if (!profile.ok) throw new Error(profile.error.message);
  const run = runScenario(parsed.scenario, profile.value, (world) => new Timeline(world));
  expect(run.problems).toEqual([]);
  return finish(printedLinesInParts(run.timeline)).map(({ line }) => line);
}

/** Fields in which a run may differ from the line that it is made of, with the reason. */
const ofTheHost: Readonly<Record<string, string>> = {
  pid: 'The model has no processes.',
  rip: 'KVM knows no instruction pointer of an SNP guest, and the model has no instructions.',
  pfn: 'Which frame of the host backs a page is up to its allocator.',
  text: 'What a program says of the firmware status, in its own words.',
  src: 'An address in the memory of the VMM.',
};

/** Bit 49 of an error code is KVM's own, and kernels before guest_memfd have it not. */
const PRIVATE_ACCESS = 1n << 49n;
/** The model has faults of pages; KVM traces the address within the page as well. */
const OFFSET = 0xfffn;
function compared(name: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return name === 'error' ? value & ~PRIVATE_ACCESS : name === 'address' ? value & ~OFFSET : value;
}

/** The fields in which a printed line contradicts a line of a log: all that both have but those of the host. */
const contradictions = (line: TraceLine, printed: PrintedLine): string[] =>
  Object.entries(line.fields ?? {}).flatMap(([name, value]) => {
    const other = printed.fields[name];
    const isSame = other === undefined || compared(name, value) === compared(name, other);
    return isSame || name in ofTheHost ? [] : [`${name} is ${String(other)}, the line says ${String(value)}`];
  });

/** The scenario of a line prints a line of its kind that contradicts it nowhere. */
function expectSaid(line: TraceLine, scenario: Scenario): void {
  const same = linesOf(scenario).filter(({ form }) => form === line.form);
  expect(same.length, 'lines of that kind').toBeGreaterThan(0);
  const found = same.map((printed) => contradictions(line, printed));
  if (!found.some((one) => one.length === 0)) expect(found).toContainEqual([]);
}

/** The last words of logs that end in a failure, at least one for each kind that a scenario leads to. */
const endings = [
  'kvm_amd: SEV-ES guest requested termination: 0x0:0x2',
  'kvm_amd: SEV-ES guest requested termination: 0x1:0x2',
  'kvm_amd: SEV-ES guest requested termination: 0xf:0xff',
  'kvm_amd: SEV-ES guest requested termination: reason 0x21 info 0x7',
  'kvm_amd: kvm [4711]: vcpu0, guest rIP: 0x0 vmgexit: unsupported event - exit_info_1=0x404, exit_info_2=0x0',
  'vmgexit: unsupported AP jump table request - exit_info_1=0x5',
  'vmgexit: GHCB gpa is not set',
  'vmgexit: error mapping GHCB [0x7f000000] from guest',
  'kvm [4711]: vcpu0, guest rIP: 0x0 vmgexit: GHCB GPA [0x200000] is not registered.',
  'vmgexit: ghcb usage 0x1 is not valid',
  'vmgexit: exit code 0x72 input is not valid',
  'vmgexit: exit code 0x7c input is not valid',
  'vmgexit: exit code 0x80000099 is not valid',
  'vmgexit: exit code 0x80000013 is SNP-only',
  'vmgexit: invalid AP APIC ID [0x10] from guest',
  'vmgexit: invalid AP APIC ID [0x1] from guest',
  'vmgexit: invalid AP creation request [0x5] from guest',
  'vmgexit: invalid AP creation request [0x20000] from guest',
  'vmgexit: invalid AP VMSA address [0x121001] from guest',
  'vmgexit: AP VMSA address [200000] from guest is unsafe as it is 2M aligned',
  'vmgexit: mismatched AP sev_features [0x9] != [0x1] from guest',
  'vmgexit: invalid AP injection mode [0x9] from guest',
  'vmgexit: scratch gpa not provided',
  'SEV-SNP: RMPUPDATE failed for PFN 12345, pg_level: 1, ret: 2',
  'kvm_amd: Failed to create SEV-SNP context, rc -5 fw_error 13',
  "SNP_LAUNCH_START ret=-22 fw_error=0 ''",
  "SNP_LAUNCH_START ret=-5 fw_error=7 'Policy is not allowed'",
  "SNP_LAUNCH_UPDATE ret=-22 fw_error=0 ''",
  "SNP_LAUNCH_UPDATE ret=-5 fw_error=26 ''",
  "SNP_LAUNCH_FINISH ret=-22 fw_error=0 ''",
  "SNP_LAUNCH_FINISH ret=-5 fw_error=10 ''",
  "SNP_LAUNCH_FINISH ret=-5 fw_error=11 ''",
  "SNP_LAUNCH_FINISH ret=-5 fw_error=7 ''",
  "SNP_LAUNCH_FINISH ret=-5 fw_error=22 ''",
  'ccp 0000:02:00.5: sev command 0xa0 failed (0x00000007)',
  'SNP: PSC failed ret=0 exit_info_2=100000001',
  'SNP: PSC failed ret=0 exit_info_2=100000002',
  'SNP: PSC failed ret=0 exit_info_2=10000000000',
  'SEV: Unsupported exit-code 0x404 in #VC exception (IP: 0x1000)',
  'SNP AP CREATE error',
  'sev-guest sev-guest: Detected error from ASP request. rc: -5, exitinfo2: 0x16',
  'KVM: unknown exit reason 24',
  'KVM: entry failed, hardware error 0xffffffff',
  'error: kvm run failed Invalid argument',
  'error: kvm run failed Bad address',
  'error: kvm run failed Cannot allocate memory',
  'kvm_userspace_exit: reason error (14)',
  'kvm_userspace_exit: reason error (22)',
  'kvm_memory_fault start 0x201000 size 0x1000 flags 0x8',
  'kvm_memory_fault start 0x201000 size 0x1000 flags 0x0',
  'kvm_page_fault: vcpu 0 rip 0x0 address 0x00000018cbc00000 error_code 0x500000004',
  'kvm_vm_set_mem_attributes: 0x0000000000200 -- 0x0000000000210 [0x8]',
  'kvm_vmgexit_enter: vcpu 0, exit_reason 7b, exit_info1 3f80090, exit_info2 0',
  'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000021100',
];

/** Others of the same kinds: other vCPUs, bounds, and values that a first scenario of the kind did not repeat. */
const others = [
  'kvm [4711]: vcpu1, guest rIP: 0x0 vmgexit: GHCB GPA [0x200000] is not registered.',
  'kvm [4711]: vcpu3, guest rIP: 0x0 vmgexit: exit code 0x80000099 is not valid',
  'kvm_vmgexit_enter: vcpu 2, exit_reason 7b, exit_info1 3f80090, exit_info2 0',
  'kvm_vmgexit_msr_protocol_enter: vcpu 1, ghcb_gpa 0000000000021100',
  'kvm_vmgexit_msr_protocol_exit: vcpu 1, ghcb_gpa 0000000000003081, result 1',
  'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 8000000000000015, result 1',
  'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0010000000200014, result 0',
  'kvm_vmgexit_exit: vcpu 0, exit_reason 80000099, exit_info1 2, exit_info2 6',
  'kvm_page_fault: vcpu 1 rip 0x0 address 0x0000000000201000 error_code 0x2000500000006',
  'kvm_page_fault: vcpu 0 rip 0x0 address 0x0000000000201008 error_code 0x500000004',
  'kvm_page_fault: vcpu 0 rip 0x0 address 0x00000000fee00000 error_code 0x100000006',
  'kvm_exit: vcpu 0 reason npf rip 0x0 info1 0x0000000500000004 info2 0x0000000000201000 intr_info 0x00000000 error_code 0x00000000',
  'vmgexit: exit code 0x80000099 input is not valid',
  'vmgexit: exit code 0x6e input is not valid',
  'vmgexit: exit code 0x80000011 input is not valid',
  'vmgexit: exit code 0x80000010 is SNP-only',
  'vmgexit: ghcb usage 0xffffffff is not valid',
  'vmgexit: GHCB GPA [0x7f0000000] is not registered.',
  'vmgexit: AP VMSA address [7f000000000] from guest is unsafe as it is 2M aligned',
  'vmgexit: unsupported AP jump table request - exit_info_1=0x100000005',
  'SEV-SNP: RMPUPDATE failed for PFN 12345, pg_level: 1, ret: 4',
  "SNP_LAUNCH_START ret=-25 fw_error=3 ''",
  'ccp 0000:02:00.5: sev command 0x93 failed (0x00000003)',
  'ccp 0000:02:00.5: sev command 0x91 failed (0x00000003)',
  'ccp 0000:02:00.5: sev command 0x94 failed (0x00000016)',
  'kvm_sev_snp_launch_start policy 0xb0000 gosvw (null)',
  'kvm_sev_snp_launch_update src 0x7f0000000000 gpa 0x800000 len 0x1000 (Cpuid page)',
  'kvm_sev_snp_launch_update src 0x7f0000000000 gpa 0x200000 len 0x2000 (Normal page)',
  'kvm_sev_snp_launch_finish id_block (null) id_auth (null) host_data (null)',
  'kvm_hc_map_gpa_range gpa 0x200000 size 0x1000 attributes 0x10 flags 0x0',
  'kvm_hc_map_gpa_range gpa 0x200000 size 0x200000 attributes 0x11 flags 0x0',
  'kvm_hc_map_gpa_range gpa 0x200000 size 0x40000 attributes 0x0 flags 0x0',
  'kvm_hc_map_gpa_range gpa 0x100000 size 0x1000 attributes 0x10 flags 0x1',
  'kvm_convert_memory start 0x200000 size 0xfd000 shared_to_private',
  'kvm_convert_memory start 0x200000 size 0x1000 private_to_shared',
];

/** Lines that nobody prints in a run: the kind of line that has the same words there, some of its fields, and the reason. */
const inOtherWords: readonly (readonly [text: string, id: string, fields: object, why: string])[] = [
  ...[6n, 5n, 4n, 3n, 2n, 1n].map(
    (info2) =>
      [
        `Error: VmgexitError(2, ${info2})`,
        'kvm_vmgexit_exit',
        { info1: 2n, info2 },
        'coconut-svsm prints it of the answer that KVM traces',
      ] as const,
  ),
  [
    'MemoryFault { flags: 8, gpa: 2101248, size: 4096 }',
    'kvm_memory_fault',
    { flags: 8n, gpa: 0x20_1000n, size: 0x1000n },
    'a VMM of Rust prints it of the exit that QEMU traces',
  ],
  [
    'SystemEvent(6, [135424])',
    'termination-msr',
    { set: 1n, code: 2n },
    'a VMM of Rust prints it of the request that KVM logs',
  ],
  [
    'Wrong/unhandled opcode bytes: 0x8b, exit_code: 0x404, rIP: 0x1000',
    'vc-unsupported',
    { code: 0x404n },
    'the opcode is of an instruction, and the model has none',
  ],
  [
    'SEV-SNP: CPUID validation failed for function 0x8000001e, index: 0x0, provided: eax:0x00000001, ebx: 0x00000000, ecx: 0x00000000, edx: 0x00000000, expected: eax:0x00000000, ebx: 0x00000000, ecx: 0x00000000, edx: 0x00000000',
    'qemu-launch',
    { call: 'SNP_LAUNCH_UPDATE', ret: -5n, status: 22n },
    'values of CPUID are of the host; QEMU prints them before the failure of its call',
  ],
  [
    'SEV: Failed to update RMP entry: GFN 200 PFN 9a200 level 1 error -22',
    'rmpupdate-failed',
    { level: 1n, ret: 2n },
    'an older kernel words it so',
  ],
  ['Status Code: 0x16: Given parameter is invalid', 'sev-command', { status: 0x16n }, 'a tool prints it'],
  ...['ret=-25 fw_error=3', '(fw_error=0x3)', 'SEV: it ended with error 0x3'].map(
    (text) => [text, 'sev-command', { status: 3n }, 'words in no format of one program'] as const,
  ),
  [
    'exit_code: 0x7b, exit_info_1: 0x3f80090, exit_info_2: 0x0',
    'kvm_vmgexit_enter',
    { code: 0x7bn, info1: 0x3f8_0090n, info2: 0n },
    'words in no format of one program',
  ],
  [
    'ghcb_gpa 0000000000021100',
    'kvm_vmgexit_msr_protocol_enter',
    { msr: 0x2_1100n },
    'words in no format of one program',
  ],
];

/** Lines to which nothing leads, with the reason. */
const withoutScenario: readonly (readonly [text: string, why: string])[] = [
  ['SEV: Unexpected RMP fault, non-private slot for GPA 0x1000', 'No act of these scenarios'],
  ['kvm_amd: SEV-ES unusable (ASIDs 100 - 99)', 'firmware'],
  ['ccp 0000:02:00.5: sev command 0xa0 timed out, disabling PSP', 'never answers'],
  ['ccp 0000:02:00.5: SEV-SNP: failed to INIT rc -5, error 0x3', 'before the first VM'],
  ['ccp 0000:02:00.5: SEV: DF_FLUSH failed 0x1, rc -5', 'before the first VM'],
  ['Detected unexpected decode failure from ASP. rc: -22', 'in the guest alone'],
  ['Disabling VMPCK0 communication key to prevent IV reuse', 'in the guest alone'],
  ['KVM: unknown exit reason 39', 'No request of a guest leads to exit reason 39'],
  ['sev-guest: Detected error from ASP request. rc: -5, exitinfo2: 0x200000000', 'makes KVM busy'],
  ["SNP_LAUNCH_FINISH ret=-5 fw_error=0 ''", 'what KVM refused the line does not say'],
  [
    'SEV: Unsupported exit-code 0x8d in #VC exception (IP: 0x1000)',
    'No act of these scenarios makes this exit',
  ],
  ...([
    ['kvm_vmgexit_exit: vcpu 0, exit_reason 80000013, exit_info1 0, exit_info2 0', 'not how it was made'],
    ['kvm_vmgexit_exit: vcpu 0, exit_reason 8000fffd, exit_info1 0, exit_info2 3081', 'not how it was made'],
    [
      'kvm_rmp_fault: vcpu 0 gpa 0000000000200000 pfn 0x9a000 error_code 0x2000580000004 rmp_level 2 psmash_ret 0',
      'of 4K',
    ],
    [
      'kvm_page_fault: vcpu 0 rip 0x0 address 0x0000000000201000 error_code 0x580000004',
      'differs in 0x80000000',
    ],
    ['kvm_page_fault: vcpu 0 rip 0x0 address 0x0000000000201000 error_code 0x100000014', 'differs in 0x10'],
    [
      'kvm_exit: vcpu 0 reason vmgexit rip 0x0 info1 0x0000000000000000 info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000',
      'the event behind this one',
    ],
    ['vmgexit: exit code 0x72 is not valid', 'know 0x72'],
    ['vmgexit: exit code 0x72 is SNP-only', 'every kind of guest'],
    ['vmgexit: ghcb usage 0x0 is not valid', 'the one that KVM takes'],
    ['vmgexit: error mapping GHCB [0x200000] from guest', 'can map every page'],
    ['vmgexit: error mapping GHCB [0x7f000010] from guest', 'no page address'],
    ['vmgexit: invalid AP APIC ID [0x0] from guest', 'finds the target'],
    ['vmgexit: invalid AP creation request [0x1] from guest', 'one that KVM knows'],
    ['vmgexit: invalid AP VMSA address [0x121000] from guest', 'does not call invalid'],
    ['vmgexit: invalid AP VMSA address [0x200000] from guest', 'does not call invalid'],
    ['vmgexit: AP VMSA address [201000] from guest is unsafe as it is 2M aligned', 'not aligned to 2M'],
    ['vmgexit: mismatched AP sev_features [0x1] != [0x1] from guest', 'The features of these machines'],
    ['vmgexit: unsupported AP jump table request - exit_info_1=0x0', 'the selector 0'],
    ['vmgexit: scratch length (0x800) not valid for scratch address (0x7f000)', 'Where the GHCB page'],
    ['vmgexit: kvm_read_guest for scratch area failed', 'Where the GHCB page'],
    ['SEV-SNP: RMPUPDATE failed for PFN 12345, pg_level: 2, ret: 2', 'entries of 4K'],
    ["SNP_LAUNCH_START ret=-22 fw_error=7 ''", 'returns -EIO'],
    ['ccp 0000:02:00.5: sev command 0x90 failed (0x00000003)', 'the command 0x90'],
    ['SEV: Unsupported exit-code 0x72 in #VC exception (IP: 0x1000)', 'by a request to the hypervisor'],
    ['sev-guest sev-guest: Detected error from ASP request. rc: -11, exitinfo2: 0x16', 'returns -EIO'],
    ['KVM: entry failed, hardware error 0x9', 'all bits set'],
    ['kvm_memory_fault start 0x201000 size 0x2000 flags 0x8', 'one page of 4K'],
    ['kvm_convert_memory start 0x200000 size 0x200000 shared_to_private', 'at most 253 entries'],
  ] as const),
  ["failed to set memory (0x1000+0x1000) with attr 0x8 error 'Invalid argument'", 'KVM takes'],
];

describe('the scenario of a line says the words of the line', () => {
  test.each([...endings, ...others])('%s', (text) => {
    const line = lineOf(text);
    const made = scenarioOfLine(line);
    if (!made.ok) throw new Error(made.error.message);
    expectSaid(line, made.value);
  });

  test.each(inOtherWords)('%s: stands in a line %s, %o: %s', (text, id, fields) => {
    const made = scenarioOfLine(lineOf(text));
    if (!made.ok) throw new Error(made.error.message);
    const same = linesOf(made.value).filter(({ form }) => form.id === id);
    expect(same.map((line) => line.fields)).toContainEqual(expect.objectContaining(fields));
  });

  test.each(withoutScenario)('%s: no scenario, and the reason', (text, why) => {
    const made = scenarioOfLine(lineOf(text));
    expect(made.ok ? 'a scenario' : made.error.message).toContain(why);
  });
});

/** A line of a kind that stands in no list above, as its first format prints it. */
function sampleOf({ id, isEvent, formats: [format] }: LineForm): string {
  const kinds = [...(format?.text ?? '').matchAll(/\{(\w+):([a-z])\d*\}/g)];
  const fields = Object.fromEntries(
    kinds.map(([, name = '', type]) => [name, type === 'w' || type === 't' ? 'word' : 1n]),
  );
  return `${isEvent ? `${id}: ` : ''}${format?.print(fields) ?? ''}`;
}

describe('each other kind of line', () => {
  const listed = new Set(
    [...endings, ...others, ...[...inOtherWords, ...withoutScenario].map(([text]) => text)].map(
      (text) => lineOf(text).form?.id,
    ),
  );
  test.each(lineForms.filter(({ id }) => !listed.has(id)).map((form) => [form.id, form] as const))(
    '%s: its scenario says its words, or there is none and a reason',
    (_, form) => {
      const line = lineOf(sampleOf(form));
      const made = scenarioOfLine(line);
      if (!made.ok) return expect(made.error.message).toMatch(/^[A-Z0-9].*\.$/s);
      expectSaid(line, made.value);
    },
  );
});
