import { source } from '../../abi/source';
import { rulesOf } from './rule';

const sev = (topic: string) => source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', topic, 'executed');
const host = (topic: string) => source.kernel('7.2.13', 'arch/x86/virt/svm/sev.c', topic, 'executed');
const gmem = (topic: string) => source.kernel('7.2.13', 'virt/kvm/guest_memfd.c', topic, 'executed');
const mmu = (topic: string) => source.kernel('7.2.13', 'arch/x86/kvm/mmu/mmu.c', topic);

/** RMP, guest_memfd, attributes and nested faults. */
export const pageRules = rulesOf({
  PageMadeShared: {
    says: 'A plain RMPUPDATE gives a page back that is not immutable.',
    source: host('rmp_make_shared()'),
  },
  PageMadeFirmware: {
    says: 'A page for the firmware is assigned to ASID 0 and immutable.',
    source: host('rmp_make_private()'),
  },
  PageMadePreGuest: {
    says: 'A page about to be encrypted is assigned to the guest and immutable; only the firmware can change it further.',
    source: sev('LAUNCH_UPDATE: RMPUPDATE before the firmware command'),
  },
  PageMadePrivate: {
    says: 'At its first private use a page is assigned to the guest; the guest must still validate it.',
    source: sev('sev_gmem_prepare()'),
  },
  RmpUpdateFails: {
    says: 'RMPUPDATE is refused, as for an immutable page: the kernel logs it and gives up.',
    source: host('rmpupdate()'),
  },
  RmpUpdateRetried: {
    says: 'On FAIL_OVERLAP the kernel retries RMPUPDATE without a limit.',
    source: host('rmpupdate()'),
  },
  HostWriteOfOwn: {
    says: 'The host may write to a page that the RMP does not assign.',
    source: source.apm('RMP check of a host write'),
  },
  HostWriteFaults: {
    says: 'A host write to a page that the RMP assigns takes an RMP fault; the kernel cannot recover.',
    source: source.apm('RMP check of a host write'),
  },
  DirectMapSplitFails: {
    says: 'A 4K change first splits the direct map around the page.',
    source: host('direct map split before RMPUPDATE'),
  },
  PageSmashed: { says: 'PSMASH turns one 2M entry into 512 entries of 4K.', source: host('psmash()') },
  PsmashFails: { says: 'PSMASH is tried again while the entry is in use.', source: host('psmash()') },
  AlreadyPrepared: {
    says: 'A page that the RMP assigns already is used unchanged.',
    source: sev('sev_gmem_prepare()'),
  },
  GmemZeroed: {
    says: 'guest_memfd zeroes a page once, before its first private use.',
    source: gmem('first private use of a page'),
  },
  GmemFreed: {
    says: 'A page that leaves guest_memfd is made shared if the RMP assigns it, and its cache lines are flushed.',
    source: sev('sev_gmem_invalidate()'),
  },
  AttributeChanged: {
    says: 'An attribute change zaps the mappings; the RMP is not touched.',
    source: source.kernel('7.2.13', 'virt/kvm/kvm_main.c', 'KVM_SET_MEMORY_ATTRIBUTES'),
  },
  PreFaultRefused: {
    says: 'Memory of a guest, private or shared, can be pre-faulted after a successful LAUNCH_FINISH only.',
    source: mmu('KVM_PRE_FAULT_MEMORY'),
  },
  AttributeDiffers: {
    says: 'An access whose C-bit differs from the PRIVATE attribute asks userspace to convert the page.',
    source: mmu('private access against attribute'),
  },
  PrivateWithoutSlot: {
    says: 'A private access needs a memslot with guest_memfd.',
    source: mmu('private fault without slot or guest_memfd'),
  },
  PrivateUnavailable: {
    says: 'The errno of the guest_memfd look-up is what KVM_RUN returns.',
    source: mmu('private fault: look-up fails'),
  },
  FaultBitOfKvm: {
    says: 'A bit of the error code that only KVM sets is cleared, with a WARN.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/svm/svm.c', 'npf_interception', 'executed'),
  },
  FaultReservedBitPrivate: {
    says: 'An entry for MMIO cannot be private: a WARN, and -EFAULT without an exit that names the address.',
    source: source.kernel('6.12.117', 'arch/x86/kvm/mmu/mmu.c', 'kvm_mmu_page_fault', 'executed'),
  },
  NoPageTableMemory: {
    says: 'Without memory for page tables KVM_RUN returns -ENOMEM before VMRUN.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/mmu/mmu.c', 'kvm_mmu_load', 'executed'),
  },
  SlotBeingDeleted: {
    says: 'A slot that is being deleted or moved serves no pre-fault; a fault of the guest is tried again.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/mmu/mmu.c', 'kvm_mmu_faultin_pfn', 'executed'),
  },
  UserPageMissing: {
    says: 'A shared page that userspace does not map as needed is -EFAULT, without an exit that names the address.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/mmu/mmu.c', 'kvm_handle_error_pfn', 'executed'),
  },
  UserPagePoisoned: {
    says: 'A damaged user page sends SIGBUS to the vCPU thread, and the access is tried again.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/mmu/mmu.c', 'kvm_send_hwpoison_signal', 'executed'),
  },
  UserMemoryChanged: {
    says: 'When the mapping of userspace changes, KVM removes the entries of the range.',
    source: source.kernel('7.2.13', 'virt/kvm/kvm_main.c', 'kvm_mmu_notifier_invalidate_range_start'),
  },
  GmemMemoryFailure: {
    says: 'A damaged page of guest_memfd is unmapped and stays in the file; a look-up is -EHWPOISON.',
    source: gmem('kvm_gmem_error_folio'),
  },
  SharedMmio: {
    says: 'A shared access outside all memslots raises #VC in the guest, which asks for MMIO.',
    source: mmu('emulated MMIO of SEV-ES and SNP guests'),
  },
  NotValidated: {
    says: 'A private page that the guest has not validated raises #VC in the guest; KVM is not involved.',
    source: source.apm('#VC PAGE_NOT_VALIDATED'),
  },
  OtherKey: {
    says: 'Bytes that were not written under the key of the guest decrypt to noise.',
    source: source.kernel(
      '6.12.117',
      'Documentation/arch/x86/amd-memory-encryption.rst',
      'the C-bit',
      'inferred',
    ),
  },
  CiphertextHasItsPlace: {
    says: 'Ciphertext depends on the address of its page: copied to another one it is noise, copied back it is what it was.',
    source: source.kernel(
      '7.2.13',
      'Documentation/virt/kvm/api.rst',
      'KVM_MEMORY_ENCRYPT_REG_REGION: the tweak of the encryption',
      'inferred',
    ),
  },
  CiphertextHidden: {
    says: 'With ciphertext hiding the host reads 0xff in private pages.',
    source: source.kernel(
      '7.2.13',
      'Documentation/admin-guide/kernel-parameters.txt',
      'kvm-amd.ciphertext_hiding_asids',
    ),
  },
  GmemNotMigrated: {
    says: 'Folios of guest_memfd are never moved: compaction does not isolate them, migration is -EOPNOTSUPP, and kvm_gmem_migrate_folio() would warn. No kernel issues SNP_PAGE_MOVE or the swap commands of the firmware.',
    source: source.kernel(
      '7.2.13',
      'mm/compaction.c',
      'isolate_migratepages_block(), mapping_inaccessible()',
    ),
  },
  RmpMismatch: {
    says: 'An entry of another owner or another address faults again after every retry.',
    source: source.apm('RMP check of a guest access'),
  },
  RmpFaultSpurious: {
    says: 'An RMP fault on a 4K entry needs nothing.',
    source: sev('sev_handle_rmp_fault()'),
  },
  RmpFaultSmashes: {
    says: 'A 2M entry under a 4K access is smashed, and the mappings of 512 pages from the faulting one are zapped.',
    source: sev('sev_handle_rmp_fault()'),
  },
  RmpFaultFixed: {
    says: 'The RMP fault handler of 2021 changes the page to the state that the access expects, and zaps the 2 MiB around it.',
    source: source.mail(
      '20210707183616.5620-38-brijesh.singh@amd.com ("[PATCH Part2 RFC v4 37/40]": RMP nested page fault)',
      'Brijesh Singh',
      '2021-07-07',
    ),
  },
  RmpFaultNotPrivate: {
    says: 'An RMP fault on a page that is not private guest memory is logged, no more.',
    source: sev('sev_handle_rmp_fault()'),
  },
  PvalidateDone: { says: 'The guest changed the validated bit.', source: source.apm('PVALIDATE') },
  PvalidateNoChange: { says: 'CF=1: the page was in that state already.', source: source.apm('PVALIDATE') },
  RmpSizeDiffers: {
    says: 'The page size of the instruction differs from that of the RMP entry.',
    source: source.apm('PVALIDATE and RMPADJUST'),
  },
  RmpadjustInUse: {
    says: 'The RMP entry of a VMSA page cannot be changed while a vCPU executes on it: FAIL_INUSE.',
    source: source.mail('f4369605-7c8d-1a89-bd0e-b82710d0772a@amd.com', 'Brijesh Singh', '2022-04-05'),
  },
  RmpadjustDone: {
    says: 'RMPADJUST sets or clears the VMSA attribute of a validated page.',
    source: source.apm('RMPADJUST'),
  },
});
