import { describe, expect, test } from 'vitest';
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
import { overlay, overlayIds } from './overlays';
import { bundles, defaultProfileId, profileIds, profileTexts, sourceIn, valueIn } from './profiles';
import { profile } from './resolve';

/** Columns of the tables below. */
const columns = [
  'part2-v4',
  'as-reviewed',
  'part2-v5',
  'v11',
  'v14',
  'linux-6.11',
  'linux-6.12',
  'linux-6.17',
  'linux-7.2',
] as const;

/** A written-down table: a facet and its values, `=` standing for the value to its left. */
const tableRows = (text: string): readonly (readonly [FacetName, readonly string[]])[] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', ...cells] = line.trim().split(/\s+/);
      const values: string[] = [];
      for (const cell of cells) values.push(cell === '=' ? (values.at(-1) ?? '') : cell);
      return [name as FacetName, values];
    });

/** The values of all generations, oldest first, written down from the sources by hand. */
const rows = tableRows(`
  psc.msr               inKernel mapGpaRange inKernel typedVmgexit = mapGpaRange = = =
  psc.batch             inKernel mapGpaRangeLoop inKernel sharedGpa = mapGpaRangeLoop = = =
  psc.smashTail         error = = vmmDecides = skippedAsDone = = =
  psc.retInit           n/a zeroedByKvm n/a stale = = = zeroedByKvm zeroedAndWhitelisted
  term.msr              einval sysEventBit31Data0 einval sysEventNdata = = = = =
  term.nae              unsupported unspecified unsupported = sysEventGhcbGpa = = = =
  ap.doubleCreate       replace reject replace = = = = = =
  ap.onError            silent+offline badInput+untouched gp+offline badInput+offline = = badInput+untouched = =
  ap.offlineState       UNINITIALIZED STOPPED = HALTED = = = = =
  ap.invalidMarker      zero INVALID = = = = = = =
  ap.features           injModeXor injModeXor+snpActive injModeXor = = = = exactEqual =
  ap.launchVmsaRestore  no = = = yes = = = =
  vmrun.guard           none rejectInvalidVmsa none = = = = rejectInvalidVmsa =
  lu.source             uaddrInMemslot anyUserAddress registeredRegion sharedSideOfSameGfn anyUserAddress = = = =
  lu.failure            zapWholeRange progressInStruct stayDoneNoReport noProgress progressInStruct = = = =
  lf.failure            noUnwind unwindOrKill noUnwind = = = noUnwind+retryRefused noUnwind noUnwind+retryRefused
  free.vmsa             rmpupdate+leakLog = = = = rmpupdate+bugVm+leak = = =
`);

/** The released kernels where they differ: 6.11, 6.12, 6.17, 7.2. */
const kernelRows = tableRows(`
  ghcb.unregistered             kvmRunEinval = = malformedInput
  ghcb.xss                      ignored = = taken
  nae.snpOnlyOnEs               missingInput = = invalidEvent
  gr.badPages                   missingInput = = invalidInput
  gr.certs                      alwaysEmpty = = optionalExit
  scratch.outsideGhcb           copiedUpTo64K refusedFromV2 copiedUpTo64K refusedFromV2
  psc.length                    swExitInfo2 header swExitInfo2 header
  psc.indexLimit                fixed253 realBuffer fixed253 realBuffer
  psc.doneInfo1                 untouched = zeroed =
  psc.headerRead                everyRange = = oncePerRequest
  psc.enabledTest               everyRange = = oncePerRequest
  hypercall.retInit             stale = zeroedByKvm =
  hypercall.runRet              no = yes =
  mmio.length                   passedThrough handled passedThrough handled
  io.sizeZero                   passedThrough handled passedThrough handled
  ap.touchedBeforeChecks        gpaInvalidArmed nothing = =
  ap.unusablePage               halted runnable halted runnable
  ap.pendingAfterApply          keptOnFailure consumed = =
  hold.eventPending             holds staysRunnable = =
  failEntry.reason              allOnes32 = allOnes64 =
  vmsa.reload                   none = = onInvalidation
  mp.initWithSmi                einval = accepted =
  init2.ghcbVersion1            accepted = = refused
  ls.policy                     knownSmtRequired = known firmwareMask
  lu.lenZero                    nothingDone = = einval
  lu.uaddrAlignment             any = = page
  lu.sourceRead                 afterPage = = beforePage
  lu.cpuidReadOnlySource        accepted = = refused
  gmem.upToDateAfterRmpFailure  unspecified no unspecified yes
  lf.vcpuCreation               unchecked ebusy unchecked ebusy
  lf.locksVcpus                 no = = yes
`);

describe('the generations', () => {
  test('there are nine, Linux 7.2 is the default, and one of them says that it never existed', () => {
    expect(profileIds).toEqual(columns);
    expect(defaultProfileId).toBe('linux-7.2');
    expect(profileIds.filter((id) => profileTexts[id].neverExistedAsCode)).toEqual(['as-reviewed']);
  });

  test.each(profileIds)('%s has a value of its own union for every facet', (id) => {
    expect(Object.keys(bundles[id])).toEqual(facetNames);
    for (const name of facetNames) {
      expect(isValueOf(name, bundles[id][name]), `${id} ${name}`).toBe(true);
      expect(sourceIn(id, name).document, `${id} ${name}`).not.toBe('');
    }
  });

  test.each(rows)('%s has the value of each generation', (name, values) => {
    expect(columns.map((id) => valueIn(id, name))).toEqual(values);
  });

  test.each(kernelRows)('%s has the value of each released kernel', (name, values) => {
    const kernels = ['linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2'] as const;
    expect(kernels.map((id) => valueIn(id, name))).toEqual(values);
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
