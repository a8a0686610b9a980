import { describe, expect, test } from 'vitest';
import { bytesView } from '../base/bytes';
import { ghcbPage, GHCB_SIZE, markValid, type GhcbValidField } from './ghcb-page';
import { withinGhcb } from './ghcb-within';
import { recogniseFile } from './recognise';

type Words = Partial<Record<GhcbValidField, bigint>>;
/** A page with these words, all of them marked valid, and data behind 0x800. */
function pageOf(words: Words, data: readonly bigint[] = []): Uint8Array<ArrayBuffer> {
  const page = new Uint8Array(GHCB_SIZE);
  const view = bytesView(page);
  for (const [name, value] of Object.entries(words) as [GhcbValidField, bigint][]) {
    view.setU64(ghcbPage.fields[name].at, value);
    markValid(view, name);
  }
  data.forEach((word, at) => view.setU64(0x800 + 8 * at, word));
  view.setU16(0xffa, 2);
  return page;
}
const said = (page: Uint8Array): string => (withinGhcb(page)?.remarks ?? []).join(' ');

const psc = { swExitCode: 0x80000010n, swExitInfo1: 0n, swExitInfo2: 0n, swScratch: 0x7a31800n };
/** Header: entry 1 of 0 to 1; private GFN 0x200, done; shared 2M GFN 0x400. */
const entries = [0x1_0001n, 0x0010_0000_0020_0001n, 0x0120_0000_0040_0000n];

describe('the page names its event and what it passes', () => {
  test('a page state change: its entries, and the buffer as a value of its own', () => {
    const page = pageOf(psc, entries);
    expect(said(page)).toContain('asks for SVM_VMGEXIT_PSC');
    expect(said(page)).toContain(
      'Entries 0 to 1, entry 1 is next: 0 private GFN 0x200 (1 of 1 done); 1 shared GFN 0x400 2M (0 of 512 done).',
    );
    const found = recogniseFile(page);
    const parts = found.ok ? found.value.parts : [];
    expect(parts.map(({ label, candidates: [best] }) => `${label}: ${best?.kind}`)).toEqual([
      'value: ghcb-page',
      'exit code in the page: nae-code',
      'SW_EXITINFO1 in the page: number',
      'SW_EXITINFO2 in the page: number',
      'buffer at 0x800: psc-buffer',
    ]);
  });

  test.each<[string, Words, readonly bigint[], string]>([
    ['no scratch', { swExitCode: 0x80000010n }, [], 'SW_SCRATCH is not marked valid'],
    ['a scratch elsewhere', { ...psc, swScratch: 0x7a31000n }, [], 'its data is elsewhere'],
    ['a header beyond the buffer', psc, [0xffff_0000n], 'beyond the buffer'],
    ['all done', psc, [0x2n], 'all are done'],
    [
      'a guest request',
      { swExitCode: 0x80000011n, swExitInfo1: 0x1000n, swExitInfo2: 0x2000n },
      [],
      'The message is in the page at GPA 0x1000, the answer goes to GPA 0x2000',
    ],
    [
      'an extended one',
      { swExitCode: 0x80000012n, swExitInfo1: 0x1000n, swExitInfo2: 0x2000n, rax: 0x3000n, rbx: 4n },
      [],
      'Certificates go to GPA 0x3000, where there is room for 4 pages',
    ],
    ['a CPUID', { swExitCode: 0x72n, rax: 1n, rcx: 0n }, [], 'asks for SVM_EXIT_CPUID'],
    ['an unknown event', { swExitCode: 0x8000_0099n }, [], '0x80000099, which no source names'],
  ])('%s', (_, words, data, says) => expect(said(pageOf(words, data))).toContain(says));

  test('a page that marks no exit code says nothing of one', () => {
    expect(withinGhcb(new Uint8Array(GHCB_SIZE))).toBeUndefined();
    expect(withinGhcb(new Uint8Array(64))).toBeUndefined();
  });
});
