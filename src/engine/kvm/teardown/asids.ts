/** ASIDs of SEV guests: two bitmaps, and the lazy recycling of the ASIDs of destroyed VMs. */
import { errno } from '../../../abi/errno';
import { SEV_CMD_SNP_DF_FLUSH } from '../../../abi/firmware';
import { dfFlush } from '../../firmware/commands';
import { sevDoCmd } from '../../firmware/psp';
import { MAX_SEV_ASID, MIN_SEV_ASID } from '../../state/host';
import type { World } from '../../world';

interface AsidRange {
  readonly min: number;
  readonly max: number;
}

const bitOf = (asid: number): number => 1 << asid;

function rangeOf(world: World, encryptsState: boolean): AsidRange {
  const { host, vm } = world;
  if (!encryptsState) return { min: MIN_SEV_ASID, max: MAX_SEV_ASID };
  const hidden = host.ciphertextHidingAsids;
  if (!hidesCiphertext(world)) return { min: 1, max: host.maxSnpAsid };
  if (vm.type === 'snp') return { min: 1, max: Math.min(hidden, host.maxSnpAsid) };
  return { min: hidden + 1, max: host.maxSnpAsid };
}

/** Whether the host was set up to hide the ciphertext of SNP guests from itself, and this kernel can. */
export const hidesCiphertext = (world: World): boolean =>
  world.host.ciphertextHidingAsids > 0 && world.facet('asid.ciphertextHiding') === 'yes';

function firstWith(bitmap: number, { min, max }: AsidRange, set: boolean): number | undefined {
  for (let asid = min; asid <= max; asid++) if (((bitmap & bitOf(asid)) !== 0) === set) return asid;
  return undefined;
}

/** __sev_recycle_asids. @returns whether it freed an ASID */
function recycleAsids(world: World, range: AsidRange): boolean {
  const { host } = world;
  if (firstWith(host.asidsReclaim, range, true) === undefined) return false;
  const flushed = sevDoCmd(world, SEV_CMD_SNP_DF_FLUSH, dfFlush);
  if (flushed.ret !== 0) return false;
  host.asidsUsed ^= host.asidsReclaim;
  host.asidsReclaim = 0;
  return true;
}

/** sev_asid_new: charges the cgroup, finds an ASID. @returns 0 or a negative errno */
export function sevAsidNew(world: World, encryptsState: boolean): number {
  const { host, vm } = world;
  const range = rangeOf(world, encryptsState);
  if (range.min > range.max) return -errno.ENOTTY;
  if (host.chargeErrno) return -host.chargeErrno;
  host.asidCharges += 1;
  let asid = firstWith(host.asidsUsed, range, false);
  const recycled = asid === undefined && recycleAsids(world, range);
  if (recycled) asid = firstWith(host.asidsUsed, range, false);
  if (asid === undefined) {
    host.asidCharges -= 1;
    return -errno.EBUSY;
  }
  host.asidsUsed |= bitOf(asid);
  vm.asid = asid;
  world.move('asidAllocated', -1, { asid }, recycled ? 'AsidRecycled' : 'AsidDrawn');
  return 0;
}

/** sev_asid_free: the ASID waits for the next recycling. */
export function sevAsidFree(world: World): void {
  const { host, vm } = world;
  host.asidsReclaim |= bitOf(vm.asid);
  host.asidCharges -= 1;
}
