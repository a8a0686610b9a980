/** One page as text: the views of guest, RMP and KVM, its content, and the references to it. */
import { gpaToGfn } from '../abi/address';
import { bitsOfGfn } from '../engine/frames/attributes';
import { keyText } from '../engine/frames/content-key';
import { rmpGfn } from '../engine/hardware/rmp';
import { hex, hex64 } from '../base/hex';
import {
  gfnBits,
  hostPageBits,
  LEAK_COUNT_SHIFT,
  RMP_ASID_MASK,
  RMP_ASID_SHIFT,
  rmpBits,
} from '../engine/memory/page-bits';
import { backingOf, largePages, pageBands, type PageBands } from '../engine/page-class';
import type { World } from '../engine/world';
import { rmpStateName } from './chart-instances';

export interface DetailRow {
  readonly name: string;
  readonly value: string;
  /** What filters call it, behind the frame: `rmp.validated`. */
  readonly path?: string;
}

export interface DetailGroup {
  readonly title: string;
  readonly rows: readonly DetailRow[];
}

export interface PageDetail {
  readonly gfn: number;
  readonly bands: PageBands;
  readonly groups: readonly DetailGroup[];
  readonly holders: readonly string[];
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
const flags = (word: number, bits: Readonly<Record<string, number>>): DetailRow[] =>
  Object.entries(bits).map(([name, mask]) => ({ name, value: yesNo((word & mask) !== 0) }));

const rmpFlags = (word: number, bits: Readonly<Record<string, number>>): DetailRow[] =>
  flags(word, bits).map((row) => ({ ...row, path: `rmp.${row.name}` }));

function rmpRows(world: World, gfn: number, pfn: number): DetailRow[] {
  const { rmp } = world.pages;
  const word = rmp.get(pfn);
  const number = rmpGfn(world, pfn);
  const large = largePages(world, gfn, 1).length > 0;
  return [
    { name: 'state', value: rmpStateName(word, number), path: 'rmp' },
    ...rmpFlags(word, { assigned: rmpBits.assigned, validated: rmpBits.validated }),
    ...rmpFlags(word, { immutable: rmpBits.immutable, vmsa: rmpBits.vmsa }),
    { name: 'size', value: large ? '2 MiB' : '4 KiB' },
    { name: 'asid', value: String((word >>> RMP_ASID_SHIFT) & RMP_ASID_MASK), path: 'rmp.asid' },
    { name: 'gfn in entry', value: hex(number) },
  ];
}

const content = (low: number, high: number): string => hex64((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));

function backingRows(world: World, gfn: number, pfn: number): DetailRow[] {
  const { pages } = world;
  const shared = {
    name: 'shared bytes',
    path: 'shared',
    value: pages.gfn.has(gfn) ? content(pages.sharedLow.get(gfn), pages.sharedHigh.get(gfn)) : 'no memory',
  };
  if (pfn < 0) return [{ name: 'guest_memfd', value: 'no page' }, shared];
  const host = pages.hostPage.get(pfn);
  const leaks = (host >>> LEAK_COUNT_SHIFT) & 0xf;
  return [
    { name: 'guest_memfd page', value: hex(pfn), path: 'pfn' },
    ...flags(host, { present: hostPageBits.present, 'up to date': hostPageBits.upToDate }),
    ...(host & hostPageBits.poisoned ? [{ name: 'poisoned', value: 'yes' }] : []),
    ...(leaks > 0 ? [{ name: 'on the leak list', value: `${leaks} ×` }] : []),
    {
      name: 'private bytes',
      value: content(pages.contentLow.get(pfn), pages.contentHigh.get(pfn)),
      path: 'content',
    },
    { name: 'written under', value: keyText(pages.contentKey.get(pfn), pages.contentHome.get(pfn)) },
    shared,
  ];
}

/** Everything in the world that names the page. */
function holdersOf(world: World, gfn: number): string[] {
  const names = (gpa: bigint): boolean => gpaToGfn(gpa) === gfn;
  const ofVcpus = world.vcpus.flatMap((vcpu, index) => {
    if (!vcpu.exists) return [];
    const found: string[] = [];
    if (gfn > 0 && names(vcpu.guestGhcbGpa)) found.push(`v${index}: GHCB in use`);
    if (gfn > 0 && names(vcpu.registeredGhcbGpa)) found.push(`v${index}: registered GHCB`);
    if (names(vcpu.pendingVmsaGpa)) found.push(`v${index}: VMSA that waits`);
    if (names(vcpu.guestVmsaGpa)) found.push(`v${index}: VMSA in force`);
    return found;
  });
  const slots = world.slots.flatMap((slot, index) =>
    slot.used && gfn >= slot.firstGfn && gfn < slot.firstGfn + slot.pages ? [`memory slot ${index}`] : [],
  );
  return [...ofVcpus, ...slots];
}

/** All details of a page. */
export function pageDetail(world: World, gfn: number): PageDetail {
  const { slot, pfn } = backingOf(world, gfn);
  const word = bitsOfGfn(world, gfn);
  const believes = [
    ...flags(word, { 'has a view': gfnBits.guestKnows, 'C-bit': gfnBits.guestPrivate }),
    ...flags(word, { validated: gfnBits.guestValidated, 'as VMSA': gfnBits.guestVmsa }),
  ];
  const kvm = [
    { name: 'memory slot', value: yesNo(slot) },
    { name: 'attribute', value: word & gfnBits.attributePrivate ? 'PRIVATE' : 'shared', path: 'attribute' },
    ...flags(word, { 'mapped private': gfnBits.mappedPrivate, 'mapped shared': gfnBits.mappedShared }),
  ];
  return {
    gfn,
    bands: pageBands(world, gfn),
    groups: [
      { title: 'Guest believes', rows: believes },
      {
        title: 'RMP entry',
        rows:
          pfn < 0 ? [{ name: 'entry', value: 'no private page behind the frame' }] : rmpRows(world, gfn, pfn),
      },
      { title: 'KVM keeps', rows: kvm },
      { title: 'Backing', rows: backingRows(world, gfn, pfn) },
    ],
    holders: holdersOf(world, gfn),
  };
}
