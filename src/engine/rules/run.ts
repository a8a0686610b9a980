import { source } from '../../abi/source';
import { review } from '../../profiles/documents';
import { rulesOf } from './rule';

const x86 = (topic: string, confidence: 'executed' | 'read' | 'inferred' = 'read') =>
  source.kernel('7.2.13', 'arch/x86/kvm/x86.c', topic, confidence);

/** KVM_RUN from the ioctl to VMRUN and back. */
export const runRules = rulesOf({
  GuestShutdown: {
    says: 'KVM leaves with SHUTDOWN and no payload; the state of an SEV-ES or SNP vCPU is encrypted and not reset.',
    source: source.kernel('6.12.117', 'arch/x86/kvm/svm/svm.c', 'shutdown_interception'),
  },
  RunUninitialized: {
    says: 'KVM_RUN of an UNINITIALIZED vCPU waits for an event, takes INIT and SIPI, and returns -EAGAIN.',
    source: x86('KVM_RUN: UNINITIALIZED handling', 'executed'),
  },
  RunBeforeFinish: {
    says: 'A vCPU cannot run before a successful LAUNCH_FINISH; asked for in review, never merged.',
    source: review.launchFinish,
  },
  RunNeedsInit: {
    says: 'A VM of type SNP cannot run before KVM_SEV_INIT2.',
    source: x86('vcpu_pre_run check'),
  },
  RunBugged: { says: 'A bugged or dead VM refuses every ioctl.', source: x86('KVM_RUN prologue') },
  RunImmediateExit: {
    says: 'immediate_exit makes KVM_RUN return -EINTR after completions, before entry.',
    source: x86('KVM_RUN prologue'),
  },
  RunSyncRegs: {
    says: 'Register synchronisation is not available for a protected guest.',
    source: x86('KVM_RUN prologue'),
  },
  RunInitReceivedBlocked: {
    says: 'INIT_RECEIVED while INIT is blocked cannot run.',
    source: x86('KVM_RUN prologue'),
  },
  RunNotRevived: {
    says: 'In a state that no event ends, a pending event makes KVM_RUN return -EINTR and stays pending.',
    source: {
      confidence: 'executed',
      document: 'AMD host development tree of 2022 (5.19-rc6 base)',
      place: 'arch/x86/kvm/x86.c: the wait of the run loop',
    },
  },
  RunDead: {
    says: 'A vCPU of a dead VM is kicked out of the guest, and its KVM_RUN returns -EIO.',
    source: x86('vcpu_enter_guest, request VM_DEAD', 'executed'),
  },
  RunSignal: {
    says: 'A signal ends KVM_RUN with -EINTR and exit INTR, at the end of a round of the run loop.',
    source: x86('run loop', 'executed'),
  },
  RequestNotServedWhileUninitialized: {
    says: 'An update request is served on the way into the guest only, and an UNINITIALIZED vCPU never gets there.',
    source: x86('run loop', 'executed'),
  },
  RequestWaitsForSipi: {
    says: 'In INIT_RECEIVED an update request, an NMI or pv_unhalted counts as an event but is not served: the thread loops until SIPI or a signal.',
    source: x86('run loop', 'executed'),
  },
  VmsaMissing: {
    says: 'KVM does not try VMRUN without a valid VMSA.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', 'check before VMRUN'),
  },
  VmsaNotUsable: {
    says: 'VMRUN needs a VMSA page that the RMP marks as validated VMSA of this guest; the exact hardware code is unconfirmed.',
    source: source.apm('VMRUN with SEV-SNP', 'inferred'),
  },
  VmsaInUse: {
    says: 'VMEXIT_BUSY (-2) means that the BUSY bit of the VMSA is set, and KVM has no handler for it; that a VMSA is busy while another vCPU executes on it is unconfirmed.',
    source: source.mail(
      '20251113225621.1688428-3-seanjc@google.com, Table C-1 of the APM as quoted there',
      'Sean Christopherson',
      '2025-11-13',
      'unconfirmed',
    ),
  },
  VmsaAtPhysicalZero: {
    says: 'VMRUN takes physical address 0 for a VMSA; that it fails, and how, is unconfirmed.',
    source: source.apm('VMRUN with SEV-SNP', 'unconfirmed'),
  },
  GuestNotRunning: {
    says: 'The firmware enables the ASID for running only at a successful LAUNCH_FINISH.',
    source: source.firmware('sev_guest', 'GSTATE at VMRUN', 'inferred'),
  },
});
