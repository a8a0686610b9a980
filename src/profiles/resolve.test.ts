import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareProfiles } from './compare';
import { facetNames, valuesOf } from './facets';
import { overlayIds } from './overlays';
import { profileIds } from './profiles';
import {
  defaultProfile,
  override,
  overrideSource,
  parseProfileList,
  parseProfileSpec,
  printProfileList,
  profile,
  whatItDoes,
  type ResolvedProfile,
} from './resolve';

/** The profile a text means; fails the test if it means none. */
function parsed(text: string): ResolvedProfile {
  const result = parseProfileSpec(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe('a profile spec', () => {
  test.each([...profileIds, ...overlayIds])('%s alone means itself', (id) => {
    const one = parsed(id);
    expect([one.id, one.spec, one.overridden]).toEqual([id, id, []]);
    expect(one.facets).toEqual(profile(id).facets);
  });

  test('overrides one facet and keeps the rest', () => {
    const strict = parsed('linux-7.2:ap.doubleCreate=reject');
    expect(strict.facets['ap.doubleCreate']).toBe('reject');
    expect(strict.overridden).toEqual(['ap.doubleCreate']);
    expect(strict.sourceOf('ap.doubleCreate')).toEqual(overrideSource);
    expect(strict.sourceOf('psc.retInit')).toEqual(profile('linux-7.2').sourceOf('psc.retInit'));
  });

  test.each([
    [
      'linux-7.2:ap.doubleCreate=reject:psc.retInit=stale',
      'linux-7.2:psc.retInit=stale:ap.doubleCreate=reject',
    ],
    ['linux-7.2:psc.retInit=stale:psc.retInit=zeroedByKvm', 'linux-7.2:psc.retInit=zeroedByKvm'],
    ['linux-7.2:ap.doubleCreate=replace', 'linux-7.2'],
    [' part2-v4:psc.retInit=n/a ', 'part2-v4'],
    ['term-v4.1:ap.onError=badInput+untouched', 'term-v4.1:ap.onError=badInput+untouched'],
  ])('%s is written %s', (text, spec) => {
    expect(parsed(text).spec).toBe(spec);
  });

  test('parses back to the same profile, whatever is overridden', () => {
    const anOverride = fc
      .constantFrom(...facetNames)
      .chain((name) => fc.constantFrom(...valuesOf(name)).map((value) => `:${name}=${value}`));
    const aSpec = fc
      .tuple(fc.constantFrom(...profileIds, ...overlayIds), fc.array(anOverride, { maxLength: 6 }))
      .map(([id, overrides]) => `${id}${overrides.join('')}`);
    fc.assert(
      fc.property(fc.array(aSpec, { minLength: 1, maxLength: 3 }), (specs) => {
        const first = parseProfileList(specs.join(','));
        if (!first.ok) throw new Error(first.error.message);
        const printed = printProfileList(first.value);
        const second = parseProfileList(printed);
        if (!second.ok) throw new Error(second.error.message);
        expect(printProfileList(second.value)).toBe(printed);
        expect(second.value.map((one) => one.facets)).toEqual(first.value.map((one) => one.facets));
      }),
    );
  });

  test.each([
    ['linux-7.9', "no profile is called 'linux-7.9'; did you mean 'linux-7.2'?", 'linux-7.9'],
    ['term-v4.2', "no profile is called 'term-v4.2'; did you mean 'term-v4.1'?", 'term-v4.2'],
    ['', `no profile is called ''; there are ${profileIds.join(', ')}`, ''],
    ['linux-7.2,', `no profile is called ''; there are ${profileIds.join(', ')}`, ''],
    [
      'linux-7.2:ap.doubleCraete=reject',
      "no facet is called 'ap.doubleCraete'; did you mean 'ap.doubleCreate'?",
      'ap.doubleCraete=reject',
    ],
    ['linux-7.2:', "no facet is called ''", ''],
    [
      'linux-7.2:term.exit=x',
      "no facet is called 'term.exit'; there are term.msr, term.nae, term.tracepoint",
      'term.exit=x',
    ],
    [
      'linux-7.2:ap.doubleCreate=rejct',
      "'ap.doubleCreate' is one of replace, reject, not 'rejct'; did you mean 'reject'?",
      'ap.doubleCreate=rejct',
    ],
    [
      'linux-7.2:ap.doubleCreate',
      "'ap.doubleCreate' needs a value, one of replace, reject",
      'ap.doubleCreate',
    ],
    ['linux-7.2:toString=1', "no facet is called 'toString'", 'toString=1'],
    [
      'linux-7.2:ap.doubleCreate=constructor',
      "'ap.doubleCreate' is one of replace, reject, not 'constructor'",
      'ap.doubleCreate=constructor',
    ],
  ])('%s is refused: %s', (text, message, place) => {
    expect(parseProfileList(text)).toEqual({ ok: false, error: { message, place } });
  });

  test('a list of 64 is read, and one of 65 is refused', () => {
    const list = (length: number): string => Array.from({ length }, () => 'linux-7.2').join(',');
    expect(parseProfileList(list(64))).toMatchObject({ ok: true });
    expect(parseProfileList(list(65))).toEqual({
      ok: false,
      error: { message: 'a list has at most 64 profiles, and this one has more' },
    });
  });
});

describe('an overlay', () => {
  test('has the sources of its base where it changes nothing', () => {
    const over = parsed('first-pull-tag');
    expect(over.facets['psc.doneReply']).toBe('genericError');
    expect(over.sourceOf('psc.doneReply').document).toBe('mail of Michael Roth, 2024-05-11');
    expect(over.sourceOf('psc.batch')).toEqual(profile('linux-6.11').sourceOf('psc.batch'));
  });

  test('of another tree only carries the rest over', () => {
    const tree = parsed('amd-5.19-snp');
    expect(tree.sourceOf('ap.wakesUninitialized').confidence).toBe('executed');
    expect(tree.sourceOf('lu.source')).toEqual({
      confidence: 'unconfirmed',
      document: 'not read',
      place: 'carried over from part2-v5',
    });
  });
});

describe('comparing profiles', () => {
  test('names the facets in which they differ, with values and sources', () => {
    const both = [parsed('linux-7.2'), parsed('linux-7.2:ap.doubleCreate=reject')];
    expect(compareProfiles(both)).toEqual([
      {
        name: 'ap.doubleCreate',
        values: ['replace', 'reject'],
        sources: [profile('linux-7.2').sourceOf('ap.doubleCreate'), overrideSource],
      },
    ]);
  });

  test('a profile does not differ from itself', () => {
    expect(compareProfiles([defaultProfile(), defaultProfile()])).toEqual([]);
    expect(compareProfiles([])).toEqual([]);
  });

  test('6.17 and 7.2 still answer an unregistered GHCB differently', () => {
    const names = compareProfiles([parsed('linux-6.17'), parsed('linux-7.2')]).map((one) => one.name);
    expect(names).toContain('ghcb.unregistered');
    expect(names).not.toContain('ap.features');
  });
});

test('an override made by hand is the same as one written', () => {
  const made = override(parsed('linux-7.2:psc.retInit=stale'), 'ap.doubleCreate', 'reject');
  expect(made.spec).toBe('linux-7.2:psc.retInit=stale:ap.doubleCreate=reject');
  expect(made.title).toBe('Linux 7.2, 2 changed');
  expect(whatItDoes(made, 'ap.doubleCreate')).toBe('The request fails, the target keeps its VMSA.');
});
