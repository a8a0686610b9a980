/** Who may write where, and whether the RMP says what the VMM declared. */
import { hex } from '../../base/hex';
import { gfnBits } from '../memory/page-bits';
import { checks, type Seen } from './invariant';

function sharedYetEncrypted({ world }: Seen): string | undefined {
  if (world.profile.facets['lu.privateAttribute'] === 'noAttributes') return undefined;
  const gfn = world.vmHistory.updatedWhileShared - 1;
  if (gfn < 0 || (world.pages.gfn.get(gfn) & gfnBits.attributePrivate) !== 0) return undefined;
  return `the guest is entered with gfn ${hex(gfn)} the guest's in the RMP and shared by its attribute`;
}

export const pageChecks = checks({
  // Reported where the host writes: an RMP fault leaves no state of its own behind.
  HostKeepsOutOfGuestPages: {},
  RmpMatchesAttribute: { enter: sharedYetEncrypted },
});
