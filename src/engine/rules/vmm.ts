import { source, type Source } from '../../abi/source';
import { rulesOf } from './rule';

const qemu = (place: string): Source => ({ confidence: 'read', document: 'QEMU 10.0.13 and 10.2.2', place });
const cloudHypervisor = (place: string): Source => ({
  confidence: 'read',
  document: 'cloud-hypervisor at ae44c297',
  place,
});

/** Reactions of VMMs to exits. */
export const vmmRules = rulesOf({
  QemuConverts: {
    says: 'QEMU sets the attribute over the whole range, then discards the side that is no longer in use within the region of its start; it never writes ret.',
    source: qemu('accel/kvm/kvm-all.c: kvm_convert_memory'),
  },
  QemuIgnoresMmio: {
    says: 'A range without memory region, or MMIO made shared, counts as done.',
    source: qemu('accel/kvm/kvm-all.c: kvm_convert_memory'),
  },
  QemuConvertFails: {
    says: 'A conversion that fails ends the vCPU loop: the VM stops in internal error.',
    source: qemu('accel/kvm/kvm-all.c: kvm_cpu_exec'),
  },
  QemuUnknownExit: {
    says: 'An exit that QEMU has no case for stops the VM, SEV termination among them.',
    source: qemu('target/i386/kvm/kvm.c: kvm_arch_handle_exit'),
  },
  QemuRunFailed: {
    says: 'KVM_RUN with another errno than EINTR and EAGAIN stops the VM; KVM_EXIT_MEMORY_FAULT counts only with EFAULT.',
    source: qemu('accel/kvm/kvm-all.c: kvm_cpu_exec'),
  },
  QemuShutdown: {
    says: 'SHUTDOWN asks for a reset, which a confidential guest cannot have: the VM ends.',
    source: {
      ...qemu('accel/kvm/kvm-all.c: kvm_cpu_exec; reset of confidential guests'),
      confidence: 'inferred',
    },
  },
  CloudHypervisorConverts: {
    says: 'cloud-hypervisor sets the attribute; made shared, the page is also punched out of guest_memfd.',
    source: cloudHypervisor('hypervisor/src/kvm/mod.rs: KVM_EXIT_HYPERCALL'),
  },
  CloudHypervisorIgnores: {
    says: 'Another hypercall is ignored and ret stays as KVM left it.',
    source: cloudHypervisor('hypervisor/src/kvm/mod.rs: KVM_EXIT_HYPERCALL'),
  },
  QemuLaunchFails: {
    says: 'QEMU ends at the first launch call that fails; a LAUNCH_UPDATE that leaves len, or returns -EAGAIN, is repeated.',
    source: qemu('target/i386/sev.c: sev_snp_launch_start, sev_snp_launch_update, sev_snp_launch_finish'),
  },
  CloudHypervisorLaunchFails: {
    says: 'cloud-hypervisor ends at the first launch call that fails; a refused CPUID page is imported once more as corrected.',
    source: cloudHypervisor(
      'vmm/src/igvm/igvm_loader.rs: load_igvm; hypervisor/src/kvm/mod.rs: import_isolated_pages',
    ),
  },
  CloudHypervisorRunFailed: {
    says: 'KVM_RUN with another errno than EINTR and EAGAIN ends the VM; KVM_EXIT_MEMORY_FAULT counts only with EFAULT and EHWPOISON.',
    source: {
      ...cloudHypervisor('hypervisor/src/kvm/mod.rs: run'),
      document: 'cloud-hypervisor at ae44c297, rust-vmm/kvm (kvm-ioctls, VcpuFd::run)',
    },
  },
  CloudHypervisorUnexpectedExit: {
    says: 'An exit that cloud-hypervisor has no case for ends the VM, SEV termination, FAIL_ENTRY and UNKNOWN among them.',
    source: cloudHypervisor('hypervisor/src/kvm/mod.rs: run'),
  },
  CloudHypervisorResets: {
    says: 'SHUTDOWN and HLT ask for a reset of the VM.',
    source: cloudHypervisor('hypervisor/src/kvm/mod.rs: run; vmm/src/cpu.rs: VmExit::Reset'),
  },
  QemuPreFaults: {
    says: 'From 10.2 on QEMU pre-faults the range that the guest converted, in both directions, and ignores failures.',
    source: { ...qemu('target/i386/kvm/kvm.c: kvm_handle_hc_map_gpa_range'), document: 'QEMU 10.2.2' },
  },
  RetriesWithoutChange: {
    says: 'KVM_RUN returned -EAGAIN or -EINTR twice and nothing changed: a real VMM would call it again forever, this one waits for a change.',
    source: { confidence: 'unconfirmed', document: 'this model', place: 'so that a run ends' },
  },
  HistoricalVmgexit: {
    says: 'The QEMU tree with KVM_EXIT_VMGEXIT stops the VM when the conversion of a single page fails, or at an unknown type.',
    source: source.mail(
      'the QEMU patches for KVM_EXIT_VMGEXIT (target/i386/sev.c: kvm_handle_vmgexit)',
      'Michael Roth',
      '2024-03',
    ),
  },
});
