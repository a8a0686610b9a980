import { expect, test } from 'vitest';
import { compareProfiles } from '../../profiles/compare';
import { facetNames } from '../../profiles/facets';
import { parseProfileList } from '../../profiles/resolve';
import { facetRows } from './facet-rows';

const all = { text: '', differing: false, overridden: false };
function profiles(list: string) {
  const parsed = parseProfileList(list);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}
const namesOf = (list: string, narrowing: Partial<typeof all>): string[] =>
  facetRows(profiles(list), { ...all, ...narrowing }).flatMap(({ rows }) => rows.map(({ name }) => name));

test('every facet stands in exactly one topic, in the order of the facets', () => {
  expect(namesOf('linux-7.2', {})).toEqual(facetNames);
});

test('the facets in which A and B differ are those that the comparison of profiles finds', () => {
  const pair = 'part2-v4,linux-7.2';
  expect(namesOf(pair, { differing: true })).toEqual(compareProfiles(profiles(pair)).map(({ name }) => name));
  expect(namesOf('linux-7.2,linux-7.2', { differing: true })).toEqual([]);
});

test('an override is told apart, with the person as its source', () => {
  const mine = 'linux-7.2,linux-7.2:ap.doubleCreate=reject';
  expect(namesOf(mine, { overridden: true })).toEqual(['ap.doubleCreate']);
  const [topic] = facetRows(profiles(mine), { ...all, overridden: true });
  const reject = topic?.rows[0]?.values.find(({ value }) => value === 'reject');
  expect(reject?.held).toMatchObject([{ run: 1, source: { document: 'set by hand' } }]);
});

test.each([
  ['doublecreate', 'ap.doubleCreate'],
  ['reject AP CREATION', 'ap.doubleCreate'],
  ['hypercall.ret', 'hypercall.retInit'],
])('"%s" finds %s, in whatever order and case', (text, name) => {
  expect(namesOf('linux-7.2', { text })).toContain(name);
});

test('what nobody says finds nothing', () => {
  expect(namesOf('linux-7.2', { text: 'no such facet anywhere' })).toEqual([]);
});
