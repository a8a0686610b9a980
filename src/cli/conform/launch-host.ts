/** Sets up what the launch vectors start from: the host, its faults, slots, attributes and user memory. */
import { own } from '../../base/table';
import { allocations, armFault, TIMEOUT, type Allocation } from '../../engine/faults';
import { changeGfns } from '../../engine/frames/attributes';
import { dropSlots } from '../../engine/kvm/memory/memory-slots';
import { setUserContent } from '../../engine/kvm/memory/user-memory';
import { gfnBits, hostPageBits, userBits } from '../../engine/memory/page-bits';
import type { World, WorldConfig } from '../../engine/world';
import type { Fault } from '../../engine/state/host';
import {
  atMost,
  frameBelow,
  listOf,
  numberOf,
  objectOf,
  textOf,
  word,
  type Json,
  type JsonObject,
} from './json';

export type HostSize = WorldConfig;

const USER_PAGES = 64;
const backings = ['none', 'guestMemfd', 'closed'] as const;

type HostSetter = (world: World, value: Json) => void;

const hostSetters: Readonly<Record<string, HostSetter>> = {
  features: ({ host }, value) => void (host.vmsaFeatures = word(value)),
  policyBits: ({ host }, value) => void (host.policyBits = word(value)),
  maxSnpAsid: ({ host }, value) => void (host.maxSnpAsid = numberOf(value)),
  asidsUsed: ({ host }, value) => void (host.asidsUsed = numberOf(value)),
  asidsReclaim: ({ host }, value) => void (host.asidsReclaim = numberOf(value)),
  fwDirty: ({ host }, value) => void (host.asidsDirty = numberOf(value)),
  cgroup: ({ host }, value) => void (host.chargeErrno = Math.abs(numberOf(value))),
  platformRet: ({ host }, value) => void (host.platformErrno = Math.abs(numberOf(value))),
  platformError: ({ host }, value) => void (host.platformError = numberOf(value)),
  tscKhz: ({ host }, value) => void (host.tscKhz = numberOf(value)),
  sevEnabled: ({ host }, value) => void (host.sevEnabled = value === true || value === 1),
  esEnabled: ({ host }, value) => void (host.esEnabled = value === true || value === 1),
  noPsp: ({ host }, value) => void (host.noPsp = value === true || value === 1),
  pspDead: ({ host }, value) => void (host.pspDead = value === true || value === 1),
};

export function arrangeHost(world: World, host: JsonObject): void {
  for (const [name, value] of Object.entries(host)) {
    const setter = own(hostSetters, name);
    if (!setter) throw new Error(`the host has no ${name}`);
    setter(world, value);
  }
}

/** Slots, attributes and user memory; the pages of guest_memfd stay as they are. */
export function arrangeSlots(world: World, input: JsonObject): void {
  dropSlots(world);
  listOf(input['slots']).forEach((listed, index) => {
    const [firstGfn, pages, backing, firstGmemPage] = listOf(listed);
    const slot = world.slots[index];
    if (!slot) throw new Error('more slots than the world has');
    slot.used = true;
    slot.firstGfn = Number(word(firstGfn));
    slot.pages = numberOf(pages);
    slot.backing = backings[numberOf(backing)] ?? 'none';
    slot.firstGmemPage = numberOf(firstGmemPage);
  });
  for (const listed of listOf(input['private'])) {
    const [first, count] = listOf(listed);
    const { gfnCount } = world.config;
    const gfn = frameBelow(gfnCount, word(first));
    changeGfns(world, gfn, atMost(gfnCount - gfn, numberOf(count)), gfnBits.attributePrivate, 0);
  }
  for (const page of listOf(input['poisoned'])) {
    const { hostPage } = world.pages;
    const pfn = frameBelow(hostPage.pageCount, numberOf(page));
    hostPage.set(pfn, hostPage.get(pfn) | hostPageBits.poisoned);
  }
  arrangeUserPages(world, objectOf(input['userPages']), objectOf(input['tags']));
}

function arrangeUserPages(world: World, access: JsonObject, tags: JsonObject): void {
  const { user } = world.pages;
  user.setRun(0, user.pageCount, userBits.unmapped);
  for (let page = 0; page < USER_PAGES; page++) {
    const wanted = access[page];
    user.set(page, wanted === 'r' ? userBits.readOnly : wanted === 'none' ? userBits.unmapped : 0);
    setUserContent(world, page, word(tags[page], BigInt(page)));
  }
}

const allocationNames: Readonly<Record<string, Allocation>> = {
  req: 'request',
  fw: 'firmware',
  vmsa: 'vmsa',
  slab: 'command',
  cpumask: 'cpumask',
  gmem: 'gmem',
  blob: 'blob',
};

/** A fault of a kind replaces the one that is still armed. */
function disarm(world: World, ...kinds: readonly Fault['kind'][]): void {
  for (const fault of world.faults) if (kinds.includes(fault.kind)) fault.kind = 'none';
}

/** A fault of one command or one kind of page replaces the one that is still armed for it. */
function disarmWhat(world: World, kind: Fault['kind'], what: number): void {
  for (const fault of world.faults) if (fault.kind === kind && fault.what === what) fault.kind = 'none';
}

/** Signals are pending at a test of their own step, or never. */
export function endOfStep(world: World): void {
  disarm(world, 'signal', 'vcpuMutex');
}

/** The stub answers that a step asks for. */
export function armFaults(world: World, inject: JsonObject): void {
  for (const fault of listOf(inject['fw']).map(objectOf)) {
    const what = Number(word(fault['cmd']));
    disarmWhat(world, 'firmware', what);
    armFault(world, {
      kind: 'firmware',
      what,
      nth: numberOf(fault['n'], 1),
      status: fault['status'] === 'timeout' ? TIMEOUT : numberOf(fault['status']),
      every: fault['every'] === true || fault['every'] === 1,
    });
  }
  armOne(world, 'rmpupdate', inject['rmp']);
  armOne(world, 'psmash', inject['psmash']);
  armOne(world, 'directMap', inject['split']);
  const allocation = inject['alloc'];
  if (allocation !== undefined) {
    const { what, n } = objectOf(allocation);
    const name = own(allocationNames, textOf(what));
    if (!name) throw new Error(`nothing allocates ${textOf(what)}`);
    const allocated = allocations.indexOf(name);
    disarmWhat(world, 'allocation', allocated);
    armFault(world, { kind: 'allocation', what: allocated, nth: numberOf(n, 1), status: 0 });
  }
  const signalAt = inject['signalAt'];
  if (signalAt !== undefined) armFault(world, { kind: 'signal', nth: numberOf(signalAt) + 1, status: 0 });
  const interrupted = inject['lockInterrupted'];
  if (interrupted !== undefined) {
    armFault(world, { kind: 'vcpuMutex', what: numberOf(interrupted), status: 0 });
  }
}

function armOne(world: World, kind: 'rmpupdate' | 'psmash' | 'directMap', given: Json | undefined): void {
  if (given === undefined) return;
  disarm(world, kind);
  const fault = objectOf(given);
  armFault(world, {
    kind,
    nth: typeof given === 'number' ? given : numberOf(fault['n'], 1),
    status: numberOf(fault['code']),
    every: fault['every'] === true || fault['every'] === 1,
    race: fault['race'] === true,
  });
}
