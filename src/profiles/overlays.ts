/**
 * Overlays: a generation with a few facets as some posting or tree had them. They reproduce bugs that were posted and
 * never released, and may be used wherever a generation may.
 */
import type { Source } from '../abi/source';
import { amd2022, posted } from './documents';
import type { Difference } from './difference';
import { executed, inferred, read } from './facet';
import type { ProfileId } from './generations';

/** A generation with some facets as one posting or tree had them. */
export interface Overlay extends Difference<ProfileId> {
  readonly title: string;
  /** ISO 8601: a day, a month or a year. */
  readonly date: string;
  readonly description: string;
  /** Set if what is not changed is only carried over from the base, so that its marks do not hold here. */
  readonly restCarriedOver?: true;
}

const amd = (topic: string): Source => ({ ...amd2022, place: `arch/x86/kvm/svm/sev.c: ${topic}` });
const amdPsc = amd('page state change');
const amdMsr = amd('the MSR protocol');
const amdAp = amd('AP creation and the run loop');

/** Every overlay by its name. */
export const overlays = {
  'v15-first-posting': {
    base: 'linux-6.11',
    title: 'v15, first posting',
    date: '2024-05-01',
    description:
      'A trailing SMASH or UNSMASH of a batch is forwarded to the VMM as a conversion to shared. Fixed in "[PATCH v15 23/23]" before the pull.',
    changes: { 'psc.smashTail': read('forwardedAsShared', posted.v15SmashFix) },
  },
  'first-pull-tag': {
    base: 'linux-6.11',
    title: 'First pull tag',
    date: '2024-05-10',
    description:
      'Every batch, even a fully successful one, is answered with the generic error: one line was missing. The author reported it and moved the tag the next day.',
    changes: { 'psc.doneReply': read('genericError', posted.firstPull) },
  },
  'v13-launch-update': {
    base: 'v14',
    title: 'v13 LAUNCH_UPDATE',
    date: '2024-04-18',
    description:
      'A LAUNCH_UPDATE that fails half way returns -EINTR; its progress is written to a copy of the struct that userspace never gets.',
    changes: {
      'lu.struct': read('gfnStartAndType', posted.v13Launch),
      'lu.failure': read('progressEintr', posted.v13Launch),
      'lu.argumentChecks': read('lenAndType', posted.v13Launch),
      'lu.firstPageErrno': read('innerErrno', posted.v13Launch),
      'lu.zeroSource': read('needed', posted.v13Launch),
    },
  },
  'linux-6.11-ret-fixed': {
    base: 'linux-6.11',
    title: 'Linux 6.11 with the answer field preset',
    date: '2024-12-13',
    description:
      'The fix of 2024-12-13 alone: KVM writes 0 to hypercall.ret before every map-range exit, so a VMM that never writes it answers success.',
    changes: {
      'psc.retInit': read('zeroedByKvm', posted.retFix),
      'hypercall.retInit': read('zeroedByKvm', posted.retFix),
    },
  },
  'term-v4': {
    base: 'part2-v5',
    title: 'Termination patch V4',
    date: '2022-04-05',
    description:
      'A termination request leaves as KVM_EXIT_SHUTDOWN with a type and an unpadded u64 of flags, which belong to another exit.',
    changes: {
      'term.msr': read('shutdownFlags', posted.termV4),
      'term.tracepoint': read('unpaired', posted.termV4),
    },
  },
  'term-v4.1': {
    base: 'part2-v5',
    title: 'Termination patch V4.1',
    date: '2022-04-07',
    description:
      'A termination request leaves as KVM_EXIT_SYSTEM_EVENT with bit 31 in the type and ndata 1, but the value sits in data[1].',
    changes: {
      'term.msr': read('sysEventBit31Data1', posted.termV41),
      'term.tracepoint': read('unpaired', posted.termV41),
    },
  },
  'amd-5.19-snp': {
    base: 'part2-v5',
    title: "AMD's host tree of 2022, which hosts still run",
    date: '2022',
    description:
      'A tree that hosts still run: the 5.19-rc6 based development tree whose page state change, MSR protocol and AP functions were run. Page state changes are still made inside KVM; the armed flag, the waking of an UNINITIALIZED vCPU and the termination exit are as later.',
    restCarriedOver: true,
    changes: {
      'psc.msr': executed('inKernel', amdMsr),
      'psc.msrUnknownOp': inferred('allOnesAfterMapping', amdMsr),
      'psc.msrNonSnp': executed('handled', amdMsr),
      'psc.privateRegion': executed('registeredOnly', amdPsc),
      'msr.gpaRequestNonSnp': executed('answered', amdMsr),
      'term.msr': executed('sysEventNdata', amdMsr),
      'psc.batch': executed('inKernel', amdPsc),
      'psc.smashTail': executed('error', amdPsc),
      'psc.headerCheck': executed('bothAndOrder', amdPsc),
      'psc.headerError': executed('bare2', amdPsc),
      'psc.indexLimit': executed('fixed253', amdPsc),
      'psc.length': executed('wholeBuffer', amdPsc),
      'psc.badScratch': executed('malformedThenBare1', amdPsc),
      'psc.entryCheck': executed('alignment', amdPsc),
      'psc.merging': executed('none', amdPsc),
      'psc.partialEntry': executed('ignored', amdPsc),
      'psc.errorDetail': executed('perEntry', amdPsc),
      'psc.missingSlotInHugeEntry': executed('otherError', amdPsc),
      'psc.batchNonSnp': read('bare1', amdPsc),
      'psc.doneReply': executed('zero', amdPsc),
      'scratch.outsideGhcb': executed('copiedUpTo64K', amdPsc),
      'ghcb.maxVersion': executed('fixed2', amdMsr),
      'nae.missingInput': executed('malformedInput', amdAp),
      'ap.doubleCreate': executed('replace', amdAp),
      'ap.onError': executed('gp+offline', amdAp),
      'ap.touchedBeforeChecks': executed('gpaInvalidArmed', amdAp),
      'ap.badOnInit': executed('modeErrorKicks+gpaErrorArms', amdAp),
      'ap.offlineState': executed('STOPPED', amdAp),
      'ap.invalidMarker': executed('INVALID', amdAp),
      'ap.features': executed('injModeXor', amdAp),
      'ap.gpaCheck': executed('legal+aligned', amdAp),
      'ap.destroyNeedsRax': executed('yes', amdAp),
      'ap.armedFlag': executed('allRequests', amdAp),
      'ap.plainInit': executed('initBranch', amdAp),
      'ap.unusablePage': executed('offlineOrPa0', amdAp),
      'ap.appliedBy': executed('initReset', amdAp),
      'ap.vmsaLookup': executed('gfnToPfn', amdAp),
      'ap.pendingAfterApply': executed('keptOnFailure', amdAp),
      'ap.launchVmsaRestore': executed('no', amdAp),
      'ap.destroySticky': executed('no', amdAp),
      'ap.wakesUninitialized': executed('requesterFlips', amdAp),
      'vmrun.guard': read('none', amd('entering a vCPU')),
      'vmsa.reload': executed('none', amdAp),
      'hold.eventPending': executed('holds', amdMsr),
      'run.stoppedWoken': executed('eintr', amdAp),
      'mp.setRange': executed('anyNumber', amdAp),
    },
  },
} as const satisfies Record<string, Overlay>;

/** Name of an overlay. */
export type OverlayId = keyof typeof overlays;

/** All names, in order. */
export const overlayIds = Object.keys(overlays) as readonly OverlayId[];

/** An overlay by its name. */
export const overlay = (id: OverlayId): Overlay => overlays[id];
