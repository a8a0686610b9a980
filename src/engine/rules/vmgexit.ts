import { source } from '../../abi/source';
import { rulesOf } from './rule';

const sev = (topic: string) => source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', topic, 'executed');

const posting2021 = (topic: string) =>
  source.mail(`"[PATCH Part2 RFC v4]" and "[PATCH Part2 v5]": ${topic}`, 'Brijesh Singh', '2021');
const posting2024 = (topic: string) =>
  source.mail(`"[PATCH v11]" to "[PATCH v14]": ${topic}`, 'Michael Roth', '2023-12 to 2024-04');

/** The MSR protocol, NAE dispatch, scratch area and page state change. */
export const vmgexitRules = rulesOf({
  GhcbMsrZero: {
    says: 'A GHCB MSR of 0 names no page: KVM logs and resumes the guest.',
    source: sev('VMGEXIT dispatch'),
  },
  GhcbNotMappable: {
    says: 'A GHCB page that KVM cannot map: logged, guest resumed, nothing written.',
    source: sev('VMGEXIT dispatch'),
  },
  GhcbNotRegistered: {
    says: 'An SNP guest must use the GHCB page that it registered.',
    source: sev('VMGEXIT dispatch'),
  },
  GhcbUsage: { says: 'KVM supports ghcb_usage 0 only.', source: sev('VMGEXIT validation') },
  SnpOnly: { says: 'The event exists for SNP guests only.', source: sev('VMGEXIT validation') },
  MissingInput: {
    says: 'A field that the event needs is not marked valid.',
    source: sev('VMGEXIT validation'),
  },
  UnknownEvent: { says: 'KVM does not support the exit code.', source: sev('VMGEXIT dispatch') },
  ScratchInvalid: {
    says: 'The scratch area must lie inside the shared buffer of the GHCB page.',
    source: sev('scratch area set-up'),
  },
  UnsupportedEvent: {
    says: 'An unsupported-event report makes KVM_RUN fail with -EINVAL.',
    source: sev('VMGEXIT dispatch'),
  },
  MsrUnknown: {
    says: 'KVM does not support the message: the guest reads its own request back.',
    source: sev('MSR protocol'),
  },
  MsrSevInfo: {
    says: 'KVM reports the protocol versions and the C-bit position.',
    source: sev('MSR protocol'),
  },
  MsrCpuid: { says: 'KVM answers one register of a CPUID leaf, sub-leaf 0.', source: sev('MSR protocol') },
  MsrHold: {
    says: 'AP reset hold: the vCPU sleeps until an event; the answer is preset to 0.',
    source: sev('AP reset hold'),
  },
  NaeHold: {
    says: 'AP reset hold: the vCPU sleeps until an event; the answer stands at 0 until a SIPI makes it 1.',
    source: sev('AP reset hold'),
  },
  MsrPreferredGpa: { says: 'KVM has no preferred GHCB address.', source: sev('MSR protocol') },
  MsrRegisterGpa: { says: 'KVM stores the GHCB address without any check.', source: sev('MSR protocol') },
  MsrFeatures: { says: 'KVM reports SEV-SNP and AP creation, to every guest.', source: sev('MSR protocol') },
  MsrTerminate: {
    says: 'Termination leaves for userspace with the whole MSR value as data.',
    source: sev('MSR protocol'),
  },
  MsrSnpOnlyTerminates: {
    says: 'An SNP message from another guest is treated like a termination request.',
    source: sev('MSR protocol'),
  },
  MsrPscOperation: {
    says: 'The MSR protocol changes one page to private or to shared, nothing else.',
    source: sev('page state change by MSR'),
  },
  PscExitsDisabled: {
    says: 'Userspace has not enabled exits for KVM_HC_MAP_GPA_RANGE.',
    source: sev('page state change'),
  },
  PscHeaderIllegal: {
    says: 'end_entry must name an entry that fits from the scratch address on.',
    source: sev('page state change'),
  },
  PscEntryIllegal: {
    says: 'cur_page must not exceed the entry, and a 2 MiB entry needs an aligned GFN.',
    source: sev('page state change'),
  },
  PscMerges: {
    says: 'Following entries join while operation and size are equal and the GFN follows the first entry.',
    source: sev('page state change: batching'),
  },
  PscUnknownOperation: {
    says: 'Operations other than private and shared are counted as done.',
    source: sev('page state change: batching'),
  },
  PscDone: { says: 'No entry is left.', source: sev('page state change') },
  PscRetRefused: {
    says: 'Userspace refused the range; the guest sees a generic error.',
    source: sev('page state change: completion'),
  },
  PscRetNotAllowed: {
    says: 'Userspace may answer 0, EINVAL or EAGAIN; anything else fails KVM_RUN.',
    source: sev('page state change: completion'),
  },
  PscLeftOver: {
    says: 'Entries of an earlier request are still counted as in flight: a kernel warning and a generic error.',
    source: sev('page state change'),
  },
  PscMapsFirst: {
    says: 'Before it changes a page KVM makes sure that the nested page table maps it, whatever the operation.',
    source: posting2021('page state change'),
  },
  PscInKernel: {
    says: 'KVM changes the RMP entry itself, at once; the VMM is not asked.',
    source: posting2021('page state change'),
  },
  PscNotChanged: {
    says: 'The page could not be changed: not mapped, not registered, no such operation, or RMPUPDATE refused.',
    source: posting2021('page state change'),
  },
  PscRefused: {
    says: 'The batch is answered before its first entry: its guest or its scratch area does not fit.',
    source: posting2021('page state change'),
  },
  PscRetPassedOn: {
    says: 'The answer of userspace reaches the guest unchanged.',
    source: posting2024('KVM_EXIT_VMGEXIT'),
  },
  HoldNeedsUserspaceApic: {
    says: 'With the local APIC in userspace the hold leaves for userspace.',
    source: sev('AP reset hold'),
  },
  Termination: {
    says: 'The NAE form leaves for userspace with the GHCB address as data; the reason stays in the page.',
    source: sev('termination'),
  },
});
