/** What must never happen, whatever guest, VMM and firmware do: the invariants, each in one sentence with its source. */
import { source, type Source } from '../../abi/source';
import { posted, review } from '../../profiles/documents';

export interface InvariantText {
  /** The predicate, in one sentence. */
  readonly doc: string;
  /** The review that asked for it, or the document it follows from. */
  readonly source: Source;
}

const table = {
  NoRunWithoutVmsa: {
    doc: 'VMRUN is tried only on a page that the RMP marks as a VMSA of this VM.',
    source: review.apCreation,
  },
  DestroySticky: {
    doc: 'After DESTROY a vCPU executes no guest instruction until a later CREATE succeeded.',
    source: review.apCreation,
  },
  OfflineDistinguishable: {
    doc: 'mp_state distinguishes a vCPU that never ran, one that was destroyed, one that is armed, and one in HLT.',
    source: review.apCreation,
  },
  SymmetricUnhalt: {
    doc: 'pv_unhalted is the same after a vCPU went online and after it went offline.',
    source: review.apCreation,
  },
  DeclaredFeaturesUniform: {
    doc: "Every runnable vCPU was declared with the VM's own SEV_FEATURES.",
    source: review.apCreation,
  },
  FailureIsNoOp: {
    doc: 'An AP creation request that is answered with an error leaves its target as it was.',
    source: review.apCreation,
  },
  ErrorsAreVisible: {
    doc: 'A requester whose AP creation request is not carried out reads something other than success.',
    source: review.apCreation,
  },
  NoDoubleCreate: {
    doc: 'CREATE and CREATE_ON_INIT succeed only for a vCPU that was never created or was destroyed.',
    source: review.apCreation,
  },
  NoLandmine: {
    doc: 'A refused AP creation request cannot change what a later INIT does.',
    source: review.apCreation,
  },
  PscReportsTruth: {
    doc: 'After a success reply each listed page is in the requested state, and each operation was carried out.',
    source: review.pscExits,
  },
  NoUnrequestedConversion: {
    doc: 'Only pages that the request names change, and only in the direction it names.',
    source: posted.v15SmashFix,
  },
  PscProgressMonotonic: {
    doc: 'Unless the guest writes the buffer, cur_entry never decreases, and at an error it names the first unfinished entry.',
    source: review.pscBatch,
  },
  PscBoundedExits: {
    doc: 'A request makes no more exits than its buffer has runs of like, adjacent entries.',
    source: review.pscExits,
  },
  NoStaleReturn: {
    doc: "The value that KVM takes as the VMM's answer was written after this exit.",
    source: posted.retFix,
  },
  VmmCannotForgeGuestCode: {
    doc: "The VMM's answer reaches the guest only as one of a few fixed codes.",
    source: review.pscExits,
  },
  KvmOwnsAbi: {
    doc: 'An exit asks the VMM for nothing that KVM may one day do itself: conversions and nothing else.',
    source: review.pscExits,
  },
  LaunchFinishAtomic: {
    doc: 'A LAUNCH_FINISH that fails leaves everything as it was, or a VM that is dead.',
    source: review.launchFinish,
  },
  UpdateTouchesOnlyOwnPages: {
    doc: 'A launch call changes only pages that it was given and converted itself.',
    source: review.launchUpdate,
  },
  PartialSuccessVisible: {
    doc: 'From the result and the struct the VMM can tell which pages of its LAUNCH_UPDATE are encrypted.',
    source: review.launchUpdate,
  },
  ErrorCauseSurvives: {
    doc: 'Different causes inside LAUNCH_UPDATE give different results outside.',
    source: review.launchUpdate,
  },
  NoUpdateAfterFinish: {
    doc: 'No LAUNCH_UPDATE has an effect once LAUNCH_FINISH succeeded.',
    source: review.launchUpdateV11,
  },
  LeakImpliesBug: {
    doc: 'A VM of which KVM cannot get a page back no longer runs.',
    source: review.launchFinish,
  },
  VmsaReturnedOrLeaked: {
    doc: "A VMSA page that KVM gives up is the host's again, or on the leak list.",
    source: review.vmsaFree,
  },
  HostKeepsOutOfGuestPages: {
    doc: 'The host writes only to pages that the RMP does not give to a guest.',
    source: review.launchFinish,
  },
  RmpMatchesAttribute: {
    doc: 'When the guest is entered, a page that the RMP gives to it has the private attribute.',
    source: review.launchUpdateV11,
  },
  TermDecodable: {
    doc: 'From kvm_run alone the VMM recovers reason set and code of a termination request.',
    source: review.termination,
  },
  NdataCoversData: {
    doc: 'ndata counts exactly the words of data that KVM wrote in this exit.',
    source: posted.termData,
  },
  TypeIsPlainEnum: {
    doc: 'type of a system event is one of the constants, without flag bits.',
    source: posted.termData,
  },
  ExitReasonFitsPayload: {
    doc: 'The fields filled in kvm_run belong to the exit reason that is announced.',
    source: review.termination,
  },
  WaitEnds: {
    doc: 'A wait for a lock ends without a signal: its holder, or whom the holder waits for, can still go on.',
    source: source.kernel(
      '7.2.13',
      'virt/kvm/kvm_main.c',
      'kvm_lock_all_vcpus(), kvm_vcpu_ioctl()',
      'inferred',
    ),
  },
} satisfies Record<string, InvariantText>;

/** Name of an invariant, as findings and expectations spell it. */
export type InvariantName = keyof typeof table;
export const invariantNames = Object.keys(table) as readonly InvariantName[];
/** The predicate of every invariant. */
export const invariantTexts: Readonly<Record<InvariantName, InvariantText>> = table;
