import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import { runs } from '../../testing/effort';
import { Arena, WriteLog } from './arena';
import { digestInParts, digestText, followLog } from './digest';
import { PageField } from './page-field';

/** More than two parts. */
const PAGES = 300_000;

const anyRun = fc
  .tuple(fc.nat(PAGES - 1), fc.integer({ min: 1, max: 180_000 }), fc.integer())
  .map(([first, count, value]) => ({ first, count: Math.min(count, PAGES - first), value }));

test('the digest is the sum over the pages, one by one, wherever runs and parts end', () => {
  fc.assert(
    fc.property(fc.array(anyRun, { minLength: 1, maxLength: 2 }), (written) => {
      const field = new PageField(3, PAGES, new WriteLog());
      const log = new WriteLog();
      const singly = new PageField(3, PAGES, log);
      for (const { first, count, value } of written) {
        field.setRun(first, count, value);
        for (let page = first; page < first + count; page++) singly.set(page, value);
      }
      const sum = { low: 0, high: 0 };
      followLog(sum, log, 0, log.top);
      expect(digestText(finish(digestInParts(new Arena(log), [field])))).toBe(digestText(sum));
    }),
    { numRuns: runs(3) },
  );
});
