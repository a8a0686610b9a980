/*
 * The life cycle of SEV-SNP vCPUs under KVM: AP creation (CREATE, CREATE_ON_INIT, DESTROY), INIT and SIPI, AP reset hold, HLT,
 * KVM_RUN, signals, KVM_SET_MP_STATE and KVM_GET_MP_STATE.
 *
 * vCPU 0 is the boot processor. It is always in the guest and asks for AP creation; the other vCPUs are its targets. Index i of
 * the arrays and process i are vCPU i + 1. Each alternative of the loop at the end is one act and one d_step. Each act runs until the target's thread is in the guest, is blocked
 * in the kernel or has returned to the VMM.
 *
 *   spin -a -DPROFILE=LINUX_7_2 -DPROPERTY=DestroySticky ap-lifecycle.pml
 *   gcc -O2 -DSAFETY -DNOREDUCE -DBFS -o pan pan.c && ./pan && spin -t -DPROFILE=LINUX_7_2 -DPROPERTY=DestroySticky ap-lifecycle.pml
 *
 * docs/models.md describes scope, properties and every choice that the references leave open.
 */

/* ---- profiles: one block for each; a facet given by -D stands over the profile's ---- */

#define PART2_V4   1
#define LINUX_6_12 2
#define LINUX_6_17 3
#define LINUX_7_2  4
#define LINUX_7_3  5

/* ON_ERROR: what a request that KVM does not carry out does to its target */
#define silentOffline 1    /* success is answered, the target goes offline */
#define badInputUntouched 2
#define badInputOffline 3  /* no profile here; shows what FailureIsNoOp and NoLandmine mean */
/* FEATURES: which difference between RAX and the VM's features is refused */
#define injModeXor 1       /* only the injection-mode bits 3 and 4 */
#define exactEqual 2
/* LAUNCH_VMSA_RESTORE: a vCPU reset puts KVM's own VMSA back while ... */
#define never_ 1
#define untilInstalled 2   /* ... no guest VMSA was ever installed */
#define untilRequested 3   /* ... no request was ever served, whatever its outcome */
/* VMRUN_GUARD */
#define none_ 1
#define rejectInvalidVmsa 2
/* UNUSABLE_PAGE: CREATE with a GPA outside all memslots */
#define runnableAtPa0 1
#define runnableInvalid 2
#define haltedInvalid 3

#ifndef PROFILE
#define PROFILE LINUX_7_2
#endif

#if PROFILE == PART2_V4
#define _ON_ERROR silentOffline
#define _OFFLINE_STATE UNINITIALIZED
#define _INVALID_MARKER PA0
#define _FEATURES injModeXor
#define _LAUNCH_VMSA_RESTORE never_
#define _VMRUN_GUARD none_
#define _UNUSABLE_PAGE runnableAtPa0
#define _ARMED_BY_ALL 0
#define _RUNNABLE_CLEARS_UNHALTED 0
#define _HALT_SEES_EVENTS 0
#endif

#if PROFILE == LINUX_6_12
#define _ON_ERROR badInputUntouched
#define _OFFLINE_STATE HALTED
#define _INVALID_MARKER INVALID
#define _FEATURES injModeXor
#define _LAUNCH_VMSA_RESTORE untilInstalled
#define _VMRUN_GUARD none_
#define _UNUSABLE_PAGE runnableInvalid
#define _ARMED_BY_ALL 1
#define _RUNNABLE_CLEARS_UNHALTED 0
#define _HALT_SEES_EVENTS 1
#endif

#if PROFILE == LINUX_6_17
#define _ON_ERROR badInputUntouched
#define _OFFLINE_STATE HALTED
#define _INVALID_MARKER INVALID
#define _FEATURES exactEqual
#define _LAUNCH_VMSA_RESTORE untilInstalled
#define _VMRUN_GUARD rejectInvalidVmsa
#define _UNUSABLE_PAGE haltedInvalid
#define _ARMED_BY_ALL 1
#define _RUNNABLE_CLEARS_UNHALTED 1
#define _HALT_SEES_EVENTS 1
#endif

#if PROFILE == LINUX_7_2
#define _ON_ERROR badInputUntouched
#define _OFFLINE_STATE HALTED
#define _INVALID_MARKER INVALID
#define _FEATURES exactEqual
#define _LAUNCH_VMSA_RESTORE untilInstalled
#define _VMRUN_GUARD rejectInvalidVmsa
#define _UNUSABLE_PAGE runnableInvalid
#define _ARMED_BY_ALL 1
#define _RUNNABLE_CLEARS_UNHALTED 1
#define _HALT_SEES_EVENTS 1
#endif

#if PROFILE == LINUX_7_3
#define _ON_ERROR badInputUntouched
#define _OFFLINE_STATE HALTED
#define _INVALID_MARKER INVALID
#define _FEATURES exactEqual
#define _LAUNCH_VMSA_RESTORE untilRequested
#define _VMRUN_GUARD rejectInvalidVmsa
#define _UNUSABLE_PAGE runnableInvalid
#define _ARMED_BY_ALL 1
#define _RUNNABLE_CLEARS_UNHALTED 1
#define _HALT_SEES_EVENTS 1
#endif

#ifndef ON_ERROR
#define ON_ERROR _ON_ERROR
#endif
#ifndef OFFLINE_STATE
#define OFFLINE_STATE _OFFLINE_STATE
#endif
#ifndef INVALID_MARKER
#define INVALID_MARKER _INVALID_MARKER
#endif
#ifndef FEATURES
#define FEATURES _FEATURES
#endif
#ifndef LAUNCH_VMSA_RESTORE
#define LAUNCH_VMSA_RESTORE _LAUNCH_VMSA_RESTORE
#endif
#ifndef VMRUN_GUARD
#define VMRUN_GUARD _VMRUN_GUARD
#endif
#ifndef UNUSABLE_PAGE
#define UNUSABLE_PAGE _UNUSABLE_PAGE
#endif
#ifndef ARMED_BY_ALL               /* CREATE and DESTROY set the armed flag too, so that an INIT that comes first consumes them */
#define ARMED_BY_ALL _ARMED_BY_ALL
#endif
#ifndef RUNNABLE_CLEARS_UNHALTED   /* SIPI and KVM_SET_MP_STATE(RUNNABLE) clear pv_unhalted */
#define RUNNABLE_CLEARS_UNHALTED _RUNNABLE_CLEARS_UNHALTED
#endif
#ifndef HALT_SEES_EVENTS           /* AP reset hold with an event pending stays RUNNABLE */
#define HALT_SEES_EVENTS _HALT_SEES_EVENTS
#endif

/* ---- scope: how many vCPUs and pages, and how often each act; ANY is no limit, 0 is never ---- */

#define ANY 255

#ifndef VCPUS
#define VCPUS 2            /* with the boot processor */
#endif
#ifndef PAGES
#define PAGES 1            /* pages that the guest has made VMSAs: 1 or 2 */
#endif
#ifndef START
#define START 0            /* 0: no AP was ever started; 1: each AP ran once on its launch VMSA and waits in an AP reset
                              hold; 2: as 0, and its thread is in KVM_RUN */
#endif
#ifndef LATE
#define LATE 0             /* 1: the APs are created after LAUNCH_FINISH, so their launch VMSAs are plain text */
#endif
#ifndef WAKE_AT_ONCE
#define WAKE_AT_ONCE 0     /* 1: a thread that can go on does so in the act that let it; 0: that is an act of its own */
#endif
#ifndef CREATES
#define CREATES ANY
#endif
#ifndef CREATES_ON_INIT
#define CREATES_ON_INIT ANY
#endif
#ifndef DESTROYS
#define DESTROYS ANY
#endif
#ifndef CREATES_NO_SLOT    /* CREATE with a GPA outside all memslots */
#define CREATES_NO_SLOT 0
#endif
#ifndef CREATES_UNTYPED    /* CREATE with a private page that is no VMSA in the RMP */
#define CREATES_UNTYPED 0
#endif
#ifndef CREATES_OTHER_FEATURES  /* CREATE of a VMSA that declares bit 5 (DEBUG_SWAP), which the VM has not */
#define CREATES_OTHER_FEATURES 0
#endif
#ifndef REFUSALS           /* requests with wrong injection-mode bits, misaligned GPA, unknown request or unknown APIC id */
#define REFUSALS 0
#endif
#ifndef INITS
#define INITS ANY
#endif
#ifndef SIPIS
#define SIPIS ANY
#endif
#ifndef HOLDS
#define HOLDS 0
#endif
#ifndef HLTS
#define HLTS 0
#endif
#ifndef UNHALTS            /* PV kick of another vCPU */
#define UNHALTS 0
#endif
#ifndef RUNS
#define RUNS ANY
#endif
#ifndef IMMEDIATE_EXITS    /* KVM_RUN with kvm_run.immediate_exit */
#define IMMEDIATE_EXITS 0
#endif
#ifndef SIGNALS
#define SIGNALS 0
#endif
#ifndef SET_MP_STATES
#define SET_MP_STATES 0
#endif
#ifndef GET_MP_STATES
#define GET_MP_STATES 0
#endif

/* left... counts what remains of an act that may happen only so often; what is not limited takes no room in a state. */
#define MAY(n, left) (n == ANY || left > 0)
#define TAKE(n, left) if :: n != ANY -> left-- :: else fi
byte anyNumber; /* stands in for the counters that are not needed */
#if CREATES < ANY
byte leftCreates = CREATES;
#else
#define leftCreates anyNumber
#endif
#if CREATES_ON_INIT < ANY
byte leftCreatesOnInit = CREATES_ON_INIT;
#else
#define leftCreatesOnInit anyNumber
#endif
#if DESTROYS < ANY
byte leftDestroys = DESTROYS;
#else
#define leftDestroys anyNumber
#endif
#if CREATES_NO_SLOT < ANY
byte leftCreatesNoSlot = CREATES_NO_SLOT;
#else
#define leftCreatesNoSlot anyNumber
#endif
#if CREATES_UNTYPED < ANY
byte leftCreatesUntyped = CREATES_UNTYPED;
#else
#define leftCreatesUntyped anyNumber
#endif
#if CREATES_OTHER_FEATURES < ANY
byte leftCreatesOtherFeatures = CREATES_OTHER_FEATURES;
#else
#define leftCreatesOtherFeatures anyNumber
#endif
#if REFUSALS < ANY
byte leftRefusals = REFUSALS;
#else
#define leftRefusals anyNumber
#endif
#if INITS < ANY
byte leftInits = INITS;
#else
#define leftInits anyNumber
#endif
#if SIPIS < ANY
byte leftSipis = SIPIS;
#else
#define leftSipis anyNumber
#endif
#if HOLDS < ANY
byte leftHolds = HOLDS;
#else
#define leftHolds anyNumber
#endif
#if HLTS < ANY
byte leftHlts = HLTS;
#else
#define leftHlts anyNumber
#endif
#if UNHALTS < ANY
byte leftUnhalts = UNHALTS;
#else
#define leftUnhalts anyNumber
#endif
#if RUNS < ANY
byte leftRuns = RUNS;
#else
#define leftRuns anyNumber
#endif
#if IMMEDIATE_EXITS < ANY
byte leftImmediateExits = IMMEDIATE_EXITS;
#else
#define leftImmediateExits anyNumber
#endif
#if SIGNALS < ANY
byte leftSignals = SIGNALS;
#else
#define leftSignals anyNumber
#endif
#if SET_MP_STATES < ANY
byte leftSetMpStates = SET_MP_STATES;
#else
#define leftSetMpStates anyNumber
#endif
#if GET_MP_STATES < ANY
byte leftGetMpStates = GET_MP_STATES;
#else
#define leftGetMpStates anyNumber
#endif

/* ---- state ---- */

/* mp_state, the numbers of KVM_GET_MP_STATE */
#define RUNNABLE 0
#define UNINITIALIZED 1
#define INIT_RECEIVED 2
#define HALTED 3
#define SIPI_RECEIVED 4
#define AP_RESET_HOLD 9

/* pages, in pend and vmsa: 1 and 2 are VMSAs of the guest */
#define NONE 0
#define OTHER_FEATURES 3
#define UNTYPED 4
#define NO_SLOT 5
#define MISALIGNED 6
/* vmsa only */
#define LAUNCH 7
#define INVALID 8
#define PA0 9

/* where the vCPU's thread is */
#define OUT 0              /* not in KVM_RUN */
#define IN_UNINITIALIZED 1 /* blocked in KVM_RUN before the run loop */
#define BLOCKED 2          /* blocked, or looping without progress, in the run loop */
#define IN_GUEST 3
#define ABSENT 4           /* the vCPU is not created yet */

/* AP reset hold type */
#define NAE 1
#define MSR 2

#define TARGETS (VCPUS - 1)
#if START == 1
#define MP_AT_START AP_RESET_HOLD
#define AT_START BLOCKED
#define HOLD_AT_START NAE
#define FIRST_AT_START 1
#else
#define MP_AT_START UNINITIALIZED
#if START == 2
#define AT_START IN_UNINITIALIZED
#elif LATE == 1
#define AT_START ABSENT
#else
#define AT_START OUT
#endif
#define HOLD_AT_START 0
#define FIRST_AT_START 0
#endif

byte mpState[TARGETS] = MP_AT_START;    /* mp_state */
byte vmsa[TARGETS] = LAUNCH;       /* the VMSA in the VMCB */
byte pendingGpa[TARGETS];                /* pending GPA */
bit armed[TARGETS];                /* waiting for a reset */
bit hasGuestVmsa[TARGETS];                  /* the launch VMSA is not put back any more */
bit updateRequested[TARGETS];                  /* an update of the protected state is requested */
bit initLatched[TARGETS];                 /* INIT is latched */
bit sipiLatched[TARGETS];                 /* SIPI is latched */
bit firstSipi[TARGETS] = FIRST_AT_START; /* has taken a SIPI */
byte holdType[TARGETS] = HOLD_AT_START;  /* AP reset hold type */
bit pvUnhalted[TARGETS];                   /* pv_unhalted */
byte thread[TARGETS] = AT_START;
bit signal[TARGETS];                  /* a signal is pending */

/* What the properties remember; no act reads it. */
bit created[TARGETS];              /* CREATE or CREATE_ON_INIT was answered with success, no DESTROY since */
bit destroyed[TARGETS];            /* DESTROY was answered with success, no CREATE or CREATE_ON_INIT since */
bit offline[TARGETS];              /* a DESTROY was served, and nothing has changed mp_state since */
bit mine[TARGETS];                 /* armed by a request that was answered with an error */

bit moved;                         /* scratch of runLoop; 0 between acts */

/* ---- properties ---- */

#define NoRunWithoutVmsa 1
#define FailureIsNoOp 2
#define ErrorsAreVisible 3
#define NoDoubleCreate 4
#define DestroySticky 5
#define OfflineDistinguishable 6
#define ArmedDistinguishable 7
#define NoLandmine 8
#define SymmetricUnhalt 9
#define DeclaredFeaturesUniform 10

#ifndef PROPERTY
#define PROPERTY 0
#endif

#ifdef REPORT
/* e2e/scripts/spin.mjs writes this file: it notes the first violation of every property, and every abstract state */
c_decl {
\#include "report.h"
}
#define CHECK(property, condition) if :: condition -> skip :: else -> c_code { noteViolation(property, depth); } fi
#define NOTE_STATE :: d_step { _pid == 0 -> c_code { noteState(); } } /* no act */
#else
#define CHECK(property, condition) assert(PROPERTY != property || (condition))
#define NOTE_STATE
#endif

/* ---- KVM ---- */

/* Applies the pending state of t; a part of every vCPU reset. */
inline serve(t) {
  if
  :: ON_ERROR == silentOffline ->
     armed[t] = 0;
     if
     :: pendingGpa[t] == NONE -> vmsa[t] = INVALID_MARKER; mpState[t] = OFFLINE_STATE; pvUnhalted[t] = 0
     :: pendingGpa[t] == MISALIGNED -> vmsa[t] = INVALID_MARKER; mpState[t] = OFFLINE_STATE
     :: pendingGpa[t] == NO_SLOT -> vmsa[t] = PA0; mpState[t] = RUNNABLE
     :: else -> vmsa[t] = pendingGpa[t]; mpState[t] = RUNNABLE
     fi
  :: else ->
     armed[t] = 0;
     pvUnhalted[t] = 0;
     mpState[t] = OFFLINE_STATE;
     vmsa[t] = INVALID_MARKER;
     if :: LAUNCH_VMSA_RESTORE == untilRequested -> hasGuestVmsa[t] = 1 :: else fi;
     if
     :: pendingGpa[t] == NONE -> skip
     :: pendingGpa[t] == NO_SLOT -> if :: UNUSABLE_PAGE == runnableInvalid -> mpState[t] = RUNNABLE :: else fi
     :: else -> vmsa[t] = pendingGpa[t]; hasGuestVmsa[t] = 1; mpState[t] = RUNNABLE
     fi
  fi;
  offline[t] = (pendingGpa[t] == NONE);
  mine[t] = 0;
  pendingGpa[t] = NONE;
  CHECK(SymmetricUnhalt, !pvUnhalted[t])
}

inline resetVcpu(t) {
  if :: armed[t] -> serve(t) :: else fi;
  if :: LAUNCH_VMSA_RESTORE != never_ && !hasGuestVmsa[t] -> vmsa[t] = LAUNCH :: else fi
}

/* kvm_apic_accept_events() */
inline acceptEvents(t) {
  if
  :: initLatched[t] ->
     initLatched[t] = 0;
     CHECK(NoLandmine, !(armed[t] && mine[t]));
     resetVcpu(t);
     mpState[t] = INIT_RECEIVED;
     offline[t] = 0
  :: else
  fi;
  if
  :: sipiLatched[t] ->
     sipiLatched[t] = 0;
     if
     :: mpState[t] == INIT_RECEIVED -> /* the answer of a hold is written here; the first SIPI ever changes nothing */
        firstSipi[t] = 1;
        mpState[t] = RUNNABLE;
        if :: RUNNABLE_CLEARS_UNHALTED -> pvUnhalted[t] = 0 :: else fi
     :: else
     fi
  :: else
  fi
}

#define hasEvents(t) (initLatched[t] || sipiLatched[t] || pvUnhalted[t] || updateRequested[t])

inline returnToVmm(t) { thread[t] = OUT; signal[t] = 0 }

/* VMRUN is attempted, or refused before it */
inline vmrun(t) {
  holdType[t] = 0;
  if
  :: signal[t] -> returnToVmm(t) /* -EINTR */
  :: else ->
     if
     :: VMRUN_GUARD == rejectInvalidVmsa && vmsa[t] == INVALID -> returnToVmm(t) /* FAIL_ENTRY */
     :: else ->
        if
        :: vmsa[t] == INVALID || vmsa[t] == PA0 || vmsa[t] == UNTYPED || (vmsa[t] == LAUNCH && LATE) ->
           CHECK(NoRunWithoutVmsa, false);
           returnToVmm(t) /* FAIL_ENTRY from the hardware */
        :: else ->
           thread[t] = IN_GUEST;
           CHECK(DestroySticky, !destroyed[t])
        fi
     fi
  fi
}

/* The run loop until the thread is in the guest, blocked or back in the VMM. */
inline runLoop(t) {
  thread[t] = BLOCKED;
  moved = 1;
  do
  :: thread[t] == BLOCKED && moved ->
     moved = 0;
     if
     :: mpState[t] == RUNNABLE -> /* vcpu_enter_guest() */
        if
        :: updateRequested[t] ->
           updateRequested[t] = 0;
           moved = 1;
           if
           :: ON_ERROR == silentOffline -> serve(t)
           :: else -> resetVcpu(t)
           fi
        :: else
        fi;
        if
        :: mpState[t] == RUNNABLE && (initLatched[t] || sipiLatched[t]) -> moved = 1; acceptEvents(t)
        :: else
        fi;
        if
        :: mpState[t] == RUNNABLE -> vmrun(t)
        :: else
        fi
     :: mpState[t] != RUNNABLE && hasEvents(t) -> /* vcpu_block() */
        if :: initLatched[t] || sipiLatched[t] -> moved = 1 :: else fi;
        acceptEvents(t);
        if
        :: mpState[t] == HALTED || mpState[t] == AP_RESET_HOLD -> mpState[t] = RUNNABLE; pvUnhalted[t] = 0; moved = 1; offline[t] = 0
        :: mpState[t] == UNINITIALIZED -> returnToVmm(t) /* -EINTR; only part2-v4 blocks here in this state */
        :: else
        fi
     :: else
     fi;
     if
     :: thread[t] == BLOCKED && signal[t] -> returnToVmm(t) /* -EINTR */
     :: else
     fi
  :: else -> break
  od
}

/* KVM_RUN of an UNINITIALIZED vCPU: blocks for an event, takes it, and returns -EAGAIN or -EINTR. */
inline runUninitialized(t) {
  if
  :: hasEvents(t) || signal[t] -> acceptEvents(t); returnToVmm(t)
  :: else -> thread[t] = IN_UNINITIALIZED
  fi
}

#define canGoOn(t) ((thread[t] == IN_UNINITIALIZED && (hasEvents(t) || signal[t])) || \
  (thread[t] == BLOCKED && (signal[t] || mpState[t] == RUNNABLE || (hasEvents(t) && (mpState[t] != INIT_RECEIVED || initLatched[t] || sipiLatched[t])))) || \
  (thread[t] == IN_GUEST && (signal[t] || updateRequested[t] || initLatched[t] || sipiLatched[t])))

/* A thread that was woken or kicked goes on. */
inline goOn(t) {
  if
  :: thread[t] == IN_UNINITIALIZED -> runUninitialized(t)
  :: thread[t] == IN_GUEST && signal[t] -> returnToVmm(t)
  :: else -> runLoop(t)
  fi
}

inline settle(t) {
#if WAKE_AT_ONCE == 1
  if :: canGoOn(t) -> goOn(t) :: else fi;
#endif
  CHECK(DeclaredFeaturesUniform, !(mpState[t] == RUNNABLE && vmsa[t] == OTHER_FEATURES));
  CHECK(OfflineDistinguishable, !(offline[t] && (mpState[t] == UNINITIALIZED || mpState[t] == HALTED)));
  CHECK(ArmedDistinguishable, !(armed[t] && !updateRequested[t] && !firstSipi[t] && mpState[t] == UNINITIALIZED && thread[t] != IN_GUEST));
  moved = 0
}

/* KVM carries out a request of vCPU 0. */
inline accept(t, page, onInit) {
  pendingGpa[t] = page;
  armed[t] = (ARMED_BY_ALL || onInit);
  mine[t] = 0;
  if :: !(onInit) -> updateRequested[t] = 1 :: else fi;
  if
  :: page == NONE -> created[t] = 0; destroyed[t] = 1
  :: else ->
     CHECK(NoDoubleCreate, !created[t]);
     created[t] = 1;
     destroyed[t] = 0
  fi;
  CHECK(ErrorsAreVisible, page != NO_SLOT && page != MISALIGNED)
}

/* KVM does not carry out a request of vCPU 0. */
inline refuse(t, onInit) {
  if
  :: ON_ERROR == silentOffline -> pendingGpa[t] = NONE; armed[t] = 0; updateRequested[t] = 1; CHECK(ErrorsAreVisible, false)
  :: ON_ERROR == badInputOffline ->
     pendingGpa[t] = NONE;
     armed[t] = 1;
     mine[t] = 1;
     if :: !(onInit) -> updateRequested[t] = 1 :: else fi;
     CHECK(FailureIsNoOp, false)
  :: else -> skip /* malformed input; pending GPA, armed flag, mp_state and VMSA stay as they are */
  fi
}


/* ---- acts ---- */

#define me _pid
#define vcpu (_pid + 1)
#define exists (thread[me] != ABSENT)
#define CREATE_ACT(page) \
  :: d_step { exists && MAY(CREATES, leftCreates) -> TAKE(CREATES, leftCreates); \
     printf("act guest create vcpu=%d page=%d\n", vcpu, page); accept(me, page, 0); settle(me) }
#define ON_INIT_ACT(page) \
  :: d_step { exists && MAY(CREATES_ON_INIT, leftCreatesOnInit) -> TAKE(CREATES_ON_INIT, leftCreatesOnInit); \
     printf("act guest create-on-init vcpu=%d page=%d\n", vcpu, page); accept(me, page, 1); settle(me) }
#define SET_MP_STATE_ACT(state) \
  :: d_step { thread[me] == OUT && MAY(SET_MP_STATES, leftSetMpStates) -> TAKE(SET_MP_STATES, leftSetMpStates); \
     printf("act vmm set-mp-state vcpu=%d state=%d\n", vcpu, state); setMpState(me, state); settle(me) }

inline setMpState(t, state) {
  if
  :: state == SIPI_RECEIVED -> mpState[t] = INIT_RECEIVED; sipiLatched[t] = 1
  :: else ->
     mpState[t] = state;
     if :: state == RUNNABLE && RUNNABLE_CLEARS_UNHALTED -> pvUnhalted[t] = 0 :: else fi
  fi;
  offline[t] = 0
}

/* The guest halts or asks for an AP reset hold; KVM looks for events before it lets the vCPU wait. */
inline haltIn(t, state, form) {
  holdType[t] = form;
  offline[t] = 0;
  if
  :: HALT_SEES_EVENTS && hasEvents(t) -> pvUnhalted[t] = 0
  :: else -> mpState[t] = state
  fi;
  if
  :: signal[t] -> returnToVmm(t)
  :: else -> runLoop(t)
  fi
}

active [TARGETS] proctype target() {
end:
  do
  NOTE_STATE
#if CREATES > 0
  CREATE_ACT(1)
#if PAGES > 1
  CREATE_ACT(2)
#endif
#endif
#if CREATES_ON_INIT > 0
  ON_INIT_ACT(1)
#if PAGES > 1
  ON_INIT_ACT(2)
#endif
#endif
#if DESTROYS > 0
  :: d_step { exists && MAY(DESTROYS, leftDestroys) -> TAKE(DESTROYS, leftDestroys);
     printf("act guest destroy vcpu=%d\n", vcpu); accept(me, NONE, 0); settle(me) }
#endif
#if CREATES_NO_SLOT > 0
  :: d_step { exists && MAY(CREATES_NO_SLOT, leftCreatesNoSlot) -> TAKE(CREATES_NO_SLOT, leftCreatesNoSlot);
     printf("act guest create vcpu=%d page=no-slot\n", vcpu); accept(me, NO_SLOT, 0); settle(me) }
#endif
#if CREATES_NO_SLOT > 0 && CREATES_ON_INIT > 0
  :: d_step { exists && MAY(CREATES_NO_SLOT, leftCreatesNoSlot) && MAY(CREATES_ON_INIT, leftCreatesOnInit) ->
     TAKE(CREATES_NO_SLOT, leftCreatesNoSlot); TAKE(CREATES_ON_INIT, leftCreatesOnInit);
     printf("act guest create-on-init vcpu=%d page=no-slot\n", vcpu); accept(me, NO_SLOT, 1); settle(me) }
#endif
#if CREATES_UNTYPED > 0
  :: d_step { exists && MAY(CREATES_UNTYPED, leftCreatesUntyped) -> TAKE(CREATES_UNTYPED, leftCreatesUntyped);
     printf("act guest create vcpu=%d page=untyped\n", vcpu); accept(me, UNTYPED, 0); settle(me) }
#endif
#if CREATES_OTHER_FEATURES > 0
  :: d_step { exists && MAY(CREATES_OTHER_FEATURES, leftCreatesOtherFeatures) ->
     TAKE(CREATES_OTHER_FEATURES, leftCreatesOtherFeatures);
     printf("act guest create vcpu=%d features=bit-5\n", vcpu);
     if :: FEATURES == injModeXor -> accept(me, OTHER_FEATURES, 0) :: else -> refuse(me, 0) fi;
     settle(me) }
#endif
#if REFUSALS > 0
  :: d_step { exists && MAY(REFUSALS, leftRefusals) -> TAKE(REFUSALS, leftRefusals);
     printf("act guest create vcpu=%d features=bit-3\n", vcpu); refuse(me, 0); settle(me) }
  :: d_step { exists && MAY(REFUSALS, leftRefusals) -> TAKE(REFUSALS, leftRefusals);
     printf("act guest create vcpu=%d page=misaligned\n", vcpu);
     if :: ON_ERROR == silentOffline -> accept(me, MISALIGNED, 0) :: else -> refuse(me, 0) fi;
     settle(me) }
#endif
#if REFUSALS > 0 && CREATES_ON_INIT > 0
  :: d_step { exists && MAY(REFUSALS, leftRefusals) && MAY(CREATES_ON_INIT, leftCreatesOnInit) ->
     TAKE(REFUSALS, leftRefusals); TAKE(CREATES_ON_INIT, leftCreatesOnInit);
     printf("act guest create-on-init vcpu=%d page=misaligned\n", vcpu);
     if :: ON_ERROR == silentOffline -> accept(me, MISALIGNED, 1) :: else -> refuse(me, 1) fi;
     settle(me) }
#endif
#if REFUSALS > 0
  :: d_step { exists && MAY(REFUSALS, leftRefusals) -> TAKE(REFUSALS, leftRefusals);
     printf("act guest create vcpu=unknown\n"); CHECK(ErrorsAreVisible, ON_ERROR != silentOffline); settle(me) }
#endif
#if INITS > 0
  :: d_step { exists && MAY(INITS, leftInits) -> TAKE(INITS, leftInits);
     printf("act guest init vcpu=%d\n", vcpu); initLatched[me] = 1; sipiLatched[me] = 0; settle(me) }
#endif
#if SIPIS > 0
  :: d_step { exists && MAY(SIPIS, leftSipis) -> TAKE(SIPIS, leftSipis);
     printf("act guest sipi vcpu=%d\n", vcpu); sipiLatched[me] = 1; settle(me) }
#endif
#if UNHALTS > 0
  :: d_step { exists && MAY(UNHALTS, leftUnhalts) -> TAKE(UNHALTS, leftUnhalts);
     printf("act guest unhalt vcpu=%d\n", vcpu); pvUnhalted[me] = 1; settle(me) }
#endif
#if HOLDS > 0
  :: d_step { thread[me] == IN_GUEST && MAY(HOLDS, leftHolds) -> TAKE(HOLDS, leftHolds);
     printf("act guest hold-nae vcpu=%d\n", vcpu); haltIn(me, AP_RESET_HOLD, NAE); settle(me) }
  :: d_step { thread[me] == IN_GUEST && MAY(HOLDS, leftHolds) -> TAKE(HOLDS, leftHolds);
     printf("act guest hold-msr vcpu=%d\n", vcpu); haltIn(me, AP_RESET_HOLD, MSR); settle(me) }
#endif
#if HLTS > 0
  :: d_step { thread[me] == IN_GUEST && MAY(HLTS, leftHlts) -> TAKE(HLTS, leftHlts);
     printf("act guest hlt vcpu=%d\n", vcpu); haltIn(me, HALTED, 0); settle(me) }
#endif
#if RUNS > 0
  :: d_step { thread[me] == OUT && MAY(RUNS, leftRuns) -> TAKE(RUNS, leftRuns);
     printf("act vmm run vcpu=%d\n", vcpu);
     if :: mpState[me] == UNINITIALIZED -> runUninitialized(me) :: else -> runLoop(me) fi;
     settle(me) }
#endif
#if IMMEDIATE_EXITS > 0
  :: d_step { thread[me] == OUT && MAY(IMMEDIATE_EXITS, leftImmediateExits) -> TAKE(IMMEDIATE_EXITS, leftImmediateExits);
     printf("act vmm run vcpu=%d immediate-exit=1\n", vcpu); settle(me) /* -EINTR before anything is looked at */ }
#endif
#if SIGNALS > 0
  :: d_step { exists && !signal[me] && MAY(SIGNALS, leftSignals) -> TAKE(SIGNALS, leftSignals);
     printf("act vmm signal vcpu=%d\n", vcpu); signal[me] = 1; settle(me) }
#endif
#if SET_MP_STATES > 0
  SET_MP_STATE_ACT(RUNNABLE)
  SET_MP_STATE_ACT(UNINITIALIZED)
  SET_MP_STATE_ACT(INIT_RECEIVED)
  SET_MP_STATE_ACT(HALTED)
  SET_MP_STATE_ACT(SIPI_RECEIVED)
  SET_MP_STATE_ACT(AP_RESET_HOLD)
#endif
#if GET_MP_STATES > 0
  :: d_step { thread[me] == OUT && MAY(GET_MP_STATES, leftGetMpStates) -> TAKE(GET_MP_STATES, leftGetMpStates);
     printf("act vmm get-mp-state vcpu=%d\n", vcpu); acceptEvents(me); settle(me) }
#endif
#if LATE == 1
  :: d_step { thread[me] == ABSENT -> printf("act vmm create-vcpu vcpu=%d\n", vcpu); thread[me] = OUT; settle(me) }
#endif
#if WAKE_AT_ONCE == 0
  :: d_step { canGoOn(me) -> printf("act kvm wake vcpu=%d\n", vcpu); goOn(me); settle(me) }
#endif
  od
}
