import { source, type Confidence } from '../../abi/source';
import { rulesOf } from './rule';

const sev = (topic: string, confidence: Confidence = 'executed') =>
  source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', topic, confidence);
const svm = (topic: string, confidence: Confidence = 'inferred') =>
  source.kernel('7.2.13', 'arch/x86/kvm/svm/svm.c', topic, confidence);
const x86 = (topic: string, confidence: Confidence = 'executed') =>
  source.kernel('7.2.13', 'arch/x86/kvm/x86.c', topic, confidence);

/** NAE events other than page state change and AP creation. */
export const naeRules = rulesOf({
  ExtendedState: {
    says: 'XCR0 and XSS of the GHCB page are taken when marked valid, also when the request is then refused.',
    source: sev('sev_es_sync_from_ghcb'),
  },
  ScratchCopied: {
    says: 'A scratch area outside the GHCB page is copied, up to 64K, and written back at the next entry.',
    source: sev('setup_vmgexit_scratch, sev_es_unmap_ghcb'),
  },
  ScratchUnreadable: {
    says: 'A scratch area that KVM cannot read fails KVM_RUN with -EFAULT.',
    source: sev('setup_vmgexit_scratch', 'read'),
  },

  HandlerExits: {
    says: 'The ordinary handler of the instruction leaves for userspace.',
    source: sev('sev_handle_vmgexit: ordinary intercepts'),
  },
  NoInterceptHandler: {
    says: 'KVM lets the event through, but it has no intercept handler for the exit code.',
    source: svm('svm_exit_handlers'),
  },
  CpuidTable: {
    says: 'CPUID is answered from the table that userspace gave KVM.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/cpuid.c', 'kvm_emulate_cpuid', 'read'),
  },
  CpuidNotModelled: {
    says: "The model's table lacks the leaf: the zeros are the model's, not KVM's, whose table userspace fills.",
    source: { confidence: 'unconfirmed', document: 'this model', place: 'its table of CPUID leaves' },
  },
  MsrNotModelled: {
    says: 'The model lacks the MSR: RAX and RDX stay as they are, and what KVM answers is not shown.',
    source: { confidence: 'unconfirmed', document: 'this model', place: 'its table of MSRs' },
  },
  Dr7OfTheGuest: {
    says: 'DR7 belongs to the guest: KVM changes nothing.',
    source: svm('dr_interception'),
  },
  EmulatedAsNop: {
    says: 'INVD, MONITOR and MWAIT do nothing.',
    source: x86('kvm_emulate_invd, kvm_emulate_monitor_mwait', 'inferred'),
  },
  CacheWrittenBack: {
    says: 'WBINVD writes the caches of the host back; no register changes.',
    source: x86('kvm_emulate_wbinvd', 'inferred'),
  },
  NoVirtualPmu: {
    says: 'Without a virtual PMU, which this model does not have, RDPMC raises #GP.',
    source: x86('kvm_emulate_rdpmc', 'inferred'),
  },
  RdtscpInvalid: {
    says: 'KVM never intercepts RDTSCP on purpose: its handler raises #UD.',
    source: svm('svm_exit_handlers'),
  },
  MsrFails: {
    says: 'A failing MSR access, one of the x2APIC range outside x2APIC mode among them, is answered through the GHCB page: the guest shall raise #GP.',
    source: sev('svm_complete_emulated_msr'),
  },

  PortIo: {
    says: 'A port access that no device in the kernel takes leaves for userspace.',
    source: x86('kvm_fast_pio', 'read'),
  },
  PortIoNothing: {
    says: 'A port access of no bytes resumes with success and without I/O.',
    source: sev('port I/O'),
  },
  StringIo: {
    says: 'A string access leaves for userspace with as many items as one page holds, until none is left.',
    source: x86('kvm_sev_es_string_io', 'read'),
  },
  StringTooLong: {
    says: 'More than 2^31 - 1 items, or bytes, fail KVM_RUN with -EINVAL.',
    source: sev('sev_es_string_io'),
  },
  Mmio: {
    says: 'An MMIO access that no device in the kernel takes leaves for userspace, at most eight bytes at a time.',
    source: x86('kvm_sev_es_mmio, complete_sev_es_emulated_mmio', 'read'),
  },
  MmioNothing: { says: 'An MMIO access of no bytes resumes with success.', source: sev('MMIO events') },
  MmioTooLong: {
    says: 'From protocol version 2 on an MMIO access has at most eight bytes.',
    source: sev('MMIO events'),
  },

  HypercallNotPrivileged: {
    says: 'A hypercall from another privilege level than 0 is not permitted.',
    source: x86('____kvm_emulate_hypercall'),
  },
  HypercallPoll: {
    says: 'Polling for interrupts succeeds at once.',
    source: x86('____kvm_emulate_hypercall'),
  },
  HypercallClock: {
    says: 'Clock pairing needs a host clock that this model does not have.',
    source: x86('kvm_pv_clock_pairing', 'inferred'),
  },
  HypercallUnknown: {
    says: 'KVM does not support the hypercall, or does not offer it to the guest.',
    source: x86('____kvm_emulate_hypercall'),
  },
  HypercallNotEnabled: {
    says: 'Userspace has not enabled exits for KVM_HC_MAP_GPA_RANGE: there is no such hypercall.',
    source: x86('____kvm_emulate_hypercall', 'read'),
  },
  HypercallRangeIllegal: {
    says: 'The address must be page aligned, the count not 0, and the range must not wrap; attributes are not looked at.',
    source: x86('____kvm_emulate_hypercall'),
  },
  HypercallExits: {
    says: 'KVM_HC_MAP_GPA_RANGE of the guest leaves with its arguments as they are, and the long-mode flag.',
    source: x86('____kvm_emulate_hypercall'),
  },
  HypercallRetUnchecked: {
    says: 'The ret of userspace is copied to RAX without a check.',
    source: x86('complete_hypercall_exit'),
  },

  NmiComplete: {
    says: 'The guest has handled its NMI: NMIs are no longer blocked.',
    source: sev('NMI complete'),
  },
  JumpTable: {
    says: 'KVM stores one AP jump table address for the VM and never reads the table.',
    source: sev('AP jump table'),
  },
  JumpTableSelector: {
    says: 'The AP jump table can be set (0) and asked for (1), nothing else.',
    source: sev('AP jump table'),
  },
  Features: {
    says: 'KVM reports SEV-SNP and AP creation, to every guest.',
    source: sev('hypervisor features'),
  },

  GuestRequestPages: {
    says: 'Request and response page of a guest request must be page aligned and different.',
    source: sev('sev_handle_vmgexit, guest requests'),
  },
  GuestRequestUnreadable: {
    says: 'A request page that KVM cannot read fails KVM_RUN with -EIO.',
    source: sev('snp_handle_guest_req'),
  },
  GuestRequestUnwritable: {
    says: 'A response page that KVM cannot write fails KVM_RUN with -EIO.',
    source: sev('snp_handle_guest_req'),
  },
  GuestRequestNoFirmware: {
    says: 'After a driver failure without firmware status KVM_RUN fails with that errno.',
    source: sev('snp_handle_guest_req'),
  },
  GuestRequestAnswered: {
    says: 'The firmware status goes to the guest in SW_EXITINFO2; SW_EXITINFO1 is 0 either way.',
    source: sev('snp_handle_guest_req'),
  },
  CertificateBuffer: {
    says: 'A report request needs RAX and RBX, and a page-aligned buffer in RAX.',
    source: sev('snp_handle_ext_guest_req'),
  },
  CertificatesEmpty: {
    says: 'Without certificates from the VMM, 24 zero bytes close an empty table.',
    source: sev('snp_handle_ext_guest_req'),
  },
  CertificateBufferUnwritable: {
    says: 'A certificate page that KVM cannot write fails KVM_RUN with -EIO.',
    source: sev('snp_handle_ext_guest_req', 'read'),
  },
  CertificatesExit: {
    says: 'With certificates enabled a report request leaves for userspace first.',
    source: sev('snp_handle_ext_guest_req'),
  },
  CertificatesRefused: {
    says: 'ENOSPC gives the guest the number of pages it needs, EAGAIN asks for a retry, EIO is a generic failure.',
    source: sev('snp_complete_req_certs'),
  },
  CertificatesRetNotAllowed: {
    says: 'Userspace may answer 0, ENOSPC, EAGAIN or EIO; anything else fails KVM_RUN with -EINVAL.',
    source: sev('snp_complete_req_certs'),
  },
});
