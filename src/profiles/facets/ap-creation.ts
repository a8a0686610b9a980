/** AP creation (NAE event 0x80000013): the request, and applying the VMSA it names. */
import { review, v11, v14, v4, v5 } from '../documents';
import {
  asMerged,
  facet,
  holdsFor,
  inferred,
  kernels,
  nearest,
  read,
  sev,
  silent,
  unspecified,
} from '../facet';

const request = sev('sev_snp_ap_creation()');
const applying = sev('applying the pending VMSA of an AP');
const initReset = sev('applying the pending VMSA, then initialising the VMCB, on INIT');
const unasked = silent('no reviewer asked for anything here');

export const apCreationFacets = {
  'ap.doubleCreate': facet({
    doc: 'What CREATE does to a vCPU that is already created or armed.',
    values: {
      replace: 'The new VMSA replaces the old one; the old page stays a VMSA page in the RMP.',
      reject: 'The request fails, the target keeps its VMSA.',
    },
    facts: {
      'part2-v4': read('replace', v4.apCreation),
      'as-reviewed': read('reject', review.apCreation),
      'part2-v5': read('replace', v5.apCreation),
      v11: read('replace', v11.apCreation),
      v14: read('replace', v14.apCreation),
      ...kernels('executed', request, {
        'linux-6.11': 'replace',
        'linux-6.12': 'replace',
        'linux-6.17': 'replace',
        'linux-7.2': 'replace',
      }),
    },
  }),

  'ap.onError': facet({
    doc: 'What a refused AP creation request tells the requester, and what it does to the target.',
    values: {
      'silent+offline': 'The requester sees success, the target goes offline; an unknown APIC ID is ignored.',
      'gp+offline': 'The requester gets a #GP (SW_EXITINFO1 = 1), the target goes offline.',
      'badInput+offline': 'The requester sees SW_EXITINFO1 = 2, SW_EXITINFO2 = 5; the target goes offline.',
      'badInput+untouched':
        'The requester sees SW_EXITINFO1 = 2, SW_EXITINFO2 = 5; the target is left alone.',
    },
    facts: {
      'part2-v4': read('silent+offline', v4.apCreation),
      'as-reviewed': inferred('badInput+untouched', review.apCreation),
      'part2-v5': read('gp+offline', v5.apCreation),
      v11: read('badInput+offline', v11.apCreation),
      v14: read('badInput+offline', v14.apCreation),
      ...kernels('executed', request, {
        'linux-6.11': 'badInput+offline',
        'linux-6.12': 'badInput+untouched',
        'linux-6.17': 'badInput+untouched',
        'linux-7.2': 'badInput+untouched',
      }),
    },
  }),

  'ap.touchedBeforeChecks': facet({
    doc: "What a request writes to the target's pending state before it is checked.",
    values: {
      gpaZeroDisarmed: 'The pending GPA becomes 0 and the armed flag false.',
      gpaInvalidDisarmed: 'The pending GPA becomes INVALID_PAGE and the armed flag false.',
      gpaInvalidArmed: 'The pending GPA becomes INVALID_PAGE and the armed flag true.',
      nothing: 'Nothing.',
    },
    facts: {
      'part2-v4': read('gpaZeroDisarmed', v4.apCreation),
      'as-reviewed': read('nothing', review.apCreation),
      'part2-v5': read('gpaInvalidDisarmed', v5.apCreation),
      v11: read('gpaInvalidArmed', v11.apCreation),
      v14: read('gpaInvalidArmed', v14.apCreation),
      ...kernels('executed', request, {
        'linux-6.11': 'gpaInvalidArmed',
        'linux-6.12': 'nothing',
        'linux-6.17': 'nothing',
        'linux-7.2': 'nothing',
      }),
    },
  }),

  'ap.badOnInit': facet({
    doc: 'What a refused CREATE_ON_INIT does to the target.',
    values: {
      modeErrorKicks:
        'Wrong features: the target is kicked and goes offline at once. A bad GPA is not detected here.',
      'modeErrorKicks+gpaErrorArms':
        'Wrong features: the target is kicked and goes offline at once. A bad GPA: the target is armed with INVALID_PAGE, so the next INIT takes it offline.',
      nothing: 'Nothing.',
    },
    facts: {
      'part2-v4': read('modeErrorKicks', v4.apCreation),
      'as-reviewed': read('nothing', review.apCreation),
      'part2-v5': read('modeErrorKicks+gpaErrorArms', v5.apCreation),
      v11: read('modeErrorKicks+gpaErrorArms', v11.apCreation),
      v14: read('modeErrorKicks+gpaErrorArms', v14.apCreation),
      ...kernels('executed', request, {
        'linux-6.11': 'modeErrorKicks+gpaErrorArms',
        'linux-6.12': 'nothing',
        'linux-6.17': 'nothing',
        'linux-7.2': 'nothing',
      }),
    },
  }),

  'ap.offlineState': facet({
    doc: 'The mp_state of a vCPU that AP creation took offline.',
    values: {
      UNINITIALIZED: 'KVM_MP_STATE_UNINITIALIZED, as if it had never been started.',
      STOPPED: 'KVM_MP_STATE_STOPPED, a state of its own; KVM_RUN returns -EINTR on any event.',
      HALTED: 'KVM_MP_STATE_HALTED, like an ordinary HLT; any wake event makes it RUNNABLE.',
    },
    facts: {
      'part2-v4': read('UNINITIALIZED', v4.apCreation),
      'as-reviewed': read('STOPPED', review.apCreation),
      'part2-v5': read('STOPPED', v5.apCreation),
      v11: read('HALTED', v11.apCreation),
      v14: read('HALTED', v14.apCreation),
      ...kernels('executed', applying, {
        'linux-6.11': 'HALTED',
        'linux-6.12': 'HALTED',
        'linux-6.17': 'HALTED',
        'linux-7.2': 'HALTED',
      }),
    },
  }),

  'ap.invalidMarker': facet({
    doc: 'The value that means "no VMSA".',
    values: {
      zero: '0, so GPA 0 means DESTROY and a missing VMSA is physical address 0.',
      INVALID: 'INVALID_PAGE (all ones).',
    },
    facts: {
      'part2-v4': read('zero', v4.apCreation),
      'as-reviewed': read('INVALID', review.apCreation),
      'part2-v5': read('INVALID', v5.apCreation),
      v11: read('INVALID', v11.apCreation),
      v14: read('INVALID', v14.apCreation),
      ...kernels('executed', applying, {
        'linux-6.11': 'INVALID',
        'linux-6.12': 'INVALID',
        'linux-6.17': 'INVALID',
        'linux-7.2': 'INVALID',
      }),
    },
  }),

  'ap.features': facet({
    doc: 'How the SEV features that the guest declares in RAX are checked.',
    values: {
      injModeXor: 'Only the injection-mode bits 3 and 4 must match.',
      'injModeXor+snpActive': 'The injection-mode bits must match and SNP_ACTIVE must be set.',
      exactEqual: 'All bits must equal those of the VM.',
    },
    facts: {
      'part2-v4': read('injModeXor', v4.apCreation),
      'as-reviewed': read('injModeXor+snpActive', review.apCreation),
      'part2-v5': read('injModeXor', v5.apCreation),
      v11: read('injModeXor', v11.apCreation),
      v14: read('injModeXor', v14.apCreation),
      ...kernels('executed', request, {
        'linux-6.11': 'injModeXor',
        'linux-6.12': 'injModeXor',
        'linux-6.17': 'exactEqual',
        'linux-7.2': 'exactEqual',
      }),
    },
  }),

  'ap.featuresBase': facet({
    doc: 'What the declared features are compared with.',
    values: {
      lastFinishedVmsa: 'The features of the last VMSA that LAUNCH_FINISH built.',
      vmsaFeatures: "The VM's vmsa_features.",
      unspecified,
    },
    shownAs: asMerged('vmsaFeatures'),
    facts: {
      'part2-v4': read('lastFinishedVmsa', v4.apCreation),
      'as-reviewed': unasked,
      'part2-v5': read('lastFinishedVmsa', v5.apCreation),
      v11: read('lastFinishedVmsa', v11.apCreation),
      v14: read('vmsaFeatures', v14.apCreation),
      ...kernels('executed', request, {
        'linux-6.11': 'vmsaFeatures',
        'linux-6.12': 'vmsaFeatures',
        'linux-6.17': 'vmsaFeatures',
        'linux-7.2': 'vmsaFeatures',
      }),
    },
  }),

  'ap.gpaCheck': facet({
    doc: 'How the guest address of the VMSA is checked.',
    values: {
      alignedAtApply: 'Only its page alignment, when the VMSA is applied, without an error to the requester.',
      'legal+aligned': 'At the request: legal for the guest and page aligned.',
      'legal+aligned+not2M':
        'At the request: legal, page aligned, and not 2M aligned (a hardware erratum); 0 is 2M aligned.',
    },
    facts: {
      'part2-v4': read('alignedAtApply', v4.apCreation),
      'as-reviewed': read('legal+aligned', review.apCreation),
      'part2-v5': read('legal+aligned', v5.apCreation),
      v11: read('legal+aligned+not2M', v11.apCreation),
      v14: read('legal+aligned+not2M', v14.apCreation),
      ...kernels('executed', request, {
        'linux-6.11': 'legal+aligned+not2M',
        'linux-6.12': 'legal+aligned+not2M',
        'linux-6.17': 'legal+aligned+not2M',
        'linux-7.2': 'legal+aligned+not2M',
      }),
    },
  }),

  'ap.destroyNeedsRax': facet({
    doc: 'Whether DESTROY too must mark RAX valid; nae.missingInput says what happens otherwise.',
    values: {
      no: 'Only CREATE, CREATE_ON_INIT and unknown requests must.',
      yes: 'Every request must.',
      unspecified,
    },
    shownAs: asMerged('no'),
    facts: {
      'part2-v4': read('yes', v4.apCreation),
      'as-reviewed': unasked,
      'part2-v5': read('yes', v5.apCreation),
      v11: read('no', v11.apCreation),
      v14: read('no', v14.apCreation),
      ...kernels('executed', sev('sev_handle_vmgexit(), its checks'), {
        'linux-6.11': 'no',
        'linux-6.12': 'no',
        'linux-6.17': 'no',
        'linux-7.2': 'no',
      }),
    },
  }),

  'ap.armedFlag': facet({
    doc: 'Which requests set the flag that lets the next INIT apply the pending VMSA.',
    values: {
      onInitOnly: 'CREATE_ON_INIT alone; CREATE and DESTROY clear it.',
      allRequests:
        'All three; the request or an INIT, whichever comes first, applies the VMSA and clears the flag.',
      unspecified,
    },
    shownAs: asMerged('allRequests'),
    facts: {
      'part2-v4': read('onInitOnly', v4.apCreation),
      'as-reviewed': unasked,
      'part2-v5': read('onInitOnly', v5.apCreation),
      v11: read('allRequests', v11.apCreation),
      v14: read('allRequests', v14.apCreation),
      ...kernels('executed', request, {
        'linux-6.11': 'allRequests',
        'linux-6.12': 'allRequests',
        'linux-6.17': 'allRequests',
        'linux-7.2': 'allRequests',
      }),
    },
  }),

  'ap.appliedBy': facet({
    doc: 'How the pending VMSA is applied for CREATE and DESTROY.',
    values: {
      requestHandler:
        'By a handler in the run loop: the vCPU is not reset, and the armed flag is neither tested nor cleared.',
      initReset:
        'By a full INIT reset, which tests the armed flag, resets the local APIC and clears queued interrupts, NMIs and exceptions.',
      unspecified,
    },
    shownAs: asMerged('initReset'),
    facts: {
      'part2-v4': read('requestHandler', v4.apCreation),
      'as-reviewed': silent('an ordered or locked update is asked for, nothing more'),
      'part2-v5': read('requestHandler', v5.apCreation),
      v11: read('initReset', v11.apCreation),
      v14: read('initReset', v14.apCreation),
      ...kernels('executed', applying, {
        'linux-6.11': 'initReset',
        'linux-6.12': 'initReset',
        'linux-6.17': 'initReset',
        'linux-7.2': 'initReset',
      }),
    },
  }),

  'ap.plainInit': facet({
    doc: 'What an INIT with nothing pending does.',
    values: {
      resetBranch:
        'It runs the branch that was meant for RESET only: the APIC base goes back to its default.',
      initBranch: 'It is an ordinary INIT reset.',
      unspecified,
    },
    shownAs: asMerged('initBranch'),
    facts: {
      'part2-v4': read('resetBranch', v4.apCreation),
      'as-reviewed': unasked,
      'part2-v5': read('initBranch', v5.apCreation),
      v11: read('initBranch', v11.apCreation),
      v14: read('initBranch', v14.apCreation),
      ...kernels('executed', initReset, {
        'linux-6.11': 'initBranch',
        'linux-6.12': 'initBranch',
        'linux-6.17': 'initBranch',
        'linux-7.2': 'initBranch',
      }),
    },
  }),

  'ap.unusablePage': facet({
    doc: 'What happens to the target of an accepted CREATE when KVM cannot get the VMSA page.',
    values: {
      halted: 'The target stays in the offline state; only the log says why.',
      runnable: 'The target becomes RUNNABLE anyway, so that entering it fails visibly.',
      offlineOrPa0:
        'Page not present: the target goes offline without an error. No memslot: physical address 0 is installed and the target is RUNNABLE.',
      internalErrorOrPa0:
        'Page not present: exit KVM_EXIT_INTERNAL_ERROR of the target. No memslot: physical address 0 is installed and the target is RUNNABLE.',
      emulationErrorExit: 'The target exits to the VMM with an emulation error.',
    },
    facts: {
      'part2-v4': inferred('offlineOrPa0', v4.apCreation),
      'as-reviewed': read('emulationErrorExit', review.apCreation),
      'part2-v5': inferred('internalErrorOrPa0', v5.apCreation),
      v11: read('halted', v11.apCreation),
      v14: read('halted', v14.apCreation),
      ...kernels('executed', applying, {
        'linux-6.11': 'halted',
        'linux-6.12': 'runnable',
        'linux-6.17': 'halted',
        'linux-7.2': 'runnable',
      }),
    },
  }),

  'ap.vmsaLookup': facet({
    doc: 'Where the page of a pending VMSA is looked up.',
    values: {
      gfnToPfn: 'Through the memslot and its userspace address, as any page; the page is pinned.',
      guestMemfd: 'In the guest_memfd of its memslot, which also makes it private in the RMP.',
      unspecified,
    },
    shownAs: asMerged('guestMemfd'),
    facts: {
      'part2-v4': read('gfnToPfn', v4.apCreation),
      'as-reviewed': unasked,
      'part2-v5': read('gfnToPfn', v5.apCreation),
      v11: read('guestMemfd', v11.apCreation),
      v14: read('guestMemfd', v14.apCreation),
      ...kernels('executed', applying, {
        'linux-6.11': 'guestMemfd',
        'linux-6.12': 'guestMemfd',
        'linux-6.17': 'guestMemfd',
        'linux-7.2': 'guestMemfd',
      }),
    },
  }),

  'ap.pendingAfterApply': facet({
    doc: 'What happens to the pending GPA when it is applied.',
    values: {
      kept: 'KVM keeps it, and an update request that is still pending applies it again.',
      keptOnFailure:
        'KVM clears it if it got the page; otherwise it stays until the next request overwrites it.',
      consumed: 'KVM clears it.',
      unspecified,
    },
    shownAs: nearest(
      'linux-6.12',
      'consumed',
      'the first kernel that leaves a refused target alone, as the review asks',
    ),
    facts: {
      'part2-v4': read('kept', v4.apCreation),
      'as-reviewed': unasked,
      'part2-v5': read('kept', v5.apCreation),
      v11: read('keptOnFailure', v11.apCreation),
      v14: read('keptOnFailure', v14.apCreation),
      ...kernels('executed', applying, {
        'linux-6.11': 'keptOnFailure',
        'linux-6.12': 'consumed',
        'linux-6.17': 'consumed',
        'linux-7.2': 'consumed',
      }),
    },
  }),

  'ap.launchVmsaRestore': facet({
    doc: "Whether initialising the VMCB restores KVM's own launch VMSA as long as no guest VMSA was ever installed.",
    values: {
      no: 'Serving a request ends its use for good: after DESTROY, or a CREATE whose page cannot be had, there is no VMSA.',
      yes: 'DESTROY before any CREATE leaves the launch VMSA in the VMCB, and the vCPU can run on it again.',
    },
    facts: {
      'part2-v4': read('no', v4.apCreation),
      'as-reviewed': inferred('no', review.apCreation),
      'part2-v5': read('no', v5.apCreation),
      v11: read('no', v11.apCreation),
      v14: read('yes', v14.apCreation),
      ...kernels('executed', initReset, {
        'linux-6.11': 'yes',
        'linux-6.12': 'yes',
        'linux-6.17': 'yes',
        'linux-7.2': 'yes',
      }),
    },
  }),

  'ap.destroySticky': facet({
    doc: 'Whether INIT-SIPI or the VMM can start a destroyed vCPU again without a new CREATE.',
    values: {
      no: 'They make it RUNNABLE; other facets decide which VMSA it then has.',
      yes: 'Both are refused.',
    },
    facts: {
      'part2-v4': read('no', v4.apCreation),
      'as-reviewed': read('yes', review.apCreation),
      'part2-v5': read('no', v5.apCreation),
      v11: inferred('no', v11.apCreation),
      v14: inferred('no', v14.apCreation),
      ...kernels(
        'executed',
        { file: 'arch/x86/kvm/x86.c', topic: 'blocking, waking and SET_MP_STATE' },
        {
          'linux-6.11': 'no',
          'linux-6.12': 'no',
          'linux-6.17': 'no',
          'linux-7.2': 'no',
        },
      ),
    },
  }),

  'ap.wakesUninitialized': facet({
    doc: 'Whether CREATE starts a vCPU that is still UNINITIALIZED.',
    values: {
      no: 'It only wakes it: KVM_RUN returns -EAGAIN and the request stays pending until INIT or SET_MP_STATE.',
      requesterFlips: 'The requester turns UNINITIALIZED into RUNNABLE before it makes the request.',
      unblockHook: 'An unblock request lets a hook of the target turn UNINITIALIZED into RUNNABLE.',
      unspecified,
    },
    shownAs: asMerged('no'),
    facts: {
      'part2-v4': inferred('no', v4.apCreation),
      'as-reviewed': unasked,
      'part2-v5': inferred('no', v5.apCreation),
      v11: read('requesterFlips', v11.apCreation),
      v14: read('unblockHook', v14.apCreation),
      ...kernels(
        'executed',
        { file: 'arch/x86/kvm/x86.c', topic: 'KVM_RUN of an UNINITIALIZED vCPU' },
        {
          'linux-6.11': 'no',
          'linux-6.12': 'no',
          'linux-6.17': 'no',
          'linux-7.2': 'no',
        },
      ),
    },
  }),

  'ap.pvUnhalted': facet({
    doc: 'When pv_unhalted is cleared.',
    values: {
      onPurposeOnly: 'When the target goes offline as requested, not after a failed apply.',
      bothWays: 'Both when the target goes offline and when it goes online.',
    },
    facts: {
      'part2-v4': read('onPurposeOnly', v4.apCreation),
      'as-reviewed': read('bothWays', review.apCreation),
      'part2-v5': read('bothWays', v5.apCreation),
      v11: read('bothWays', v11.apCreation),
      v14: read('bothWays', v14.apCreation),
      ...kernels('executed', applying, {
        'linux-6.11': 'bothWays',
        'linux-6.12': 'bothWays',
        'linux-6.17': 'bothWays',
        'linux-7.2': 'bothWays',
      }),
    },
  }),

  'ap.vmcbDirty': facet({
    doc: 'When the VMCB is marked dirty for a new VMSA address.',
    values: {
      never: 'Not at all.',
      ifApplied: 'Only if the apply succeeds, or for DESTROY.',
      always: 'Always, before the new address is used.',
      unspecified,
    },
    shownAs: nearest(
      'linux-6.12',
      'always',
      'the first kernel that leaves a refused target alone, as the review asks',
    ),
    facts: {
      'part2-v4': read('never', v4.apCreation),
      'as-reviewed': unasked,
      'part2-v5': read('never', v5.apCreation),
      v11: read('ifApplied', v11.apCreation),
      v14: read('ifApplied', v14.apCreation),
      'linux-6.11': read('ifApplied', v14.apCreationV15),
      ...kernels('read', applying, { 'linux-6.12': 'always', 'linux-6.17': 'always', 'linux-7.2': 'always' }),
    },
  }),
} as const;

/** Whether a refused request takes the target offline. */
export const takesTargetOffline = holdsFor<(typeof apCreationFacets)['ap.onError']>({
  'silent+offline': true,
  'gp+offline': true,
  'badInput+offline': true,
  'badInput+untouched': false,
});
