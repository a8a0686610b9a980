/** Driver for NAE vectors: the bytes of the GHCB page as the case gives them, VMGEXIT, and what KVM left behind. */
import { gpaToGfn, PAGE_SIZE, pageOffset } from '../../abi/address';
import {
  ghcbPage,
  GHCB_SHARED_BUFFER_END,
  GHCB_VALID_BITMAP,
  GHCB_VALID_BITMAP_SIZE,
  GHCB_VERSION_MAX,
} from '../../abi/ghcb-page';
import { GUEST_MESSAGE_TYPE_OFFSET } from '../../abi/guest-request';
import { SEV_CMD_SNP_GUEST_REQUEST } from '../../abi/firmware';
import {
  kvmRun,
  kvmRunHypercall,
  kvmRunMmio,
  kvmRunSnpReqCerts,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_SNP_REQ_CERTS,
} from '../../abi/kvm-run';
import { SCRATCH_AREA_LIMIT, SVM_EXIT_CPUID, SVM_EXIT_MSR } from '../../abi/nae';
import { armFault, TIMEOUT } from '../../engine/faults';
import { completeExit } from '../../engine/kvm/run/completion';
import type { Handled } from '../../engine/kvm/ghcb/ghcb';
import { syncGhcb } from '../../engine/kvm/ghcb/ghcb-release';
import { mpStateNumber } from '../../engine/kvm/ap/mp-state';
import { COPY_OVERRUN } from '../../engine/kvm/ghcb/scratch';
import { sevHandleVmgexit } from '../../engine/kvm/vmgexit/vmgexit';
import { updateRequested } from '../../engine/kvm/ap/apic';
import { waitsForReset } from '../../engine/kvm/ap/protected-state';
import type { Image } from '../../engine/memory/image';
import type { Vcpu } from '../../engine/state/vcpu';
import { NO_GPA, type World } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';
import { guestWorld, sharedPage } from './guest-world';
import { hexWord, listOf, numberOf, objectOf, textOf, word, type Json, type JsonObject } from './json';
import { exitOf } from './msr';
import { coverBySlot, removeFromSlots } from './slots';
import { silent } from './watch';

const GHCB = 0x1234000n;
const SENTINEL = 0x5a5a5a5a5a5a5a5an;
const MMIO_DATA = kvmRunMmio.offsetOf('data');
const words = ['rax', 'rbx', 'rcx', 'rdx', 'xcr0', 'xss'] as const;
/** Bit of the update request in the `requests` of a target. */
const UPDATE_REQUEST = 2;
/** What the driver errno of a dead PSP is. */
const TIMED_OUT = -110;

function bytesOfHex(hex: Json | undefined): number[] {
  const text = typeof hex === 'string' ? hex : '';
  return (text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

const hexOfBytes = (bytes: Iterable<number>): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const bitmapOf = (page: Image): string => hexOfBytes(page.toBytes(GHCB_VALID_BITMAP, GHCB_VALID_BITMAP_SIZE));

function writePage(page: Image, input: JsonObject): void {
  ghcbPage.set(page, 'swExitCode', word(input['exitCode']));
  ghcbPage.set(page, 'swExitInfo1', word(input['info1']));
  ghcbPage.set(page, 'swExitInfo2', word(input['info2']));
  ghcbPage.set(page, 'swScratch', word(input['scratch']));
  ghcbPage.set(page, 'rsi', word(input['rsi']));
  for (const name of words) ghcbPage.set(page, name, word(input[name]));
  ghcbPage.set(page, 'cpl', numberOf(input['cpl']));
  ghcbPage.set(page, 'ghcbUsage', numberOf(input['usage']));
  ghcbPage.set(page, 'protocolVersion', numberOf(input['protocolVersion'], GHCB_VERSION_MAX));
  bytesOfHex(input['valid']).forEach((byte, i) => page.setU8(GHCB_VALID_BITMAP + i, byte));
}

/** Guest memory besides the GHCB page: the scratch area, and the message of a guest request. */
function writeMemory(world: World, input: JsonObject): void {
  const scratch = word(input['scratch']);
  coverBySlot(world, scratch, SCRATCH_AREA_LIMIT / PAGE_SIZE);
  bytesOfHex(input['data']).forEach((byte, i) => {
    const at = scratch + BigInt(i);
    // Inside the GHCB page only the shared buffer is filled.
    if (at >= GHCB + BigInt(GHCB_SHARED_BUFFER_END) && at < GHCB + 0x1000n) return;
    if (byte !== 0) sharedPage(world, at).setU8(pageOffset(at), byte);
  });
  if (input['msgType'] === undefined) return;
  const request = word(input['info1']);
  coverBySlot(world, request);
  coverBySlot(world, word(input['info2']));
  coverBySlot(world, word(input['rax']));
  sharedPage(world, request).setU8(GUEST_MESSAGE_TYPE_OFFSET, numberOf(input['msgType']));
}

/** The answers that the case gives for code that is not under test. */
function supplyStubs(world: World, input: JsonObject): void {
  const { vm } = world;
  vm.instructionHandlersExit = input['handler'] === 'exit';
  vm.instructionHandlersInert = true;
  vm.certificateExits = input['certs'] === true;
  const [row] = world.cpuid;
  const result = listOf(input['cpuidResult']);
  if (row && result.length > 0 && word(input['exitCode']) === BigInt(SVM_EXIT_CPUID)) {
    row.used = true;
    row.leaf = Number(word(input['rax']) & 0xffffffffn);
    row.subleaf = Number(word(input['rcx']) & 0xffffffffn);
    [row.eax, row.ebx, row.ecx, row.edx] = [0, 1, 2, 3].map((i) => Number(word(result[i]))) as [
      number,
      number,
      number,
      number,
    ];
  }
  const [msr] = world.msrs;
  if (msr && input['msrFails'] !== true && word(input['exitCode']) === BigInt(SVM_EXIT_MSR)) {
    msr.used = true;
    msr.number = Number(word(input['rcx']) & 0xffffffffn);
  }
  if (input['fw'] !== undefined) {
    const { ret, error } = objectOf(input['fw']);
    const status = ret === TIMED_OUT ? TIMEOUT : numberOf(error);
    armFault(world, { kind: 'firmware', what: SEV_CMD_SNP_GUEST_REQUEST, status });
  }
}

interface Case {
  readonly world: World;
  /** What the guest wrote to the GHCB MSR. */
  readonly ghcbMsr: bigint;
  readonly vcpu: Vcpu;
  readonly page: Image;
  readonly calls: string[];
  readonly kicks: number[];
  outOfBounds: boolean;
}

function begin(input: JsonObject, profile: ResolvedProfile): Case {
  const world = guestWorld(profile, {
    guest: textOf(input['guest'] ?? 'snp'),
    ghcbVersion: numberOf(input['ghcbVersion'], 2),
    irqchip: textOf(input['irqchip'] ?? 'kernel'),
    vcpus: 3,
    ...(input['vmsaFeatures'] === undefined ? {} : { vmsaFeatures: word(input['vmsaFeatures']) }),
  });
  const vcpu = world.vcpu(0);
  const page = sharedPage(world, GHCB);
  writePage(page, input);
  writeMemory(world, input);
  supplyStubs(world, input);
  const registered = input['registered'] ?? 'same';
  const ghcbMsr = word(input['ghcb'], GHCB);
  vcpu.registeredGhcbGpa = registered === 'same' ? GHCB : registered === 'none' ? 0n : word(registered);
  vcpu.guestGhcbGpa = GHCB;
  vcpu.ghcbMsr = ghcbMsr;
  vcpu.nmiBlocked = true;
  world.vm.jumpTable = word(input['jumpTable']);
  for (const gpa of listOf(input['unreadable'])) removeFromSlots(world, gpaToGfn(word(gpa)));
  if (input['unmapped'] === true) removeFromSlots(world, gpaToGfn(GHCB));
  const state: Case = { world, ghcbMsr, vcpu, page, calls: [], kicks: [], outOfBounds: false };
  observe(state);
  return state;
}

type MoveArguments = Readonly<Record<string, number | bigint | string>>;
const flagOf = (value: unknown, one: string): number => (value === one ? 1 : 0);
const bigOf = (value: MoveArguments[string] | undefined): bigint => BigInt(value ?? 0);

/** What the vectors call calls of stubbed code, told from the moves. */
const callTexts: Readonly<Record<string, (args: MoveArguments, state: Case) => string | undefined>> = {
  extendedState: ({ register, value }) =>
    `set${register === 'XCR0' ? 'Xcr0' : 'Xss'} ${hexWord(bigOf(value))}`,
  interceptHandler: ({ code }) => `handler ${hexWord(bigOf(code))}`,
  msrAccess: () => 'insnGp 0',
  mmioExit: ({ direction, gpa, left }, { world }) => {
    const write = flagOf(direction, 'write');
    const data = (world.kvmRun[0] as Image).toBytes(MMIO_DATA, Math.min(8, Number(left)));
    return `mmio ${write} ${hexWord(bigOf(gpa))} ${left} ${write === 1 ? hexOfBytes(data) : ''}`;
  },
  stringIoExit: ({ direction, port, size }, { vcpu }) =>
    `stringIo ${size} ${hexWord(bigOf(port))} ${vcpu.ioItems} ${flagOf(direction, 'in')}`,
  portIoExit: ({ direction, port, size }) => `pio ${size} ${hexWord(bigOf(port))} ${flagOf(direction, 'in')}`,
  firmwareCommand: ({ id }) => `fw ${hexWord(bigOf(id))}`,
  certificatesCleared: ({ gpa, length }) => `clearGuest ${hexWord(bigOf(gpa))} ${length}`,
  responseCopied: ({ gpa, length }) => `writeGuest ${hexWord(bigOf(gpa))} ${length}`,
};

function observe(state: Case): void {
  state.world.recorder = {
    ...silent,
    finding: (_kind, text) => (state.outOfBounds ||= text === COPY_OVERRUN),
    move: (kind, _vcpu, args) => {
      const call = callTexts[kind]?.(args, state);
      if (call !== undefined) state.calls.push(call);
      if (kind === 'kick') state.kicks.push(args['target'] as number);
    },
  };
}

/** The exit that userspace sees, and the answer it gives if this is one to answer. */
function answer(run: Image, input: JsonObject): { exit: JsonObject; answered: boolean } {
  const reason = kvmRun.get(run, 'exitReason');
  if (reason === KVM_EXIT_SNP_REQ_CERTS) {
    const exit = {
      reason,
      gpa: hexWord(kvmRunSnpReqCerts.get(run, 'gpa')),
      npages: hexWord(kvmRunSnpReqCerts.get(run, 'npages')),
      ret: hexWord(kvmRunSnpReqCerts.get(run, 'ret')),
    };
    kvmRunSnpReqCerts.set(run, 'ret', word(listOf(input['answers'])[0]));
    kvmRunSnpReqCerts.set(run, 'npages', word(input['answerNpages']));
    return { exit, answered: true };
  }
  const exit = exitOf(run);
  if (reason !== KVM_EXIT_HYPERCALL) return { exit, answered: false };
  kvmRunHypercall.set(run, 'ret', 0n);
  return { exit, answered: true };
}

/** VMGEXIT and every completion, up to the point where KVM would enter the guest. */
function handle(state: Case, input: JsonObject): { exits: JsonObject[]; kvmRun: string | number } {
  const { world, vcpu } = state;
  const [run] = world.kvmRun as [Image];
  const exits: JsonObject[] = [];
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  kvmRunHypercall.set(run, 'ret', SENTINEL);
  let handled: Handled = sevHandleVmgexit(world, vcpu);
  while (handled === 'left') {
    const { exit, answered } = answer(run, input);
    exits.push(exit);
    if (!answered) return { exits, kvmRun: 'exit' };
    world.sendVcpu(vcpu, { type: 'KVM_RUN' });
    handled = completeExit(world, vcpu);
    kvmRunHypercall.set(run, 'ret', handled === 'left' ? kvmRunHypercall.get(run, 'ret') : SENTINEL);
  }
  return { exits, kvmRun: handled === 'resume' ? 'resume' : -handled.errno };
}

const nonZero = (values: readonly (readonly [string, bigint])[]): JsonObject =>
  Object.fromEntries(
    values.filter(([, value]) => value !== 0n).map(([name, value]) => [name, hexWord(value)]),
  );

/** What KVM keeps of the request. */
function keptState({ vcpu, world, ghcbMsr, calls, kicks }: Case, input: JsonObject): JsonObject {
  const { rax, rbx, rcx, rdx, rsi } = vcpu;
  const regs = nonZero(Object.entries({ rax, rcx, rdx, rbx, rsi }));
  const hold = { none: 0, nae: 1, msr: 2 }[vcpu.holdType];
  const mpState = mpStateNumber(vcpu.mpState);
  const changing = world.vcpus.filter((one) => waitsForReset(one) || updateRequested(one));
  const targets = changing.map((target) => {
    const index = target.index;
    const requests = updateRequested(target) ? UPDATE_REQUEST : 0;
    const pending = target.pendingVmsaGpa === NO_GPA ? '0xffffffffffffffff' : hexWord(target.pendingVmsaGpa);
    return { vcpu: index, pending, kicks: kicks.filter((kicked) => kicked === index).length, requests };
  });
  return {
    ...(calls.length > 0 ? { calls } : {}),
    ...(Object.keys(regs).length > 0 ? { regs } : {}),
    ...(vcpu.cpl === 0 ? {} : { cpl: vcpu.cpl }),
    ...(mpState === 0 ? {} : { mpState }),
    ...(hold === 0 ? {} : { holdType: hold }),
    ...(world.vm.jumpTable === word(input['jumpTable']) ? {} : { jumpTable: hexWord(world.vm.jumpTable) }),
    ...(vcpu.nmiBlocked ? {} : { nmiUnblocked: true }),
    ...(vcpu.ghcbMsr === ghcbMsr ? {} : { ghcbMsr: hexWord(vcpu.ghcbMsr) }),
    ...(targets.length > 0 ? { targets } : {}),
  };
}

function afterEntry({ world, vcpu, page }: Case): JsonObject {
  syncGhcb(world, vcpu);
  const registers = ['rax', 'rbx', 'rcx', 'rdx'] as const;
  return {
    ...Object.fromEntries(registers.map((name) => [name, hexWord(ghcbPage.get(page, name))])),
    valid: bitmapOf(page),
  };
}

export function driveNae(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const state = begin(input, profile);
  const result = handle(state, input);
  if (state.outOfBounds) return { outOfBounds: true };
  const { page } = state;
  const pageSeen = input['unmapped'] !== true && state.ghcbMsr === GHCB;
  return {
    ...result,
    ...(pageSeen
      ? {
          swExitInfo1: hexWord(ghcbPage.get(page, 'swExitInfo1')),
          swExitInfo2: hexWord(ghcbPage.get(page, 'swExitInfo2')),
          valid: bitmapOf(page),
        }
      : {}),
    ...keptState(state, input),
    ...(input['entry'] === true ? { afterEntry: afterEntry(state) } : {}),
  };
}
