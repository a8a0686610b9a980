/** The host under page state changes that KVM makes itself: slots, mappings and RMP as a case has them, and what changed. */
import { gfnToGpa, gpaToGfn, pagesToBytes } from '../../abi/address';
import { pscEntry } from '../../abi/psc';
import { RMP_SUCCESS } from '../../abi/rmp';
import { armFault } from '../../engine/faults';
import { arrangeRmp, rmpGfn } from '../../engine/hardware/rmp';
import { gmemPageOf, slotOf } from '../../engine/frames/slots';
import { GUEST_MAPPING, registerRegion } from '../../engine/kvm/memory/user-memory';
import { hostPageBits } from '../../engine/memory/page-bits';
import type { World } from '../../engine/world';
import { convertsBatchInKernel } from '../../profiles/facets/psc-batch';
import { frameBelow, listOf, numberOf, objectOf, textOf, word, type JsonObject } from './json';
import { coverLargePages, removeFromSlots } from './slots';

/** Bytes that 40 bits of frame number reach. */
const ALL_FRAMES = 1n << 52n;

/** Gives a frame that KVM itself is asked to change a slot in a registered region. */
export function coverFrame(world: World, gfn: number): void {
  if (world.facet('psc.msr') !== 'inKernel') return;
  coverLargePages(world, gfn);
  registerRegion(world, GUEST_MAPPING, ALL_FRAMES);
}

/** Whatever frames the case names have a slot in a registered region, unless its `world` says otherwise. */
export function arrangeHost(world: World, input: JsonObject): void {
  if (!convertsBatchInKernel(world.facet('psc.batch'))) return;
  const entries = listOf(input['entries']).map((entry) => pscEntry.decode(word(entry)).gfn);
  entries.forEach((gfn) => coverLargePages(world, gfn));
  const host = objectOf(input['world'] ?? {});
  if (host['unregistered'] !== true) registerRegion(world, GUEST_MAPPING, ALL_FRAMES);
  for (const slot of world.slots) slot.largePages = host['nptLevel'] === '2M';
  for (const [gpa, level] of listOf(host['assigned']).map(listOf)) assign(world, word(gpa), textOf(level));
  for (const gpa of listOf(host['noSlot'])) removeFromSlots(world, gpaToGfn(word(gpa)));
  for (const gpa of listOf(host['notPresent'])) {
    const { hostPage } = world.pages;
    hostPage.set(frameBelow(hostPage.pageCount, pfnOf(world, word(gpa))), hostPageBits.poisoned);
  }
  if (host['rmpFail'] !== undefined) failAt(world, objectOf(host['rmpFail']));
  // After the fault above: the fault that was armed first is the one that strikes.
  if (listOf(host['assigned']).length > 0) obeyEverything(world);
}

function pfnOf(world: World, gpa: bigint): number {
  const slot = slotOf(world, gpaToGfn(gpa));
  return slot ? gmemPageOf(slot, gpaToGfn(gpa)) : -1;
}

function assign(world: World, gpa: bigint, level: string): void {
  const entry = { assigned: true, immutable: false, validated: false, asid: world.vm.asid };
  arrangeRmp(world, frameBelow(world.pages.hostPage.pageCount, pfnOf(world, gpa)), {
    ...entry,
    gfn: gpaToGfn(gpa),
    twoMeg: level === '2M',
  });
}

/** The RMP of these cases does not mind the size of an entry, which hardware does. */
function obeyEverything(world: World): void {
  armFault(world, { kind: 'rmpupdate', status: RMP_SUCCESS, every: true });
}

function failAt(world: World, fail: JsonObject): void {
  armFault(world, {
    kind: 'rmpupdate',
    what: pfnOf(world, word(fail['gpa'])),
    status: numberOf(fail['code']),
  });
}

interface RmpChange {
  readonly state: string;
  readonly size: string;
  readonly gpa: bigint;
  readonly pages: number;
}

const changeText = ({ state, size, gpa, pages }: RmpChange): string =>
  `${state} 0x${gpa.toString(16)} ${size === '2M' ? pages / 512 : pages} ${size}`;

/** The changes that KVM made, in order, neighbours as one. */
export class RmpList {
  private readonly changes: RmpChange[] = [];

  constructor(private readonly world: World) {}

  note(kind: string, args: Readonly<Record<string, number | bigint | string>>): void {
    const change = this.changeOf(kind, args);
    if (!change) return;
    const { gpa, pages, state, size } = change;
    const last = this.changes.at(-1);
    const follows =
      last?.state === state && last.size === size && last.gpa + pagesToBytes(last.pages) === gpa;
    if (follows) this.changes[this.changes.length - 1] = { ...last, pages: last.pages + pages };
    else this.changes.push({ gpa, pages, state, size });
  }

  private changeOf(
    kind: string,
    args: Readonly<Record<string, number | bigint | string>>,
  ): RmpChange | undefined {
    if (kind === 'pscChanged') return args as unknown as RmpChange;
    if (kind !== 'psmash' || args['code'] !== RMP_SUCCESS) return undefined;
    const gpa = gfnToGpa(rmpGfn(this.world, Number(args['pfn'])));
    return { state: 'psmash', size: '4K', gpa, pages: 1 };
  }

  output(): { rmp?: string[] } {
    return this.changes.length > 0 ? { rmp: this.changes.map(changeText) } : {};
  }
}
