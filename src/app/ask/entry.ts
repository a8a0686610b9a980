/** One thing that the ask bar can find. */
import type { FacetName } from '../../profiles/facets';
import type { CatalogItem } from '../../views/outline/groups';
import { hashOf } from '../catalog';

/** What kinds there are, in the order in which equal hits are listed. */
export const askKinds = [
  'value',
  'cell',
  'scenario',
  'lesson',
  'work',
  'compare',
  'profile',
  'facet',
  'invariant',
  'layout',
  'field',
  'constant',
  'command',
] as const;
export type AskKind = (typeof askKinds)[number];

/** What a list says of a kind. */
export const askKindTitles: Readonly<Record<AskKind, string>> = {
  value: 'decode',
  cell: 'what if',
  scenario: 'scenario',
  lesson: 'lesson',
  work: 'your work',
  compare: 'compare',
  profile: 'profile',
  facet: 'facet',
  invariant: 'invariant',
  layout: 'layout',
  field: 'field',
  constant: 'constant',
  command: 'command',
};

/** What is done with an entry that is no link. */
export type Taking =
  | { readonly profile: string }
  | { readonly facet: FacetName }
  | { readonly command: string }
  | { readonly step: number }
  | { readonly work: string }
  /** Compares what is shown with a branch, by its id, or with what a link shows. */
  | { readonly beside: { readonly branch: string } | { readonly link: string } }
  | { readonly says: string };

export interface AskEntry {
  readonly id: string;
  readonly kind: AskKind;
  readonly title: string;
  /** What the title leaves out because its place in the page says it: `vcpu ap-create` of a cell. Counts like the title. */
  readonly about?: string;
  /** What people may call it besides. */
  readonly words: string;
  /** A cell in the state that people mean when they name none. */
  readonly usual?: true;
  /** A link inside the page. */
  readonly link?: string;
  readonly takes?: Taking;
  /** Keys that do the same. */
  readonly keys?: string;
}

/** A scenario, recording or lesson that ships with the page. */
export const catalogEntry = (item: CatalogItem): AskEntry => ({
  id: `${item.isLesson ? 'lesson' : item.isRecording ? 'recording' : 'scenario'}-${item.slug}`,
  kind: item.isLesson ? 'lesson' : 'scenario',
  title: item.title,
  words: `${item.slug} ${item.prose}`,
  link: hashOf(item),
});
