import { firmwareSource } from '../../abi/firmware';
import { source } from '../../abi/source';
import { posted, review, v11, v5 } from '../../profiles/documents';
import { rulesOf } from './rule';

const sev = (topic: string) => source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', topic, 'executed');
const ccp = (topic: string) => source.kernel('7.2.13', 'drivers/crypto/ccp/sev-dev.c', topic, 'executed');

const setAttributes = source.kernel('6.12.117', 'virt/kvm/kvm_main.c', 'kvm_vm_ioctl_set_mem_attributes');
const slotFlags = source.kernel('6.12.117', 'virt/kvm/kvm_main.c', 'check_memory_region_flags');
const setRegion = source.kernel('7.2.13', 'virt/kvm/kvm_main.c', 'kvm_set_memory_region', 'executed');
const gmemBind = source.kernel('6.12.117', 'virt/kvm/guest_memfd.c', 'kvm_gmem_bind');

/** KVM_MEMORY_ENCRYPT_OP, the launch and the end of the VM. */
export const launchRules = rulesOf({
  SevDisabled: { says: 'KVM offers no SEV on this host.', source: sev('KVM_MEMORY_ENCRYPT_OP') },
  SevEsDisabled: {
    says: 'KVM offers no SEV-ES on this host.',
    source: sev('KVM_SEV_ES_INIT'),
  },
  SevProbe: {
    says: 'A NULL argument asks whether SEV is supported, and the result is 0.',
    source: sev('KVM_MEMORY_ENCRYPT_OP'),
  },
  CommandUnreadable: { says: 'The command cannot be copied in.', source: sev('KVM_MEMORY_ENCRYPT_OP') },
  CommandNotWritable: {
    says: 'The command cannot be copied back; its effects are kept.',
    source: sev('KVM_MEMORY_ENCRYPT_OP'),
  },
  LegacyOnSnp: {
    says: 'An active SNP guest takes no command below 100.',
    source: sev('KVM_MEMORY_ENCRYPT_OP'),
  },
  CommandUnknown: { says: 'KVM does not support the command.', source: sev('KVM_MEMORY_ENCRYPT_OP') },
  CommandNotForThisVm: {
    says: 'The command belongs to an active SEV guest of another kind.',
    source: sev('KVM_MEMORY_ENCRYPT_OP'),
  },
  VmBugged: {
    says: 'A bugged or dead VM refuses every ioctl.',
    source: source.kernel('7.2.13', 'virt/kvm/kvm_main.c', 'VM and vCPU ioctls', 'executed'),
  },
  VmTypeUnsupported: {
    says: 'The VM type is not supported on this host.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/x86.c', 'KVM_CREATE_VM'),
  },
  ArgumentUnreadable: {
    says: 'The argument structure cannot be copied in.',
    source: sev('KVM_MEMORY_ENCRYPT_OP'),
  },
  Init2VmType: { says: 'INIT2 is for VM types SEV, SEV-ES and SNP.', source: sev('KVM_SEV_INIT2') },
  Init2VcpusExist: { says: 'INIT2 comes before the first vCPU.', source: sev('KVM_SEV_INIT2') },
  Init2Flags: { says: 'INIT2 accepts no flags.', source: sev('KVM_SEV_INIT2') },
  Init2Features: {
    says: 'A VMSA feature outside the supported set; KVM itself adds SNP_ACTIVE.',
    source: sev('KVM_SEV_INIT2'),
  },
  Init2GhcbVersion: {
    says: 'The GHCB version is above 2, or given for plain SEV.',
    source: sev('KVM_SEV_INIT2'),
  },
  Init2GhcbVersion1: { says: 'SNP needs GHCB version 2.', source: sev('KVM_SEV_INIT2') },
  Init2Twice: { says: 'The VM is an active SEV guest already.', source: sev('KVM_SEV_INIT2') },
  NoAsid: {
    says: 'No ASID is free, also not after recycling those of ended VMs.',
    source: sev('ASID allocation'),
  },
  PlatformInitFails: { says: 'The platform could not be initialised.', source: sev('KVM_SEV_INIT2') },
  OutOfMemory: { says: 'An allocation failed.', source: sev('KVM_SEV_INIT2 and later') },
  ResponsePageLost: {
    says: 'A page that cannot be handed to the firmware is neither freed nor listed.',
    source: ccp('snp_alloc_firmware_page()'),
  },
  StartNotSnp: { says: 'LAUNCH_START is for an active SNP guest.', source: sev('snp_launch_start()') },
  StartTwice: { says: 'The guest has a context already.', source: sev('snp_launch_start()') },
  StartFlags: { says: 'LAUNCH_START accepts no flags.', source: sev('snp_launch_start()') },
  StartPolicyUnsupported: {
    says: 'The policy has a bit that KVM does not allow.',
    source: sev('snp_launch_start()'),
  },
  StartPolicyReservedBit: {
    says: 'Policy bit 17 must be one.',
    source: sev('snp_launch_start()'),
  },
  StartTscUnknown: {
    says: 'Secure TSC needs a TSC frequency of the VM.',
    source: sev('snp_launch_start()'),
  },
  ContextNotCreated: {
    says: 'If the context cannot be created, the result is -ENOTTY for every cause.',
    source: sev('snp_launch_start(): context creation'),
  },
  StartFails: {
    says: 'A later failure of LAUNCH_START gives the context back.',
    source: sev('snp_launch_start()'),
  },
  UpdateNotStarted: {
    says: 'LAUNCH_UPDATE needs an active SNP guest with a context.',
    source: sev('snp_launch_update()'),
  },
  UpdateAfterFinish: {
    says: 'LAUNCH_UPDATE after LAUNCH_FINISH is refused; asked for in review, never merged.',
    source: review.launchUpdateV11,
  },
  UpdateArguments: {
    says: 'len must be whole pages, flags zero, the type one of five.',
    source: sev('snp_launch_update()'),
  },
  UpdateUaddrUnaligned: {
    says: 'The source is pinned page by page, so it must be page aligned.',
    source: sev('snp_launch_update()'),
  },
  UpdateSlotWithoutGmem: {
    says: 'The first frame needs a memslot with guest_memfd.',
    source: sev('snp_launch_update()'),
  },
  UpdateRegionMissing: {
    says: 'The source must lie in one region registered with KVM_MEMORY_ENCRYPT_REG_REGION.',
    source: v5.launchUpdate,
  },
  UpdateOutsideSlots: {
    says: 'The walk over the memory slots finds none for this address and returns its initial value, success.',
    source: v11.hvaRange,
  },
  UpdatePageFails: {
    says: 'The call returns the errno of the failing page.',
    source: v11.launchUpdate,
  },
  UpdateLaterPageFailsEintr: {
    says: 'A failing later page ends the call with -EINTR; its progress is noted in a copy that is never written back.',
    source: posted.v13Launch,
  },
  UpdateFirstPageFails: {
    says: 'A failing first page makes the call -EIO for every cause.',
    source: sev('snp_launch_update()'),
  },
  UpdateLaterPageFails: {
    says: 'A failing later page ends the call with 0; the struct reports the progress.',
    source: sev('snp_launch_update()'),
  },
  PageReclaimed: {
    says: 'A page that the firmware refused goes back through PAGE_RECLAIM and RMPUPDATE.',
    source: sev('snp_page_reclaim()'),
  },
  ReclaimFails: {
    says: 'A page that cannot be taken back is leaked and the VM is bugged.',
    source: sev('snp_page_reclaim()'),
  },
  CpuidWrittenBack: {
    says: 'For a CPUID page refused with INVALID_PARAM the corrected table is copied to the source.',
    source: sev('snp_launch_update()'),
  },
  FinishNotSnp: { says: 'LAUNCH_FINISH is for an active SNP guest.', source: sev('snp_launch_finish()') },
  FinishNotStarted: { says: 'LAUNCH_FINISH needs a context.', source: sev('snp_launch_finish()') },
  FinishFlags: { says: 'LAUNCH_FINISH accepts no flags.', source: sev('snp_launch_finish()') },
  FinishVcpuInCreation: {
    says: 'LAUNCH_FINISH does not run while a vCPU is being created.',
    source: sev('snp_launch_finish()'),
  },
  FinishInterrupted: {
    says: 'LAUNCH_FINISH waits for the mutex of every vCPU; a fatal signal ends the wait.',
    source: sev('snp_launch_finish()'),
  },
  VmsaAlreadyProtected: {
    says: 'The register state of a protected vCPU cannot be written to its VMSA again.',
    source: sev('VMSA synchronisation'),
  },
  VmsaDebugActive: {
    says: 'Guest debugging and armed debug registers do not go into a VMSA.',
    source: sev('VMSA synchronisation'),
  },
  VmsaEncrypted: {
    says: 'The VMSA is encrypted and measured; KVM no longer holds the registers. No later call undoes this.',
    source: sev('snp_launch_finish(): VMSA encryption'),
  },
  VmsaOverwritten: {
    says: 'KVM writes the registers into a VMSA page that the guest owns already: the host takes an RMP fault.',
    source: posted.vmsaSync,
  },
  FinishUnwinds: {
    says: 'A failing LAUNCH_FINISH gives back every VMSA it encrypted; asked for in review, never merged.',
    source: review.launchFinish,
  },
  FinishKills: {
    says: 'A failing LAUNCH_FINISH makes the VM unusable; asked for in review where unwinding is not possible.',
    source: review.launchFinish,
  },
  NoSuchIoctl: {
    says: 'This kernel generation has no such ioctl.',
    source: { ...v5.launchUpdate, confidence: 'inferred' },
  },
  SnpInitFlags: {
    says: 'KVM_SEV_SNP_INIT supports no flag; the supported set, 0, is handed back.',
    source: v11.snpInit,
  },
  GmemFlags: {
    says: 'KVM_CREATE_GUEST_MEMFD refuses flags that this kernel does not support; INIT_SHARED is not for SNP.',
    source: source.kernel('7.2.13', 'virt/kvm/guest_memfd.c', 'KVM_CREATE_GUEST_MEMFD'),
  },
  GmemSize: {
    says: 'The size of a guest_memfd is a positive number of whole pages.',
    source: source.kernel('6.12.117', 'virt/kvm/guest_memfd.c', 'kvm_gmem_create'),
  },
  AttributeFlags: { says: 'KVM_SET_MEMORY_ATTRIBUTES takes no flags.', source: setAttributes },
  AttributeNotSupported: {
    says: 'An attribute that this VM type does not have: only PRIVATE exists, and only with private memory.',
    source: setAttributes,
  },
  AttributeRange: { says: 'The range is empty or runs beyond 64 bits.', source: setAttributes },
  AttributeUnaligned: { says: 'Address and size are whole pages.', source: setAttributes },
  FallocateMode: {
    says: 'guest_memfd supports KEEP_SIZE, alone or with PUNCH_HOLE, and no other mode.',
    source: source.kernel('6.12.117', 'virt/kvm/guest_memfd.c', 'kvm_gmem_fallocate'),
  },
  FallocateUnaligned: {
    says: 'Offset and length in guest_memfd are whole pages.',
    source: source.kernel('6.12.117', 'virt/kvm/guest_memfd.c', 'kvm_gmem_fallocate'),
  },
  SlotNoPrivateMemory: { says: 'This VM type has no slots with guest_memfd.', source: slotFlags },
  SlotFlags: {
    says: 'A slot with guest_memfd is neither logged nor read-only, and no slot of a guest with encrypted state is read-only.',
    source: slotFlags,
  },
  SlotArguments: {
    says: 'Addresses, size and offset of a slot are whole pages that do not wrap, and its number is one of userspace.',
    source: setRegion,
  },
  SlotMissing: { says: 'Only a slot that exists can be deleted.', source: setRegion },
  SlotOverlaps: { says: 'Two slots have no frame in common.', source: setRegion },
  SlotImmutable: {
    says: 'A slot with guest_memfd can only be deleted; another one keeps its size and its user address.',
    source: setRegion,
  },
  SlotBeyondFile: { says: 'A slot lies inside its guest_memfd.', source: gmemBind },
  SlotBoundTwice: { says: 'A page of guest_memfd is behind one slot at most.', source: gmemBind },
  SlotBadFile: { says: 'The descriptor of guest_memfd is no open file.', source: gmemBind },
  SlotForeignFile: { says: 'The file is no guest_memfd of this VM.', source: gmemBind },
  SlotOffset: { says: 'The offset in guest_memfd is a whole number of pages.', source: gmemBind },
  SlotBeyondWidth: {
    says: 'The last frame of a slot lies below the width of physical addresses.',
    source: source.kernel(
      '6.12.117',
      'arch/x86/kvm/x86.c',
      'kvm_arch_prepare_memory_region, kvm_mmu_max_gfn',
    ),
  },
  StateProtected: {
    says: 'The state of the vCPU is encrypted: userspace neither reads nor writes it.',
    source: source.kernel('6.12.117', 'arch/x86/kvm/x86.c', 'register ioctls, has_protected_state'),
  },
  AttributeUnknown: {
    says: 'There is no such device attribute.',
    source: sev('device attributes'),
  },
  RegionRegistered: {
    says: 'KVM pins the region and remembers it; only then may its pages become private.',
    source: v5.launchUpdate,
  },
  FinishFails: {
    says: 'A failing LAUNCH_FINISH undoes nothing; encrypted VMSAs make every later one -EINVAL.',
    source: sev('snp_launch_finish()'),
  },
  FinishDone: {
    says: 'The guest may run, and private memory may be pre-faulted.',
    source: sev('snp_launch_finish()'),
  },
  CertsVcpusExist: {
    says: 'Certificate exits are enabled after INIT2 and before the first vCPU.',
    source: sev('KVM_SEV_SNP_ENABLE_REQ_CERTS'),
  },
  FirmwareAnswers: { says: 'The firmware checks in its own order.', source: firmwareSource },
  PspDead: { says: 'After a timeout the driver sends no command any more.', source: ccp('sev_do_cmd()') },
  PspTimeout: { says: 'The PSP does not answer and counts as dead.', source: ccp('sev_do_cmd()') },
  DecommissionFails: {
    says: 'Without DECOMMISSION context page, ASID and cgroup charge are leaked.',
    source: sev('snp_decommission_context()'),
  },
  FirmwarePageLeaked: {
    says: 'A page that the firmware does not give back is put on the leak list.',
    source: ccp('snp_free_firmware_page()'),
  },
  AsidDrawn: {
    says: 'The VM gets the lowest free ASID of its range.',
    source: sev('ASID recycling'),
  },
  AsidRecycled: {
    says: 'ASIDs of ended VMs become free by a cache flush and DF_FLUSH, when a new VM finds none.',
    source: sev('ASID recycling'),
  },
  EsLaunchAssumed: {
    says: 'The launch commands of SEV-ES are not modelled; the guest runs as if all of them had succeeded.',
    source: { confidence: 'unconfirmed', document: 'this model', place: 'so that an SEV-ES guest can run' },
  },
  EsVmsaNotEncrypted: {
    says: 'A vCPU whose register state was never encrypted by the launch cannot be entered.',
    source: { confidence: 'unconfirmed', document: 'this model', place: 'SEV-ES guests' },
  },
  VcpuOutlivesItsFile: {
    says: 'A vCPU is freed together with its VM; closing its file frees nothing before.',
    source: source.kernel('7.2.13', 'virt/kvm/kvm_main.c', 'releasing a vCPU file', 'read'),
  },
  VcpuFreed: {
    says: 'The launch VMSA is Guest-Valid, not immutable: a plain RMPUPDATE takes it back.',
    source: sev('sev_free_vcpu()'),
  },
});
