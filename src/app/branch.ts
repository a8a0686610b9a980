/** One version of the scenario that is shown, with its runs. */
import type { Course } from './course';
import type { ShownRun } from './shown-run';

/** The main text, or a fork of it with another act. */
export interface Branch {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** What was typed in it and not run, while another branch is shown. */
  readonly draft?: string;
  /** One for each profile, the first is A. */
  readonly runs: readonly ShownRun[];
  /** The steps of A; nothing where the text cannot be run. */
  readonly alone: Course | undefined;
  /** The rows of all, where there are several. */
  readonly compared: Course | undefined;
  /** The branch it was forked from, and after how many steps of A. */
  readonly fork?: { readonly from: string; readonly position: number };
}

/** What stands over the page. */
export type Dialog =
  | 'palette'
  | 'help'
  | 'acts'
  | 'profiles'
  | 'name'
  | 'note'
  | 'change'
  | 'export'
  | 'value'
  | 'qr'
  | 'none';
