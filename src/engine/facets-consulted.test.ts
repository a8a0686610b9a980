/** Every facet decides something: a kernel generation must not differ on paper alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { facetNames, type FacetName } from '../profiles/facets';

/** Facets that only say what a posting did, because nothing that the model shows follows from them; with the reason. */
const documentationOnly: Partial<Record<FacetName, string>> = {};

const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
  .join('\n');

/** Whether the engine asks the world for the facet. */
const consulted = (name: FacetName): boolean =>
  sources.includes(`facet('${name}')`) || sources.includes(`facetOrUnspecified('${name}')`);

test('every facet is consulted by the engine, but for those that say why not', () => {
  const unread = facetNames.filter((name) => !consulted(name));
  expect(unread.sort()).toEqual(Object.keys(documentationOnly).sort());
});
