import { expect, test } from 'vitest';
import { columnIds } from '../profiles/facet';
import { exportedFrom, shipped } from '../testing/exports/exported';
import { exportFormats } from './formats';

const exported = exportedFrom(shipped('ap-create-on-init-then-create.ghcb'), columnIds);

test.each(exportFormats)('$id of nine runs can be left between its parts', ({ textOf }) => {
  const work = textOf(exported);
  let parts = 0;
  for (let part = work.next(); !part.done; part = work.next()) parts++;
  expect(parts).toBeGreaterThan(2);
});
