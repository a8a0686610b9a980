/** Everything that exists once for each vCPU. */
import type { StateValueFrom } from 'xstate';
import { exchangeChart, type exchangeMachine } from '../../machines/exchange';
import { vcpuChart, type vcpuMachine } from '../../machines/vcpu';
import { chartRegion, count, flag, group, oneOf, word32, word64 } from './schema';
import { lockHolders } from './thread';

type VcpuRegions = Required<Extract<StateValueFrom<typeof vcpuMachine>, object>>;
type ExchangeState = Extract<StateValueFrom<typeof exchangeMachine>, string>;

function region<R extends keyof VcpuRegions>(name: R): readonly VcpuRegions[R][] {
  const found = vcpuChart.regions.find((r) => r.name === name);
  if (!found) throw new Error(`no chart region ${name}`);
  return found.states as readonly VcpuRegions[R][];
}
const exchangeStates = exchangeChart.regions[0]?.states as readonly ExchangeState[];

export const vcpuGroup = group('vcpu', {
  exists: flag('KVM_CREATE_VCPU succeeded for this id.'),
  mpState: chartRegion('vcpu', region('mpState'), 'What KVM calls mp_state.'),
  creation: chartRegion('vcpu', region('creation'), 'The AP creation request that waits for this vCPU.'),
  vmsa: chartRegion('vcpu', region('vmsa'), 'Which VMSA the VMCB names.'),
  run: chartRegion('vcpu', region('run'), 'Where the thread of this vCPU is.'),
  exchange: chartRegion('exchange', exchangeStates, 'How far the guest request of this vCPU is.'),

  // What KVM keeps (struct vcpu_svm and the local APIC).
  ghcbMsr: word64('VMCB ghcb_gpa: what the guest wrote to the GHCB MSR, and what KVM answers there.'),
  registeredGhcbGpa: word64('GHCB GPA registered by MSR request 0x012; 0 when none.'),
  ghcbMapped: flag('KVM holds the GHCB page mapped and writes the registers back at the next entry.'),
  ghcbGpa: word64('GPA of the GHCB page of the request in hand.'),
  pendingVmsaGpa: word64('VMSA GPA that waits to be installed; all ones when none.'),
  guestVmsaGpa: word64('GPA of the guest VMSA that the VMCB names; all ones when none.'),
  vmcbVmsaPfn: word32('Page that VMRUN takes as VMSA; all ones when none.'),
  launchVmsaPfn: word32('The VMSA page that KVM allocated for this vCPU.'),
  destroyed: flag('The last AP creation request that was applied is DESTROY.'),
  otherMpState: count('mp_state where it is OTHER: a number without a meaning on x86.'),
  guestStateProtected: flag('LAUNCH_FINISH encrypted the register state; KVM refuses to read or write it.'),
  initLatched: flag('An INIT waits in the local APIC.'),
  sipiLatched: flag('A SIPI waits in the local APIC.'),
  receivedFirstSipi: flag('The first SIPI of this vCPU was taken.'),
  holdType: oneOf(['none', 'nae', 'msr'], 'AP reset hold in force, and how it was asked for.'),
  pvUnhalted: flag('The kick flag of paravirtual spinlocks, which also ends a hold.'),
  wakeEvent: flag('Some other wake event is pending.'),
  vmsaReloadRequest: flag('Request VMSA_PAGE_RELOAD: the page under the guest VMSA went away.'),
  waitsForInit: flag('The thread sleeps in front of the run loop, because the vCPU was UNINITIALIZED.'),
  smiPending: flag('An SMI is pending.'),
  signalPending: flag('A signal is pending for the thread.'),
  nmiBlocked: flag('NMIs are blocked until the guest reports NMI complete.'),

  // Registers copied from the GHCB page at VMGEXIT.
  rax: word64('RAX taken from the GHCB.'),
  rbx: word64('RBX taken from the GHCB.'),
  rcx: word64('RCX taken from the GHCB.'),
  rdx: word64('RDX taken from the GHCB.'),
  rsi: word64('RSI taken from the GHCB.'),
  xcr0: word64('XCR0 in force.'),
  xss: word64('XSS in force.'),
  exitCode: word64('SW_EXITCODE of the request in hand.'),
  exitInfo1: word64('SW_EXITINFO1 of the request in hand.'),
  exitInfo2: word64('SW_EXITINFO2 of the request in hand.'),
  swScratch: word64('SW_SCRATCH of the request in hand.'),
  validLow: word64('Valid bitmap as taken from the GHCB, bits 0 to 63.'),
  validHigh: word64('Valid bitmap as taken from the GHCB, bits 64 to 127.'),
  cpl: count('CPL taken from the GHCB.'),

  // Half-done work across an exit to userspace.
  completion: oneOf(
    [
      'none',
      'pscMsr',
      'psc',
      'hypercall',
      'portIn',
      'mmioRead',
      'certificates',
      'stringIn',
      'stringOut',
      'mmioWrite',
      'pscMsrVmgexit',
      'pscVmgexit',
      'pscMsrVmgexitRaw',
      'pscVmgexitRaw',
    ],
    'What KVM does with the answer of userspace at the next KVM_RUN.',
  ),
  pscCurrent: count('Index of the entry the PSC walk is at.'),
  pscEnd: count('Index of the last entry of the PSC request, as KVM took it.'),
  pscBatch: count('Entries that wait for the answer of userspace.'),
  pscHuge: flag('The first entry of the batch has the 2 MiB bit.'),
  pscLimit: count('Entries that fit from the scratch address to the end of the shared buffer.'),
  scratchGpa: word64('Where the scratch area of the request in hand lies.'),
  scratchCopied: flag('KVM works on a copy of the scratch area, which lies outside the GHCB page.'),
  scratchBytes: count('Length of that copy.'),
  scratchSync: flag('The copy is written back at the next entry.'),
  ioBytes: count(
    'Bytes of one item of the port access that waits for userspace, or bytes left of an MMIO access.',
  ),
  ioItems: count('Items left of a string access, those that wait for userspace included.'),
  ioDone: count('Bytes of the scratch area that the string or MMIO access has processed.'),
  ioData: word64('Data of a port access of one item, in the page behind kvm_run.'),

  // The guest on this vCPU.
  guestGhcbGpa: word64('GHCB page that the guest uses on this vCPU; 0 before it has one.'),
  guestRequest: oneOf(['none', 'msr', 'nae'], 'Form of the last request of the guest.'),
  guestReadInfo1: word64('SW_EXITINFO1 as the guest last read it.'),
  guestReadInfo2: word64('SW_EXITINFO2 as the guest last read it.'),
  guestSentMsr: word64('GHCB MSR as the guest last wrote it for a request.'),
  guestReadMsr: word64('GHCB MSR as the guest last read it.'),
  guestResult: oneOf(
    ['none', 'ok', 'error', 'unanswered'],
    'How the guest reads the answer to its last request.',
  ),
  guestDebug: flag('KVM_SET_GUEST_DEBUG is in force.'),
  dr7: word64('DR7 as KVM keeps it.'),
  vmsaRax: word64('RAX in the running register state.'),
  instructionCode: count(
    'Result of the last PVALIDATE or RMPADJUST: 0, the code in EAX, or 255 when PVALIDATE changed nothing.',
  ),
  instructionFaulted: flag(
    'The last memory instruction left for KVM before it retired; the guest executes it again.',
  ),
  programStep: count('Next instruction of the guest program on this vCPU.'),
  programCursor: word64('Where the guest program is inside a loop.'),
  guestStopped: flag('The guest executed HLT in its terminate loop or panicked.'),

  // Outcome of the last KVM_RUN, as the VMM thread sees it.
  exitPending: flag('KVM_RUN returned and the exit is not handled yet.'),
  vmmThread: oneOf(
    ['idle', 'again', 'waiting'],
    'What the VMM thread of this vCPU does next: nothing by itself, KVM_RUN again, or again once something changed.',
  ),
  runRetries: count('Consecutive retries of the VMM after -EAGAIN or -EINTR from KVM_RUN.'),
  waitedEvents: word32('Events that were pending when the VMM began to wait for a change, one bit each.'),
  runErrno: count('errno of the last KVM_RUN, positive; 0 on success.'),

  // Appended: the order of declaration is part of every digest.
  nmiRequest: flag('Request NMI: the next guest entry takes over the NMIs that are queued.'),
  nmiQueued: count('NMIs that arrived since the last guest entry.'),
  nmiPending: count('NMIs taken over that wait to be injected.'),
  deadRequest: flag('Request VM_DEAD: the next guest entry ends KVM_RUN with -EIO.'),
  mutexHolder: oneOf(
    lockHolders,
    'vcpu->mutex: the thread that is in KVM_RUN, or that waits for more locks; none when no call holds it for long.',
  ),
  mmuReady: flag('The vCPU has a root of the nested page table, and a stock of pages for more of it.'),
  apicBase: word64('MSR IA32_APICBASE: bit 10 is x2APIC mode.'),
  pat: word64('MSR IA32_CR_PAT.'),
});

export type Vcpu = ReturnType<typeof vcpuGroup.create>;
