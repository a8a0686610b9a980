/**
 * The kernel generations, oldest first: the one table from which every list of profiles derives.
 *
 * A generation whose facts stand in the facets has its text here and nothing else. Any other one is declared by its
 * differences from a generation before it:
 *
 *     'linux-7.9': {
 *       title: 'Linux 7.9',
 *       date: '2027-01',
 *       description: 'What makes it different, in one paragraph.',
 *       base: 'linux-7.2',
 *       changes: { 'lu.lenZero': read('nothingDone', tree('Linux 7.9.1')(sev('snp_launch_update()'))) },
 *     },
 */
import type { Source } from '../abi/source';
import type { Difference, ExecutedAgain } from './difference';
import { executed, read, sev, tree, type ColumnId } from './facet';

/** What a kernel generation is, for people. */
export interface ProfileText {
  readonly title: string;
  /** When it was posted or released: ISO 8601, a day or a month. */
  readonly date: string;
  /** One paragraph: what makes it different. */
  readonly description: string;
  /** Set for a wish list: nobody ever ran this. */
  readonly neverExistedAsCode?: true;
}

/** A generation whose facts stand in the facets. */
interface ColumnGeneration extends ProfileText {
  readonly base?: never;
}

/** A generation that is declared by its differences from an earlier one. */
export interface DerivedGeneration extends ProfileText, Difference<string> {
  /** Says that nothing else changed, such as the log of the files between two releases; else the rest was not read. */
  readonly unchanged?: Source;
  /** Set where functions of the generation were run and did what those of the base did. */
  readonly executedAgain?: ExecutedAgain;
}

const in73 = tree('Linux 7.3.4');
/** What vectors of 7.3.4 decide: with any other value at least one of them fails. */
const executedIn73 = [
  'gmem.upToDateAfterRmpFailure',
  'fault.mismatch',
  'fault.presentEntry',
  'preFault.invalidSlot',
  'slot.boundTwice',
  'mp.runnableClearsUnhalted',
  'failEntry.reason',
  'psc.msr',
  'psc.msrUnknownOp',
  'psc.msrFailure',
  'psc.msrNonSnp',
  'msr.gpaRequestNonSnp',
  'psc.exitsDisabled',
  'psc.retInit',
  'psc.batch',
  'psc.headerCheck',
  'psc.headerError',
  'psc.indexLimit',
  'psc.length',
  'psc.badScratch',
  'psc.batchNonSnp',
  'psc.enabledTest',
  'psc.entryCheck',
  'psc.merging',
  'psc.partialEntry',
  'psc.errorDetail',
  'term.msr',
  'term.nae',
  'ap.doubleCreate',
  'ap.onError',
  'ap.badOnInit',
  'ap.offlineState',
  'ap.invalidMarker',
  'ap.features',
  'ap.gpaCheck',
  'ap.destroyNeedsRax',
  'ap.armedFlag',
  'ap.appliedBy',
  'ap.unusablePage',
  'ap.vmsaLookup',
  'ap.pendingAfterApply',
  'ap.destroySticky',
  'ap.wakesUninitialized',
  'ap.pvUnhalted',
  'vmsa.reload',
  'hold.eventPending',
  'mp.setRange',
  'init2.command',
  'init2.twice',
  'init2.ghcbVersion1',
  'ls.policy',
  'ls.refusal',
  'ls.twice',
  'lu.source',
  'lu.argumentChecks',
  'lu.notSnp',
  'lu.failure',
  'lu.firstPageErrno',
  'lu.privateAttribute',
  'lu.zeroSource',
  'lu.lenZero',
  'lu.sourceRead',
  'lu.cpuidReadOnlySource',
  'lu.reclaimFailure',
  'lu.reclaim',
  'lu.makeSharedFailure',
  'lu.afterFinish',
  'lf.failure',
  'run.beforeFinish',
  'free.vmsa',
  'mem.private',
  'ghcb.unregistered',
  'ghcb.xss',
  'scratch.outsideGhcb',
  'nae.snpOnlyOnEs',
  'nae.missingInput',
  'gr.badPages',
  'gr.certs',
  'mmio.length',
  'io.sizeZero',
] as const;

/** Every generation. */
export const generations = {
  'part2-v4': {
    title: 'Part2 RFC v4',
    date: '2021-07-07',
    description:
      'Everything happens inside KVM: page state changes edit the RMP directly and nothing leaves to the VMM. LAUNCH_UPDATE pins user pages, AP creation never reports an error, a termination request is -EINVAL.',
  },
  'as-reviewed': {
    title: 'As reviewed',
    date: '2024-04-25',
    description:
      'What the reviewers of 2021 to 2024 asked for, taken together; it never existed as code. A second CREATE is rejected, everything is checked before any state changes, a vCPU taken offline has a state of its own, a failing LAUNCH_FINISH unwinds or kills the VM, and page state changes use one common exit.',
    neverExistedAsCode: true,
  },
  'part2-v5': {
    title: 'Part2 v5',
    date: '2021-08-20',
    description:
      "The authors' direct answer to the review of AP creation: STOPPED, INVALID_PAGE, a #GP to the requesting guest, an internal-error exit. A second CREATE is still allowed and errors still take the target offline.",
  },
  v11: {
    title: 'v11',
    date: '2023-12-30',
    description:
      'guest_memfd arrives. LAUNCH_UPDATE needs the plaintext at the shared side of the same GFN. KVM_EXIT_VMGEXIT carries a typed union for an MSR page state change and one guest address for a batch.',
  },
  v14: {
    title: 'v14',
    date: '2024-04-21',
    description:
      'LAUNCH_UPDATE takes its source from any user address and reports progress in the struct, the launch structs gain flags and padding. A batched page state change still goes to the VMM as one guest address, unvalidated.',
  },
  'linux-6.11': {
    title: 'Linux 6.11',
    date: '2024-05',
    description:
      'The merged shape: KVM walks and merges the page-state-change buffer and leaves with KVM_EXIT_HYPERCALL/KVM_HC_MAP_GPA_RANGE. Executed as 6.11.11, before the fix of the unwritten answer field and before the clean-up of AP creation.',
  },
  'linux-6.12': {
    title: 'Linux 6.12 LTS',
    date: '2026',
    description:
      '6.12.117, a long-term kernel with many back-ports: refused AP creation leaves the target alone, scratch areas outside the GHCB are refused, LAUNCH_FINISH cannot be retried; the answer field is still not preset and VMRUN is not guarded.',
  },
  'linux-6.17': {
    title: 'Linux 6.17',
    date: '2025-03-18',
    description:
      'After the clean-up of AP creation that was merged for 6.15: a failed request leaves the target alone, features must match exactly, an invalid VMSA never reaches VMRUN. Executed as 6.17.0; launch was read in a near twin.',
  },
  'linux-7.2': {
    title: 'Linux 7.2',
    date: '2026',
    description:
      "The baseline, executed as 7.2.13, with the hardening of 2026: the VMM's answers are white-listed, all vCPUs are locked for LAUNCH_FINISH, a batch's indexes are read once, a lost VMSA page is looked up again.",
  },
  'linux-7.3': {
    title: 'Linux 7.3',
    date: '2026-11-10',
    description:
      'The newest, executed as 7.3.4. Serving DESTROY, or a CREATE whose page cannot be had, ends the use of the launch VMSA for good; creating a vCPU holds kvm->lock throughout; LAUNCH_UPDATE refuses a source address of 0 at once. Outside this model: ICEBP is intercepted (icebp_interception() in svm.c), an ASID flush no longer marks VMCB_ASID, the ccp driver offers SNP_VERIFY_MITIGATION in sysfs; the HLT state that KVM_SET_MP_STATE clears exists on VMX alone.',
    base: 'linux-7.2',
    changes: {
      'ap.launchVmsaRestore': executed('no', in73(sev('sev_snp_init_protected_guest_state()'))),
      'lu.uaddrAlignment': executed('page+notZero', in73(sev('snp_launch_update()'))),
      'run.deadRequest': executed('kept', in73({ file: 'arch/x86/kvm/x86.c', topic: 'the run loop' })),
      'lf.locksVcpus': read('yes', in73(sev('snp_launch_finish()'))),
      'lf.vcpuCreation': read('waits', in73({ file: 'virt/kvm/kvm_main.c', topic: 'KVM_CREATE_VCPU' })),
    },
    unchanged: in73(sev('the differences from 7.2.13 that were found touch no other facet')),
    executedAgain: { document: 'Linux 7.3.4', names: executedIn73 },
  },
} as const satisfies Readonly<Record<ColumnId, ColumnGeneration>> &
  Readonly<Record<string, ColumnGeneration | DerivedGeneration>>;

/** Name of a kernel generation. */
export type ProfileId = keyof typeof generations;

/** The names, oldest first. */
export const profileIds = Object.keys(generations) as readonly ProfileId[];

/** Whether a word is the name of a generation. */
export const isProfileId = (word: string): word is ProfileId => Object.hasOwn(generations, word);

/** How a generation is declared by its differences; nothing for one whose facts stand in the facets. */
export function derivationOf(id: ProfileId): DerivedGeneration | undefined {
  const declared: ColumnGeneration | DerivedGeneration = generations[id];
  return declared.base === undefined ? undefined : declared;
}
