import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Confidence, Source } from '../abi/source';
import { columnIds, type ColumnId } from './facet';
import { facetNames } from './facets';
import { overlay, overlayIds } from './overlays';
import { sourceIn, valueIn } from './profiles';

const facts = columnIds.flatMap((id) => facetNames.map((name) => ({ id, name, from: sourceIn(id, name) })));

/** The tree whose functions were run, for the generations of which one was run. */
const executedTree: Partial<Record<ColumnId, string>> = {
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

  /**
   * Every fact that is weaker than its column: for a posting weaker than read, for a released kernel weaker than
   * executed. Whoever strengthens or weakens a mark has to say so here, and name the source in the commit.
   */
  const weaker: Readonly<Record<ColumnId, Partial<Record<Confidence, string>>>> = {
    'part2-v4': {
      inferred: `psc.privateRegion psc.length psc.missingSlotInHugeEntry ap.unusablePage ap.wakesUninitialized
        run.stoppedWoken lu.cpuidCorrection preFault.beforeFinish scratch.outsideGhcb`,
      unconfirmed: 'init2.twice',
    },
    'as-reviewed': {
      inferred: `psc.retInit psc.smashTail psc.headerCheck psc.indexLimit psc.entryCheck psc.errorDetail ap.onError
        ap.launchVmsaRestore vmrun.guard init2.command lu.failure`,
    },
    'part2-v5': {
      inferred: `psc.msrUnknownOp ap.unusablePage ap.wakesUninitialized run.stoppedWoken mp.setRange lu.cpuidCorrection
        preFault.beforeFinish`,
      unconfirmed: 'run.beforeFinish free.vmsa',
    },
    v11: {
      inferred: 'ap.destroySticky init2.twice preFault.beforeFinish',
      unconfirmed: 'run.beforeFinish',
    },
    v14: { inferred: 'psc.retInit ap.destroySticky', unconfirmed: 'run.beforeFinish' },
    // What was read of 6.11 was read in a tree of a year later, all but two facts of the posting that was merged.
    'linux-6.11': {
      read: 'ap.vmcbDirty vmrun.guard',
      inferred: `psc.doneInfo1 ls.refusal fault.mismatch mp.runnableClearsUnhalted term.tracepoint init2.command init2.twice
        ls.twice lu.source lu.struct lu.argumentChecks lu.notSnp lu.failure lu.firstPageErrno lu.alreadyAssigned
        lu.privateAttribute lu.zeroSource lu.directMap lu.cpuidCorrection lu.reclaimFailure lu.reclaim
        lu.makeSharedFailure lu.afterFinish lf.failure lf.vcpuCreation lf.locksVcpus run.beforeFinish free.vmsa
        mem.private preFault.beforeFinish`,
      unconfirmed: `failEntry.reason run.deadRequest mp.setRange mp.initWithSmi init2.ghcbVersion1 init2.secureTsc
        asid.ciphertextHiding attr.snpPolicyBits ls.policy lu.lenZero lu.uaddrAlignment lu.sourceRead
        lu.cpuidReadOnlySource gmem.mmapFlag`,
    },
    'linux-6.12': {
      read: `psc.doneInfo1 term.tracepoint ap.vmcbDirty vmrun.guard mp.initWithSmi init2.command init2.secureTsc
        asid.ciphertextHiding attr.snpPolicyBits lu.directMap run.beforeFinish mem.private preFault.beforeFinish
        gmem.mmapFlag fault.reservedBit`,
    },
    'linux-6.17': {
      read: `psc.doneInfo1 term.tracepoint ap.vmcbDirty vmrun.guard mp.initWithSmi init2.command init2.twice
        init2.ghcbVersion1 init2.secureTsc asid.ciphertextHiding attr.snpPolicyBits ls.policy ls.refusal
        ls.twice lu.source lu.struct lu.argumentChecks lu.notSnp lu.failure lu.firstPageErrno lu.alreadyAssigned
        lu.privateAttribute lu.zeroSource lu.directMap lu.lenZero lu.uaddrAlignment lu.sourceRead lu.cpuidCorrection
        lu.reclaimFailure lu.reclaim lu.makeSharedFailure lu.afterFinish lf.failure lf.vcpuCreation lf.locksVcpus
        run.beforeFinish free.vmsa mem.private preFault.beforeFinish`,
      inferred: 'failEntry.reason fault.mismatch mp.runnableClearsUnhalted',
      unconfirmed: 'run.deadRequest mp.setRange lu.cpuidReadOnlySource',
    },
    'linux-7.2': {
      read: `psc.doneInfo1 term.tracepoint ap.vmcbDirty vmrun.guard mp.initWithSmi init2.command
        asid.ciphertextHiding attr.snpPolicyBits lu.directMap lf.locksVcpus run.beforeFinish mem.private
        preFault.beforeFinish fault.reservedBit`,
    },
  };
  const namesIn = (text = ''): readonly string[] => text.split(/\s+/).filter((name) => name !== '');
  const strength: readonly Confidence[] = ['unconfirmed', 'inferred', 'read', 'executed'];
  test.each(
    columnIds.flatMap((id) =>
      strength.slice(0, id in executedTree ? 3 : 2).map((mark) => [id, mark] as const),
    ),
  )('%s: these facts and no others are %s', (id, mark) => {
    const marked = facetNames.filter(
      (name) => sourceIn(id, name).confidence === mark && (valueIn(id, name) as string) !== 'unspecified',
    );
    expect(marked.sort()).toEqual([...namesIn(weaker[id][mark])].sort());
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
