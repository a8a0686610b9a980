/**
 * What the shell gives to a view. A view draws what it is given and sends wishes up; it holds no state of the run. Its
 * `panel.ts` says which of these it needs.
 */
import type { Fold } from '../../drawings/folds';
import type { Resumable } from '../../base/resumable';
import type { Picture } from '../../drawings/picture';
import type { Comparison } from '../../recording/comparison/model';
import type { Timeline } from '../../recording/timeline/timeline';
import type { ScenarioProblem } from '../../scenarios/parse';
import type { Selection } from './selection';

/** Each view has two faces: the drawing, and a real table or grid with the same content. */
export type Face = 'drawing' | 'table';

interface Shown {
  readonly face: Face;
  readonly selection: Selection | undefined;
  readonly onselect: (selection: Selection | undefined) => void;
}

/** One run. */
export interface ViewProps extends Shown {
  readonly timeline: Timeline;
  /** Steps that have been taken, 0 to `timeline.stepCount`; `timeline.at(position)` is what is shown. */
  readonly position: number;
  /** Goes to a position. */
  readonly onseek: (position: number) => void;
}

/** Several runs side by side, each at its own position. */
export interface ComparedProps extends Shown {
  readonly comparison: Comparison;
  /** Rows that are over. */
  readonly position: number;
  /** Goes to a row. */
  readonly onseek: (position: number) => void;
  /** Goes where a run has made so many steps. */
  readonly onseekin: (run: number, position: number) => void;
}

/** What a view of runs may ask for besides. */
export interface RunExtras {
  /** Remarks of the scenario, by the act of the first run they stand above. */
  readonly notes: ReadonlyMap<number, string> | undefined;
  /** Steps or rows that the ladder draws as one row. */
  readonly folds: readonly Fold[];
  /** Feeds the statecharts of the run to the inspector page. */
  readonly oninspect: () => void;
}

/** What the keys of steps do while a view has steps of its own. */
export interface Stepper {
  /** Forward, or back. */
  readonly by: (count: number) => void;
  /** `12G`, or the end. */
  readonly to: (place: number | 'end') => void;
  /** To the next thing that its filter means, or back. */
  readonly hit: (count: number) => void;
  /** Puts the focus into its filter. */
  readonly filter: () => void;
  /** To its note. */
  readonly note: () => void;
}

/** A text in which a view that draws no run goes elsewhere. */
export interface SharedText {
  readonly id: string;
  readonly title: string;
  /** Of a file, behind the dot. */
  readonly extension: string;
  readonly mediaType: string;
  readonly says: string;
  /** @param link to what is shown */
  readonly textOf: (link: string) => Resumable<string>;
}

/** How a view that draws no run goes elsewhere. */
export interface SharedView {
  /** What its picture is called, and what it shows. */
  readonly title: string;
  readonly says: string;
  readonly picture: () => Picture | Resumable<Picture>;
  /** Its texts, where it has its own: the first is what Y copies, the second what M copies. */
  readonly texts?: readonly [short: SharedText, whole: SharedText, ...others: SharedText[]];
  /** A command that prints the first text. */
  readonly command?: string;
}

/** A view that draws no run: it stands beside the run that is open. */
export interface ToolProps {
  readonly face: Face;
  /** Where the view stands, as its links name it: what follows the prefix, cut at `/`. */
  readonly path: readonly string[];
  readonly onpath: (path: readonly string[]) => void;
  /** The profiles that are shown, as they are written; the first is A. Before anything ran, those that the address names. */
  readonly profiles: readonly string[];
  /** Opens the panel in which profiles are chosen. */
  readonly onprofiles: () => void;
  /** A file that is no scenario, dropped anywhere on the page. */
  readonly file: { readonly name: string; readonly file: Blob } | undefined;
  /** Opens the text of a scenario that the view made; with several profiles side by side, or under the first alone. */
  readonly onscenario: (text: string, compare?: boolean) => void;
  /** A link to what is shown. */
  readonly link: () => Promise<string>;
  /** What an export takes of the view while it is open; nothing when it is gone. */
  readonly onshare: (shared: SharedView | undefined) => void;
  /** Takes the keys of steps while the view shows steps of its own; nothing gives them back. */
  readonly onstepper: (stepper: Stepper | undefined) => void;
  /** Copies a text; `what` it is in a word. */
  readonly oncopy: (what: string, text: string) => void;
  /** Saves a text as a file. */
  readonly onsave: (name: string, text: Blob) => void;
}

/** The scenario as the start of a search. */
export interface ScopeProps {
  /** The text that the run shown came from. */
  readonly text: string;
  /** The profiles that are shown, as they are written. */
  readonly profiles: readonly string[];
  /** Opens the panel in which profiles are chosen. */
  readonly onprofiles: () => void;
  /** A trail of SPIN that was dropped on the page or pasted there. */
  readonly trail: { readonly text: string } | undefined;
  /** Opens a scenario that the search made, at the violation of its last act. */
  readonly onscenario: (text: string, compare: boolean) => void;
  /** Saves a text as a file. */
  readonly onsave: (name: string, text: string) => void;
}

/** The text of the scenario, which need not be sound. */
export interface TextProps {
  readonly text: string;
  readonly problems: readonly ScenarioProblem[];
  /** Expectations that were not met in the run of this text: the line, what was expected and what came. */
  readonly failed: readonly { readonly line: number; readonly message: string }[];
  /** The text differs from what the run shown came from. */
  readonly changed: boolean;
  /** The editor takes the focus. */
  readonly focused: boolean;
  readonly onchange: (text: string) => void;
  readonly onrun: () => void;
  /** Gives the focus back. */
  readonly onleave: () => void;
}
