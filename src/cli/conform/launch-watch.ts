/** What launch vectors report of a step: firmware commands, changed RMP entries, KVM's view, events. */
import { firmwareStatusText } from '../../abi/firmware';
import { gfnToGpa, PAGES_PER_LARGE_PAGE } from '../../abi/address';
import type { PageState } from '../../abi/rmp';
import { pageState, rmpEntry, rmpLookup } from '../../engine/hardware/rmp';
import { readContent } from '../../engine/kvm/memory/gmem';
import { leakCount, pageName } from '../../engine/kvm/memory/kernel-pages';
import { userContent } from '../../engine/kvm/memory/user-memory';
import { hostPageBits } from '../../engine/memory/page-bits';
import type { MoveName } from '../../engine/moves';
import { NO_PFN, type World } from '../../engine/world';
import { hexWord, type Json, type JsonObject } from './json';
import { silent } from './watch';

type MoveArgs = Readonly<Record<string, number | bigint | string>>;
type EventText = (world: World, args: MoveArgs) => string | readonly string[] | undefined;

const page = (world: World, args: MoveArgs): string => pageName(world, Number(args['pfn']));

/** A move that stands for a run of pages, page by page. */
const each = (world: World, args: MoveArgs, count: number, text: (name: string) => string): string[] =>
  Array.from({ length: count }, (_, i) => text(pageName(world, Number(args['pfn']) + i)));

/** The moves that vectors call events, in their words. */
const eventTexts: Partial<Readonly<Record<MoveName, EventText>>> = {
  pageCleared: (world, args) => each(world, args, Number(args['pages']), (name) => `clear ${name}`),
  cacheFlushed: (world, args) =>
    each(world, args, Number(args['times']), (name) => `flush ${name} ${args['pages']}`),
  pageLeaked: (world, args) => `leak ${page(world, args)}`,
  vmBugged: () => 'bugged',
  kernelWarn: () => 'warn',
  kernelLog: () => 'ratelimitedWarn',
  rmpUpdateFailed: (world, args) => `rmpupdateFail ${page(world, args)} ${args['code']}`,
  psmash: (_, args) => `psmash ${args['code']}`,
  nptZapped: (_, args) => `zap ${hexWord(BigInt(args['first'] ?? 0))} ${hexWord(BigInt(args['end'] ?? 0))}`,
  rmpFaultTraced: (_, args) => `trace ${args['level']} ${args['ret']}`,
  freedAssigned: (world, args) => `freedAssigned ${page(world, args)}`,
  vmsaBuilt: (world, args) =>
    args['features'] === 1n && args['rax'] === 0n
      ? undefined
      : `vmsa ${page(world, args)} features ${hexWord(args['features'] as bigint)} rax ${hexWord(args['rax'] as bigint)}`,
  finishParameters: (_, args) =>
    `finishParams ${args['idBlock']} ${args['authorKey']} ${args['vcekDisabled']}`,
};

const stateNames: Readonly<Record<PageState, string>> = {
  Hypervisor: 'hypervisor',
  'HV-Fixed': 'hvFixed',
  Firmware: 'firmware',
  'Firmware-IOMMU': 'firmwareIommu',
  Context: 'context',
  Metadata: 'metadata',
  Reclaim: 'reclaim',
  'Pre-Guest': 'preGuest',
  'Pre-Swap': 'preSwap',
  'Guest-Invalid': 'guestInvalid',
  'Guest-Valid': 'guestValid',
};

export class LaunchWatch {
  private firmware: string[] = [];
  private events: string[] = [];
  private entries = new Map<number, string>();
  private user: bigint[] = [];
  private vm: JsonObject = {};

  constructor(private readonly world: World) {
    world.recorder = {
      ...silent,
      move: (kind, _vcpu, args) => {
        if (kind === 'firmwareCommand') this.firmware.push(firmwareText(args));
        const text = eventTexts[kind]?.(world, args);
        if (text !== undefined) this.events.push(...[text].flat());
      },
    };
    this.start();
  }

  /** A step begins: what changes from here on is its own. */
  start(): void {
    this.firmware = [];
    this.events = [];
    this.entries = entriesOf(this.world);
    this.user = userOf(this.world);
    this.vm = vmView(this.world);
  }

  seen({ otherVm }: { otherVm: boolean }): JsonObject {
    const rmp = rmpChanges(this.world, this.entries);
    const vm = otherVm ? {} : changedFields(this.vm, vmView(this.world));
    const written = userOf(this.world).flatMap((content, index) =>
      content === this.user[index] ? [] : [[index, hexWord(content)] as const],
    );
    return {
      ...(this.firmware.length > 0 ? { fw: this.firmware } : {}),
      ...(Object.keys(rmp).length > 0 ? { rmp } : {}),
      ...(this.events.length > 0 ? { events: this.events } : {}),
      ...(Object.keys(vm).length > 0 ? { vm } : {}),
      ...(written.length > 0 ? { userWritten: Object.fromEntries(written) } : {}),
    };
  }
}

export function firmwareText(args: MoveArgs): string {
  const id = hexWord(BigInt(args['id'] ?? 0));
  const answer = String(args['answer']);
  const status = Number(args['status']);
  return `${id}:${answer === firmwareStatusText(status) ? status : answer}`;
}

function userOf(world: World): bigint[] {
  return Array.from({ length: 64 }, (_, index) => userContent(world, index));
}

/** Every entry that is not all zero, as one comparable text each. */
function entriesOf(world: World): Map<number, string> {
  const found = new Map<number, string>();
  for (const { first, count } of world.pages.rmp.runs()) {
    for (let pfn = first; pfn < first + count; pfn++) found.set(pfn, JSON.stringify(rmpEntry(world, pfn)));
  }
  return found;
}

function entryJson(world: World, pfn: number): Json {
  const { asid, vmsa, gfn, twoMeg } = rmpEntry(world, pfn);
  const state = pageState(world, pfn);
  const name = stateNames[state];
  if (state === 'Hypervisor' || asid === 0) return name;
  return {
    state: name,
    gpa: hexWord(gfnToGpa(gfn)),
    asid,
    ...(vmsa ? { vmsa: true } : {}),
    ...(twoMeg ? { size: '2M' } : {}),
  };
}

const listedOrder = (world: World, pfn: number): number => {
  const name = pageName(world, pfn);
  const kind = ['gmem', 'fw', 'vmsa', 'req'].findIndex((prefix) => name.startsWith(prefix));
  return kind * 1e9 + pfn;
};

function rmpChanges(world: World, before: Map<number, string>): JsonObject {
  const after = entriesOf(world);
  const changed = [...new Set([...before.keys(), ...after.keys()])]
    .filter((pfn) => before.get(pfn) !== after.get(pfn))
    .filter((pfn) => !insideNewLargeEntry(world, before, pfn))
    .sort((a, b) => listedOrder(world, a) - listedOrder(world, b));
  return Object.fromEntries(joinRuns(world, changed));
}

/** A 2M entry is listed under its first page. */
function insideNewLargeEntry(world: World, before: Map<number, string>, pfn: number): boolean {
  if (pfn % PAGES_PER_LARGE_PAGE === 0) return false;
  const head = pfn - (pfn % PAGES_PER_LARGE_PAGE);
  return rmpLookup(world, pfn)?.level === '2M' && before.get(head) !== JSON.stringify(rmpEntry(world, head));
}

const RUN_FROM = 9;

/** Long runs of guest_memfd pages that look alike are one element. */
function joinRuns(world: World, pages: readonly number[]): [string, Json][] {
  const joined: [string, Json][] = [];
  let at = 0;
  while (at < pages.length) {
    let length = 1;
    while (at + length < pages.length && continues(world, pages, at, length)) length += 1;
    const first = pages[at] as number;
    if (length >= RUN_FROM) {
      joined.push([`${pageName(world, first)}..${first + length - 1}`, entryJson(world, first)]);
    } else {
      for (const pfn of pages.slice(at, at + length))
        joined.push([pageName(world, pfn), entryJson(world, pfn)]);
    }
    at += length;
  }
  return joined;
}

function continues(world: World, pages: readonly number[], at: number, length: number): boolean {
  const first = pages[at] as number;
  const next = pages[at + length] as number;
  if (next !== first + length || next >= world.config.gmemPages) return false;
  const a = rmpEntry(world, first);
  const b = rmpEntry(world, next);
  const sameState = pageState(world, first) === pageState(world, next) && a.asid === b.asid;
  return sameState && (!a.assigned || b.gfn === a.gfn + length);
}

/** KVM's view of the VM, fields at rest left out. */
function vmView(world: World): JsonObject {
  const { vm } = world;
  const protectedVcpus = world.vcpus.flatMap((vcpu, index) => (vcpu.guestStateProtected ? [index] : []));
  const fields: Record<string, Json> = {
    vcpus: vm.vcpuCount,
    protected: protectedVcpus,
    bugged: vm.health === 'bugged',
    preFault: vm.preFaultAllowed,
    active: vm.sevActive,
    needInit: vm.needsInit,
    asid: vm.asid,
    vmsaFeatures: vm.vmsaFeatures === 0n ? 0 : hexWord(vm.vmsaFeatures),
    ghcbVersion: vm.ghcbVersion,
    context: vm.contextPfn !== NO_PFN,
    gstate: vm.gstate === 'none' ? 0 : vm.gstate.toLowerCase(),
    certs: vm.certificateExits,
  };
  const atRest = (value: Json): boolean =>
    value === 0 || value === false || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !atRest(value)));
}

function changedFields(before: JsonObject, after: JsonObject): JsonObject {
  const changed: Record<string, Json> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const now = after[name] ?? null;
    if (JSON.stringify(before[name] ?? null) !== JSON.stringify(now)) changed[name] = now;
  }
  return changed;
}

/** What vectors report of the host after the last step. */
export function hostAfter(world: World, { asids }: { asids: boolean }): JsonObject {
  const { host } = world;
  const gmem = gmemAfter(world);
  const leaked = leaksAfter(world);
  const lost = neverFreed(world);
  return {
    ...(Object.keys(gmem).length > 0 ? { gmem } : {}),
    ...(leaked.length > 0 ? { leaked } : {}),
    ...(lost.length > 0 ? { neverFreed: lost } : {}),
    ...(host.pspDead ? { pspDead: true } : {}),
    ...(asids
      ? { asids: { asidsUsed: host.asidsUsed, asidsReclaim: host.asidsReclaim, charges: host.asidCharges } }
      : {}),
  };
}

function gmemAfter(world: World): JsonObject {
  const pages: Record<string, Json> = {};
  for (let pfn = 0; pfn < world.config.gmemPages; pfn++) {
    const word = world.pages.hostPage.get(pfn);
    if ((word & hostPageBits.present) === 0) continue;
    const content = word & hostPageBits.garbage ? 'garbage' : hexWord(readContent(world, pfn));
    pages[pageName(world, pfn)] = [content, (word & hostPageBits.upToDate) !== 0];
  }
  return pages;
}

function leaksAfter(world: World): string[] {
  const found: string[] = [];
  for (let pfn = 0; pfn < world.pages.hostPage.pageCount; pfn++) {
    const times = leakCount(world, pfn);
    if (times > 0) found.push(pageName(world, pfn) + (times > 1 ? `*${times}` : ''));
  }
  return found;
}

function neverFreed(world: World): string[] {
  if (world.vm.exists) return [];
  const found: string[] = [];
  for (let pfn = world.config.gmemPages; pfn < world.pages.hostPage.pageCount; pfn++) {
    const allocated = (world.pages.hostPage.get(pfn) & hostPageBits.allocated) !== 0;
    if (allocated && leakCount(world, pfn) === 0) found.push(pageName(world, pfn));
  }
  return found;
}
