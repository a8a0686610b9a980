/** Pages: which the host may write, and whether RMP and memory attributes agree. */
import { hex } from '../../base/hex';
import { isPrivate } from '../frames/attributes';
import { checks, type Seen } from './invariant';

function sharedYetEncrypted({ world }: Seen): string | undefined {
  if (world.profile.facets['lu.privateAttribute'] === 'noAttributes') return undefined;
  const gfn = world.vmHistory.updatedWhileShared - 1;
  if (gfn < 0 || isPrivate(world, gfn)) return undefined;
  return `the guest is entered with gfn ${hex(gfn)} the guest's in the RMP and shared by its attribute`;
}

export const pageChecks = checks({
  // Reported at the host's write: an RMP fault leaves no state to check later.
  HostKeepsOutOfGuestPages: {},
  RmpMatchesAttribute: { enter: sharedYetEncrypted },
});
