/** Driver for page-state-change vectors: writes the guest's bytes, calls VMGEXIT, answers the exits as the case says. */
import { PAGE_SIZE } from '../../abi/address';
import { kvmRun, kvmRunHypercall, KVM_EXIT_HYPERCALL } from '../../abi/kvm-run';
import { ghcbPage } from '../../abi/ghcb-page';
import { SCRATCH_AREA_LIMIT, SVM_VMGEXIT_PSC } from '../../abi/nae';
import { pscHeader } from '../../abi/psc';
import { MAX_VECTOR_ROUNDS } from '../../base/limits';
import { vmgexit } from '../../engine/guest/ghcb-writer';
import { kvmRunIoctl } from '../../engine/kvm/run/run';
import { COPY_OVERRUN, PAGE_OVERRUN } from '../../engine/kvm/ghcb/scratch';
import type { Image } from '../../engine/memory/image';
import type { World } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';
import { guestWorld, readGuest64, sharedPage, writeGuest64, writeRequest } from './guest-world';
import { arrangeHost, RmpList } from './psc-host';
import { coverBySlot } from './slots';
import { silent } from './watch';
import { atMost, hexWord, listOf, numberOf, objectOf, word, type Json, type JsonObject } from './json';

/** Stands in hypercall.ret before an exit, to see whether KVM writes it. */
const SENTINEL = 0x5a5a5a5a5a5a5a5an;
const HYPERCALL_ARGS = kvmRunHypercall.offsetOf('args');

/** What the VMM side of one case does at the exits, in order over all rounds. */
export interface ExitScript {
  readonly answers: readonly Json[];
  readonly edits: readonly JsonObject[];
  readonly disableAfterExit: number | undefined;
  readonly scratch: bigint;
  exitsSeen: number;
  /** KVM left its copy of the buffer: what follows depends on what lies behind it. */
  outOfBounds: boolean;
  /** KVM left the GHCB page. */
  leftPage: boolean;
}

/** Two contents of the memory behind a GHCB page. */
const FILLERS = [0, 0xff] as const;

/** A walk that leaves the GHCB page is out of bounds where its result depends on what lies behind the page. */
export function drivePsc(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const [zeros, ones] = FILLERS;
  const { output, leftPage } = driveWith(input, profile, zeros);
  if (!leftPage) return output;
  const again = driveWith(input, profile, ones).output;
  return JSON.stringify(again) === JSON.stringify(output) ? output : { outOfBounds: true };
}

function driveWith(
  input: JsonObject,
  profile: ResolvedProfile,
  filler: number,
): { output: JsonObject; leftPage: boolean } {
  const world = guestWorld(profile, {
    hypercallExit: input['hypercallExit'] !== false,
    ghcbVersion: numberOf(input['ghcbVersion'], 2),
  });
  world.vm.byteBehindPages = filler;
  const ghcbGpa = word(input['ghcbGpa']);
  const scratch = word(input['scratch']);
  coverBySlot(world, scratch, SCRATCH_AREA_LIMIT / PAGE_SIZE);
  arrangeHost(world, input);
  const vcpu = world.vcpu(0);
  vcpu.registeredGhcbGpa = ghcbGpa;
  vcpu.guestGhcbGpa = ghcbGpa;
  writeGuest64(
    world,
    scratch,
    pscHeader.encode({
      curEntry: numberOf(input['cur']),
      endEntry: numberOf(input['end']),
      reserved: numberOf(input['hdrReserved']),
    }),
  );
  listOf(input['entries']).forEach((entry, i) =>
    writeGuest64(world, scratch + 8n + 8n * BigInt(i), word(entry)),
  );
  const script: ExitScript = {
    answers: listOf(input['answers']),
    edits: listOf(input['edits']).map(objectOf),
    disableAfterExit:
      input['disableAfterExit'] === undefined ? undefined : numberOf(input['disableAfterExit']),
    scratch,
    exitsSeen: 0,
    outOfBounds: false,
    leftPage: false,
  };
  const rounds = Array.from({ length: atMost(MAX_VECTOR_ROUNDS, numberOf(input['rounds'], 1)) }, () =>
    round(world, input, { ghcbGpa, scratch, script }),
  );
  const { leftPage } = script;
  if (script.outOfBounds) return { output: { outOfBounds: true }, leftPage };
  const [first, ...next] = rounds;
  return { output: { ...first, ...(next.length > 0 ? { next } : {}) }, leftPage };
}

function round(
  world: World,
  input: JsonObject,
  at: { ghcbGpa: bigint; scratch: bigint; script: ExitScript },
): JsonObject {
  const vcpu = world.vcpu(0);
  const page = sharedPage(world, at.ghcbGpa);
  if (vcpu.run === 'inUserspace') kvmRunIoctl(world, 0, { immediateExit: false });
  writeRequest(page, {
    code: BigInt(SVM_VMGEXIT_PSC),
    info1: 0n,
    info2: word(input['info2']),
    scratch: at.scratch,
  });
  vcpu.ghcbMsr = at.ghcbGpa;
  let warned = false;
  const rmp = new RmpList(world);
  world.recorder = {
    ...silent,
    finding: (_kind, text) => {
      warned ||= text.startsWith('kernel WARN');
      at.script.outOfBounds ||= text === COPY_OVERRUN;
      at.script.leftPage ||= text === PAGE_OVERRUN;
    },
    // KVM has read the answer: what it finds in ret at the next exit must be its own.
    move: (kind, _vcpu, args) => {
      if (kind === 'completionDone') kvmRunHypercall.set(world.kvmRun[0] as Image, 'ret', SENTINEL);
      rmp.note(kind, args);
    },
  };
  const result = runRequest(world, at.script);
  const header = pscHeader.decode(readGuest64(world, at.scratch));
  return {
    ...result,
    swExitInfo1: hexWord(ghcbPage.get(page, 'swExitInfo1')),
    swExitInfo2: hexWord(ghcbPage.get(page, 'swExitInfo2')),
    ...(warned ? { warn: true } : {}),
    cur: header.curEntry,
    end: header.endEntry,
    entries: entriesAt(world, at.scratch, listOf(input['entries']).length),
    ...(vcpu.pscBatch > 0 ? { inFlight: vcpu.pscBatch } : {}),
    ...rmp.output(),
  };
}

/** The entries that the case names, as they stand now. */
function entriesAt(world: World, scratch: bigint, count: number): string[] {
  return Array.from({ length: count }, (_, i) => hexWord(readGuest64(world, scratch + 8n + 8n * BigInt(i))));
}

/** VMGEXIT and every KVM_RUN until the guest runs again or KVM_RUN ends otherwise. */
export function runRequest(
  world: World,
  script: ExitScript,
): { exits: JsonObject[]; kvmRun: string | number } {
  const vcpu = world.vcpu(0);
  const [run] = world.kvmRun as [Image];
  const exits: JsonObject[] = [];
  kvmRunHypercall.set(run, 'ret', SENTINEL);
  vmgexit(world, vcpu);
  while (
    vcpu.run === 'inUserspace' &&
    vcpu.runErrno === 0 &&
    kvmRun.get(run, 'exitReason') === KVM_EXIT_HYPERCALL
  ) {
    exits.push(hypercallExit(run));
    answerExit(world, run, script);
    kvmRunIoctl(world, 0, { immediateExit: false });
  }
  if (vcpu.run === 'inGuest' || vcpu.run === 'blocked') return { exits, kvmRun: 'resume' };
  return { exits, kvmRun: vcpu.runErrno === 0 ? 'exit' : -vcpu.runErrno };
}

function hypercallExit(run: Image): JsonObject {
  const ret = kvmRunHypercall.get(run, 'ret');
  return {
    nr: Number(kvmRunHypercall.get(run, 'nr')),
    args: [0, 8, 16].map((offset) => hexWord(run.u64(HYPERCALL_ARGS + offset))),
    ret: ret === SENTINEL ? null : hexWord(ret),
  };
}

/** Userspace writes its answer, and whatever else the case has happen while the exit is pending. */
function answerExit(world: World, run: Image, script: ExitScript): void {
  const answer = word(script.answers[script.exitsSeen]);
  script.exitsSeen++;
  kvmRunHypercall.set(run, 'ret', answer);
  for (const edit of script.edits.filter((e) => e['afterExit'] === script.exitsSeen)) {
    const at = 'header' in edit ? script.scratch : script.scratch + 8n + 8n * BigInt(numberOf(edit['entry']));
    writeGuest64(world, at, word(edit['header'] ?? edit['value']));
  }
  if (script.disableAfterExit === script.exitsSeen) world.vm.hypercallExits = false;
}
