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

const lookups = new Map<string, ExitLookup>();

/** The exits of a kernel with these facets: one and the same lookup for kernels that agree. */
export function exitsOf(facets: Facets): ExitLookup {
  const values = [facets['psc.msr'], facets['psc.batch'], facets['term.msr']] as const;
  const key = values.join();
  const known = lookups.get(key);
  if (known) return known;
  const [msr, batch, termination] = values;
  const lookup = exitLookup(ofPscMsr[msr], ofPscBatch[batch], ofTermination[termination]);
  lookups.set(key, lookup);
  return lookup;
}
