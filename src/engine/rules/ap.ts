import { source } from '../../abi/source';
import { rulesOf } from './rule';

const sev = (topic: string) => source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', topic, 'executed');

/** AP creation and mp_state. */
export const apRules = rulesOf({
  ApTargetUnknown: {
    says: 'The APIC id names no vCPU of this VM.',
    source: sev('AP creation: target look-up'),
  },
  ApFeaturesDiffer: {
    says: 'RAX, the SEV_FEATURES of the new VMSA, must agree with those of this VM; which bits count is a facet.',
    source: sev('AP creation: SEV_FEATURES check'),
  },
  ApGpaIllegal: {
    says: 'The VMSA address must be page aligned and inside the guest physical address width.',
    source: sev('AP creation: VMSA address check'),
  },
  ApGpaTwoMegAligned: {
    says: 'A VMSA page must not start a 2 MiB page (hardware erratum).',
    source: sev('AP creation: VMSA address check'),
  },
  ApUnknownRequest: {
    says: 'The request is none of CREATE_ON_INIT, CREATE, DESTROY.',
    source: sev('AP creation: request dispatch'),
  },
  ApAlreadyCreated: {
    says: 'A second create for a vCPU that is created or armed is refused; asked for in review, never merged.',
    source: source.mail('YPdjvca28JaWPZRb@google.com', 'Sean Christopherson', '2021-07-21'),
  },
  ApRequesterFlips: {
    says: 'The requester turns UNINITIALIZED into RUNNABLE before it makes the request; a target that enters in between does so without the new VMSA.',
    source: source.mail(
      'CAJ5mJ6hpSSVhZ5hbPZ8vfSnmNU6W+g4e=PeLrG7fG2u8KptfHQ@mail.gmail.com',
      'J. Xu',
      '2024-01-05',
    ),
  },
  ApUnblockHook: {
    says: 'Waking a vCPU whose update request is raised turns UNINITIALIZED into RUNNABLE.',
    source: source.mail('20240418194133.1452059-17-michael.roth@amd.com', 'Michael Roth', '2024-04-18'),
  },
  ApArmed: {
    says: 'The VMSA waits for the next INIT of the target; nothing is kicked.',
    source: sev('AP creation: CREATE_ON_INIT'),
  },
  ApUpdateRequested: {
    says: 'The VMSA waits, the target is asked to update its protected state and kicked; the caller goes on at once.',
    source: sev('AP creation: CREATE and DESTROY'),
  },
  VmsaApplied: {
    says: 'The vCPU is reset; the pending VMSA page is looked up in guest_memfd and put into the VMCB.',
    source: sev('initialising protected guest state'),
  },
  VmsaUnusable: {
    says: 'The page of the pending VMSA could not be had.',
    source: sev('initialising protected guest state: look-up fails'),
  },
  VmsaWithoutMemslot: {
    says: 'The PFN of a missing memslot is not treated as an error: its address is physical address 0, and the vCPU is RUNNABLE.',
    source: source.mail(
      '20210820155918.7518-45-brijesh.singh@amd.com ("[PATCH Part2 v5 44/45]")',
      'Brijesh Singh',
      '2021-08-20',
      'inferred',
    ),
  },
  LaunchVmsaRestored: {
    says: 'A vCPU that never had a guest VMSA falls back to the VMSA that KVM allocated, at every INIT reset.',
    source: sev('VMCB initialisation'),
  },
  VmsaReloaded: {
    says: 'The page under the guest VMSA went away: the same GPA is looked up again before entry.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', 'request VMSA_PAGE_RELOAD'),
  },
  InitTaken: {
    says: 'INIT resets the vCPU, applies a waiting VMSA, and ends in INIT_RECEIVED (the boot CPU: RUNNABLE).',
    source: source.kernel('7.2.13', 'arch/x86/kvm/lapic.c', 'accepting APIC events', 'executed'),
  },
  InitRunsResetBranch: {
    says: 'An INIT that applies no VMSA runs the branch of RESET: the APIC base is set to its default.',
    source: source.mail('20210707183616.5620-41-brijesh.singh@amd.com', 'Brijesh Singh', '2021-07-07'),
  },
  DestroyedForGood: {
    says: 'A destroyed vCPU is started by a CREATE only; asked for in review, never merged.',
    source: source.mail('YPdjvca28JaWPZRb@google.com', 'Sean Christopherson', '2021-07-21'),
  },
  SipiDropped: {
    says: 'A SIPI counts only in INIT_RECEIVED.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/lapic.c', 'accepting APIC events', 'executed'),
  },
  FirstSipi: {
    says: 'The first SIPI of a vCPU starts it with the VMSA it has; the vector is ignored.',
    source: sev('SIPI delivery'),
  },
  SipiRunsOn: {
    says: 'A later SIPI of a vCPU that holds nothing writes nothing: it goes on where it was.',
    source: sev('SIPI delivery'),
  },
  SipiEndsHold: { says: 'A later SIPI answers the AP reset hold.', source: sev('SIPI delivery') },
  MpStateUnknown: {
    says: 'KVM_SET_MP_STATE takes no STOPPED and no unknown state on x86.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/x86.c', 'KVM_SET_MP_STATE', 'executed'),
  },
  MpStateInitBlocked: {
    says: 'INIT_RECEIVED and SIPI_RECEIVED cannot be set while an SMI is pending or INIT is blocked.',
    source: source.kernel('6.12.117', 'arch/x86/kvm/x86.c', 'KVM_SET_MP_STATE'),
  },
  MpStateNeedsKernelApic: {
    says: 'Only RUNNABLE can be set without an in-kernel APIC.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/x86.c', 'KVM_SET_MP_STATE', 'executed'),
  },
});
