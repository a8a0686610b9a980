/** All per-page facts of a world, one field each. */
import type { WriteLog } from './arena';
import { pageFieldNames, type PageFieldName } from './page-bits';
import { PageField } from './page-field';

/** Fields that are counted by guest frame (the VMM maps one page for each), or by page of userspace's buffers; the others are counted by host page. */
const byGfn: readonly PageFieldName[] = ['gfn', 'sharedLow', 'sharedHigh', 'mapping'];
const byUserPage: readonly PageFieldName[] = ['user', 'userLow', 'userHigh'];

export type PageStore = { readonly [N in PageFieldName]: PageField } & {
  readonly fields: readonly PageField[];
};

interface StoreSize {
  /** Guest frames. */
  readonly gfnCount: number;
  /** Host pages: those of guest_memfd, then kernel pages. */
  readonly pfnCount: number;
  /** Pages of the buffers that userspace loads guest memory from. */
  readonly userPages: number;
}

export function createPageStore(log: WriteLog, size: StoreSize): PageStore {
  const pagesOf = (name: PageFieldName): number => {
    if (byGfn.includes(name)) return size.gfnCount;
    return byUserPage.includes(name) ? size.userPages : size.pfnCount;
  };
  const fields = pageFieldNames.map((name, id) => new PageField(id, pagesOf(name), log));
  const named = Object.fromEntries(pageFieldNames.map((name, id) => [name, fields[id]]));
  return { ...named, fields } as unknown as PageStore;
}
