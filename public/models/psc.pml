/*
 * Page state changes of an SEV-SNP guest: by the GHCB MSR protocol and by a batch in the GHCB, the exits to the VMM, its
 * answers, and a second vCPU of the guest that rewrites the buffer between the exits of one request.
 *
 * Each alternative of the loop at the end is one act and one d_step. An act runs until the vCPU is in the guest or KVM_RUN
 * has returned to the VMM.
 *
 *   spin -a -DPROFILE=LINUX_6_12 -DPROPERTY=NoStaleReturn psc.pml
 *   gcc -O2 -DSAFETY -DNOREDUCE -DBFS -o pan pan.c && ./pan && spin -t -DPROFILE=LINUX_6_12 -DPROPERTY=NoStaleReturn psc.pml
 *
 * docs/models.md describes scope, properties and every choice that the references leave open.
 */

/* ---- profiles: one block for each; a facet given by -D stands over the profile's ---- */

#define PART2_V4   1
#define LINUX_6_12 2
#define LINUX_6_17 3
#define LINUX_7_2  4
#define LINUX_7_3  5

/* PSC: who changes the state of pages */
#define inKernel 1         /* KVM edits the RMP at once, nothing leaves to the VMM */
#define mapGpaRange 2      /* KVM_EXIT_HYPERCALL, KVM_HC_MAP_GPA_RANGE */
/* RET_INIT: hypercall.ret before the exit */
#define stale 1            /* as it was */
#define zeroedByKvm 2
/* RET_OTHER: a hypercall.ret that is neither 0, EINVAL nor EAGAIN */
#define failure 1
#define runFails 2         /* KVM_RUN returns -EINVAL; the batch stays in flight */

#ifndef PROFILE
#define PROFILE LINUX_7_2
#endif

#if PROFILE == PART2_V4
#define _PSC inKernel
#define _RET_INIT stale
#define _RET_OTHER failure
#define _HEADER_EACH_BATCH 0
#define _EXITS_EACH_BATCH 0
#endif

#if PROFILE == LINUX_6_12
#define _PSC mapGpaRange
#define _RET_INIT stale
#define _RET_OTHER failure
#define _HEADER_EACH_BATCH 1
#define _EXITS_EACH_BATCH 1
#endif

#if PROFILE == LINUX_6_17
#define _PSC mapGpaRange
#define _RET_INIT zeroedByKvm
#define _RET_OTHER failure
#define _HEADER_EACH_BATCH 1
#define _EXITS_EACH_BATCH 1
#endif

#if PROFILE == LINUX_7_2
#define _PSC mapGpaRange
#define _RET_INIT zeroedByKvm
#define _RET_OTHER runFails
#define _HEADER_EACH_BATCH 0
#define _EXITS_EACH_BATCH 0
#endif

#if PROFILE == LINUX_7_3
#define _PSC mapGpaRange
#define _RET_INIT zeroedByKvm
#define _RET_OTHER runFails
#define _HEADER_EACH_BATCH 0
#define _EXITS_EACH_BATCH 0
#endif

#ifndef PSC
#define PSC _PSC
#endif
#ifndef RET_INIT
#define RET_INIT _RET_INIT
#endif
#ifndef RET_OTHER
#define RET_OTHER _RET_OTHER
#endif
#ifndef HEADER_EACH_BATCH  /* cur_entry and end_entry are read before every range, not once per request */
#define HEADER_EACH_BATCH _HEADER_EACH_BATCH
#endif
#ifndef EXITS_EACH_BATCH   /* whether the exit is enabled is asked before every range, not once per request */
#define EXITS_EACH_BATCH _EXITS_EACH_BATCH
#endif

/* ---- scope: pages, entries, and how often each act; ANY is no limit, 0 is never ---- */

#define ANY 255

#ifndef PAGES
#define PAGES 2            /* 4K pages, GFN 0 and up; at most 6 */
#endif
#ifndef ENTRIES
#define ENTRIES 2          /* entries that fit behind the header */
#endif
#ifndef HUGE
#define HUGE 2             /* 4K pages in a 2M page: a scale model of 512 */
#endif
#ifndef NAMED
#define NAMED 255          /* bit n: entries of 4K, MSR requests and accesses may name page n */
#endif
#ifndef UNBACKED
#define UNBACKED 255       /* a GFN without memslot */
#endif
#ifndef PRIVATE_AT_START
#define PRIVATE_AT_START 1 /* bit n: page n is private and validated */
#endif
#ifndef BATCHES            /* requests by NAE */
#define BATCHES ANY
#endif
#ifndef MSRS               /* requests by MSR */
#define MSRS ANY
#endif
#ifndef WRITES             /* entries written, operations private and shared */
#define WRITES 2
#endif
#ifndef WRITES_SMASH       /* entries written with operation SMASH */
#define WRITES_SMASH 0
#endif
#ifndef WRITES_HUGE        /* entries written with page size 2M, also half done ones */
#define WRITES_HUGE 0
#endif
#ifndef WRITES_HEADER
#define WRITES_HEADER 2
#endif
#ifndef REWRITES           /* 1: the guest also writes while an exit is pending */
#define REWRITES 1
#endif
#ifndef TOUCHES            /* accesses of a page, with and without C-bit */
#define TOUCHES 0
#endif
#ifndef PVALIDATES
#define PVALIDATES 0
#endif
#ifndef CONVERTS           /* the VMM sets the attributes that the exit asks for */
#define CONVERTS ANY
#endif
#ifndef ATTRIBUTES         /* the VMM sets the attribute of one page, whatever was asked for */
#define ATTRIBUTES 0
#endif
#ifndef PUNCHES            /* the VMM punches the guest_memfd page of a GFN */
#define PUNCHES 0
#endif
#ifndef FAILURES           /* the VMM answers EINVAL */
#define FAILURES 1
#endif
#ifndef ODD_ANSWERS        /* the VMM answers EPERM */
#define ODD_ANSWERS 0
#endif
#ifndef ZEROES             /* the VMM writes 0 */
#define ZEROES ANY
#endif
#ifndef RUNS
#define RUNS ANY
#endif
#ifndef IMMEDIATE_EXITS
#define IMMEDIATE_EXITS 0
#endif
#ifndef TOGGLES            /* the VMM enables or disables the exit */
#define TOGGLES 0
#endif

/* left... counts what remains of an act that may happen only so often; what is not limited takes no room in a state. */
#define MAY(n, left) (n == ANY || left > 0)
#define TAKE(n, left) if :: n != ANY -> left-- :: else fi
byte anyNumber; /* stands in for the counters that are not needed */
#if BATCHES < ANY
byte leftBatches = BATCHES;
#else
#define leftBatches anyNumber
#endif
#if MSRS < ANY
byte leftMsrs = MSRS;
#else
#define leftMsrs anyNumber
#endif
#if WRITES < ANY
byte leftWrites = WRITES;
#else
#define leftWrites anyNumber
#endif
#if WRITES_SMASH < ANY
byte leftWritesSmash = WRITES_SMASH;
#else
#define leftWritesSmash anyNumber
#endif
#if WRITES_HUGE < ANY
byte leftWritesHuge = WRITES_HUGE;
#else
#define leftWritesHuge anyNumber
#endif
#if WRITES_HEADER < ANY
byte leftWritesHeader = WRITES_HEADER;
#else
#define leftWritesHeader anyNumber
#endif
#if TOUCHES < ANY
byte leftTouches = TOUCHES;
#else
#define leftTouches anyNumber
#endif
#if PVALIDATES < ANY
byte leftPvalidates = PVALIDATES;
#else
#define leftPvalidates anyNumber
#endif
#if CONVERTS < ANY
byte leftConverts = CONVERTS;
#else
#define leftConverts anyNumber
#endif
#if ATTRIBUTES < ANY
byte leftAttributes = ATTRIBUTES;
#else
#define leftAttributes anyNumber
#endif
#if PUNCHES < ANY
byte leftPunches = PUNCHES;
#else
#define leftPunches anyNumber
#endif
#if FAILURES < ANY
byte leftFailures = FAILURES;
#else
#define leftFailures anyNumber
#endif
#if ODD_ANSWERS < ANY
byte leftOddAnswers = ODD_ANSWERS;
#else
#define leftOddAnswers anyNumber
#endif
#if ZEROES < ANY
byte leftZeroes = ZEROES;
#else
#define leftZeroes anyNumber
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
#if TOGGLES < ANY
byte leftToggles = TOGGLES;
#else
#define leftToggles anyNumber
#endif
/* ---- state ---- */

/* operations */
#define PRIVATE 1
#define SHARED 2
#define SMASH 3

/* hypercall.ret; the other value of the exit's answer than 0 */
#define EPERM 1
#define EINVAL 22

/* what the guest reads: SW_EXITINFO2 of a batch, the error of an MSR response */
#define UNANSWERED 0
#define NO_ERROR 1
#define INVALID_HDR 2
#define INVALID_ENTRY 3
#define GENERIC 4

/* where the vCPU's thread is */
#define IN_GUEST 0
#define MSR_EXIT 1         /* KVM_EXIT_HYPERCALL for an MSR request; completed by the next KVM_RUN */
#define BATCH_EXIT 2       /* the same for a range of a batch */
#define OUT 3              /* back in the VMM with nothing to complete */
#define FAULT_EXIT 4       /* KVM_EXIT_MEMORY_FAULT */

/* RMP entry of the guest_memfd page */
#define HYPERVISOR 0
#define GUEST_INVALID 1
#define GUEST_VALID 2

/* the buffer, guest memory */
byte curEntry;
byte endEntry;
byte entryGfn[ENTRIES];
byte entryOp[ENTRIES] = PRIVATE;
bit entryHuge[ENTRIES];
byte entryDone[ENTRIES];   /* cur_page */

byte thread;
byte pscIdx;               /* first entry in flight, or the next to look at */
byte pscEnd;               /* end_entry as KVM took it */
byte inflight;             /* entries in flight */
byte argGfn;               /* kvm_run.hypercall.args and ret */
byte argPages;
bit argPrivate;
byte ret;
byte answer;
bit exitsEnabled = 1;
byte attributes = PRIVATE_AT_START; /* bit n: attribute PRIVATE of page n */
byte rmpGuest = PRIVATE_AT_START;   /* bit n: the RMP gives page n to the guest */
byte rmpValid = PRIVATE_AT_START;   /* bit n: validated */

/* What the properties remember; no act reads it. */
byte namesPrivate;         /* bit n: an entry of the request names page n for private */
byte namesShared;
byte toDo;                 /* bit n: page n is one that an entry names and does not count as done already */
byte lastPrivate;          /* bit n: the last such entry names it for private */
bit notUnderstood;         /* an entry of the request has another operation */
bit rewritten;             /* the guest wrote to the buffer during the request */
byte exitsLeft;            /* exits that the request may still cause */
byte curBefore;            /* cur_entry when KVM last left or finished */
bit fresh;                 /* ret was written after the exit, or by KVM */

/* scratch of an act; 0 between acts */
byte n, gfn, idx, room;
bit part, more;

/* ---- properties ---- */

#define PscReportsTruth 1
#define NoUnrequestedConversion 2
#define PscProgressMonotonic 3
#define PscBoundedExits 4
#define NoStaleReturn 5
#define PscStaysInBuffer 6

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

/* ---- what the properties remember ---- */

#define BIT(page) (1 << (page))
#define hasBit(mask, page) ((mask >> (page)) & 1)
#define pagesOf(i) (entryHuge[i] -> HUGE : 1)

inline forget() {
  namesPrivate = 0;
  namesShared = 0;
  toDo = 0;
  lastPrivate = 0;
  notUnderstood = 0;
  rewritten = 0;
  exitsLeft = 0;
  curBefore = 0;
  fresh = 0
}

inline name(page, op, done) {
  if
  :: op == PRIVATE -> namesPrivate = namesPrivate | BIT(page)
  :: else -> namesShared = namesShared | BIT(page)
  fi;
  if
  :: done -> skip
  :: else ->
     toDo = toDo | BIT(page);
     if
     :: op == PRIVATE -> lastPrivate = lastPrivate | BIT(page)
     :: else -> lastPrivate = lastPrivate & (255 - BIT(page))
     fi
  fi
}

/* Reads the request from the buffer as it stands at VMGEXIT: pages it lists, and the runs that it consists of. */
inline rememberBatch() {
  forget();
  curBefore = curEntry;
  idx = curEntry;
  do
  :: idx <= endEntry && idx < ENTRIES && endEntry < ENTRIES ->
     if
     :: entryOp[idx] == PRIVATE || entryOp[idx] == SHARED ->
        do
        :: n < pagesOf(idx) && entryGfn[idx] + n < PAGES -> name(entryGfn[idx] + n, entryOp[idx], n < entryDone[idx]); n++
        :: else -> break
        od;
        n = 0;
        if
        :: entryDone[idx] >= pagesOf(idx) /* finished */
        :: entryDone[idx] < pagesOf(idx) && idx > curEntry && entryDone[idx] == 0 && entryDone[idx - 1] == 0 &&
           entryOp[idx - 1] == entryOp[idx] && entryHuge[idx - 1] == entryHuge[idx] &&
           entryGfn[idx] == entryGfn[idx - 1] + pagesOf(idx) /* goes on with the run */
        :: else -> exitsLeft++
        fi
     :: else -> notUnderstood = 1
     fi;
     idx++
  :: else -> break
  od;
  n = 0; idx = 0
}

/* Pages gfn to gfn + pages - 1 are about to be converted. */
inline checkRange(first, pages, private) {
  n = 0;
  do
  :: n < pages ->
     CHECK(NoUnrequestedConversion, rewritten || hasBit((private -> namesPrivate : namesShared), first + n));
     n++
  :: else -> break
  od;
  n = 0
}

/* page n is what its last entry asked for; in the kernel the RMP tells, otherwise the attribute */
#define asWanted(page) (!hasBit(toDo, page) || \
  hasBit((PSC == inKernel -> rmpGuest : attributes), page) == hasBit(lastPrivate, page))

inline checkTruth() {
  n = 0;
  do
  :: n < PAGES -> CHECK(PscReportsTruth, rewritten || asWanted(n)); n++
  :: else -> break
  od;
  n = 0;
  CHECK(PscReportsTruth, rewritten || !notUnderstood)
}

inline checkProgress(code) {
  CHECK(PscProgressMonotonic, rewritten || curEntry >= curBefore);
  CHECK(PscProgressMonotonic, rewritten || PSC == inKernel || code == NO_ERROR || code == INVALID_HDR || curEntry >= ENTRIES || entryDone[curEntry] != pagesOf(curEntry));
  curBefore = curEntry
}

/* ---- KVM ---- */

inline enterGuest() { thread = IN_GUEST; argGfn = 0; argPages = 0; argPrivate = 0 }

inline finishBatch(code) {
  answer = code;
  pscIdx = 0;
  pscEnd = 0;
  inflight = 0;
  checkProgress(code);
  if :: code == NO_ERROR && curEntry > endEntry -> checkTruth() :: else fi;
  forget();
  enterGuest()
}

inline exitForRange(first, pages, private, kind) {
  argGfn = first;
  argPages = pages;
  argPrivate = private;
  answer = UNANSWERED;
  fresh = 0;
  if :: RET_INIT == zeroedByKvm -> ret = 0; fresh = 1 :: else fi;
  if :: HEADER_EACH_BATCH -> pscEnd = 0 :: else fi; /* it is read again */
  thread = kind
}

/* The entries in flight are marked done; also those of operations that KVM does not know. */
inline markDone() {
  do
  :: inflight > 0 ->
     CHECK(PscStaysInBuffer, pscIdx < ENTRIES);
     entryDone[pscIdx] = pagesOf(pscIdx);
     pscIdx++;
     curEntry = pscIdx;
     inflight--
  :: else -> break
  od
}

/* Walks from pscIdx until there is a range for the VMM or the request has ended. */
inline walkBatch() {
  more = 1;
  do
  :: more ->
     if
     :: EXITS_EACH_BATCH && !exitsEnabled -> more = 0; finishBatch(GENERIC)
     :: else ->
        if :: HEADER_EACH_BATCH -> pscIdx = curEntry; pscEnd = endEntry :: else fi;
        if
        :: HEADER_EACH_BATCH && pscEnd >= ENTRIES -> more = 0; finishBatch(INVALID_HDR)
        :: else -> walkOn()
        fi
     fi
  :: else -> break
  od;
  n = 0; gfn = 0; idx = 0; part = 0; more = 0
}

inline walkOn() {
  if
  :: pscIdx > pscEnd -> more = 0; finishBatch(NO_ERROR)
  :: else ->
     CHECK(PscStaysInBuffer, pscIdx < ENTRIES);
     n = pagesOf(pscIdx);
     gfn = entryGfn[pscIdx];
     part = entryDone[pscIdx] > 0;
     if
     :: entryDone[pscIdx] > n || (gfn % n) != 0 -> more = 0; finishBatch(INVALID_ENTRY)
     :: entryDone[pscIdx] == n -> curEntry++; pscIdx++
     :: else ->
        gfn = gfn + entryDone[pscIdx];
        n = n - entryDone[pscIdx];
        inflight = 1;
        idx = pscIdx + 1;
        do
        :: idx <= pscEnd && entryOp[idx] == entryOp[pscIdx] && entryDone[idx] == 0 &&
           entryHuge[idx] == (entryHuge[pscIdx] && !part) && entryGfn[idx] == entryGfn[pscIdx] + n ->
           n = n + pagesOf(idx);
           inflight++;
           idx++
        :: else -> break
        od;
        idx = 0;
        if
        :: entryOp[pscIdx] == PRIVATE || entryOp[pscIdx] == SHARED ->
           more = 0;
           CHECK(PscBoundedExits, rewritten || exitsLeft > 0);
           if :: exitsLeft > 0 -> exitsLeft-- :: else fi;
           checkProgress(NO_ERROR);
           room = n;
           checkRange(gfn, room, entryOp[pscIdx] == PRIVATE);
           exitForRange(gfn, room, entryOp[pscIdx] == PRIVATE, BATCH_EXIT);
           room = 0
        :: else -> markDone()
        fi
     fi
  fi
}

/* part2-v4: every page at once, by RMPUPDATE */
inline rmpUpdate(page, private) {
  rmpValid = rmpValid & (255 - BIT(page));
  if
  :: private -> rmpGuest = rmpGuest | BIT(page)
  :: else -> rmpGuest = rmpGuest & (255 - BIT(page))
  fi
}

inline walkInKernel() {
  if
  :: curEntry >= ENTRIES || endEntry >= ENTRIES || curEntry > endEntry -> finishBatch(INVALID_ENTRY)
  :: else ->
     more = 1;
     do
     :: more && curEntry > endEntry -> more = 0; finishBatch(NO_ERROR)
     :: more && curEntry <= endEntry ->
        gfn = entryGfn[curEntry];
        if
        :: (entryOp[curEntry] != PRIVATE && entryOp[curEntry] != SHARED) || (gfn % pagesOf(curEntry)) != 0 ->
           more = 0;
           finishBatch(INVALID_ENTRY)
        :: else ->
           room = 0;
           do
           :: room < pagesOf(curEntry) && gfn + room < PAGES && gfn + room != UNBACKED ->
              checkRange(gfn + room, 1, entryOp[curEntry] == PRIVATE);
              rmpUpdate(gfn + room, entryOp[curEntry] == PRIVATE);
              room++
           :: else -> break
           od;
           room = 0;
           curEntry++
        fi
     :: else -> break
     od;
     gfn = 0
  fi
}

inline beginBatch() {
  rememberBatch();
  if
  :: PSC == inKernel -> walkInKernel()
  :: else ->
     if
     :: inflight > 0 || !exitsEnabled -> answer = GENERIC; pscIdx = 0; pscEnd = 0; inflight = 0; forget()
     :: else ->
        pscIdx = curEntry;
        pscEnd = endEntry;
        if
        :: pscEnd >= ENTRIES -> finishBatch(INVALID_HDR)
        :: else -> walkBatch()
        fi
     fi
  fi
}

inline beginMsr(page, op) {
  forget();
  if
  :: op != PRIVATE && op != SHARED -> answer = GENERIC
  :: PSC == inKernel -> name(page, op, 0); rmpUpdate(page, op == PRIVATE); answer = NO_ERROR; forget()
  :: else ->
     if
     :: !exitsEnabled -> answer = GENERIC
     :: else -> name(page, op, 0); exitForRange(page, 1, op == PRIVATE, MSR_EXIT)
     fi
  fi
}

/* KVM_RUN after an exit; immediate: kvm_run.immediate_exit is set, so the guest is not entered */
inline completeExit(immediate) {
  if
  :: thread == MSR_EXIT || thread == BATCH_EXIT ->
     CHECK(NoStaleReturn, fresh);
     if
     :: ret != 0 && ret != EINVAL && RET_OTHER == runFails -> /* -EINVAL; the completion is used up, a batch stays in flight */
        answer = (thread == BATCH_EXIT -> NO_ERROR : UNANSWERED);
        forget();
        enterGuest();
        thread = OUT
     :: else ->
        if
        :: thread == MSR_EXIT ->
           answer = (ret == 0 -> NO_ERROR : GENERIC);
           forget();
           enterGuest()
        :: else ->
           if
           :: ret != 0 -> finishBatch(GENERIC)
           :: else -> markDone(); walkBatch()
           fi
        fi;
        if :: immediate && thread == IN_GUEST -> thread = OUT :: else fi
     fi;
     if :: RET_INIT == zeroedByKvm -> ret = 0 :: else fi /* nothing reads it any more */
  :: else ->
     if :: immediate -> skip :: else -> enterGuest() fi
  fi
}

inline setAttribute(page, private) {
  if
  :: private -> attributes = attributes | BIT(page)
  :: else -> attributes = attributes & (255 - BIT(page))
  fi
}

/* The VMM does what the exit asks for. */
inline convert() {
  n = 0;
  do
  :: n < argPages && argGfn + n < PAGES -> setAttribute(argGfn + n, argPrivate); n++
  :: else -> break
  od;
  n = 0
}

/* An access of the guest; private: with the C-bit. */
inline touch(page, private) {
  if
  :: PSC == inKernel -> if :: hasBit(rmpGuest, page) != private -> rmpUpdate(page, private) :: else fi
  :: else ->
     if
     :: hasBit(attributes, page) != private -> argGfn = page; argPages = 1; argPrivate = private; thread = FAULT_EXIT
     :: else -> if :: private && !hasBit(rmpGuest, page) -> rmpUpdate(page, 1) :: else fi
     fi
  fi
}

/* PVALIDATE reaches the page like an access with the C-bit: one that faults to the VMM did not retire. */
inline pvalidate(page, validate) {
  touch(page, 1);
  if
  :: thread == IN_GUEST && validate -> rmpValid = rmpValid | BIT(page)
  :: thread == IN_GUEST && !validate -> rmpValid = rmpValid & (255 - BIT(page))
  :: else -> skip
  fi
}

inline writeEntry(i, page, op, huge, done) {
  entryGfn[i] = page;
  entryOp[i] = op;
  entryHuge[i] = huge;
  entryDone[i] = done;
  if :: thread == BATCH_EXIT -> rewritten = 1 :: else fi
}

inline writeHeader(cur, end) {
  curEntry = cur;
  endEntry = end;
  if :: thread == BATCH_EXIT -> rewritten = 1 :: else fi
}

/* ---- acts ---- */

#define mayWrite (thread == IN_GUEST || REWRITES)
#define mayName hasBit(NAMED, _pid)

#define ENTRY_ACT(i, op) \
  :: d_step { mayWrite && mayName && MAY(WRITES, leftWrites) -> TAKE(WRITES, leftWrites); \
     printf("act guest write-entry n=%d gfn=%d op=%d\n", i, _pid, op); writeEntry(i, _pid, op, 0, 0) }
#define SMASH_ACT(i) \
  :: d_step { mayWrite && mayName && MAY(WRITES_SMASH, leftWritesSmash) -> TAKE(WRITES_SMASH, leftWritesSmash); \
     printf("act guest write-entry n=%d gfn=%d op=3\n", i, _pid); writeEntry(i, _pid, SMASH, 0, 0) }
#define HUGE_ACT(i, op, done) \
  :: d_step { mayWrite && (_pid % HUGE) == 0 && _pid + HUGE <= PAGES && MAY(WRITES_HUGE, leftWritesHuge) -> TAKE(WRITES_HUGE, leftWritesHuge); \
     printf("act guest write-entry n=%d gfn=%d op=%d size=2M cur-page=%d\n", i, _pid, op, done); writeEntry(i, _pid, op, 1, done) }
#define ENTRY_ACTS(i) ENTRY_ACT(i, PRIVATE) ENTRY_ACT(i, SHARED) SMASH_ACT(i) \
  HUGE_ACT(i, PRIVATE, 0) HUGE_ACT(i, SHARED, 0) HUGE_ACT(i, PRIVATE, HUGE - 1) HUGE_ACT(i, SHARED, HUGE - 1)
#define MSR_ACT(op) \
  :: d_step { thread == IN_GUEST && mayName && MAY(MSRS, leftMsrs) -> TAKE(MSRS, leftMsrs); \
     printf("act guest psc-msr gfn=%d op=%d\n", _pid, op); beginMsr(_pid, op) }
#define TOUCH_ACT(private) \
  :: d_step { thread == IN_GUEST && mayName && MAY(TOUCHES, leftTouches) -> TAKE(TOUCHES, leftTouches); \
     printf("act guest touch gfn=%d private=%d\n", _pid, private); touch(_pid, private) }
#define PVALIDATE_ACT(validate) \
  :: d_step { thread == IN_GUEST && mayName && MAY(PVALIDATES, leftPvalidates) -> TAKE(PVALIDATES, leftPvalidates); \
     printf("act guest pvalidate gfn=%d validate=%d\n", _pid, validate); pvalidate(_pid, validate) }
#define ATTRIBUTE_ACT(private) \
  :: d_step { PSC == mapGpaRange && mayName && MAY(ATTRIBUTES, leftAttributes) -> TAKE(ATTRIBUTES, leftAttributes); \
     printf("act vmm set-attributes gfn=%d private=%d\n", _pid, private); setAttribute(_pid, private) }
#define HEADER_ACT(cur, end) \
  :: d_step { mayWrite && MAY(WRITES_HEADER, leftWritesHeader) -> TAKE(WRITES_HEADER, leftWritesHeader); \
     printf("act guest write-header cur=%d end=%d\n", cur, end); writeHeader(cur, end) }
/* end_entry behind the last entry that fits */
#define BEYOND_ACT \
  :: d_step { mayWrite && MAY(WRITES_HEADER, leftWritesHeader) -> TAKE(WRITES_HEADER, leftWritesHeader); \
     printf("act guest write-header cur=0 end=beyond\n"); writeHeader(0, ENTRIES) }
#define ANSWER_ACT(limit, left, value) \
  :: d_step { (thread == MSR_EXIT || thread == BATCH_EXIT) && MAY(limit, left) -> TAKE(limit, left); \
     printf("act vmm answer ret=%d\n", value); ret = value; fresh = 1 }

/* What concerns one page; process n is GFN n. */
active [PAGES] proctype page() {
end:
  do
  NOTE_STATE
  ENTRY_ACTS(0)
#if ENTRIES > 1
  ENTRY_ACTS(1)
#endif
#if ENTRIES > 2
  ENTRY_ACTS(2)
#endif
  MSR_ACT(PRIVATE)
  MSR_ACT(SHARED)
  MSR_ACT(SMASH)
  TOUCH_ACT(0)
  TOUCH_ACT(1)
  PVALIDATE_ACT(0)
  PVALIDATE_ACT(1)
  ATTRIBUTE_ACT(0)
  ATTRIBUTE_ACT(1)
  :: d_step { PSC == mapGpaRange && hasBit(rmpGuest, _pid) && MAY(PUNCHES, leftPunches) ->
     TAKE(PUNCHES, leftPunches); printf("act vmm punch-hole gfn=%d\n", _pid);
     rmpGuest = rmpGuest & (255 - BIT(_pid)); rmpValid = rmpValid & (255 - BIT(_pid)) }
  od
}

active proctype machine() {
end:
  do
  HEADER_ACT(0, 0)
  HEADER_ACT(0, ENTRIES - 1)
  BEYOND_ACT
#if ENTRIES > 1
  HEADER_ACT(1, 0)
  HEADER_ACT(1, 1)
#endif
  :: d_step { thread == IN_GUEST && MAY(BATCHES, leftBatches) -> TAKE(BATCHES, leftBatches);
     printf("act guest psc\n"); beginBatch() }
  :: d_step { (thread == MSR_EXIT || thread == BATCH_EXIT || thread == FAULT_EXIT) && MAY(CONVERTS, leftConverts) ->
     TAKE(CONVERTS, leftConverts); printf("act vmm convert gfn=%d pages=%d private=%d\n", argGfn, argPages, argPrivate);
     convert() }
  ANSWER_ACT(ZEROES, leftZeroes, 0)
  ANSWER_ACT(FAILURES, leftFailures, EINVAL)
  ANSWER_ACT(ODD_ANSWERS, leftOddAnswers, EPERM)
  :: d_step { thread != IN_GUEST && MAY(RUNS, leftRuns) -> TAKE(RUNS, leftRuns);
     printf("act vmm run\n"); completeExit(0) }
  :: d_step { thread != IN_GUEST && MAY(IMMEDIATE_EXITS, leftImmediateExits) -> TAKE(IMMEDIATE_EXITS, leftImmediateExits);
     printf("act vmm run immediate-exit=1\n"); completeExit(1) }
  :: d_step { thread != IN_GUEST && MAY(TOGGLES, leftToggles) -> TAKE(TOGGLES, leftToggles);
     exitsEnabled = !exitsEnabled; printf("act vmm enable-exits value=%d\n", exitsEnabled) }
  od
}
