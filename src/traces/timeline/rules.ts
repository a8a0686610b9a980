/** Why something follows from lines that no line says. Each rule is a sentence with a source. */
import { source, type Source } from '../../abi/source';

const sev = (functionName: string) =>
  source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', functionName, 'inferred');

export interface InferenceRule {
  readonly says: string;
  readonly source: Source;
}

/** The kinds of conclusions. */
export const inferenceRules = {
  mapped: {
    says: 'Whoever gets KVM_EXIT_HYPERCALL changes the pages and enters again; KVM then puts the answer into the MSR, and no event shows it. The guest goes on with another request, so it took the answer.',
    source: sev('snp_begin_psc_msr'),
  },
  batch: {
    says: 'SW_EXITINFO2 is 0 behind a page state change: every entry was done. Its buffer stands in no event; the ranges are those that QEMU saw.',
    source: sev('snp_begin_psc'),
  },
  converted: {
    says: 'QEMU prints that it begins to convert the range. An error would be a message of its own.',
    source: source.qemu('accel/kvm/kvm-all.c', 'kvm_convert_memory', 'inferred'),
  },
  launched: {
    says: 'QEMU prints the call before it makes it. The firmware takes the pages unless an error follows.',
    source: source.qemu('target/i386/sev.c', 'sev_snp_launch_update', 'inferred'),
  },
  created: {
    says: 'KVM took the request: SW_EXITINFO1 is 0 behind it. The APIC id is taken for the number of a vCPU, as KVM takes it.',
    source: sev('sev_snp_ap_creation'),
  },
  ipi: {
    says: 'The destination is taken for the number of a vCPU: an APIC id, where no other is given.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/lapic.c', 'accepting APIC events', 'inferred'),
  },
  started: {
    says: 'A vCPU that was created runs: its VMSA is the page of the request.',
    source: sev('sev_snp_init_protected_guest_state'),
  },
  held: {
    says: 'The guest asks to be held until INIT and SIPI.',
    source: sev('sev_handle_vmgexit_msr_protocol'),
  },
  converts: {
    says: 'A nested page fault whose C-bit does not agree with the attribute of the page leaves to userspace with KVM_EXIT_MEMORY_FAULT; the event of the exit shows the errno alone.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/mmu/mmu.c', 'kvm_mmu_faultin_pfn', 'inferred'),
  },
  split: {
    says: 'PSMASH succeeded on an entry of 2M: 512 entries of 4K stand there now.',
    source: sev('sev_handle_rmp_fault'),
  },
  ended: {
    says: 'KVM hands the request to end to userspace; nobody enters this guest again.',
    source: sev('sev_handle_vmgexit_msr_protocol'),
  },
} as const satisfies Readonly<Record<string, InferenceRule>>;

export type InferenceRuleName = keyof typeof inferenceRules;
