/** A lesson as data: screens of blocks, as its author wrote them. What follows from them is computed by running scenarios. */
import type { Prose } from './prose';

/** Something an author got wrong. */
export interface LessonProblem {
  /** Counts from 1. */
  readonly line: number;
  readonly message: string;
  /** The known word most like the one that stands there. */
  readonly nearest?: string;
}

/** A text of one line of a block, and where it stands. */
export interface Written {
  readonly text: string;
  readonly line: number;
}

/** A place in a run. */
export type Where =
  /** Before a line of the scenario is performed, or once everything came to rest after it. */
  | { readonly at: 'before' | 'after'; readonly act: Written }
  | { readonly at: 'step'; readonly step: number; readonly line: number }
  /** The step of a finding; counts from 1. */
  | { readonly at: 'finding'; readonly number: number; readonly line: number }
  /** The first step that a filter means. */
  | { readonly at: 'filter'; readonly filter: Written }
  /** The first step in which the runs compared differ. */
  | { readonly at: 'start' | 'end' | 'divergence'; readonly line: number };

/** Which scenario runs, under which profiles; the first is A. */
export interface Setting {
  readonly scenario: Written;
  readonly profiles: readonly Written[];
}

/** What another choice of a prediction follows from: another profile, another act, an act before it. */
export interface Alternative {
  readonly kind: 'under' | 'instead' | 'first';
  readonly written: Written;
}

export interface PredictBlock {
  readonly kind: 'predict';
  readonly line: number;
  readonly ask: string;
  /** What is looked at once the act is over: the value of a name, or whether a filter holds. */
  readonly of: { readonly what: 'value' | 'whether'; readonly written: Written };
  /** The line of the scenario that is performed; that of the screen's place when missing. */
  readonly act: Written | undefined;
  /** The profile that is asked about; A when missing. */
  readonly under: Written | undefined;
  readonly others: readonly Alternative[];
  /** Words for a value. */
  readonly calls: readonly { readonly value: string; readonly words: string; readonly line: number }[];
  /** Said once it is answered. */
  readonly because: string | undefined;
}

export interface TryBlock {
  readonly kind: 'try';
  readonly line: number;
  readonly task: string;
  /** Met by a step of what the learner made, and by none of the scenario. */
  readonly until: Written;
  /** Acts that solve it, performed at the place of the screen. */
  readonly solution: readonly Written[];
  readonly hints: readonly string[];
}

/** A claim that is held to the runs of the screen. */
export interface Claim {
  /** `expect`: of the act of the screen's place; `some` and `none`: of the steps of the run. */
  readonly kind: 'expect' | 'some' | 'none';
  readonly written: Written;
}

export interface CheckBlock {
  readonly kind: 'check';
  readonly line: number;
  readonly claims: readonly Claim[];
}

export interface CompareBlock {
  readonly kind: 'compare';
  readonly line: number;
  /** Whether the runs part somewhere. */
  readonly differ: boolean;
}

export const inspectorTabs = ['fields', 'bytes', 'src'] as const;
/** Names of the views, as links have them. */
export const lessonViews = [
  'ladder',
  'pages',
  'machines',
  'exits',
  'matrix',
  'explore',
  'decode',
  'source',
] as const;
export type LessonView = (typeof lessonViews)[number];

export interface ShowBlock {
  readonly kind: 'show';
  readonly line: number;
  readonly view: LessonView | undefined;
  /** Guest frame of the page that is selected. */
  readonly page: number | undefined;
  readonly inspector: (typeof inspectorTabs)[number] | undefined;
  /** By how many doublings the rail comes closer. */
  readonly zoom: number | undefined;
}

/** Markdown with a role: folded away, for the presenter, where the facts come from. */
export interface RoleBlock {
  readonly kind: 'aside' | 'note' | 'source';
  readonly line: number;
  readonly prose: readonly Prose[];
}

export type Block =
  | { readonly kind: 'prose'; readonly line: number; readonly prose: Prose }
  | PredictBlock
  | TryBlock
  | CheckBlock
  | CompareBlock
  | ShowBlock
  | RoleBlock;

export interface Screen {
  readonly title: string;
  readonly line: number;
  /** What the screens above it chose, unless it chooses itself. */
  readonly setting: Setting;
  /** Where the run stands; as the screen above left it when that shows the same run. */
  readonly where: Where;
  readonly blocks: readonly Block[];
}

export interface Lesson {
  readonly title: string;
  readonly minutes: number;
  readonly screens: readonly Screen[];
}

/** The sound part of a text, and everything that is wrong with the rest. */
export interface ReadLesson {
  readonly lesson: Lesson;
  readonly problems: readonly LessonProblem[];
}
