/** The facets of a profile as the `#define`s of a model, and those that the model has otherwise. */
import { fallbackOf, type FacetName, type FacetValue } from '../../profiles/facets';
import type { ResolvedProfile } from '../../profiles/resolve';
import type { Fitted, ModelId } from './models';

/** A `#define` that one facet decides. */
interface Row {
  readonly define: string;
  readonly facet: FacetName;
  readonly values: Readonly<Record<string, string | number>>;
}

const row = <N extends FacetName>(
  define: string,
  facet: N,
  values: Partial<Record<FacetValue<N>, string | number>>,
): Row => ({ define, facet, values: values as Row['values'] });

/** Facets that a model has built in: the values that it follows. */
type BuiltIn = readonly (readonly [FacetName, readonly string[]])[];
const only = <N extends FacetName>(facet: N, ...values: FacetValue<N>[]) => [facet, values] as const;

const rows: Readonly<Record<ModelId, readonly Row[]>> = {
  'ap-lifecycle': [
    row('ON_ERROR', 'ap.onError', {
      'silent+offline': 'silentOffline',
      'badInput+untouched': 'badInputUntouched',
      'badInput+offline': 'badInputOffline',
    }),
    row('OFFLINE_STATE', 'ap.offlineState', { UNINITIALIZED: 'UNINITIALIZED', HALTED: 'HALTED' }),
    row('INVALID_MARKER', 'ap.invalidMarker', { zero: 'PA0', INVALID: 'INVALID' }),
    row('FEATURES', 'ap.features', { injModeXor: 'injModeXor', exactEqual: 'exactEqual' }),
    row('LAUNCH_VMSA_RESTORE', 'ap.launchVmsaRestore', { no: 'untilRequested', yes: 'untilInstalled' }),
    row('VMRUN_GUARD', 'vmrun.guard', { none: 'none_', rejectInvalidVmsa: 'rejectInvalidVmsa' }),
    row('UNUSABLE_PAGE', 'ap.unusablePage', {
      offlineOrPa0: 'runnableAtPa0',
      runnable: 'runnableInvalid',
      halted: 'haltedInvalid',
    }),
    row('ARMED_BY_ALL', 'ap.armedFlag', { onInitOnly: 0, allRequests: 1 }),
    row('RUNNABLE_CLEARS_UNHALTED', 'mp.runnableClearsUnhalted', { no: 0, yes: 1 }),
    row('HALT_SEES_EVENTS', 'hold.eventPending', { holds: 0, staysRunnable: 1 }),
  ],
  psc: [
    row('PSC', 'psc.batch', { inKernel: 'inKernel', mapGpaRangeLoop: 'mapGpaRange' }),
    row('RET_INIT', 'psc.retInit', {
      'n/a': 'stale',
      stale: 'stale',
      zeroedByKvm: 'zeroedByKvm',
      zeroedAndWhitelisted: 'zeroedByKvm',
    }),
    row('RET_OTHER', 'psc.retInit', {
      'n/a': 'failure',
      stale: 'failure',
      zeroedByKvm: 'failure',
      zeroedAndWhitelisted: 'runFails',
    }),
    row('HEADER_EACH_BATCH', 'psc.headerRead', { everyEntry: 0, everyRange: 1, oncePerRequest: 0 }),
    row('EXITS_EACH_BATCH', 'psc.enabledTest', { everyRange: 1, oncePerRequest: 0 }),
  ],
};

/** What goes with an error that is silent, and with one that is answered. */
const apOfPart2: BuiltIn = [
  only('ap.appliedBy', 'requestHandler'),
  only('ap.pvUnhalted', 'onPurposeOnly'),
  only('ap.gpaCheck', 'alignedAtApply'),
];
const apOfKernels: BuiltIn = [
  only('ap.appliedBy', 'initReset'),
  only('ap.pvUnhalted', 'bothWays'),
  only('ap.gpaCheck', 'legal+aligned', 'legal+aligned+not2M'),
];
const pscInKernel: BuiltIn = [
  only('psc.msr', 'inKernel'),
  only('psc.smashTail', 'error'),
  only('psc.headerCheck', 'bothAndOrder'),
  only('psc.partialEntry', 'ignored'),
];
const pscByExit: BuiltIn = [
  only('psc.msr', 'mapGpaRange'),
  only('psc.smashTail', 'skippedAsDone'),
  only('psc.headerCheck', 'endOnly'),
  only('psc.partialEntry', 'remainder'),
  only('psc.merging', 'fromFirstBase'),
];

function builtIn(model: ModelId, profile: ResolvedProfile): BuiltIn {
  if (model === 'psc') return profile.facets['psc.batch'] === 'inKernel' ? pscInKernel : pscByExit;
  const isSilent = profile.facets['ap.onError'] === 'silent+offline';
  return [
    only('ap.doubleCreate', 'replace'),
    only('ap.destroySticky', 'no'),
    only('ap.wakesUninitialized', 'no'),
    ...(isSilent ? apOfPart2 : apOfKernels),
  ];
}

/** The value that the engine would follow. */
function valueOf(profile: ResolvedProfile, name: FacetName): string {
  const value = profile.facets[name];
  return value === 'unspecified' ? (fallbackOf(name)?.value ?? value) : value;
}

/** The `#define`s of a profile. */
export function fittedFacets(model: ModelId, profile: ResolvedProfile): Fitted {
  const defines: Record<string, string | number> = {};
  const lacks: string[] = [];
  for (const { define, facet, values } of rows[model]) {
    const value = valueOf(profile, facet);
    const word = values[value];
    if (word === undefined) lacks.push(`${facet}=${value}`);
    else defines[define] = word;
  }
  for (const [facet, values] of builtIn(model, profile)) {
    const value = valueOf(profile, facet);
    if (!values.includes(value)) lacks.push(`${facet}=${value}`);
  }
  // Part 2 never puts a launch VMSA back; where the kernel edits the RMP at once there are no ranges.
  if (defines['ON_ERROR'] === 'silentOffline' && defines['LAUNCH_VMSA_RESTORE'] === 'untilRequested')
    defines['LAUNCH_VMSA_RESTORE'] = 'never_';
  if (defines['PSC'] === 'inKernel') Object.assign(defines, { HEADER_EACH_BATCH: 0, EXITS_EACH_BATCH: 0 });
  return { defines, lacks: [...new Set(lacks)], adds: [] };
}
