/** The host outlives the VM: firmware, ASIDs, leaked pages. */
import { count, flag, group, oneOf, word32, word64 } from './schema';

export const hostGroup = group('host', {
  pspDead: flag('The PSP timed out and takes no more commands.'),
  platformInitialised: flag('SNP_INIT was done on the platform.'),
  asidsUsed: word32('ASIDs in use, one bit each; bit n is ASID n.'),
  asidsReclaim: word32('ASIDs freed since the last recycling.'),
  asidsDirty: word32('ASIDs that need a DF_FLUSH before reuse.'),
  asidCharges: count('ASIDs charged to the cgroup.'),
  maxSnpAsid: count('Highest ASID for SNP guests.'),
  leakedPages: count('Entries on the list of pages that are never given back.'),
  kernelPages: count('Pages taken from the kernel allocator so far.'),
  vmsaPages: count('VMSA pages allocated so far on this host.'),
  firmwarePages: count('Firmware pages allocated so far on this host.'),
  requestPages: count('Guest-request pages allocated so far on this host.'),
  asidsOwned: word32('ASIDs that a firmware guest is bound to.'),
  sevEnabled: flag('kvm_amd offers SEV.'),
  esEnabled: flag('kvm_amd offers SEV-ES and SNP.'),
  noPsp: flag('The PSP driver found no device.'),
  vmsaFeatures: word64('VMSA features that KVM supports; userspace reads them as KVM_X86_SEV_VMSA_FEATURES.'),
  policyBits: word64('Policy bits that the firmware reports, without MIGRATE_MA.'),
  tscKhz: count('Default TSC frequency of new VMs; 0 when unknown.'),
  chargeErrno: count('errno of the next cgroup charges of an ASID; 0 when they work.'),
  platformErrno: count('errno of the next platform initialisations; 0 when they work.'),
  rmpFault: flag('The host kernel wrote into a page that a guest owns, and oopsed.'),
  ciphertextHidingAsids: count('Highest ASID for SNP guests under ciphertext hiding; 0 when it is off.'),
  platformError: count('Firmware status that a failing platform initialisation reports.'),
  oopsed: flag('A thread of the kernel was killed by an oops.'),
  panicOnOops: flag('The host is set up so that an oops is a panic (sysctl kernel.panic_on_oops).'),
  panicked: flag('The host panicked: nothing runs any more.'),
  silenceSaid: flag('The run has said that reviewers are silent about some behaviour of a wish list.'),
});
export type Host = ReturnType<typeof hostGroup.create>;

/** Plain SEV guests have ASIDs of their own, above those that SEV-ES and SNP share. */
export const MIN_SEV_ASID = 5;
export const MAX_SEV_ASID = 9;

/** A host on which everything works. */
export function resetHost(host: Host): void {
  host.maxSnpAsid = MIN_SEV_ASID - 1;
  host.sevEnabled = true;
  host.esEnabled = true;
  // The bits of the firmware interface that this model knows, MIGRATE_MA (18) taken out.
  host.policyBits = 0x1bbffffn;
  host.tscKhz = 2_000_000;
}

/** A fault to come: the nth operation of its kind gets a given status. */
export const faultGroup = group('fault', {
  kind: oneOf(
    [
      'none',
      'firmware',
      'rmpupdate',
      'psmash',
      'allocation',
      'answer',
      'signal',
      'directMap',
      'vcpuMutex',
      'rmpLookup',
    ],
    'Which kind of operation fails.',
  ),
  what: word32('Firmware command, or number of the allocation kind; all ones for any.'),
  countdown: count('Operations of this kind until the fault.'),
  status: word32('Status or errno it then gives.'),
  every: flag('The fault stays for all later operations.'),
  race: flag('Another CPU does the operation meanwhile: it fails, and is done all the same.'),
});
export type Fault = ReturnType<typeof faultGroup.create>;
