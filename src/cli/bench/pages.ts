/** Per-page facts of large guests: memory, and the cost of the usual operations. */
import { WriteLog } from '../../engine/memory/arena';
import { PageField } from '../../engine/memory/page-field';
import { createPageStore, type PageStore } from '../../engine/memory/page-store';
import { count, fastest, line, part, sequence } from './measure';
import { worldAfter } from './worlds';

const TIB_PAGES = 2 ** 28;

const storm = `ghcb-scenario 1
title   a guest of 1 TiB that converts memory
vm      vcpus=2 memory=1024G
guest   storm
launch  standard
run     until=steps:100000
end ghcb-scenario
`;

/** Bytes that appear while something is made. */
function bytesOf<T>(make: () => T): { made: T; bytes: number } {
  const before = process.memoryUsage();
  const made = make();
  const after = process.memoryUsage();
  return {
    made,
    bytes: after.arrayBuffers - before.arrayBuffers + Math.max(0, after.heapUsed - before.heapUsed),
  };
}

function terabyteGuest(): PageStore {
  const pages = createPageStore(new WriteLog(), {
    gfnCount: TIB_PAGES,
    pfnCount: TIB_PAGES,
    userPages: TIB_PAGES,
  });
  pages.gfn.setRun(0, TIB_PAGES, 0x1b);
  pages.rmp.setRun(0, TIB_PAGES, 0x10b);
  return pages;
}

export function benchPages(): void {
  part('Page store');
  const { made, bytes } = bytesOf(terabyteGuest);
  line(
    'guest of 1 TiB, all of it private',
    `${(bytes / 2 ** 20).toFixed(1)} MiB`,
    `${made.fields.length} fields; bar 16 MiB; as four bytes a page ${count((TIB_PAGES * 4 * made.fields.length) / 2 ** 20)} MiB`,
  );
  const { world, stepCount } = worldAfter(storm);
  const facts = world.pages.fields.reduce((sum, field) => sum + field.byteLength, 0);
  line(
    `guest of 1 TiB after ${count(stepCount)} steps of a storm`,
    `${(facts / 2 ** 20).toFixed(1)} MiB`,
    'bar 16 MiB',
  );

  const log = new WriteLog();
  const field = new PageField(0, 2 ** 20, log);
  const random = sequence(3);
  const batches = 10_000;
  const perCall = (run: () => void): string =>
    `${((fastest(run, { warm: 3, runs: 10 }) * 1e6) / batches).toFixed(0)} ns`;
  let value = 0;
  const change = (pages: number) => (): void => {
    for (let i = 0; i < batches; i++) {
      field.setRun(random(2 ** 11) * 512, pages, (value = (value + 1) & 0xff));
      log.top = 0;
    }
  };
  line('change 512 pages, aligned', perCall(change(512)));
  line('change 253 pages', perCall(change(253)));
  line('change 1 page', perCall(change(1)));
  let sum = 0;
  line(
    'read 1 page',
    perCall(() => {
      for (let i = 0; i < batches; i++) sum += field.get(random(2 ** 20));
    }),
    `sum ${count(sum)}`,
  );
}
