/** What vectors of memory paths report of a step: events, the nested page table, and the pages of guest_memfd. */
import { gfnToGpa } from '../../abi/address';
import { gmemPageOf, slotOf, userPageOfGfn } from '../../engine/frames/slots';
import { arrangeRmp, pageState, rmpEntry } from '../../engine/hardware/rmp';
import { pageName } from '../../engine/kvm/memory/kernel-pages';
import { GUEST_MAPPING } from '../../engine/kvm/memory/user-memory';
import { gfnBits, hostPageBits } from '../../engine/memory/page-bits';
import type { World } from '../../engine/world';
import { hexWord, type Json, type JsonObject } from './json';
import { firmwareText } from './launch-watch';
import { silent } from './watch';

/** Pages of guest_memfd file 0. */
export const FILE_PAGES = 0x400;

type MoveArgs = Readonly<Record<string, number | bigint | string>>;
const noEntry = { assigned: false, immutable: false, asid: 0, gfn: 0, twoMeg: false, validated: false };

/** What changed in a world since the last step. */
export class FaultWatch {
  /** VMRUNs that failed so far. */
  failedEntries = 0;
  private events: string[] = [];
  private firmware: string[] = [];
  private announced: Set<number>;
  private mapped: string;
  private gmem: string;
  private hasWarned = false;
  constructor(private readonly world: World) {
    this.announced = presentPages(world);
    this.mapped = JSON.stringify(mappedOf(world));
    this.gmem = JSON.stringify(gmemOf(world));
    world.recorder = { ...silent, move: (kind, _vcpu, args) => this.hear(kind, args) };
  }

  /** An event that no move shows. */
  say(event: string): void {
    this.notice();
    this.events.push(event);
  }

  /** Pages that came or went since the last move. */
  private notice(): void {
    const { world } = this;
    const now = presentPages(world);
    for (const page of this.announced) {
      if (now.has(page)) continue;
      const isAssigned = pageState(world, page) !== 'Hypervisor';
      this.events.push(`free ${pageName(world, page)}${isAssigned ? ' assigned' : ''}`);
      // The page goes to the allocator; the next one at its place in the file is another.
      if (isAssigned) arrangeRmp(world, page, noEntry);
    }
    for (const page of now) if (!this.announced.has(page)) this.events.push(`alloc ${pageName(world, page)}`);
    this.announced = now;
  }

  private hear(kind: string, args: MoveArgs): void {
    this.notice();
    const text = this.hearers[kind]?.(args);
    if (text !== undefined) this.events.push(...[text].flat());
  }

  private readonly hearers: Readonly<Record<string, (args: MoveArgs) => string | string[] | undefined>> = {
    firmwareCommand: (args) => void this.firmware.push(firmwareText(args)),
    pageCleared: (args) => this.pages(args, 'pages', (page) => `clear ${page}`),
    // Only the first WARN of a case is told.
    kernelWarn: () => {
      const isFirst = !this.hasWarned;
      this.hasWarned = true;
      return isFirst ? 'warn' : undefined;
    },
    rmpUpdate: (args) => this.rmpUpdate(args),
    rmpUpdateFailed: (args) => `rmpupdateFail ${this.page(args)} ${args['code']}`,
    psmash: (args) => `psmash ${this.page(args)}`,
    cacheFlushed: (args) => this.flushed(args),
    sigbusSent: ({ uaddr }) => `sigbus ${hexWord(BigInt(uaddr ?? 0) - GUEST_MAPPING)} 12`,
    failEntry: ({ why }) => {
      // KVM's own check comes before VMRUN.
      if (why === 'no VMSA') return undefined;
      this.failedEntries += 1;
      return 'vmrunFails';
    },
  };

  private page(args: MoveArgs, i = 0): string {
    return pageName(this.world, Number(args['pfn']) + i);
  }

  private pages(
    args: MoveArgs,
    count: string,
    text: (page: string, i: number) => string | string[],
  ): string[] {
    return Array.from({ length: Number(args[count]) }, (_, i) => text(this.page(args, i), i)).flat();
  }

  private rmpUpdate(args: MoveArgs): string[] {
    const to = String(args['to']);
    // A run of pages goes back page by page: each is told with its flush.
    if (to === 'Hypervisor') return Number(args['pages']) > 1 ? [] : [`shared ${this.page(args)}`];
    const immutable = to === 'Pre-Guest' ? ' immutable' : '';
    return this.pages(args, 'pages', (page, i) => {
      const gpa = hexWord(gfnToGpa(Number(args['gfn']) + i));
      return `private ${page} ${gpa}${immutable}`;
    });
  }

  /** Pages that were freed page by page as one move. */
  private flushed(args: MoveArgs): string[] {
    const isRun = Number(args['times']) > 1;
    return this.pages(args, 'times', (page, i) => {
      if (!isRun) return [`flush ${page} ${args['pages']}`];
      this.announced.delete(Number(args['pfn']) + i);
      return [`shared ${page}`, `flush ${page} ${args['pages']}`, `free ${page}`];
    });
  }

  take(): JsonObject {
    this.notice();
    const [mapped, gmem] = [mappedOf(this.world), gmemOf(this.world)];
    const result: Record<string, Json> = {};
    if (this.events.length > 0) result['events'] = this.events;
    if (this.firmware.length > 0) result['fw'] = this.firmware;
    if (JSON.stringify(mapped) !== this.mapped) result['mapped'] = mapped;
    if (JSON.stringify(gmem) !== this.gmem) result['gmem'] = gmem;
    this.events = [];
    this.firmware = [];
    this.mapped = JSON.stringify(mapped);
    this.gmem = JSON.stringify(gmem);
    return result;
  }
}

/** The pages of guest_memfd files that are allocated. */
function presentPages(world: World): Set<number> {
  const found = new Set<number>();
  for (const { first, count, value } of world.pages.hostPage.runs()) {
    if ((value & hostPageBits.present) === 0) continue;
    for (let page = first; page < first + count; page++) found.add(page);
  }
  return found;
}

function mappedOf(world: World): JsonObject {
  const found: Record<string, Json> = {};
  const look = (gfn: number, bits: number): void => {
    const slot = slotOf(world, gfn);
    const gpa = hexWord(gfnToGpa(gfn));
    const rights = bits & gfnBits.mappedReadOnly ? 'rx' : 'rwx';
    const isPrivate = (bits & gfnBits.mappedPrivate) !== 0;
    if (bits & gfnBits.mappedMmio) found[gpa] = 'mmio';
    else if (isPrivate || (bits & gfnBits.mappedShared) !== 0) {
      const fromGmem = slot && (isPrivate || slot.gmemOnly);
      const page = fromGmem
        ? pageName(world, gmemPageOf(slot, gfn))
        : `user ${hexWord(gfnToGpa(userPageOfGfn(world, gfn)))}`;
      found[gpa] = `${page} ${rights}`;
    }
  };
  const each = (first: number, count: number, bits: number): void => {
    if ((bits & ~gfnBits.attributePrivate) === 0) return;
    for (let gfn = first; gfn < first + count; gfn++) look(gfn, bits);
  };
  for (const { first, count, value } of world.pages.gfn.runs()) each(first, count, value);
  for (const { first, count, bits } of world.farFrames) each(first, count, bits);
  return found;
}

function gmemOf(world: World): JsonObject {
  const found: Record<string, Json> = {};
  for (const page of presentPages(world)) {
    const isAssigned = pageState(world, page) !== 'Hypervisor';
    found[pageName(world, page)] = [
      isAssigned ? hexWord(gfnToGpa(rmpEntry(world, page).gfn)) : 'hv',
      world.pages.hostPage.get(page) & hostPageBits.upToDate ? 1 : 0,
    ];
  }
  return found;
}
