import { expect, test } from 'vitest';
import { profileIds } from '../../profiles/profiles';
import { glossary, termOf } from './glossary';
import { termPieces } from './terms';

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
    expect(termOf(id)?.source?.document).toBeTruthy();
});

test.each([
  ['RMP of 0x121000', ['rmp']],
  ['Exits to userspace', ['exit']],
  ['Page state change in batches', ['psc']],
  ['My ABI: A, facet by facet', ['facet']],
  ['mp_state', ['mp-state']],
  ['v1.mpState', ['mp-state']],
  ['created-on-init', ['created-on-init']],
  ['part2-v4', ['part2-v4']],
  ['reviewers say', []],
  ['actor of the stepper', []],
  ['pre-fault', []],
])('%s explains %j', (label, ids) => {
  const pieces = termPieces(label);
  expect(pieces.flatMap(({ id }) => id ?? [])).toEqual(ids);
  expect(pieces.map(({ text }) => text).join('')).toBe(label);
});

test('what a label may write is in the glossary', () => {
  const label = glossary.map(({ name }) => name).join(' ');
  for (const { id } of termPieces(label)) if (id) expect(termOf(id), id).toBeDefined();
});
