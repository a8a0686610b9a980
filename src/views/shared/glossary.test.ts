import { expect, test } from 'vitest';
import { profileIds } from '../../profiles/profiles';
import { glossary, termOf } from './glossary';

test('every term has a name of its own and one or two sentences', () => {
  const names = glossary.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { says } of glossary) expect(says).toMatch(/\.$/);
});

test('every profile is explained', () => {
  const ids = glossary.map(({ id }) => id);
  expect(profileIds.filter((id) => !ids.includes(id))).toEqual([]);
});

test('what comes from the ABI, firmware or kernel names its source', () => {
  for (const id of ['ghcb', 'psc', 'vmsa', 'rmp', 'nae', 'vmgexit', 'mp-state', 'exit'] as const)
    expect(termOf(id).source?.document).toBeTruthy();
});
