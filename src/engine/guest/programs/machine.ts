/** Memory layout of a booting guest, in place of OVMF's and Linux's allocators. */
import type { World } from '../../world';

/** A run of 4 KiB pages. */
export interface PageRange {
  readonly gfn: number;
  readonly n: number;
}

const LARGE = 512;

/** OVMF's GHCB page of the SEC phase; it is shared from the start. */
export const SEC_GHCB = 0x809;
/** The first 2 MiB that the firmware accepts: GHCB pages and VMSAs are taken from here. */
export const FIRMWARE_RANGE: PageRange = { gfn: 0x1000, n: LARGE };
/** Firmware GHCB page of an AP. */
export const firmwareGhcb = (index: number): number => FIRMWARE_RANGE.gfn + index;
/** The page that Linux takes as its first GHCB, and the ones each CPU uses later. */
export const BOOT_GHCB = FIRMWARE_RANGE.gfn + 0x80;
export const perCpuGhcb = (index: number): number => FIRMWARE_RANGE.gfn + 0x81 + index;
/** The second page of an 8 KiB block, so never the start of a 2 MiB page. */
export const apVmsa = (index: number): number => FIRMWARE_RANGE.gfn + 0x101 + 2 * index;
/** The pages that the kernel accesses first. */
const KERNEL_RANGE: PageRange = { gfn: 0x1200, n: 4 * LARGE };
const BOUNCE_PAGES = 32 * LARGE;
/** A serial port and a device register. */
export const SERIAL_PORT = 0x3f8;
export const DEVICE_REGISTER = 0xfed0_0000n;

/** Minimum memory of the boot. */
export const LEAST_PAGES = 0x2000;

export const memoryPages = (world: World): number =>
  world.slots.find((slot) => slot.used && slot.firstGfn === 0)?.pages ?? 0;

/** SWIOTLB: 64 MiB at the end of low memory, or a quarter of a smaller one. */
export function bounceBuffer(world: World): PageRange {
  const pages = memoryPages(world);
  const n = Math.min(BOUNCE_PAGES, Math.floor(pages / 4 / LARGE) * LARGE);
  return { gfn: Math.floor((pages - n) / LARGE) * LARGE - LARGE, n };
}

/** The 2 MiB units that Linux accepts, in order: those the kernel uses, then those of the bounce buffer. */
export function acceptedUnit(world: World, turn: number): PageRange | undefined {
  const kernelUnits = KERNEL_RANGE.n / LARGE;
  if (turn < kernelUnits) return { gfn: KERNEL_RANGE.gfn + turn * LARGE, n: LARGE };
  const bounce = bounceBuffer(world);
  const at = (turn - kernelUnits) * LARGE;
  return at < bounce.n ? { gfn: bounce.gfn + at, n: LARGE } : undefined;
}

/** Valid when OVMF starts: its firmware image and the pages of its metadata, up to the end of its SEC memory. */
const METADATA_END = 0x820;
/** The pages after its metadata that OVMF accepts while it still runs from flash. */
export const SEC_ACCEPTED: PageRange = {
  gfn: METADATA_END,
  n: FIRMWARE_RANGE.gfn + FIRMWARE_RANGE.n - METADATA_END,
};
/** A page of SEC that OVMF tries RMPADJUST on. */
export const SEC_PROBE = 0x812;
/** The rest of low memory, which OVMF accepts in PEI: below the metadata, then above what SEC took. */
export const BELOW_METADATA: PageRange = { gfn: 0, n: 0x800 };
export function aboveSec(world: World): PageRange {
  const gfn = SEC_ACCEPTED.gfn + SEC_ACCEPTED.n;
  return { gfn, n: memoryPages(world) - gfn };
}
/** Two pages for each vCPU: its GHCB page, and one for its own variables that stays private. */
export const ovmfGhcb = (index: number): number => FIRMWARE_RANGE.gfn + 2 * index;

/** coconut-svsm at VMPL0: its image, and a heap that is valid from the launch. */
export const SVSM_IMAGE: PageRange = { gfn: 0x1000, n: 0x40 };
export const SVSM_SECRETS = 0x1040;
export const SVSM_CPUID = 0x1041;
export const SVSM_HEAP: PageRange = { gfn: 0x1042, n: 0x1be };
export const svsmGhcb = (index: number): number => 0x1080 + index;
/** VMSA of an AP at VMPL0, and the one of a vCPU for the guest at VMPL2. */
export const svsmVmsa = (index: number): number => 0x1101 + 2 * index;
export const svsmGuestVmsa = (index: number): number => 0x1181 + index;
/** Pages that coconut-svsm shares with the host. */
export const SVSM_SHARED: PageRange = { gfn: 0x11e0, n: 4 };
/** Load address of its guest's firmware. */
export const GUEST_FIRMWARE: PageRange = { gfn: 0x300, n: LARGE };
