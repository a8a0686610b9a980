/** The scenarios, recordings and lessons that ship with the page. */
import { ok, problem, type Result } from '../base/result';
import type { CatalogItem } from '../views/outline/groups';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Reads the index: a list of entries, or an object that holds one. */
export function parseCatalog(value: unknown): readonly CatalogItem[] {
  const list: unknown =
    isRecord(value) && !Array.isArray(value)
      ? (value['scenarios'] ?? value['recordings'] ?? value['lessons'])
      : value;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    if (!isRecord(entry)) return [];
    const { slug } = entry;
    if (typeof slug !== 'string') return [];
    const text = (name: string, missing: string): string => {
      const value = entry[name];
      return typeof value === 'string' ? value : missing;
    };
    const against = text('against', '');
    const item = {
      slug,
      title: text('title', slug),
      group: text('group', 'Others'),
      prose: text('prose', ''),
    };
    const view = text('view', '');
    return [{ ...item, ...(against === '' ? {} : { against }), ...(view === '' ? {} : { view }) }];
  });
}

const address = (file: string): string => new URL(`./${file}`, document.baseURI).href;

/** The link to an entry of the catalog. */
export function hashOf({ slug, isRecording, isLesson, against, view }: CatalogItem): string {
  const showing = [against === undefined ? '' : `b=r/${against}`, view === undefined ? '' : `v=${view}`];
  const query = showing.filter((part) => part !== '').join('&');
  return `#/${isLesson ? 'l' : isRecording ? 'r' : 's'}/${slug}${query === '' ? '' : `?${query}`}`;
}

/** One list of the scenarios, then the recordings and lessons. */
export const joinedCatalog = (
  scenarios: readonly CatalogItem[],
  recordings: readonly CatalogItem[],
  lessons: readonly CatalogItem[],
): readonly CatalogItem[] => [
  ...scenarios,
  ...recordings.map((item): CatalogItem => ({ ...item, isRecording: true })),
  ...lessons.map((item): CatalogItem => ({ ...item, isLesson: true })),
];

/** What ships with the page; without recordings and lessons where only these do not come. */
export async function loadCatalog(): Promise<Result<readonly CatalogItem[]>> {
  const [scenarios, recordings, lessons] = await Promise.all([
    loadList('scenarios/index.json'),
    loadList('recordings/index.json'),
    loadList('lessons/index.json'),
  ]);
  if (!scenarios.ok) return scenarios;
  return ok(
    joinedCatalog(scenarios.value, recordings.ok ? recordings.value : [], lessons.ok ? lessons.value : []),
  );
}

async function loadList(file: string): Promise<Result<readonly CatalogItem[]>> {
  try {
    const response = await fetch(address(file));
    if (!response.ok)
      return problem(`The list of scenarios could not be loaded (status ${response.status}).`);
    return ok(parseCatalog(await response.json()));
  } catch {
    return problem('The list of scenarios could not be loaded; the page works without it.');
  }
}

export async function loadScenario(slug: string): Promise<Result<string>> {
  try {
    const response = await fetch(address(`scenarios/${slug}.ghcb`));
    const text = response.ok ? await response.text() : '';
    // A static host may answer a missing file with its own page.
    if (!text.includes('ghcb-scenario')) return problem(`There is no scenario called "${slug}".`);
    return ok(text);
  } catch {
    return problem(`The scenario "${slug}" could not be loaded; is the connection gone?`);
  }
}
