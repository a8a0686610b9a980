import { describe, expect, test } from 'vitest';
import { source } from '../abi/source';
import { factIn, inheritedSource, type Difference } from './difference';
import { carriedOver, read, sev, tree } from './facet';
import { facetNames, type FacetName } from './facets';
import { derivationOf } from './generations';
import { profileIds, sourceIn, valueIn } from './profiles';

const lenZero = read('nothingDone', tree('Linux 7.9.1')(sev('snp_launch_update()')));
const later: Difference<'linux-7.2'> = { base: 'linux-7.2', changes: { 'lu.lenZero': lenZero } };
const inLater = (name: FacetName, unchanged = {}) =>
  factIn({ ...later, ...unchanged }, name, (base) => {
    expect(base).toBe('linux-7.2');
    return { value: valueIn('linux-7.2', name), source: sourceIn('linux-7.2', name) };
  });

describe('a generation declared by its differences', () => {
  test('has the value and the source of what it changes', () => {
    expect(inLater('lu.lenZero')).toBe(lenZero);
    expect(lenZero.source).toEqual({
      confidence: 'read',
      document: 'Linux 7.9.1',
      place: 'arch/x86/kvm/svm/sev.c: snp_launch_update()',
    });
  });

  test('has the values of its base everywhere else, none of them read or executed in its own tree', () => {
    for (const name of facetNames.filter((one) => one !== 'lu.lenZero')) {
      const { value, source: from } = inLater(name);
      expect(value, name).toBe(valueIn('linux-7.2', name));
      expect(from.confidence, name).toBe('unconfirmed');
      expect(from.place, name).toBe(
        value === 'unspecified' ? sourceIn('linux-7.2', name).place : 'carried over from linux-7.2',
      );
    }
  });

  test('has executed what its own tree was run for, at the place that its base names', () => {
    const executedAgain = { document: 'Linux 7.9.1', names: ['psc.retInit'] };
    expect(inLater('psc.retInit', { executedAgain }).source).toEqual({
      ...sourceIn('linux-7.2', 'psc.retInit'),
      document: 'Linux 7.9.1',
      confidence: 'executed',
    });
    expect(inLater('psc.msr', { executedAgain }).source.confidence).toBe('unconfirmed');
  });

  test('infers the rest from a source that says so of the whole difference, where the base itself knows it', () => {
    const unchanged = source.kernel(
      '7.2.13',
      'arch/x86/kvm/svm/sev.c',
      'the log up to 7.9.1 names nothing else',
    );
    expect(sourceIn('linux-7.2', 'psc.retInit').confidence).toBe('executed');
    expect(inLater('psc.retInit', { unchanged }).source).toEqual({ ...unchanged, confidence: 'inferred' });
    const unread = carriedOver('known', 'linux-6.12');
    expect(inheritedSource('linux-6.17', unread, unchanged).confidence).toBe('unconfirmed');
  });
});

test('every generation that is declared by its differences names an earlier one, and changes something of it', () => {
  for (const id of profileIds) {
    const derivation = derivationOf(id);
    if (derivation === undefined) continue;
    const base = profileIds.find((one) => one === derivation.base);
    expect(base && profileIds.indexOf(base), id).toBeLessThan(profileIds.indexOf(id));
    const changed = facetNames.filter((name) => base && valueIn(base, name) !== valueIn(id, name));
    expect(changed, id).not.toEqual([]);
    const own: readonly string[] = Object.keys(derivation.changes);
    const again: readonly string[] = derivation.executedAgain?.names ?? [];
    expect(
      again.filter((name) => own.includes(name)),
      id,
    ).toEqual([]);
    for (const name of facetNames.filter((one) => !own.includes(one))) {
      const known = again.includes(name) ? ['executed'] : ['inferred', 'unconfirmed'];
      expect(known, `${id} ${name}`).toContain(sourceIn(id, name).confidence);
    }
  }
});
