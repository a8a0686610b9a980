/** Driver for vectors of memory paths: pre-fault, nested page faults, slots, attributes and guest_memfd, by ioctl. */
import { bytesToPages, gpaToGfn, pagesToBytes } from '../../abi/address';
import { errno } from '../../abi/errno';
import { ghcbPage } from '../../abi/ghcb-page';
import {
  kvmRun,
  kvmRunFailEntry,
  kvmRunMemoryFault,
  KVM_EXIT_FAIL_ENTRY,
  KVM_EXIT_MEMORY_FAULT,
} from '../../abi/kvm-run';
import { KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY, launchUpdateTypes } from '../../abi/kvm-structs';
import { SVM_VMGEXIT_AP_CREATION } from '../../abi/nae';
import { own } from '../../base/table';
import type { VmmAct } from '../../engine/acts';
import { armFault } from '../../engine/faults';
import { gmemPageOf, slotHasGmem, slotOf, userPageOfGfn } from '../../engine/frames/slots';
import { rmpEntry, rmpFirmwareWrite } from '../../engine/hardware/rmp';
import { mpStateNumberOf, setMpState } from '../../engine/kvm/ap/mp-state';
import { setMemoryAttributes } from '../../engine/kvm/memory/attributes';
import { closeGmemFile, gmemFallocate, gmemMemoryFailure } from '../../engine/kvm/memory/gmem';
import { refusesAttributes } from '../../engine/kvm/memory/ioctl-arguments';
import { bugVm, pageName } from '../../engine/kvm/memory/kernel-pages';
import { setMemoryRegion, type MemoryRegion } from '../../engine/kvm/memory/memory-slots';
import { npfInterception } from '../../engine/kvm/memory/nested-fault';
import { preFaultMemory } from '../../engine/kvm/memory/pre-fault';
import { GUEST_MAPPING } from '../../engine/kvm/memory/user-memory';
import { kvmRunIoctl, wakeThread } from '../../engine/kvm/run/run';
import { sevHandleVmgexit } from '../../engine/kvm/vmgexit/vmgexit';
import type { Image } from '../../engine/memory/image';
import { hostPageBits, mappingBits, rmpBits } from '../../engine/memory/page-bits';
import { perform } from '../../engine/perform';
import type { Vcpu } from '../../engine/state/vcpu';
import type { GmemFile } from '../../engine/state/vm';
import { NO_PFN, World, type InterleavePoint } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';
import { FaultWatch, FILE_PAGES } from './fault-watch';
import { sharedPage, writeRequest } from './guest-world';
import {
  frameBelow,
  hexWord,
  listOf,
  numberOf,
  objectOf,
  textOf,
  word,
  type Json,
  type JsonObject,
} from './json';
import { NotExpressible } from './not-expressible';

const SIZE = { gfnCount: 0x6000, gmemPages: FILE_PAGES, slots: 32 };
const UNTOUCHED = 0x7777;
const GHCB = 0x5678000n;
const GHCB_SLOT = 31;
const PRIVATE_RANGES = [
  [0x100, 0x40],
  [0x1fe, 2],
  [0x20e, 4],
  [0x480, 0x80],
  [0x800, 0x10],
] as const;

/** A case while its steps run. */
interface FaultCase {
  readonly world: World;
  readonly watch: FaultWatch;
  /** Pages of the usual file whose memory is damaged, also when they are allocated again. */
  readonly damaged: Set<number>;
  /** A signal is pending for the thread that is no vCPU. */
  mainSignal: boolean;
  /** There was an `ap`. */
  createdAp: boolean;
}

/** Performs an ioctl of the main thread; one that this model cannot be asked for ends the case. */
function ioctl(world: World, act: VmmAct): number {
  const refusedBy = perform(world, act);
  if (refusedBy) throw new NotExpressible(refusedBy.says);
  return world.vm.ioctlRet;
}

const gate = ({ vm }: World): number => (vm.health === 'sound' ? 0 : -errno.EIO);

function prepare(input: JsonObject, profile: ResolvedProfile): World {
  const world = new World({ ...SIZE, vcpus: numberOf(input['vcpus'], 1) }, profile);
  const vmm = <V extends VmmAct['verb']>(verb: V, args: Extract<VmmAct, { verb: V }>['args']): void =>
    void ioctl(world, { actor: 'vmm', verb, args } as VmmAct);
  vmm('create-vm', {});
  vmm('init2', { 'ghcb-version': 2 });
  for (let i = 0; i < world.vcpus.length; i++) vmm('create-vcpu', {});
  vmm('memslot', { gfn: 0x100, n: 0x100, gmem: 0 });
  vmm('memslot', { gfn: 0x400, n: 0x100, backing: 'none' });
  vmm('memslot', { gfn: 0x200, n: 0x10, gmem: 0x200 });
  for (const [gfn, n] of PRIVATE_RANGES) vmm('set-attributes', { gfn, n, private: true });
  if (input['launch'] === 'none') return world;
  vmm('launch-start', {});
  if (input['launch'] !== 'start') vmm('launch-finish', {});
  return world;
}

function exitOf(world: World, vcpu: Vcpu): JsonObject {
  const page = world.kvmRun[vcpu.index] as Image;
  const reason = kvmRun.get(page, 'exitReason');
  if (reason === UNTOUCHED) return { exit: null };
  if (reason === KVM_EXIT_FAIL_ENTRY) {
    return { exit: reason, failReason: hexWord(kvmRunFailEntry.get(page, 'hardwareEntryFailureReason')) };
  }
  if (reason !== KVM_EXIT_MEMORY_FAULT) return { exit: reason };
  const [flags, gpa, size] = (['flags', 'gpa', 'size'] as const).map((name) =>
    hexWord(kvmRunMemoryFault.get(page, name)),
  ) as [string, string, string];
  return { exit: reason, memoryFault: { flags, gpa, size } };
}

const vcpuOf = (world: World, step: JsonObject): Vcpu => world.vcpu(numberOf(step['vcpu']));
const clearExit = (world: World, vcpu: Vcpu): void =>
  kvmRun.set(world.kvmRun[vcpu.index] as Image, 'exitReason', UNTOUCHED);

const whereIs = (vcpu: Vcpu): Vcpu['run'] => vcpu.run;

function run({ world, watch, createdAp }: FaultCase, step: JsonObject): JsonObject {
  const vcpu = vcpuOf(world, step);
  clearExit(world, vcpu);
  const failedBefore = watch.failedEntries;
  let entries = 0;
  let sleeps = 0;
  kvmRunIoctl(world, vcpu.index, { immediateExit: step['immediateExit'] === true });
  if (whereIs(vcpu) === 'inGuest') entries++;
  for (const [gpa, code] of listOf(step['npf']).map(listOf)) {
    if (whereIs(vcpu) !== 'inGuest') break;
    npfInterception(world, vcpu, word(gpa), word(code));
    if (whereIs(vcpu) === 'inGuest') entries++;
  }
  if (whereIs(vcpu) === 'blocked') sleeps++;
  if (whereIs(vcpu) !== 'inUserspace') {
    vcpu.signalPending = true;
    wakeThread(world, vcpu.index);
  }
  entries += watch.failedEntries - failedBefore;
  return {
    ret: -vcpu.runErrno,
    ...exitOf(world, vcpu),
    entries,
    ...(sleeps > 0 ? { sleeps } : {}),
    ...(createdAp ? { vmsa: vmsaOf(world, vcpu), mp: mpStateNumberOf(vcpu) } : {}),
  };
}

/** The page that VMRUN would take. */
function vmsaOf(world: World, vcpu: Vcpu): string {
  if (vcpu.vmsa === 'launchVmsa') return 'initial';
  return vcpu.vmcbVmsaPfn === NO_PFN ? 'invalid' : pageName(world, vcpu.vmcbVmsaPfn);
}

function preFault({ world }: FaultCase, step: JsonObject): JsonObject {
  const vcpu = vcpuOf(world, step);
  clearExit(world, vcpu);
  const range = { gpa: word(step['gpa']), size: word(step['size']), flags: word(step['flags']) };
  const untouched = { ...range, spins: false };
  const call = (): ReturnType<typeof preFaultMemory> => {
    if (gate(world)) return { ret: gate(world), ...untouched };
    if (step['struct'] === 'unmapped') return { ret: -errno.EFAULT, ...untouched };
    const done = preFaultMemory(world, vcpu, range);
    return step['struct'] === 'readonly' ? { ret: -errno.EFAULT, ...untouched } : done;
  };
  const { ret, gpa, size, spins } = call();
  return {
    ret,
    left: [hexWord(gpa), hexWord(size)],
    ...exitOf(world, vcpu),
    ...(spins ? { spins } : {}),
  };
}

/** What the descriptor of a slot leads to. */
function fileOf(world: World, file: Json | undefined): MemoryRegion['file'] {
  if (typeof file !== 'number') return file === 'closed' || file === 'minus1' ? 'closed' : 'otherFile';
  return openFile(world, file) ?? 'closed';
}

function openFile(world: World, index: number): GmemFile | undefined {
  const file = world.files[index];
  return file?.open ? file : undefined;
}

function region({ world }: FaultCase, step: JsonObject): JsonObject {
  const flags = numberOf(step['flags'], Number(word(step['flags'])));
  const legacy = step['legacy'] !== undefined;
  if (gate(world)) return { ret: gate(world) };
  if (legacy && (flags & ~(KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY)) !== 0) return { ret: -errno.EINVAL };
  const ret = setMemoryRegion(world, {
    slot: numberOf(step['slot']),
    flags,
    gpa: word(step['gpa']),
    size: word(step['size']),
    userAddr: word(step['rawUserAddr'], GUEST_MAPPING + word(step['userAddr'], word(step['gpa']))),
    file: fileOf(world, step['file']),
    offset: word(step['offset']),
  });
  return { ret };
}

function attr({ world }: FaultCase, step: JsonObject): JsonObject {
  const args = {
    address: word(step['gpa']),
    size: word(step['size']),
    attributes: word(step['attributes']),
    flags: word(step['flags']),
  };
  if (gate(world)) return { ret: gate(world) };
  if (refusesAttributes(world, args)) return { ret: -errno.EINVAL };
  const [first, count] = [gpaToGfn(args.address), bytesToPages(args.size)];
  return { ret: setMemoryAttributes(world, first, count, args.attributes !== 0n) };
}

const access: Readonly<Record<string, number>> = {
  rw: 0,
  r: mappingBits.readOnly,
  none: mappingBits.unmapped,
  poison: mappingBits.poisoned,
  slow: mappingBits.slow,
};

function user({ world }: FaultCase, step: JsonObject): JsonObject {
  const bits = own(access, textOf(step['access']));
  if (bits === undefined) throw new Error(`no access is called ${textOf(step['access'])}`);
  const page = userPageOfGfn(world, gpaToGfn(word(step['gpa'])));
  world.pages.mapping.set(frameBelow(SIZE.gfnCount, page), bits);
  return { ret: 0 };
}

/** The guest made the page behind a frame a VMSA. */
function markVmsa(world: World, gfn: number): void {
  const slot = slotOf(world, gfn);
  if (!slotHasGmem(slot)) return;
  const pfn = gmemPageOf(slot, gfn);
  const isPresent = (world.pages.hostPage.get(pfn) & hostPageBits.present) !== 0;
  const entry = rmpEntry(world, pfn);
  if (isPresent && entry.assigned && !entry.immutable && entry.asid === world.vm.asid)
    rmpFirmwareWrite(world, pfn, rmpBits.validated | rmpBits.vmsa, 0);
}

/** vCPU 0 asks for AP creation. */
function ap(state: FaultCase, step: JsonObject): JsonObject {
  const { world } = state;
  if (!state.createdAp) {
    const size = pagesToBytes(1);
    const slot = { slot: GHCB_SLOT, flags: 0, offset: 0n, file: 'otherFile' } as const;
    setMemoryRegion(world, { ...slot, gpa: GHCB, size, userAddr: GUEST_MAPPING + GHCB });
  }
  state.createdAp = true;
  markVmsa(world, gpaToGfn(word(step['gpa'])));
  const caller = world.vcpu(0);
  caller.registeredGhcbGpa = GHCB;
  caller.guestGhcbGpa = GHCB;
  caller.ghcbMsr = GHCB;
  const page = sharedPage(world, GHCB);
  writeRequest(page, {
    code: BigInt(SVM_VMGEXIT_AP_CREATION),
    info1: word(step['info1']),
    info2: word(step['gpa']),
    rax: 1n,
  });
  sevHandleVmgexit(world, caller);
  const info = [hexWord(ghcbPage.get(page, 'swExitInfo1')), hexWord(ghcbPage.get(page, 'swExitInfo2'))];
  caller.exchange = 'idle';
  caller.ghcbMapped = false;
  return { info };
}

function update({ world }: FaultCase, step: JsonObject): JsonObject {
  const type = own(launchUpdateTypes, String(numberOf(step['type'], 1))) as string | undefined;
  if (type === undefined) throw new NotExpressible('a page type that no act names');
  const args = { gfn: gpaToGfn(word(step['gpa'])), len: word(step['size']), type };
  return { ret: ioctl(world, { actor: 'vmm', verb: 'launch-update', args } as VmmAct) };
}

type Step = (state: FaultCase, step: JsonObject) => JsonObject;
const steps: Readonly<Record<string, Step>> = {
  preFault,
  run,
  region,
  attr,
  user,
  ap,
  update,
  gmemCreate: ({ world }, step) => {
    const args = { size: word(step['size']), flags: word(step['flags']) };
    return { ret: ioctl(world, { actor: 'vmm', verb: 'create-gmem', args }) };
  },
  gmemClose: ({ world }, step) => {
    const file = openFile(world, numberOf(step['file']));
    if (file) closeGmemFile(world, file);
    return { ret: 0 };
  },
  fallocate: (state, step) => {
    const file = state.world.files[numberOf(step['file'])];
    if (!file?.exists) throw new NotExpressible('fallocate on a file that was not made');
    const interrupted = (): boolean => state.mainSignal;
    const call = { mode: numberOf(step['mode']), offset: word(step['offset']), length: word(step['len']) };
    return { ret: gmemFallocate(state.world, file, { ...call, interrupted }) };
  },
  poison: ({ damaged }, step) => {
    damaged.add(frameBelow(FILE_PAGES, numberOf(step['page'])));
    return { ret: 0 };
  },
  memoryFailure: ({ world, damaged }, step) => {
    const page = frameBelow(FILE_PAGES, numberOf(step['page']));
    damaged.add(page);
    gmemMemoryFailure(world, page);
    // MF_DELAYED
    return { ret: 2 };
  },
  vmBug: ({ world }) => (bugVm(world), { ret: 0, bugged: true }),
  start: ({ world }) => ({ ret: ioctl(world, { actor: 'vmm', verb: 'launch-start', args: {} }) }),
  finish: ({ world }) => ({ ret: ioctl(world, { actor: 'vmm', verb: 'launch-finish', args: {} }) }),
  setMp: ({ world }, step) => {
    if (gate(world)) return { ret: gate(world) };
    const refused = setMpState(world, vcpuOf(world, step), numberOf(step['value']));
    return { ret: refused === undefined ? 0 : -errno.EINVAL };
  },
};

/** Of an allocation or an instruction: which of this step fails. */
function arm(world: World, inject: JsonObject): void {
  const { allocGmem, rmpupdate, every, allocMmu, noRmp } = inject;
  const allocation = (what: number, nth: number, always: boolean): void =>
    void armFault(world, { kind: 'allocation', what, nth, status: 0, every: always });
  if (allocGmem !== undefined) allocation(4, numberOf(allocGmem), false);
  if (allocMmu === true) allocation(7, 1, true);
  if (noRmp === true) armFault(world, { kind: 'rmpLookup', status: 0, every: true });
  if (rmpupdate !== undefined) {
    armFault(world, { kind: 'rmpupdate', nth: numberOf(rmpupdate), status: 1, every: every === true });
  }
}

const pointsOf: Readonly<Record<string, readonly InterleavePoint[]>> = {
  lookup: ['gmemPage', 'userPage'],
  slotSwap: ['slotInvalid'],
};

/** Lets another thread act, and a signal arrive, in the middle of a step. @returns its result, once there is one */
function interleave(state: FaultCase, step: JsonObject): { result: JsonObject | undefined } {
  const { world, watch } = state;
  const during = objectOf(step['during']);
  const points = own(pointsOf, textOf(during['at'])) ?? [];
  const signalAt = numberOf(objectOf(step['inject'])['signalAtPage']);
  const seen: { result: JsonObject | undefined } = { result: undefined };
  let started = false;
  let pages = 0;
  world.interleave = (point) => {
    if (!started && points.includes(point)) {
      started = true;
      watch.say('during');
      const { exit, ...others } = take(state, objectOf(during['step']));
      // An exit that KVM did not fill in is not told of the other thread.
      seen.result = exit === undefined || exit === null ? others : { exit, ...others };
      watch.say('duringEnd');
    }
    if (point !== 'gmemPage' || ++pages !== signalAt) return;
    vcpuOf(world, step).signalPending = true;
    state.mainSignal = true;
  };
  return seen;
}

function take(state: FaultCase, step: JsonObject): JsonObject {
  const does = own(steps, textOf(step['op']));
  if (!does) throw new NotExpressible(`no step is called ${textOf(step['op'])}`);
  return does(state, step);
}

function damage({ world, damaged }: FaultCase): void {
  const { hostPage } = world.pages;
  for (const page of damaged) hostPage.set(page, hostPage.get(page) | hostPageBits.poisoned);
}

export function driveFault(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const world = prepare(input, profile);
  const state: FaultCase = {
    world,
    watch: new FaultWatch(world),
    damaged: new Set(),
    mainSignal: false,
    createdAp: false,
  };
  return {
    steps: listOf(input['steps']).map((json) => {
      const step = objectOf(json);
      const signal = step['signal'] === true;
      arm(world, objectOf(step['inject']));
      for (const vcpu of world.vcpus) vcpu.signalPending = signal;
      state.mainSignal = signal;
      const during = interleave(state, step);
      const answer = take(state, step);
      world.interleave = undefined;
      for (const fault of world.faults) fault.kind = 'none';
      for (const vcpu of world.vcpus) vcpu.signalPending = false;
      const seen = state.watch.take();
      damage(state);
      return { ...answer, ...seen, ...(during.result ? { during: during.result } : {}) };
    }),
  };
}
