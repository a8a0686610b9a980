import { expect, test } from 'vitest';
import { groupsOf } from './groups';

const item = (slug: string, group: string) => ({ slug, title: slug, group, prose: '' });

test('scenarios stand in their groups, groups where their first scenario stood', () => {
  const items = [item('a', 'Boot'), item('b', 'AP creation'), item('c', 'Boot')];
  const names = groupsOf(items).map((group) => [group.name, ...group.items.map(({ slug }) => slug)]);
  expect(names).toEqual([
    ['Boot', 'a', 'c'],
    ['AP creation', 'b'],
  ]);
});
