/** Everything that exists once for the VM. */
import type { StateValueFrom } from 'xstate';
import { launchChart, type launchMachine } from '../../machines/launch';
import { chartRegion, count, flag, frame, group, oneOf, signed, word32, word64 } from './schema';
import { lockHolders } from './thread';

type LaunchRegions = Required<Extract<StateValueFrom<typeof launchMachine>, object>>;

function region<R extends keyof LaunchRegions>(name: R): readonly LaunchRegions[R][] {
  const found = launchChart.regions.find((r) => r.name === name);
  if (!found) throw new Error(`no chart region ${name}`);
  return found.states as readonly LaunchRegions[R][];
}

export const vmGroup = group('vm', {
  exists: flag('KVM_CREATE_VM succeeded.'),
  type: oneOf(['default', 'swProtected', 'sev', 'seves', 'snp', 'tdx'], 'VM type given to KVM_CREATE_VM.'),
  launch: chartRegion('launch', region('launch'), 'How far the launch is, as KVM sees it.'),
  gstate: chartRegion('launch', region('gstate'), 'GSTATE: how far the launch is, as the firmware sees it.'),
  health: chartRegion(
    'launch',
    region('health'),
    'Whether KVM declared the VM broken: every ioctl is then -EIO.',
  ),
  sevActive: flag('INIT2 succeeded: an active SEV guest.'),
  needsInit: flag('KVM_SEV_INIT2 is still missing; KVM_RUN is refused.'),
  asid: count('ASID of the VM; 0 when none.'),
  vmsaFeatures: word64('SEV_FEATURES that KVM gives to every VMSA.'),
  finishedVmsaFeatures: word64('SEV_FEATURES of the last VMSA that LAUNCH_FINISH built.'),
  ghcbVersion: count('GHCB protocol version fixed at INIT2.'),
  policy: word64('Launch policy.'),
  preFaultAllowed: flag('LAUNCH_FINISH succeeded: private memory may be pre-faulted.'),
  hypercallExits: flag('Userspace enabled KVM_HC_MAP_GPA_RANGE exits.'),
  kernelApic: flag('The local APIC is in the kernel.'),
  creatingVcpus: count('vCPU creations in progress.'),
  vcpuCount: count('vCPUs created.'),
  maxPhysicalAddress: count('Physical address width of the guest in bits.'),
  cBit: count('Page-table bit that marks encrypted pages.'),
  jumpTable: word64('AP jump table address stored by the guest.'),
  certificateExits: flag('KVM_SEV_SNP_ENABLE_REQ_CERTS was done.'),
  answersGiven: count('Exits answered by the personality so far.'),
  activated: flag('The firmware bound the ASID to the guest.'),
  requestPfn: word32('Bounce page for guest requests; all ones when none.'),
  ioctlError: word32('error field of the last KVM_MEMORY_ENCRYPT_OP; all ones when KVM did not write it.'),
  updateReported: flag('The last KVM_SEV_SNP_LAUNCH_UPDATE wrote its progress into its struct.'),
  updateErrno: count(
    'errno of the page at which the last LAUNCH_UPDATE failed, inside KVM; 0 when none did.',
  ),
  updateLeft: word64('len that the last KVM_SEV_SNP_LAUNCH_UPDATE left in its struct.'),
  updateGfn: word64('First frame that it left there; 0 when the struct has none.'),
  updateUaddr: word64('uaddr that it left there.'),
  contextPfn: word32('Firmware context page; all ones when none.'),
  vmrunOracle: oneOf(
    ['hardware', 'alwaysEnters', 'alwaysFails'],
    'What VMRUN does: as the RMP and the firmware say, or it always enters or fails.',
  ),
  instructionHandlersExit: flag(
    'Ordinary instruction handlers leave for userspace; for conformance cases only.',
  ),
  instructionHandlersInert: flag(
    'Ordinary instruction handlers succeed and change no register; for conformance cases only.',
  ),
  personality: oneOf(
    [
      'manual',
      'qemu',
      'cloud-hypervisor',
      'strict',
      'negative-errno',
      'lazy',
      'forgets-private',
      'historical-vmgexit',
      'qemu-10.2',
    ],
    'How the VMM handles exits.',
  ),
  guestProgram: oneOf(
    ['manual', 'linux', 'selftest', 'ovmf', 'svsm', 'storm'],
    'What the guest does by itself.',
  ),
  vmmStopped: flag('The VMM stopped the VM for good and runs no vCPU any more.'),
  terminationRequested: flag('An exit reported a termination request of the guest to the VMM.'),
  ioctlRet: signed('Result of the last VM or vCPU ioctl: 0 or a negative errno.'),
  responsePfn: word32('Bounce page for guest-request responses; all ones when none.'),
  byteBehindPages: count(
    'Every byte of the memory behind a GHCB page, which KVM can read but which is not modelled; for conformance cases only.',
  ),
  messageCount0: word64('Messages with VMPCK 0 that the firmware counted: two for each request it answered.'),
  messageCount1: word64('The same with VMPCK 1.'),
  messageCount2: word64('The same with VMPCK 2.'),
  messageCount3: word64('The same with VMPCK 3.'),
  preFaultGpa: word64('Address that the last KVM_PRE_FAULT_MEMORY left in its struct.'),
  preFaultSize: word64('Bytes that it left to be done.'),
  lockHolder: oneOf(lockHolders, 'kvm->lock: the thread that holds it while it waits, or for ever.'),
  slotsLockHolder: oneOf(
    lockHolders,
    'kvm->slots_lock: the thread that holds it while it waits, or for ever.',
  ),
  gmemLockHolder: oneOf(
    lockHolders,
    'The invalidation lock of guest_memfd: the thread that holds it while it waits, or for ever.',
  ),
  filesClosed: flag('Every file of the VM is closed; the VM lives until the last call returns.'),
  heldByGmem: flag(
    'The files of the VM and of its vCPUs are closed; each open file of guest_memfd holds the VM.',
  ),
  killed: flag('A fatal signal waits for every thread of the VMM.'),
  emptyCopiesReadable: flag(
    'An allocation of 0 bytes gives memory, as the allocator of a harness does; for conformance cases only.',
  ),
  tablesComplete: flag(
    'The tables of CPUID leaves and MSRs are all that KVM has, not the part that is modelled; for conformance cases only.',
  ),
});
export type Vm = ReturnType<typeof vmGroup.create>;

/** A memory slot. `backing` says where private pages come from. */
export const slotGroup = group('slot', {
  used: flag('The slot exists.'),
  firstGfn: frame('First guest frame.'),
  pages: count('4 KiB pages.'),
  backing: oneOf(
    ['none', 'guestMemfd', 'closed', 'userPages'],
    'guest_memfd, none, a guest_memfd whose file is closed, or the pages of userspace that are shared ones too.',
  ),
  firstGmemPage: count('First page of the slot in guest_memfd.'),
  registered: flag("The slot's memory lies in a region registered with KVM_MEMORY_ENCRYPT_REG_REGION."),
  largePages: flag('Userspace backs the slot with 2 MiB pages, and the nested page table maps it so.'),
  number: count('Number of the slot, as the VMM gave it.'),
  file: count('Which guest_memfd backs the slot, counted from 0.'),
  gmemOnly: flag('Shared accesses are served from guest_memfd as well: its file takes mmap.'),
  userSkew: signed('User page behind the first frame, as pages from the usual one.'),
  dirtyLog: flag('KVM_MEM_LOG_DIRTY_PAGES.'),
  invalid: flag('The slot is being deleted or moved.'),
});
export type Slot = ReturnType<typeof slotGroup.create>;

/** A guest_memfd. Number 0 is the one that slots get when no other is named. */
export const gmemFileGroup = group('gmemFile', {
  bytes: word64('Size of the file, fixed when it is made.'),
  exists: flag('The file was made.'),
  open: flag('A descriptor of it is open.'),
  flags: word32('Flags of KVM_CREATE_GUEST_MEMFD: 1 MMAP, 2 INIT_SHARED.'),
  firstPfn: count('Host page that stands for its first page.'),
  pages: count('Pages of it that this world keeps.'),
});
export type GmemFile = ReturnType<typeof gmemFileGroup.create>;

/** Guest frames behind the page store that carry bits of KVM all the same: attributes and entries for MMIO. */
export const farFramesGroup = group('farFrames', {
  first: frame('First guest frame.'),
  count: frame('Guest frames; 0 when the row is free.'),
  bits: word32('Their bits, as in the field `gfn`.'),
});
export type FarFrames = ReturnType<typeof farFramesGroup.create>;

/** A range of userspace that was given to KVM_MEMORY_ENCRYPT_REG_REGION. */
export const regionGroup = group('region', {
  used: flag('The region is registered.'),
  uaddr: word64('First user address.'),
  bytes: word64('Length in bytes.'),
});
export type EncryptedRegion = ReturnType<typeof regionGroup.create>;

/** Bytes of a page that someone looked into: a GHCB page, a scratch page, a VMSA. */
export const pageImageGroup = group('pageImage', {
  used: flag('The image stands for a page.'),
  side: oneOf(
    ['shared', 'private', 'kernel', 'scratch', 'portData'],
    "Which backing of the frame: userspace, guest_memfd, a kernel page, KVM's copy of a scratch area, or the data page behind kvm_run.",
  ),
  frame: frame(
    'GFN for the two backings of guest memory, PFN for a kernel page, vCPU for a data page, vCPU * 16 + page for a copy.',
  ),
});
export type PageImage = ReturnType<typeof pageImageGroup.create>;
