import { source, type Source } from '../../abi/source';
import { rulesOf } from './rule';

const qemu = (place: string): Source => ({ confidence: 'read', document: 'QEMU 10.0.13 and 10.2.2', place });
const cloudHypervisor = (place: string): Source => ({
  confidence: 'read',
  document: 'cloud-hypervisor at ae44c297',
  place,
});
const linux = (topic: string) => source.kernel('7.2.13', 'arch/x86/coco/sev/core.c', topic);

/** Reactions of VMMs and guest programs to exits and answers. */
export const vmmRules = rulesOf({
  QemuConverts: {
    says: 'QEMU sets the attribute, then discards the side that is no longer in use; it never writes ret.',
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
    says: 'KVM_RUN with another errno than EINTR and EAGAIN stops the VM.',
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
  LinuxGivesUp: {
    says: 'Linux asks for termination when a step of its setup is not answered as it must be.',
    source: linux('sev_es_terminate'),
  },
  OvmfGivesUp: {
    says: 'OVMF asks for termination, with the general reason for all but version and missing SNP.',
    source: source.edk2('OvmfPkg/Sec/AmdSev.c', 'SevEsProtocolFailure'),
  },
  SvsmGivesUp: {
    says: 'coconut-svsm panics: MSR 0x100 and HLT in a loop, in case the host resumes it.',
    source: source.svsm('kernel/src/sev/msr_protocol.rs', 'request_termination_msr'),
  },
});
