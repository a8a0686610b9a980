import { describe, expect, test } from 'vitest';
import { moveText } from '../engine/moves';
import { profile } from '../profiles/resolve';
import { memoryTape } from '../scenarios/memory-tape';
import { parseScenario } from '../scenarios/parse';
import { printScenario } from '../scenarios/print';
import { runScenario } from '../scenarios/run';
import { readPasted } from './pasted';
import { scenarioOfLine } from './scenario';

function madeOf(line: string) {
  const pasted = readPasted(line);
  const [first] = pasted.kind === 'log' ? pasted.trace.lines : [];
  if (!first) throw new Error('no line');
  return scenarioOfLine(first);
}

/** What the steps of the scenario say, as a person gets it: printed, read again and run. */
function stepsOf(line: string): string[] {
  const made = madeOf(line);
  if (!made.ok) throw new Error(made.error.message);
  const parsed = parseScenario(printScenario(made.value));
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  const run = runScenario(parsed.scenario, profile('linux-7.2'), memoryTape);
  expect(run.problems).toEqual([]);
  return Array.from({ length: run.timeline.stepCount }, (_, i) => run.timeline.step(i).move).map((move) =>
    move ? moveText(move) : '',
  );
}

describe('the scenario of a line says what the line says', () => {
  test.each([
    ['kvm_amd: SEV-ES guest requested termination: 0x1:0x2', ['TERM_REQ 0x21100']],
    [
      "SNP_LAUNCH_START ret=-5 fw_error=7 ''",
      ['SNP_LAUNCH_START: POLICY_FAILURE', 'KVM_SEV_SNP_LAUNCH_START = -EIO'],
    ],
    [
      "SNP_LAUNCH_FINISH ret=-5 fw_error=10 ''",
      ['SNP_LAUNCH_FINISH: BAD_SIGNATURE', 'KVM_SEV_SNP_LAUNCH_FINISH = -EIO'],
    ],
    ["SNP_LAUNCH_UPDATE ret=-5 fw_error=26 ''", ['SNP_LAUNCH_UPDATE: INVALID_PAGE_STATE']],
    ['ccp 0000:02:00.5: sev command 0xa2 failed (0x0000000a)', ['SNP_LAUNCH_FINISH: BAD_SIGNATURE']],
    ['vmgexit: exit code 0x72 input is not valid', ['CPUID leaf', 'malformed input 2/4']],
    ['vmgexit: exit code 0x7c input is not valid', ['malformed input 2/4']],
    ['vmgexit: exit code 0x80000099 is not valid', ['malformed input 2/6']],
    ['SEV: Unsupported exit-code 0x404 in #VC exception (IP: 0x1000)', ['#VC 0x404']],
    ['Wrong/unhandled opcode bytes: 0x8b, exit_code: 0x404, rIP: 0x1000', ['#VC 0x404']],
    ['kvm_memory_fault start 0x201000 size 0x1000 flags 0x8', ['0x201000']],
    ['MemoryFault { flags: 0, gpa: 2101248, size: 4096 }', ['0x201000']],
    ['kvm_page_fault: vcpu 0 rip 0x0 address 0x00000018cbc00000 error_code 0x500000004', ['0x18cbc00000']],
    ['kvm_vm_set_mem_attributes: 0x0000000000200 -- 0x0000000000210 [0x8]', ['0x200']],
    ['kvm_hc_map_gpa_range gpa 0x100000 size 0x1000 attributes 0x10 flags 0x0', ['0x100000']],
    ['kvm_vmgexit_enter: vcpu 0, exit_reason 7b, exit_info1 3f80090, exit_info2 0', ['0x3f8']],
  ])('%s', (line, said) => {
    const steps = stepsOf(line).join('\n');
    for (const words of said) expect(steps).toContain(words);
  });

  test.each([
    ["SNP_LAUNCH_START ret=-22 fw_error=0 ''", 'the line does not say for what'],
    [
      'SEV: Unsupported exit-code 0x8d in #VC exception (IP: 0x1000)',
      'No act of these scenarios makes this exit',
    ],
    ['KVM: entry failed, hardware error 0xffffffff', 'no request and no value'],
  ])('%s: no scenario, and the reason', (line, why) => {
    const made = madeOf(line);
    expect(made.ok ? '' : made.error.message).toContain(why);
  });
});
