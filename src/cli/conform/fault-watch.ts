/** What vectors of memory paths report of a step: events, the nested page table, and the pages of guest_memfd file 0. */
import { gfnToGpa } from '../../abi/address';
import { VMSA_RMP_GPA } from '../../abi/rmp';
import { gmemPageOf, slotHasGmem, slotOf } from '../../engine/frames/slots';
import { pageState, rmpEntry } from '../../engine/hardware/rmp';
import { pageName } from '../../engine/kvm/memory/kernel-pages';
import { gfnBits, hostPageBits } from '../../engine/memory/page-bits';
import type { World } from '../../engine/world';
import { hexWord, type Json, type JsonObject } from './json';
import { firmwareText } from './launch-watch';
import { expressible } from './not-expressible';
import { silent } from './watch';

/** Pages of guest_memfd file 0. */
export const FILE_PAGES = 0x400;

type MoveArgs = Readonly<Record<string, number | bigint | string>>;

/** What changed in a world since the last step. */
export class FaultWatch {
  events: string[] = [];
  private firmware: string[] = [];
  private announced: Set<number>;
  mapped: string;
  gmem: string;
  constructor(private readonly world: World) {
    this.announced = this.present();
    this.mapped = JSON.stringify(mappedOf(world));
    this.gmem = JSON.stringify(gmemOf(world));
    world.recorder = { ...silent, move: (kind, _vcpu, args) => this.hear(kind, args) };
  }
  private present(): Set<number> {
    const found = new Set<number>();
    for (let page = 0; page < FILE_PAGES; page++) {
      if (this.world.pages.hostPage.get(page) & hostPageBits.present) found.add(page);
    }
    return found;
  }
  /** Only the first WARN of a case is told. */
  private warned(): void {
    if (!this.hasWarned) this.events.push('warn');
    this.hasWarned = true;
  }
  private hasWarned = false;
  /** Pages that came or went since the last move. */
  notice(): void {
    const now = this.present();
    for (const page of this.announced)
      if (!now.has(page))
        this.events.push(
          `free gmem${page}${pageState(this.world, page) === 'Hypervisor' ? '' : ' assigned'}`,
        );
    for (const page of now) {
      if (this.announced.has(page)) continue;
      expressible(
        pageState(this.world, page) === 'Hypervisor',
        'a page that was freed while assigned is allocated again',
      );
      this.events.push(`alloc gmem${page}`);
    }
    this.announced = now;
  }
  private hear(kind: string, args: MoveArgs): void {
    this.notice();
    const [pfn, gfn, count, times] = (['pfn', 'gfn', 'pages', 'times'] as const).map((name) =>
      Number(args[name] ?? 0),
    ) as [number, number, number, number];
    if (kind === 'firmwareCommand') this.firmware.push(firmwareText(args));
    if (kind === 'rmpUpdate' && String(args['to']) === 'Pre-Guest') {
      this.events.push(`private ${pageName(this.world, pfn)} ${hexWord(VMSA_RMP_GPA)} immutable`);
    }
    if (pfn >= FILE_PAGES) return;
    const pages = (n: number, text: (page: number, i: number) => void): void => {
      for (let i = 0; i < n; i++) text(pfn + i, i);
    };
    if (kind === 'pageCleared') pages(count, (p) => this.events.push(`clear gmem${p}`));
    if (kind === 'kernelWarn') this.warned();
    if (kind === 'rmpUpdate') {
      const to = String(args['to']);
      // A run of pages goes back page by page: each is told with its flush.
      if (to === 'Hypervisor' && count > 1) return;
      pages(count, (p, i) =>
        this.events.push(
          to === 'Hypervisor' ? `shared gmem${p}` : `private gmem${p} ${hexWord(gfnToGpa(gfn + i))}`,
        ),
      );
    }
    if (kind === 'rmpUpdateFailed') this.events.push(`rmpupdateFail gmem${pfn} ${args['code']}`);
    if (kind === 'cacheFlushed') {
      pages(times, (p) => {
        if (times > 1) this.events.push(`shared gmem${p}`);
        this.events.push(`flush gmem${p} ${count}`);
        if (times > 1) {
          this.events.push(`free gmem${p}`);
          this.announced.delete(p);
        }
      });
    }
  }
  take(): JsonObject {
    this.notice();
    const { world } = this;
    const [mapped, gmem] = [mappedOf(world), gmemOf(world)];
    const result: Record<string, Json> = {};
    if (this.events.length > 0) result['events'] = this.events;
    if (this.firmware.length > 0) result['fw'] = this.firmware;
    this.firmware = [];
    if (JSON.stringify(mapped) !== this.mapped) result['mapped'] = mapped;
    if (JSON.stringify(gmem) !== this.gmem) result['gmem'] = gmem;
    this.events = [];
    this.mapped = JSON.stringify(mapped);
    this.gmem = JSON.stringify(gmem);
    return result;
  }
}

function mappedOf(world: World): JsonObject {
  const found: Record<string, Json> = {};
  for (let gfn = 0; gfn < world.config.gfnCount; gfn++) {
    const bits = world.pages.gfn.get(gfn);
    const gpa = hexWord(gfnToGpa(gfn));
    const slot = slotOf(world, gfn);
    if (bits & gfnBits.mappedPrivate && slotHasGmem(slot)) found[gpa] = `gmem${gmemPageOf(slot, gfn)} rwx`;
    if (bits & gfnBits.mappedShared) found[gpa] = `user ${gpa} rwx`;
    if (bits & gfnBits.mappedMmio) found[gpa] = 'mmio';
  }
  return found;
}

function gmemOf(world: World): JsonObject {
  const found: Record<string, Json> = {};
  for (let page = 0; page < FILE_PAGES; page++) {
    const bits = world.pages.hostPage.get(page);
    if (!(bits & hostPageBits.present)) continue;
    const assigned = pageState(world, page) !== 'Hypervisor';
    found[`gmem${page}`] = [
      assigned ? hexWord(gfnToGpa(rmpEntry(world, page).gfn)) : 'hv',
      bits & hostPageBits.upToDate ? 1 : 0,
    ];
  }
  return found;
}
