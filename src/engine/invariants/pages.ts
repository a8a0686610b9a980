/** Who may write where, and whether the RMP says what the VMM declared. */
import { hex } from '../../base/hex';
import { review } from '../../profiles/documents';
import { gfnBits } from '../memory/page-bits';
import { invariants, type Seen } from './invariant';

function sharedYetEncrypted({ world }: Seen): string | undefined {
  if (world.profile.facets['lu.privateAttribute'] === 'noAttributes') return undefined;
  const gfn = world.vmHistory.updatedWhileShared - 1;
  if (gfn < 0 || (world.pages.gfn.get(gfn) & gfnBits.attributePrivate) !== 0) return undefined;
  return `the guest is entered with gfn ${hex(gfn)} the guest's in the RMP and shared by its attribute`;
}

export const pageInvariants = invariants({
  HostKeepsOutOfGuestPages: {
    doc: 'The host writes only to pages that the RMP does not give to a guest.',
    source: review.launchFinish,
    // Reported where the host writes: an RMP fault leaves no state of its own behind.
    after: {},
  },
  RmpMatchesAttribute: {
    doc: 'When the guest is entered, a page that the RMP gives to it has the private attribute.',
    source: review.launchUpdateV11,
    after: { enter: sharedYetEncrypted },
  },
});
