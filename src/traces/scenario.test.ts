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

/** Fields that no model has: process ids, instruction pointers, host frames, the words of a program. */
const OWN_OF_A_HOST = ['pid', 'rip', 'pfn', 'text', 'vcpu', 'bytes', 'src', 'level'];

/** Bit 49 of an error code is KVM's own, and kernels before guest_memfd have it not. */
const PRIVATE_ACCESS = 1n << 49n;

const told = (fields: TraceLine['fields'] = {}) =>
  Object.entries(fields).flatMap(([name, value]) => {
    if (OWN_OF_A_HOST.includes(name)) return [];
    return [[name, name === 'error' && typeof value === 'bigint' ? value & ~PRIVATE_ACCESS : value]];
  });

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

/** Lines that nobody prints in a run: the kind of line that has the same words there, and some of its fields. */
const inOtherWords: readonly (readonly [text: string, id: string, fields: object])[] = [
  ['Error: VmgexitError(2, 6)', 'kvm_vmgexit_exit', { info1: 2n, info2: 6n }],
  ['Error: VmgexitError(2, 5)', 'kvm_vmgexit_exit', { info1: 2n, info2: 5n }],
  ['Error: VmgexitError(2, 4)', 'kvm_vmgexit_exit', { info1: 2n, info2: 4n }],
  ['Error: VmgexitError(2, 3)', 'kvm_vmgexit_exit', { info1: 2n, info2: 3n }],
  ['Error: VmgexitError(2, 2)', 'kvm_vmgexit_exit', { info1: 2n, info2: 2n }],
  ['Error: VmgexitError(2, 1)', 'kvm_vmgexit_exit', { info1: 2n, info2: 1n }],
  [
    'MemoryFault { flags: 8, gpa: 2101248, size: 4096 }',
    'kvm_userspace_exit',
    { name: 'error', number: 14n },
  ],
  ['SystemEvent(6, [135424])', 'termination-msr', { set: 1n, code: 2n }],
  ['Wrong/unhandled opcode bytes: 0x8b, exit_code: 0x404, rIP: 0x1000', 'vc-unsupported', { code: 0x404n }],
  [
    'SEV-SNP: CPUID validation failed for function 0x8000001e, index: 0x0, provided: eax:0x00000001, ebx: 0x00000000, ecx: 0x00000000, edx: 0x00000000, expected: eax:0x00000000, ebx: 0x00000000, ecx: 0x00000000, edx: 0x00000000',
    'qemu-launch',
    { call: 'SNP_LAUNCH_UPDATE', ret: -5n, status: 22n },
  ],
  ['SEV: Failed to update RMP entry: GFN 200 PFN 9a200 level 1 error -22', 'rmpupdate-failed', { ret: 2n }],
  [
    'kvm_hc_map_gpa_range gpa 0x100000 size 0x1000 attributes 0x10 flags 0x0',
    'kvm_userspace_exit',
    { number: 3n },
  ],
  [
    'kvm_convert_memory start 0x200000 size 0x1000 shared_to_private',
    'kvm_vm_set_mem_attributes',
    { start: 0x200n },
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
  ["failed to set memory (0x1000+0x1000) with attr 0x8 error 'Invalid argument'", 'KVM takes'],
];

describe('the scenario of a line says the words of the line', () => {
  test.each(endings)('%s', (text) => {
    const line = lineOf(text);
    const made = scenarioOfLine(line);
    if (!made.ok) throw new Error(made.error.message);
    const same = linesOf(made.value).filter(({ form }) => form === line.form);
    expect(same.map(({ text: words }) => words)).not.toEqual([]);
    expect(same.map(({ fields }) => told(fields))).toContainEqual(told(line.fields));
  });

  test.each(inOtherWords)('%s: what nobody prints here stands in another line', (text, id, fields) => {
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
    [...endings, ...[...inOtherWords, ...withoutScenario].map(([text]) => text)].map(
      (text) => lineOf(text).form?.id,
    ),
  );
  test.each(lineForms.filter(({ id }) => !listed.has(id)).map((form) => [form.id, form] as const))(
    '%s: its scenario runs and says no other words of that kind, or there is none and a reason',
    (_, form) => {
      const line = lineOf(sampleOf(form));
      const made = scenarioOfLine(line);
      if (!made.ok) return expect(made.error.message).toMatch(/^[A-Z0-9].*\.$/s);
      const same = linesOf(made.value).filter((printed) => printed.form === line.form);
      if (same.length > 0) expect(same.map(({ fields }) => told(fields))).toContainEqual(told(line.fields));
    },
  );
});
