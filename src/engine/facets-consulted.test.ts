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

test('no code takes the value of a facet apart as text: what follows from it has a name beside the facet', () => {
  const folder = join(import.meta.dirname, '..');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|svelte)$/.test(file) && !file.endsWith('.test.ts'))
    .filter((file) => !file.startsWith(join('profiles', 'facets')));
  const takenApart =
    /(facet\('[^']+'\)|facets\[[^\]]+\])\s*\.(startsWith|endsWith|includes|match|slice|split)\(/;
  expect("world.facet('psc.retInit').startsWith('zeroed')").toMatch(takenApart);
  expect(files.filter((file) => takenApart.test(readFileSync(join(folder, file), 'utf8')))).toEqual([]);
});
