import { describe, expect, test } from 'vitest';
import { littleEndian } from '../base/bytes';
import { problem } from '../base/result';
import { readPasted, recognitionOf } from './pasted';

/** The one line of a log as the values in it; the reason where it has none. */
function recognise(text: string) {
  const pasted = readPasted(text);
  if (pasted.kind === 'value') return pasted.found;
  const [line] = pasted.trace.lines;
  const found = line && recognitionOf(line);
  return found ? ({ ok: true, value: found } as const) : problem(line?.why ?? 'it has no value');
}

/** Lines as their format strings print them, with numbers made up. */
describe('a line of a log gives its values and names who prints it', () => {
  test.each<[line: string, values: (readonly [kind: string, value: bigint])[], printedBy: string]>([
    [
      'kvm_amd: SEV-ES guest requested termination: 0x0:0x2',
      [['ghcb-msr', 0x20100n]],
      'sev_handle_vmgexit_msr_protocol',
    ],
    [
      'kvm_amd: SEV-ES guest requested termination: reason 0x21 info 0x0',
      [
        ['nae-code', 0x8000_fffen],
        ['term-info1', 0x21n],
        ['term-info2', 0n],
      ],
      'sev_handle_vmgexit',
    ],
    [
      'kvm_amd: kvm [4711]: vcpu0, guest rIP: 0x0 vmgexit: unsupported event - exit_info_1=0x404, exit_info_2=0x0',
      [
        ['nae-code', 0x8000_ffffn],
        ['unsupported-info1', 0x404n],
        ['', 0n],
      ],
      'sev_handle_vmgexit',
    ],
    [
      'kvm_amd: svm: vmgexit: unsupported AP jump table request - exit_info_1=0x7',
      [
        ['nae-code', 0x8000_0005n],
        ['jump-table-info1', 7n],
      ],
      'sev_handle_vmgexit',
    ],
    [
      'CPU 1/KVM-4712 [013] ..... 812.000220: kvm_vmgexit_enter: vcpu 1, exit_reason 80000013, exit_info1 200000001, exit_info2 107f3000',
      [
        ['nae-code', 0x8000_0013n],
        ['ap-info1', 0x2_0000_0001n],
        ['ap-info2', 0x107f_3000n],
      ],
      'kvm_vmgexit_enter',
    ],
    [
      'kvm_vmgexit_exit: vcpu 1, exit_reason 80000010, exit_info1 0, exit_info2 100000002',
      [
        ['nae-code', 0x8000_0010n],
        ['response-info1', 0n],
        ['psc-result', 0x1_0000_0002n],
      ],
      'kvm_vmgexit_exit',
    ],
    [
      'kvm_vmgexit_exit: vcpu 1, exit_reason 80000013, exit_info1 2, exit_info2 5',
      [
        ['nae-code', 0x8000_0013n],
        ['response-info1', 2n],
        ['malformed-info2', 5n],
      ],
      'kvm_vmgexit_exit',
    ],
    [
      'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0010000007a31014, result 0',
      [['ghcb-msr', 0x10_0000_07a3_1014n]],
      'kvm_vmgexit_msr_protocol_exit',
    ],
    [
      'kvm_rmp_fault: vcpu 0 gpa 0000000012345000 pfn 0x9a000 error_code 0x2000580000004 rmp_level 2 psmash_ret 0',
      [['nested-fault', 0x2_0005_8000_0004n]],
      'kvm_rmp_fault',
    ],
    [
      'kvm_exit: vcpu 0 reason npf rip 0x0 info1 0x0000000500000006 info2 0x0000000012345000 intr_info 0x00000000 error_code 0x00000000',
      [['nested-fault', 0x5_0000_0006n]],
      'kvm_exit',
    ],
    ['kvm_userspace_exit: reason KVM_EXIT_SYSTEM_EVENT (24)', [['exit-reason', 24n]], 'kvm_userspace_exit'],
    ['vmgexit: GHCB GPA [0x7fe1000] is not registered.', [['ghcb-msr', 0x7fe_1000n]], 'sev_handle_vmgexit'],
    ['vmgexit: exit code 0x80000099 is not valid', [['nae-code', 0x8000_0099n]], 'sev_es_validate_vmgexit'],
    ['vmgexit: exit code 0x72 input is not valid', [['nae-code', 0x72n]], 'sev_es_validate_vmgexit'],
    ['vmgexit: invalid AP creation request [0x3] from guest', [['ap-info1', 3n]], 'sev_snp_ap_creation'],
    [
      'vmgexit: AP VMSA address [200000] from guest is unsafe as it is 2M aligned',
      [['ap-info2', 0x20_0000n]],
      'sev_snp_ap_creation',
    ],
    [
      'vmgexit: mismatched AP sev_features [0x21] != [0x1] from guest',
      [
        ['sev-features', 0x21n],
        ['sev-features', 1n],
      ],
      'sev_snp_ap_creation',
    ],
    [
      'SEV-SNP: PFN 0x1234, RMP entry: [0x2800000000001001 - 0x000000000000000f]',
      [['rmp-entry', (0xfn << 64n) | 0x2800_0000_0000_1001n]],
      'dump_rmpentry',
    ],
    ['SNP: PSC failed ret=0 exit_info_2=10000000000', [['psc-result', 0x100_0000_0000n]], 'vmgexit_psc'],
    [
      'SEV: Unsupported exit-code 0x404 in #VC exception (IP: 0xffffffff81000000)',
      [['svm-exit', 0x404n]],
      'vc_raw_handle_exception',
    ],
    [
      'ccp 0000:02:00.5: sev command 0xa2 failed (0x0000000a)',
      [
        ['firmware-status', 0xan],
        ['firmware-command', 0xa2n],
      ],
      '__sev_do_cmd_locked',
    ],
    [
      'kvm_amd: Failed to create SEV-SNP context, rc -5 fw_error 16',
      [['firmware-status', 16n]],
      'snp_launch_start',
    ],
    [
      'ccp 0000:02:00.5: SEV-SNP: failed to INIT rc -5, error 0x3',
      [['firmware-status', 3n]],
      '__sev_snp_init',
    ],
    [
      'ccp 0000:02:00.5: SEV: INIT failed 0x1, rc -5',
      [['firmware-status', 1n]],
      '__sev_platform_init_locked',
    ],
    [
      'kvm_hc_map_gpa_range gpa 0x100000 size 0x1000 attributes 0x11 flags 0x0',
      [['map-gpa-attributes', 0x11n]],
      'kvm_hc_map_gpa_range',
    ],
    ['kvm_memory_fault start 0x1000 size 0x1000 flags 0x8', [['memory-fault-flags', 8n]], 'kvm_memory_fault'],
    ['Unexpected exit reason: SystemEvent(6, [256])', [['ghcb-msr', 0x100n]], 'VcpuExit'],
    [
      '[ 12.3] SEV: sev command 0xa2 failed (0x0000000a)',
      [
        ['firmware-status', 0xan],
        ['firmware-command', 0xa2n],
      ],
      '__sev_do_cmd_locked',
    ],
    [
      'sev_snp_launch_finish: SNP_LAUNCH_FINISH ret=-5 fw_error=16',
      [['firmware-status', 0x10n]],
      'error reports',
    ],
    [
      'vcpu 0, exit_reason 80000013, exit_info1 100000001, exit_info2 121000',
      [
        ['nae-code', 0x80000013n],
        ['ap-info1', 0x100000001n],
        ['ap-info2', 0x121000n],
      ],
      'several programs',
    ],
  ])('%s', (line, values, printedBy) => {
    const found = recognise(line);
    expect(found.ok ? '' : found.error.message).toBe('');
    if (!found.ok) return;
    const read = found.value.parts.map(({ candidates, bytes }) => [candidates[0]?.kind, littleEndian(bytes)]);
    expect(read).toEqual(values.map(([kind, value], i) => [kind === '' ? read[i]?.[0] : kind, value]));
    expect(found.value.source?.place).toContain(printedBy);
  });

  test("KVM's dump of a GHCB over several lines is one request", () => {
    const dump = [
      'kvm_amd: GHCB (GPA=0000000007fe1000) snapshot:',
      'kvm_amd: sw_exit_code        0000000080000013 is_valid: 1',
      'kvm_amd: sw_exit_info_1      0000000100000001 is_valid: 1',
      'kvm_amd: sw_exit_info_2      0000000000121000 is_valid: 1',
    ].join('\n');
    const found = recognise(dump);
    expect(found.ok && found.value.form).toBe("KVM's dump of a GHCB");
    expect(found.ok && found.value.parts.map(({ candidates }) => candidates[0]?.kind)).toEqual([
      'nae-code',
      'ap-info1',
      'ap-info2',
    ]);
  });

  test('an exit to userspace with an errno is no exit reason', () => {
    const found = recognise('kvm_userspace_exit: reason error (14)');
    expect(found.ok).toBe(false);
  });
});
