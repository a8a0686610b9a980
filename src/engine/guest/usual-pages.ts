/** Pages that a guest would plausibly use next, for menus and defaults. */
import { gfnToGpa } from '../../abi/address';
import type { World } from '../world';

/** First frame that guests of this model use for VMSA pages: not at a 2 MiB boundary, and one for each vCPU. */
const VMSA_FRAME = 0x121;
const PLAIN_FRAME = 0x140;

/** An ordinary page and a VMSA page for a vCPU to use. */
export function usualPages(world: World, vcpu: number): { page: bigint; vmsa: bigint } {
  const slot = world.slots.find((candidate) => candidate.used);
  const base = slot?.firstGfn ?? 0;
  const fits = (frame: number): number => (slot && frame >= slot.pages ? Math.max(0, slot.pages - 1) : frame);
  return {
    page: gfnToGpa(base + fits(PLAIN_FRAME + vcpu * 2)),
    vmsa: gfnToGpa(base + fits(VMSA_FRAME + vcpu)),
  };
}
