import { source } from '../../abi/source';
import { rulesOf } from './rule';

const main = (topic: string, confidence: 'read' | 'inferred' = 'read') =>
  source.kernel('7.2.13', 'virt/kvm/kvm_main.c', topic, confidence);

/** Threads of the VMM and the locks of KVM. */
export const threadRules = rulesOf({
  VcpuMutexHeld: {
    says: 'An ioctl of a vCPU takes vcpu->mutex, which KVM_RUN holds until it returns; only a fatal signal ends the wait.',
    source: main('kvm_vcpu_ioctl()'),
  },
  FinishTakesMutexes: {
    says: 'LAUNCH_FINISH holds kvm->lock and takes the mutex of each vCPU in turn; only a fatal signal ends the wait.',
    source: main('kvm_lock_all_vcpus(), called from snp_launch_finish()'),
  },
  VmLockHeld: {
    says: 'SEV commands and KVM_CREATE_VCPU take kvm->lock; no signal ends that wait.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', 'sev_mem_enc_ioctl()', 'read'),
  },
  SlotsLockHeld: {
    says: 'Slots and memory attributes are changed under kvm->slots_lock; no signal ends that wait.',
    source: main('kvm_vm_set_mem_attributes(), kvm_set_memory_region()', 'inferred'),
  },
  GmemLockHeld: {
    says: 'A hole is punched under the invalidation lock of guest_memfd, which LAUNCH_UPDATE holds too; no signal ends that wait.',
    source: source.kernel(
      '7.2.13',
      'virt/kvm/guest_memfd.c',
      'kvm_gmem_punch_hole(), kvm_gmem_populate()',
      'inferred',
    ),
  },
  KillableWait: {
    says: 'A fatal signal ends the wait for vcpu->mutex with -EINTR, which the killed process does not see.',
    source: main('kvm_vcpu_ioctl(), kvm_lock_all_vcpus()'),
  },
  CallHoldsItsFile: {
    says: 'A call holds the file it was made on, and a vCPU file holds the VM: the VM ends after the last call.',
    source: main('kvm_vcpu_release(), kvm_put_kvm()', 'inferred'),
  },
  GmemHoldsVm: {
    says: 'A file of guest_memfd holds its VM: closed last, the VM ends first, and its pages are freed after that.',
    source: source.kernel('7.3.4', 'virt/kvm/guest_memfd.c', 'kvm_gmem_release(), kvm_put_kvm()'),
  },
  OopsKillsThread: {
    says: 'An oops kills the thread that took it, in place: its locks stay taken and its file stays open.',
    source: source.kernel('7.2.13', 'arch/x86/kernel/dumpstack.c', 'oops_end()', 'inferred'),
  },
  OopsPanics: {
    says: 'With panic_on_oops an oops is a panic.',
    source: source.kernel('7.2.13', 'arch/x86/kernel/dumpstack.c', 'oops_end()', 'inferred'),
  },
  EmptyCopyRead: {
    says: 'The copy of a scratch area of 0 bytes is the pointer that kvzalloc(0) gives; the header is read through it.',
    source: {
      confidence: 'inferred',
      document: 'Linux at 0097f9df',
      place: 'arch/x86/kvm/svm/sev.c: setup_vmgexit_scratch(), snp_begin_psc()',
    },
  },
});
