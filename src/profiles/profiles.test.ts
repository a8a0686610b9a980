import { describe, expect, test } from 'vitest';
import { expectations, named, type ByGeneration } from '../testing/profiles/by-generation';
import {
  facetDoc,
  facetNames,
  fallbackOf,
  facets,
  isValueOf,
  valueDoc,
  valuesOf,
  type FacetName,
} from './facets';
import { columnIds } from './facet';
import { derivationOf } from './generations';
import { overlay, overlayIds } from './overlays';
import { bundles, defaultProfileId, profileIds, profileTexts, sourceIn, valueIn } from './profiles';
import { profile } from './resolve';

type Row = readonly [FacetName, ByGeneration<string>];

/** The values of all generations, written down from the sources by hand. */
const rows: readonly Row[] = [
  ['psc.msr', { 'part2-*': 'inKernel', 'as-reviewed linux-*': 'mapGpaRange', 'v11 v14': 'typedVmgexit' }],
  ['psc.batch', { 'part2-*': 'inKernel', 'as-reviewed linux-*': 'mapGpaRangeLoop', 'v11 v14': 'sharedGpa' }],
  ['psc.smashTail', { 'part2-* as-reviewed': 'error', 'v11 v14': 'vmmDecides', 'linux-*': 'skippedAsDone' }],
  [
    'psc.retInit',
    {
      'part2-*': 'n/a',
      'as-reviewed linux-6.17': 'zeroedByKvm',
      'v11 v14 linux-6.11 linux-6.12': 'stale',
      'linux-7.2': 'zeroedAndWhitelisted',
    },
  ],
  [
    'term.msr',
    { 'part2-*': 'einval', 'as-reviewed': 'sysEventBit31Data0', 'v11 v14 linux-*': 'sysEventNdata' },
  ],
  [
    'term.nae',
    { 'part2-* v11': 'unsupported', 'as-reviewed': 'unspecified', 'v14 linux-*': 'sysEventGhcbGpa' },
  ],
  ['ap.doubleCreate', { 'part2-* v11 v14 linux-*': 'replace', 'as-reviewed': 'reject' }],
  [
    'ap.onError',
    {
      'part2-v4': 'silent+offline',
      'as-reviewed linux-6.12 linux-6.17 linux-7.2': 'badInput+untouched',
      'part2-v5': 'gp+offline',
      'v11 v14 linux-6.11': 'badInput+offline',
    },
  ],
  [
    'ap.offlineState',
    { 'part2-v4': 'UNINITIALIZED', 'as-reviewed part2-v5': 'STOPPED', 'v11 v14 linux-*': 'HALTED' },
  ],
  ['ap.invalidMarker', { 'part2-v4': 'zero', 'as-reviewed part2-v5 v11 v14 linux-*': 'INVALID' }],
  [
    'ap.features',
    {
      'part2-* v11 v14 linux-6.11 linux-6.12': 'injModeXor',
      'as-reviewed': 'injModeXor+snpActive',
      'linux-6.17 linux-7.2': 'exactEqual',
    },
  ],
  ['ap.launchVmsaRestore', { 'part2-* as-reviewed v11 linux-7.3': 'no', 'v14 linux-*': 'yes' }],
  [
    'vmrun.guard',
    {
      'part2-* v11 v14 linux-6.11 linux-6.12': 'none',
      'as-reviewed linux-6.17 linux-7.2': 'rejectInvalidVmsa',
    },
  ],
  [
    'lu.source',
    {
      'part2-v4': 'uaddrInMemslot',
      'as-reviewed v14 linux-*': 'anyUserAddress',
      'part2-v5': 'registeredRegion',
      v11: 'sharedSideOfSameGfn',
    },
  ],
  [
    'lu.failure',
    {
      'part2-v4': 'zapWholeRange',
      'as-reviewed v14 linux-*': 'progressInStruct',
      'part2-v5': 'stayDoneNoReport',
      v11: 'noProgress',
    },
  ],
  [
    'lf.failure',
    {
      'part2-* v11 v14 linux-6.11 linux-6.17': 'noUnwind',
      'as-reviewed': 'unwindOrKill',
      'linux-6.12 linux-7.2': 'noUnwind+retryRefused',
    },
  ],
  ['free.vmsa', { 'part2-* as-reviewed v11 v14': 'rmpupdate+leakLog', 'linux-*': 'rmpupdate+bugVm+leak' }],
];

/** The released kernels where they differ. */
const kernelRows: readonly Row[] = [
  ['ghcb.unregistered', { 'linux-6.*': 'kvmRunEinval', 'linux-7.2': 'malformedInput' }],
  ['ghcb.xss', { 'linux-6.*': 'ignored', 'linux-7.2': 'taken' }],
  ['nae.snpOnlyOnEs', { 'linux-6.*': 'missingInput', 'linux-7.2': 'invalidEvent' }],
  ['gr.badPages', { 'linux-6.*': 'missingInput', 'linux-7.2': 'invalidInput' }],
  ['gr.certs', { 'linux-6.*': 'alwaysEmpty', 'linux-7.2': 'optionalExit' }],
  [
    'scratch.outsideGhcb',
    { 'linux-6.11 linux-6.17': 'copiedUpTo64K', 'linux-6.12 linux-7.2': 'refusedFromV2' },
  ],
  ['psc.length', { 'linux-6.11 linux-6.17': 'swExitInfo2', 'linux-6.12 linux-7.2': 'header' }],
  ['psc.indexLimit', { 'linux-6.11 linux-6.17': 'fixed253', 'linux-6.12 linux-7.2': 'realBuffer' }],
  ['psc.doneInfo1', { 'linux-6.11 linux-6.12': 'untouched', 'linux-6.17 linux-7.2': 'zeroed' }],
  ['psc.headerRead', { 'linux-6.*': 'everyRange', 'linux-7.2': 'oncePerRequest' }],
  ['psc.enabledTest', { 'linux-6.*': 'everyRange', 'linux-7.2': 'oncePerRequest' }],
  ['hypercall.retInit', { 'linux-6.11 linux-6.12': 'stale', 'linux-6.17 linux-7.2': 'zeroedByKvm' }],
  ['hypercall.runRet', { 'linux-6.11 linux-6.12': 'no', 'linux-6.17 linux-7.2': 'yes' }],
  ['mmio.length', { 'linux-6.11 linux-6.17': 'passedThrough', 'linux-6.12 linux-7.2': 'handled' }],
  ['io.sizeZero', { 'linux-6.11 linux-6.17': 'passedThrough', 'linux-6.12 linux-7.2': 'handled' }],
  [
    'ap.touchedBeforeChecks',
    { 'linux-6.11': 'gpaInvalidArmed', 'linux-6.12 linux-6.17 linux-7.2': 'nothing' },
  ],
  ['ap.unusablePage', { 'linux-6.11 linux-6.17': 'halted', 'linux-6.12 linux-7.2': 'runnable' }],
  ['ap.pendingAfterApply', { 'linux-6.11': 'keptOnFailure', 'linux-6.12 linux-6.17 linux-7.2': 'consumed' }],
  ['hold.eventPending', { 'linux-6.11': 'holds', 'linux-6.12 linux-6.17 linux-7.2': 'staysRunnable' }],
  [
    'failEntry.reason',
    { 'linux-6.11 linux-6.12': 'allOnes32', 'linux-6.17': 'guard64', 'linux-7.2': 'allOnes64' },
  ],
  ['vmsa.reload', { 'linux-6.*': 'none', 'linux-7.2': 'onInvalidation' }],
  ['mp.initWithSmi', { 'linux-6.11 linux-6.12': 'einval', 'linux-6.17 linux-7.2': 'accepted' }],
  ['init2.ghcbVersion1', { 'linux-6.*': 'accepted', 'linux-7.2': 'refused' }],
  [
    'ls.policy',
    { 'linux-6.11 linux-6.12': 'knownSmtRequired', 'linux-6.17': 'known', 'linux-7.2': 'firmwareMask' },
  ],
  ['lu.lenZero', { 'linux-6.*': 'nothingDone', 'linux-7.2': 'einval' }],
  ['lu.uaddrAlignment', { 'linux-6.*': 'any', 'linux-7.2': 'page', 'linux-7.3': 'page+notZero' }],
  ['lu.sourceRead', { 'linux-6.*': 'afterPage', 'linux-7.2': 'beforePage' }],
  ['lu.cpuidReadOnlySource', { 'linux-6.*': 'accepted', 'linux-7.2': 'refused' }],
  [
    'gmem.upToDateAfterRmpFailure',
    { 'linux-6.11 linux-6.17': 'unspecified', 'linux-6.12': 'no', 'linux-7.2': 'yes' },
  ],
  [
    'lf.vcpuCreation',
    { 'linux-6.11 linux-6.17': 'unchecked', 'linux-6.12 linux-7.2': 'ebusy', 'linux-7.3': 'waits' },
  ],
  ['run.deadRequest', { 'linux-6.* linux-7.2': 'consumed', 'linux-7.3': 'kept' }],
  ['mp.runnableClearsUnhalted', { 'linux-6.11 linux-6.12': 'no', 'linux-6.17 linux-7.2': 'yes' }],
  ['lf.locksVcpus', { 'linux-6.*': 'no', 'linux-7.2': 'yes' }],
];

describe('the generations', () => {
  test('nine have facts of their own, in this order, the newest is the default, and one says that it never existed', () => {
    expect(profileIds.filter((id) => derivationOf(id) === undefined)).toEqual([
      'part2-v4',
      'as-reviewed',
      'part2-v5',
      'v11',
      'v14',
      'linux-6.11',
      'linux-6.12',
      'linux-6.17',
      'linux-7.2',
    ]);
    expect(defaultProfileId).toBe('linux-7.3');
    expect(profileIds.at(-1)).toBe(defaultProfileId);
    expect(profileIds.filter((id) => profileTexts[id].neverExistedAsCode)).toEqual(['as-reviewed']);
  });

  test.each(profileIds)('%s has a value of its own union for every facet', (id) => {
    expect(Object.keys(bundles[id])).toEqual(facetNames);
    for (const name of facetNames) {
      expect(isValueOf(name, bundles[id][name]), `${id} ${name}`).toBe(true);
      expect(sourceIn(id, name).document, `${id} ${name}`).not.toBe('');
    }
  });

  test.each(rows)('%s has the value of each generation', (name, row) => {
    expect(profileIds.map((id) => [id, valueIn(id, name)])).toEqual(expectations(row));
  });

  test.each(kernelRows)('%s has the value of each released kernel', (name, row) => {
    const kernels = named(row);
    expect([...kernels.keys()].map((id) => [id, valueIn(id, name)])).toEqual([...kernels]);
    expect([...kernels.keys()]).toEqual(
      expect.arrayContaining(columnIds.filter((id) => id.startsWith('linux-'))),
    );
  });
});

describe('the facets', () => {
  /** Values that no generation has: an overlay or an older posting had them. */
  const onlyPosted = [
    'psc.msr=rawMsrExit',
    'psc.batch=rawMsrExit',
    'psc.smashTail=forwardedAsShared',
    'psc.doneReply=genericError',
    'psc.badScratch=malformedThenBare1',
    'msr.gpaRequestNonSnp=answered',
    'term.msr=shutdownFlags',
    'term.msr=sysEventBit31Data1',
    'lu.failure=progressEintr',
    'lu.struct=gfnStartAndType',
    'lu.argumentChecks=lenAndType',
    // The second thing that the review of LAUNCH_FINISH asks for.
    'lf.failure=kill',
  ];

  test('every value is had by a generation, or is one of the few that only postings had', () => {
    const unused = facetNames.flatMap((name) =>
      valuesOf(name)
        .filter((value) => !profileIds.some((id) => valueIn(id, name) === value))
        .map((value) => `${name}=${value}`),
    );
    expect(unused.sort()).toEqual([...onlyPosted].sort());
  });

  test('a facet on which all generations agree would not be a facet', () => {
    const agreed = facetNames.filter((name) => new Set(profileIds.map((id) => valueIn(id, name))).size < 2);
    expect(agreed).toEqual([]);
  });

  test('every facet and every value is explained in a sentence', () => {
    for (const name of facetNames) {
      expect(facetDoc(name), name).toMatch(/^[A-Z].*\.$/s);
      for (const value of valuesOf(name)) expect(valueDoc(name, value), `${name}=${value}`).toMatch(/\.$/);
    }
  });

  test('what an unspecified value is shown as is the value of the generation that is named for it', () => {
    const unknown = facetNames.filter((name) => isValueOf(name, 'unspecified'));
    expect(unknown.length).toBeGreaterThan(0);
    for (const name of unknown) {
      const fallback = fallbackOf(name);
      expect(fallback?.value, name).toBe(fallback && profile(fallback.like).facets[name]);
      expect(fallback?.value, name).not.toBe('unspecified');
      expect(fallback?.because, name).not.toBe('');
    }
  });

  test('names and values can stand in a profile spec', () => {
    for (const name of facetNames) {
      expect(name).toMatch(/^[a-z][A-Za-z0-9]+\.[A-Za-z0-9]+$/);
      for (const value of valuesOf(name)) expect(value).toMatch(/^[A-Za-z0-9+/]+$/);
    }
    expect(facetNames.length).toBe(Object.keys(facets).length);
  });
});

describe('the overlays', () => {
  test.each(overlayIds)('%s changes its base, to values that the facets know', (id) => {
    const over = overlay(id);
    const names = facetNames.filter((name) => over.changes[name] !== undefined);
    expect(names.some((name) => over.changes[name]?.value !== valueIn(over.base, name))).toBe(true);
    for (const name of names)
      expect(isValueOf(name, over.changes[name]?.value ?? ''), `${id} ${name}`).toBe(true);
    expect(Object.keys(over.changes).filter((name) => !(names as readonly string[]).includes(name))).toEqual(
      [],
    );
  });
});
