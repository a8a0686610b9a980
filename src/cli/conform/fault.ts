/** Driver for vectors of memory paths: pre-fault, nested page faults, attributes and guest_memfd, by ioctl. */
import { bytesToPages, gpaToGfn, pageOffset } from '../../abi/address';
import { errno } from '../../abi/errno';
import { kvmRun, kvmRunMemoryFault, KVM_EXIT_MEMORY_FAULT } from '../../abi/kvm-run';
import { nestedFault } from '../../abi/nested-fault';
import { own } from '../../base/table';
import type { VmmAct } from '../../engine/acts';
import { armFault } from '../../engine/faults';
import { gmemFallocate } from '../../engine/kvm/memory/gmem';
import { bugVm } from '../../engine/kvm/memory/kernel-pages';
import { handleNestedFault } from '../../engine/kvm/memory/nested-fault';
import { preFaultMemory } from '../../engine/kvm/memory/pre-fault';
import { setMpState } from '../../engine/kvm/ap/mp-state';
import { kvmRunIoctl, wakeThread } from '../../engine/kvm/run/run';
import type { Image } from '../../engine/memory/image';
import { hostPageBits } from '../../engine/memory/page-bits';
import { perform } from '../../engine/perform';
import type { Vcpu } from '../../engine/state/vcpu';
import { World } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';
import { FaultWatch, FILE_PAGES } from './fault-watch';
import { frameBelow, hexWord, listOf, numberOf, objectOf, textOf, word, type JsonObject } from './json';
import { expressible, NotExpressible } from './not-expressible';

const SIZE = { vcpus: 2, gfnCount: 0x1000, gmemPages: FILE_PAGES, slots: 8 };
const UNTOUCHED = 0x7777;
const PRIVATE_RANGES = [
  [0x100, 0x40],
  [0x1fe, 2],
  [0x20e, 4],
  [0x480, 0x80],
  [0x800, 0x10],
] as const;

/** Performs an ioctl of the main thread; one that this model cannot be asked for ends the case. */
function ioctl(world: World, act: VmmAct): number {
  const refusedBy = perform(world, act);
  if (refusedBy) throw new NotExpressible(refusedBy.says);
  return world.vm.ioctlRet;
}

function prepare(input: JsonObject, profile: ResolvedProfile): World {
  const world = new World(SIZE, profile);
  world.vm.vmrunOracle = 'alwaysEnters';
  const vmm = <V extends VmmAct['verb']>(verb: V, args: Extract<VmmAct, { verb: V }>['args']): void =>
    void ioctl(world, { actor: 'vmm', verb, args } as VmmAct);
  vmm('create-vm', {});
  vmm('init2', { 'ghcb-version': 2 });
  for (let i = 0; i < numberOf(input['vcpus'], 1); i++) vmm('create-vcpu', {});
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

function run(world: World, step: JsonObject): JsonObject {
  expressible(world.vm.preFaultAllowed, 'KVM_RUN before the launch is over');
  const vcpu = vcpuOf(world, step);
  clearExit(world, vcpu);
  let entries = 0;
  let sleeps = 0;
  kvmRunIoctl(world, vcpu.index, { immediateExit: step['immediateExit'] === true });
  if (whereIs(vcpu) === 'inGuest') entries++;
  for (const [gpa, code] of listOf(step['npf']).map(listOf)) {
    if (whereIs(vcpu) !== 'inGuest') break;
    const fault = nestedFault.decode(word(code));
    expressible(fault.reservedBit === 0 && fault.rmp === 0, 'an RMP fault, or one of an MMIO entry');
    expressible(
      fault.implicitAccess === 0 && fault.privateAccess === 0 && fault.other50 === 0,
      'a bit that KVM itself sets',
    );
    const gfn = gpaToGfn(word(gpa));
    expressible(gfn < SIZE.gfnCount, 'a frame behind this world');
    handleNestedFault(world, vcpu, {
      gfn,
      private: fault.enc !== 0,
      write: fault.write !== 0,
      present: fault.present !== 0,
    });
    if (whereIs(vcpu) === 'inGuest') entries++;
  }
  if (whereIs(vcpu) === 'blocked') sleeps++;
  if (whereIs(vcpu) !== 'inUserspace') {
    vcpu.signalPending = true;
    wakeThread(world, vcpu.index);
  }
  return { ret: -vcpu.runErrno, ...exitOf(world, vcpu), entries, ...(sleeps > 0 ? { sleeps } : {}) };
}

function preFault(world: World, step: JsonObject): JsonObject {
  const vcpu = vcpuOf(world, step);
  clearExit(world, vcpu);
  expressible(gpaToGfn(word(step['gpa'])) < SIZE.gfnCount, 'a frame behind this world');
  const range = { gpa: word(step['gpa']), size: word(step['size']), flags: word(step['flags']) };
  const dead = world.vm.health !== 'sound';
  const done = dead ? { ret: -errno.EIO, ...range } : preFaultMemory(world, vcpu, range);
  return { ret: done.ret, left: [hexWord(done.gpa), hexWord(done.size)], ...exitOf(world, vcpu) };
}

/** The memory is damaged, also when the page is allocated again. */
function poison(world: World, page: number): void {
  const { hostPage } = world.pages;
  hostPage.set(page, hostPage.get(page) | hostPageBits.poisoned);
}

type Step = (world: World, step: JsonObject) => JsonObject;
const steps: Readonly<Record<string, Step>> = {
  preFault,
  run,
  attr: (world, step) => {
    const gpa = word(step['gpa']);
    const size = word(step['size']);
    expressible(
      gpaToGfn(gpa + size) <= SIZE.gfnCount || gpa + size > 0xffffffffffffffffn,
      'a frame behind this world',
    );
    const ret = ioctl(world, {
      actor: 'vmm',
      verb: 'set-attributes',
      args: {
        gfn: gpaToGfn(gpa),
        n: Number(bytesToPages(size)),
        private: false,
        attributes: word(step['attributes']),
        flags: word(step['flags']),
        len: size,
        skew: BigInt(pageOffset(gpa)),
      },
    });
    return { ret };
  },
  fallocate: (world, step) => ({
    ret: gmemFallocate(world, numberOf(step['mode']), word(step['offset']), word(step['len'])),
  }),
  poison: (world, step) => {
    poison(world, frameBelow(FILE_PAGES, numberOf(step['page'])));
    return { ret: 0 };
  },
  vmBug: (world) => (bugVm(world), { ret: 0, bugged: true }),
  finish: (world) => ({ ret: ioctl(world, { actor: 'vmm', verb: 'launch-finish', args: {} }) }),
  setMp: (world, step) => {
    if (world.vm.health !== 'sound') return { ret: -errno.EIO };
    return {
      ret: setMpState(world, vcpuOf(world, step), numberOf(step['value'])) === undefined ? 0 : -errno.EINVAL,
    };
  },
};

function arm(world: World, inject: JsonObject): void {
  const { allocGmem, rmpupdate, every } = inject;
  if (allocGmem !== undefined) {
    armFault(world, { kind: 'allocation', what: 4, nth: numberOf(allocGmem), status: 0 });
  }
  if (rmpupdate !== undefined) {
    armFault(world, { kind: 'rmpupdate', nth: numberOf(rmpupdate), status: 1, every: every === true });
  }
}

export function driveFault(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const world = prepare(input, profile);
  const watch = new FaultWatch(world);
  const damaged: number[] = [];
  return {
    steps: listOf(input['steps']).map((json) => {
      const step = objectOf(json);
      const does = own(steps, textOf(step['op']));
      if (!does) throw new NotExpressible(`no step is called ${textOf(step['op'])}`);
      arm(world, objectOf(step['inject']));
      if (step['signal'] === true) for (const vcpu of world.vcpus) vcpu.signalPending = true;
      if (step['op'] === 'poison') damaged.push(numberOf(step['page']));
      const answer = does(world, step);
      for (const fault of world.faults) fault.kind = 'none';
      for (const vcpu of world.vcpus) vcpu.signalPending = false;
      const seen = watch.take();
      for (const page of damaged) poison(world, page);
      return { ...answer, ...seen };
    }),
  };
}
