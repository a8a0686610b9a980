/** Findings as the outline lists them: those that one facet decided together, those of the launch in a closed group. */

/** A finding at a place of the run. */
export interface ListedFinding {
  readonly place: number;
  /** The runs begin to differ here. */
  readonly isSplit: boolean;
  /** It is part of a `launch standard` line. */
  readonly inLaunch: boolean;
  readonly sign: string;
  /** What sort of finding it is. */
  readonly word: string;
  readonly text: string;
  /** Letters of the runs in which it was found, when it was not all. */
  readonly letters: string;
}

/** Some findings under one heading. */
export interface FindingGroup {
  readonly id: string;
  readonly kind: 'facet' | 'words';
  readonly title: string;
  /** Each value of the facet behind the letters of its runs. */
  readonly values: readonly string[];
  /** What the facet decides. */
  readonly says: string;
  readonly findings: readonly ListedFinding[];
  readonly isOpen: boolean;
}

const wordsGroup = (
  group: Pick<FindingGroup, 'id' | 'title' | 'findings' | 'isOpen'> & { readonly says?: string },
): FindingGroup => ({ says: '', ...group, kind: 'words', values: [] });

/** Findings before anybody has asked what decided them; and those of one run, which no facet parts. */
export function plainGroups(findings: readonly ListedFinding[]): readonly FindingGroup[] {
  const own = findings.filter(({ inLaunch }) => !inLaunch);
  const splits = own.filter(({ isSplit }) => isSplit);
  return withoutEmpty([
    wordsGroup({ id: 'splits', title: 'Where they differ', findings: splits, isOpen: true }),
    foundGroup(own),
    launchGroup(findings, own.length === 0),
  ]);
}

export const foundGroup = (own: readonly ListedFinding[]): FindingGroup =>
  wordsGroup({
    id: 'found',
    title: 'What was found',
    findings: own.filter(({ isSplit }) => !isSplit),
    isOpen: true,
  });

/** Those of `launch standard`: closed, unless there is nothing else to look at. */
export const launchGroup = (findings: readonly ListedFinding[], isOpen: boolean): FindingGroup =>
  wordsGroup({
    id: 'launch',
    title: 'In launch standard',
    findings: findings.filter(({ inLaunch }) => inLaunch),
    isOpen,
  });

export const withoutEmpty = (groups: readonly FindingGroup[]): readonly FindingGroup[] =>
  groups.filter(({ findings }) => findings.length > 0);

/** A finding that repeats is listed once, at its first place; where runs begin to differ is listed each time. */
export function once(findings: readonly ListedFinding[]): (ListedFinding & { readonly times: number })[] {
  const listed = new Map<string, ListedFinding & { times: number }>();
  for (const finding of findings) {
    const { isSplit, place, word, text, letters } = finding;
    const key = `${isSplit ? place : ''} ${word} ${letters} ${text}`;
    const same = listed.get(key);
    if (same) same.times++;
    else listed.set(key, { ...finding, times: 1 });
  }
  return [...listed.values()];
}
