/** hva_to_pfn: the user page behind a shared frame, as KVM finds it for a nested fault. */
import { mappingBits } from '../../memory/page-bits';
import { userPageOfGfn } from '../../frames/slots';
import type { World } from '../../world';

/** The page can be mapped, with these rights; or the user address has none; or its memory is damaged. */
export type UserPage = { readonly writable: boolean } | 'fault' | 'poisoned';

/** How the page of the VMM's mapping answers. */
export function mappingBitsOf(world: World, gfn: number): number {
  const page = userPageOfGfn(world, gfn);
  return world.pages.mapping.has(page) ? world.pages.mapping.get(page) : 0;
}

/**
 * Only the quick look-up asks for write access although the fault is a read: where it fails, a read maps the page
 * without the right to write.
 */
export function lookUpUserPage(world: World, gfn: number, write: boolean): UserPage {
  if (mappingBitsOf(world, gfn) === 0) return { writable: true };
  world.interleave?.('userPage');
  const bits = mappingBitsOf(world, gfn);
  if (bits & mappingBits.unmapped) return 'fault';
  if (bits & mappingBits.poisoned) return 'poisoned';
  if (bits & mappingBits.readOnly) return write ? 'fault' : { writable: false };
  return { writable: write };
}
