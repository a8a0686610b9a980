import { expect, test } from 'vitest';
import { ChartRun } from '../explorer/matrix/cell';
import { eventById, stateById } from '../explorer/matrix/chart';
import { firstMatrix } from '../explorer/matrix/charts';
import type { ProfileId } from '../profiles/generations';
import { profileIds } from '../profiles/profiles';
import { profile } from '../profiles/resolve';
import { shortCellMail } from './short-cell-mail';

const state = stateById(firstMatrix, 'created-on-init');
const event = eventById(firstMatrix, 'ap-create');
if (!state || !event) throw new Error('no such cell');
const place = { chart: firstMatrix, state, event };
const link = `https://example.org/#/m/vcpu/created-on-init/ap-create?r=${profileIds.join()}`;

function mailUnder(ids: readonly ProfileId[]): string[] {
  const cells = ids.map((id) => ({
    cell: new ChartRun(firstMatrix, profile(id)).cell({ state: place.state, event: place.event }),
    decided: ['ap.doubleCreate', 'ap.armedFlag'] as const,
  }));
  return shortCellMail({ place, cells, link }).trimEnd().split('\n');
}

test('under all generations the mail of a cell has at most 25 lines of 72 columns, and ends with the link', () => {
  const lines = mailUnder(profileIds);
  expect(lines.length).toBeLessThanOrEqual(25);
  expect(lines.slice(0, -1).filter((line) => line.length > 72)).toEqual([]);
  expect(lines.at(-1)).toBe(`<${link}>`);
});

test('kernels that do alike stand together, and the facet that parts them comes first, with sources', () => {
  const text = mailUnder(['linux-7.2', 'linux-7.3', 'as-reviewed']).join('\n');
  expect(text).toMatch(/^AB linux-7\.2, linux-7\.3: accepted; answered success/m);
  expect(text).toMatch(/^C as-reviewed: refused with an error; answered 2\/0x5/m);
  expect(text).toMatch(/Decided by ap\.doubleCreate:\n {2}AB replace; Linux 7\.2/);
  expect(text.indexOf('ap.doubleCreate')).toBeLessThan(text.indexOf('ap.armedFlag'));
});
