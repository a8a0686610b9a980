/** Private pages under the host's memory management: one that is copied, and one that is to be moved. */
import { PAGE_SIZE } from '../../abi/address';
import { refused, type ActArguments, type Outcome } from '../acts';
import { copyBytes } from '../frames/content-key';
import { rmpEntry } from '../hardware/rmp';
import { NO_PFN, type World } from '../world';
import { inPlace } from './launch/populate-page';
import { dropPrivateImages, hasDirectMap, writeContent } from './memory/gmem';
import { hostWritesGuestPage } from './memory/host-fault';
import { NO_PRIVATE_PAGE, privatePageNow } from './page-acts';
import { hidesCiphertext } from './teardown/asids';

const USERSPACE_PAGES = refused(
  'this kernel keeps private pages in memory of userspace; copies of it are not modelled',
);

/** What a host reads of a private page whose ciphertext is hidden. */
const HIDDEN = 0xffff_ffff_ffff_ffffn;

/** One copy through the direct map: it succeeds, or its first store takes an RMP fault. */
export function hostCopy(world: World, args: ActArguments<'kvm', 'host-copy'>): Outcome {
  if (inPlace(world)) return USERSPACE_PAGES;
  const [from, to] = [privatePageNow(world, args.from), privatePageNow(world, args.to)];
  if (from === NO_PFN || to === NO_PFN) return NO_PRIVATE_PAGE;
  if (!hasDirectMap(world, from) || !hasDirectMap(world, to))
    return refused('the kernel has no address for this page');
  if (rmpEntry(world, to).assigned) hostWritesGuestPage(world, to, 'HostWriteFaults');
  if (rmpEntry(world, from).asid !== 0 && hidesCiphertext(world)) {
    dropPrivateImages(world, args.to, 1);
    writeContent(world, to, HIDDEN);
    world.move('hostCopy', -1, { pfn: from, to }, 'CiphertextHidden');
    return undefined;
  }
  copyImage(world, args);
  copyBytes(world, from, to);
  world.move('hostCopy', -1, { pfn: from, to }, 'CiphertextHasItsPlace');
  return undefined;
}

/** The bytes of a page of which the world keeps more than the first eight. */
function copyImage(world: World, { from, to }: ActArguments<'kvm', 'host-copy'>): void {
  const source = world.findImage('private', from);
  if (!source) {
    dropPrivateImages(world, to, 1);
    return;
  }
  const image = world.image('private', to);
  for (let at = 0; at < PAGE_SIZE; at += 8) image.setU64(at, source.u64(at));
}

/** Page migration: a folio of guest_memfd is not isolated, and would not be moved. */
export function migratePage(world: World, { gfn }: ActArguments<'kvm', 'migrate'>): Outcome {
  if (inPlace(world)) return USERSPACE_PAGES;
  const pfn = privatePageNow(world, gfn);
  if (pfn === NO_PFN) return NO_PRIVATE_PAGE;
  world.move('migrationRefused', -1, { pfn }, 'GmemNotMigrated');
  return undefined;
}
