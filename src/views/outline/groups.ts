/** The scenarios that ship with the page, by what they are about. */

/** A scenario of the catalog. */
export interface CatalogItem {
  readonly slug: string;
  readonly title: string;
  /** Heading it stands under; a few words. */
  readonly group: string;
  /** What it shows, in a paragraph. */
  readonly prose: string;
  /** It is a recording, and no scenario. */
  readonly isRecording?: true;
  /** It is a lesson; so many minutes of it. */
  readonly isLesson?: true;
  readonly minutes?: number;
  /** Another recording that stands beside it, by its slug. */
  readonly against?: string;
  /** The view that it is opened in, where that is not the ladder. */
  readonly view?: string;
}

export interface CatalogGroup {
  readonly name: string;
  readonly items: readonly CatalogItem[];
}

/** Groups in the order in which their first scenario stands in the catalog. */
export function groupsOf(items: readonly CatalogItem[]): readonly CatalogGroup[] {
  const groups = new Map<string, CatalogItem[]>();
  for (const item of items) {
    const group = groups.get(item.group);
    if (group) group.push(item);
    else groups.set(item.group, [item]);
  }
  return [...groups].map(([name, members]) => ({ name, items: members }));
}
