/** What an exit reason means under a profile: mainline's meaning, or that of the posting which a facet reproduces. */
import {
  exitLookup,
  rawVmgexitExits,
  shutdownV4Exits,
  systemEventV41Exits,
  typedVmgexitExits,
  type ExitLookup,
} from '../abi/kvm-run';
import type { Facets, FacetValue } from './facets';

const ofPscMsr = {
  inKernel: {},
  rawMsrExit: rawVmgexitExits,
  typedVmgexit: typedVmgexitExits,
  mapGpaRange: {},
} as const satisfies Record<FacetValue<'psc.msr'>, unknown>;

const ofPscBatch = {
  inKernel: {},
  rawMsrExit: rawVmgexitExits,
  sharedGpa: typedVmgexitExits,
  mapGpaRangeLoop: {},
} as const satisfies Record<FacetValue<'psc.batch'>, unknown>;

const ofTermination = {
  einval: {},
  shutdownFlags: shutdownV4Exits,
  sysEventBit31Data1: systemEventV41Exits,
  sysEventBit31Data0: {},
  sysEventNdata: {},
} as const satisfies Record<FacetValue<'term.msr'>, unknown>;

/** The exits of a kernel with these facets. */
export const exitsOf = (facets: Facets): ExitLookup =>
  exitLookup(ofPscMsr[facets['psc.msr']], ofPscBatch[facets['psc.batch']], ofTermination[facets['term.msr']]);
