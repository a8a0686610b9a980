/** The GHCB MSR value that tells a guest protocol versions and C-bit. */
import { sevInfoResponse } from '../../../abi/ghcb-msr';
import { GHCB_VERSION_MAX, GHCB_VERSION_MIN } from '../../../abi/ghcb-page';
import type { World } from '../../world';

const encode = (world: World, fixed: boolean): bigint =>
  sevInfoResponse.encode({
    maxVersion: fixed ? GHCB_VERSION_MAX : world.vm.ghcbVersion,
    minVersion: GHCB_VERSION_MIN,
    cBit: world.vm.cBit,
  });

/** The answer to 0x002. */
export const sevInfo = (world: World): bigint => encode(world, world.facet('ghcb.maxVersion') === 'fixed2');

/** The value after the reset of a new vCPU; a guest that asks gets the remark about what no source says. */
export const ghcbMsrAtReset = (world: World): bigint =>
  encode(world, world.facetOrUnspecified('ghcb.maxVersion') === 'fixed2');
