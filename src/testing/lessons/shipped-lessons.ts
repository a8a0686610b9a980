/** The lessons and scenarios that ship, for tests. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Library } from '../../lessons/runs';

const folder = join(import.meta.dirname, '../../../public');
const named = (kind: 'lessons' | 'scenarios', ending: string): readonly string[] =>
  readdirSync(join(folder, kind))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length));

export const lessonSlugs = named('lessons', '.md');
export const lessonText = (slug: string): string =>
  readFileSync(join(folder, 'lessons', `${slug}.md`), 'utf8');

const slugs = named('scenarios', '.ghcb');
export const library: Library = {
  slugs,
  lessons: lessonSlugs,
  scenario: (slug) =>
    slugs.includes(slug) ? readFileSync(join(folder, 'scenarios', `${slug}.ghcb`), 'utf8') : undefined,
};
