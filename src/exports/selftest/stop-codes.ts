/** How the guest half tells the host half that it is done, or that an answer was another: it asks for termination. */
import { terminationRequest } from '../../abi/ghcb-msr';

/** A reason code set that neither the protocol nor Linux has a name for. */
const REASON_SET = 15;

/** The MSR value with which a guest says that it is done. */
export const DONE = terminationRequest.encode({ reasonSet: REASON_SET, reasonCode: 0 });
/** Where the number of a check goes in that value. */
export const CHECK_SHIFT = 16;
/** Checks are counted from 1 to this. */
export const CHECKS = 255;
