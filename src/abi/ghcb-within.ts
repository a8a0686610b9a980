/** What lies inside a GHCB page: the words of its request, and the data that SW_SCRATCH points at. */
import { bytesView } from '../base/bytes';
import { hex } from '../base/hex';
import { pageOffset } from './address';
import { ghcbPage, GHCB_SHARED_BUFFER, GHCB_SHARED_BUFFER_END, GHCB_SIZE, isMarkedValid } from './ghcb-page';
import { naeEvent, SVM_VMGEXIT_EXT_GUEST_REQUEST, SVM_VMGEXIT_GUEST_REQUEST, SVM_VMGEXIT_PSC } from './nae';
import { pscBuffer, pscCapacity, pscHeader, pscOperations, readPscEntry } from './psc';

/** The request of a page, sentences about it, and the buffer in it where the event has one there. */
export interface GhcbWithin {
  readonly code: bigint;
  readonly info1: bigint;
  readonly info2: bigint;
  readonly remarks: readonly string[];
  readonly pscBuffer?: { readonly at: number; readonly bytes: Uint8Array<ArrayBuffer> };
}

/** Entries that are named one by one. */
const MOST_ENTRIES = 8;

/** Looks into a page whose valid bitmap marks the exit code; nothing for any other page. */
export function withinGhcb(page: Uint8Array): GhcbWithin | undefined {
  if (page.length !== GHCB_SIZE) return undefined;
  const view = bytesView(page);
  if (!isMarkedValid(view, 'swExitCode')) return undefined;
  const word = (field: 'swExitCode' | 'swExitInfo1' | 'swExitInfo2' | 'swScratch' | 'rax' | 'rbx'): bigint =>
    ghcbPage.get(view, field);
  const [code, info1, info2] = [word('swExitCode'), word('swExitInfo1'), word('swExitInfo2')];
  const event = naeEvent(code);
  const asks = event
    ? `The page asks for ${event.name}: ${event.doc}.`
    : `The page holds exit code ${hex(code)}, which no source names.`;
  const base = { code, info1, info2 };
  switch (Number(code)) {
    case SVM_VMGEXIT_PSC: {
      if (!isMarkedValid(view, 'swScratch'))
        return {
          ...base,
          remarks: [asks, 'SW_SCRATCH is not marked valid, so there is no buffer of entries.'],
        };
      const found = scratchOf(page, word('swScratch'));
      return typeof found === 'string'
        ? { ...base, remarks: [asks, found] }
        : { ...base, remarks: [asks, ...pscRemarks(found)], pscBuffer: found };
    }
    case SVM_VMGEXIT_GUEST_REQUEST:
    case SVM_VMGEXIT_EXT_GUEST_REQUEST: {
      const pages = `The message is in the page at GPA ${hex(info1)}, the answer goes to GPA ${hex(info2)}; neither is part of this page.`;
      const hasTable = Number(code) === SVM_VMGEXIT_EXT_GUEST_REQUEST && isMarkedValid(view, 'rax');
      const table = hasTable
        ? [`Certificates go to GPA ${hex(word('rax'))}, where there is room for ${word('rbx')} pages (RBX).`]
        : [];
      return { ...base, remarks: [asks, pages, ...table] };
    }
    default:
      return { ...base, remarks: [asks] };
  }
}

interface Scratch {
  readonly at: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The bytes behind SW_SCRATCH, where it may point into the page; else where they are. A dump does not say its own GPA. */
function scratchOf(page: Uint8Array, scratch: bigint): Scratch | string {
  const at = pageOffset(scratch);
  if (at < GHCB_SHARED_BUFFER || at >= GHCB_SHARED_BUFFER_END)
    return `SW_SCRATCH ${hex(scratch)} lies in no shared buffer of a GHCB page, so its data is elsewhere.`;
  const bytes = new Uint8Array(pscBuffer.size);
  bytes.set(page.subarray(at, GHCB_SHARED_BUFFER_END));
  return { at, bytes };
}

function pscRemarks({ at, bytes }: Scratch): string[] {
  const view = bytesView(bytes);
  const { curEntry, endEntry } = pscHeader.decode(view.u64(0));
  const [next, last] = [Number(curEntry), Number(endEntry)];
  const place = `SW_SCRATCH points at ${hex(at)} of a page, taken for the shared buffer of this one.`;
  if (last >= pscCapacity(at))
    return [place, `Its header names entry ${last} as the last, beyond the buffer.`];
  const entries = Array.from({ length: Math.min(last + 1, MOST_ENTRIES) }, (_, index) => {
    const { gfn, operation, huge, curPage, pages } = readPscEntry(view, index);
    const named =
      (pscOperations as Readonly<Record<number, string | undefined>>)[operation] ?? `operation ${operation}`;
    return `${index} ${named} GFN ${hex(gfn)}${huge ? ' 2M' : ''} (${curPage} of ${pages} done)`;
  });
  const more = last + 1 > MOST_ENTRIES ? `, and ${last + 1 - MOST_ENTRIES} more` : '';
  const state = next > last ? 'all are done' : `entry ${next} is next`;
  return [place, `Entries 0 to ${last}, ${state}: ${entries.join('; ')}${more}.`];
}
