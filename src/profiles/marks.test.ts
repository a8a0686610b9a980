import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Confidence, Source } from '../abi/source';
import { facetNames, type FacetName } from './facets';
import { overlay, overlayIds } from './overlays';
import { profileIds, sourceIn, valueIn, type ProfileId } from './profiles';

const facts = profileIds.flatMap((id) => facetNames.map((name) => ({ id, name, from: sourceIn(id, name) })));

/** The tree whose functions were run, for the generations of which one was run. */
const executedTree: Partial<Record<ProfileId, string>> = {
  'linux-6.11': 'Linux 6.11.11',
  'linux-6.12': 'Linux 6.12.117',
  'linux-6.17': 'Linux 6.17.0',
  'linux-7.2': 'Linux 7.2.13',
};

/** Launch, guest_memfd and teardown were run for 6.12.117 and 7.2.13 only. */
const launchTopics = /^(init2|ls|lu|lf|asid|attr|free|gmem|run|preFault)\./;

describe('no mark is promoted', () => {
  test('executed is said of the tree that was run for this generation, and of nothing else', () => {
    for (const { id, name, from } of facts.filter((fact) => fact.from.confidence === 'executed')) {
      expect(from.document, `${id} ${name}`).toBe(executedTree[id]);
    }
  });

  test('launch is executed for 6.12 and 7.2 only', () => {
    const claimed = facts.filter(
      ({ name, from }) => launchTopics.test(name) && from.confidence === 'executed',
    );
    expect([...new Set(claimed.map(({ id }) => id))].sort()).toEqual(['linux-6.12', 'linux-7.2']);
  });

  test('a mail is read or inferred from, never executed', () => {
    for (const { id, name, from } of facts.filter((fact) => fact.from.document.startsWith('mail of '))) {
      expect(['read', 'inferred'], `${id} ${name}`).toContain(from.confidence);
    }
  });

  test('what was not read is unconfirmed, and names the neighbour or the reason', () => {
    const notRead = facts.filter(({ from }) => /^(not read|no source read)$/.test(from.document));
    expect(notRead.length).toBeGreaterThan(0);
    for (const { id, name, from } of notRead) {
      expect(from.confidence, `${id} ${name}`).toBe('unconfirmed');
      expect(from.place ?? '', `${id} ${name}`).not.toBe('');
    }
    const unconfirmed = facts.filter(({ from }) => from.confidence === 'unconfirmed');
    expect(unconfirmed.length).toBe(notRead.length);
  });

  test('unspecified and "no source read" are the same thing', () => {
    for (const { id, name, from } of facts) {
      const unspecified = (valueIn(id, name) as string) === 'unspecified';
      expect(from.document === 'no source read', `${id} ${name}`).toBe(unspecified);
    }
  });

  test('the wish list was never executed', () => {
    const marks = facts.filter(({ id }) => id === 'as-reviewed').map(({ from }) => from.confidence);
    expect(marks).not.toContain('executed');
  });

  /** Facts that the sources only let one infer, or that are carried over: these marks must not rise. */
  const weak: readonly (readonly [ProfileId, FacetName, Confidence])[] = [
    ['part2-v4', 'psc.msrUnknownOp', 'inferred'],
    ['part2-v5', 'psc.msrUnknownOp', 'inferred'],
    ['v11', 'psc.retInit', 'inferred'],
    ['v14', 'psc.retInit', 'inferred'],
    ['part2-v4', 'psc.length', 'inferred'],
    ['part2-v4', 'psc.missingSlotInHugeEntry', 'inferred'],
    ['part2-v4', 'ap.unusablePage', 'inferred'],
    ['part2-v5', 'ap.unusablePage', 'inferred'],
    ['part2-v4', 'ap.wakesUninitialized', 'inferred'],
    ['part2-v5', 'ap.wakesUninitialized', 'inferred'],
    ['part2-v5', 'mp.setRange', 'inferred'],
    ['linux-6.12', 'failEntry.reason', 'inferred'],
    ['part2-v4', 'lu.cpuidCorrection', 'inferred'],
    ['part2-v5', 'lu.cpuidCorrection', 'inferred'],
    ['part2-v5', 'free.vmsa', 'unconfirmed'],
    ['part2-v4', 'init2.twice', 'unconfirmed'],
    ['v11', 'preFault.beforeFinish', 'inferred'],
    ['linux-6.11', 'ls.refusal', 'inferred'],
    ['part2-v5', 'run.beforeFinish', 'unconfirmed'],
    ['v11', 'run.beforeFinish', 'unconfirmed'],
    ['v14', 'run.beforeFinish', 'unconfirmed'],
    ['linux-6.17', 'lu.cpuidReadOnlySource', 'unconfirmed'],
    ['linux-6.17', 'gmem.upToDateAfterRmpFailure', 'unconfirmed'],
    ['linux-6.11', 'failEntry.reason', 'unconfirmed'],
  ];
  test.each(weak)('%s: %s is %s', (id, name, mark) => {
    expect(sourceIn(id, name).confidence).toBe(mark);
  });

  test('an overlay executes only what the 2022 tree executed', () => {
    for (const id of overlayIds) {
      const sources: readonly Source[] = Object.values(overlay(id).changes).map((fact) => fact.source);
      for (const from of sources.filter((one) => one.confidence === 'executed')) {
        expect([id, from.document]).toEqual([
          'amd-5.19-snp',
          'AMD host development tree of 2022 (5.19-rc6 base, branch sev-snp-iommu-avic_5.19-rc6_v4)',
        ]);
      }
    }
  });
});

test('sources are primary: no file of this folder points outside the repository or uses a private tag', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    expect(text, file).not.toMatch(/\.md\b|\[S\d+|\bS\d\d?\b|\bK612\b|\bRUN617\b/);
  }
});
