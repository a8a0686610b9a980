/** Memory slots as a vector needs them: every page has one, unless the case says otherwise. */
import { gpaToGfn } from '../../abi/address';
import type { World } from '../../engine/world';

/** Gives frames beyond the usual ones a slot of their own. */
export function coverBySlot(world: World, gpa: bigint, pages = 1): void {
  const gfn = gpaToGfn(gpa);
  const covered = world.slots.some((s) => s.used && gfn >= s.firstGfn && gfn < s.firstGfn + s.pages);
  const slot = world.slots.find((s) => !s.used);
  if (!slot || covered) return;
  slot.used = true;
  slot.backing = 'guestMemfd';
  slot.firstGfn = gfn;
  slot.firstGmemPage = world.config.gmemPages - pages - world.slots.indexOf(slot);
  slot.pages = pages;
}

/** Splits a slot so that a frame has none. */
export function removeFromSlots(world: World, gfn: number): void {
  const slot = world.slots.find((s) => s.used && gfn >= s.firstGfn && gfn < s.firstGfn + s.pages);
  const rest = world.slots.find((s) => !s.used);
  if (!slot || !rest) return;
  rest.used = true;
  rest.backing = slot.backing;
  rest.firstGfn = gfn + 1;
  rest.firstGmemPage = slot.firstGmemPage + (gfn + 1 - slot.firstGfn);
  rest.pages = slot.firstGfn + slot.pages - (gfn + 1);
  slot.pages = gfn - slot.firstGfn;
}

const LARGE = 512;

/** Gives the 2 MiB around a frame beyond the usual ones a slot of their own, with pages of their own. */
export function coverLargePages(world: World, gfn: number): void {
  const covered = world.slots.some((s) => s.used && gfn >= s.firstGfn && gfn < s.firstGfn + s.pages);
  const slot = world.slots.find((s) => !s.used);
  if (covered) return;
  if (!slot) throw new Error('a case touches more 2 MiB regions than a world has slots');
  const others = world.slots.filter((s) => s.used).length;
  slot.used = true;
  slot.backing = 'guestMemfd';
  slot.firstGfn = gfn - (gfn % LARGE);
  slot.firstGmemPage = world.config.gfnCount + others * LARGE;
  slot.pages = LARGE;
}
