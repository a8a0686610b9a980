/** Changes of a run's past and of its branches: notes, acts left out, changed or moved, names, deleting; with undo. */
import type { Result } from '../base/result';
import type { Timeline } from '../recording/timeline/timeline';
import { loaded } from './chunk';
import { nameOf } from './own-work/work';
import type * as revisions from './revisions';
import type { Revised } from './revisions';
import type { Beside } from './beside.svelte';
import type { Branch, Dialog } from './branch';
import type { ShownRun } from './shown-run';

/** The page whose branches are changed. */
export interface RevisedPage {
  branches: readonly Branch[];
  branchId: string;
  readonly position: number;
  readonly beside: Beside;
  readonly branch: Branch | undefined;
  readonly run: ShownRun | undefined;
  readonly timeline: Timeline | undefined;
  /** Steps that each run shown has made. */
  readonly positions: readonly number[];
  /** The text in the editor was not run. */
  readonly changed: boolean;
  draft: string;
  dialog: Dialog;
  useBranch(id: string): void;
  goTo(position: number): void;
  runDraft(): Promise<void>;
  /** Runs a text as a new branch that leaves the shown one after so many steps of A. @returns whether it runs */
  addBranch(text: string, title: string, from: number): Promise<boolean>;
  keep(): void;
  say(text: string): void;
  warn(text: string): void;
}

/** The branches as they were before something was done with them. */
interface Before {
  readonly branches: readonly Branch[];
  readonly branchId: string;
  readonly draft: string;
  readonly position: number;
  /** What was done, for the message. */
  readonly what: string;
}

/** Changes of branches that can be taken back. */
const MANY_CHANGES = 50;
/** Acts that became impossible which are named in a message. */
const MANY_REFUSED = 3;

export class Revising {
  /** The act that is shown as people write it, while it is being changed. */
  changedAct = $state.raw('');
  /** What can be done again. */
  private undone: readonly Before[] = [];
  private done: readonly Before[] = [];
  /** Deleted last, with its place among the branches. */
  removed: { readonly branch: Branch; readonly at: number } | undefined = $state.raw();

  constructor(private readonly page: RevisedPage) {}

  askNote(): void {
    if (this.isReady()) this.page.dialog = 'note';
  }

  /** Puts a note above the act that is shown. */
  async note(text: string): Promise<void> {
    const { page } = this;
    const { run } = page;
    if (!run || text.trim() === '' || !this.isReady()) return;
    const revisions = await this.revisions();
    if (!revisions) return;
    const noted = revisions.withNote(run, page.positions[0] ?? 0, text.trim());
    page.draft = noted.text;
    await page.runDraft();
    page.say(`The note stands above "${noted.above}".`);
  }

  /** Runs the scenario again without the act that is shown, as a branch. */
  leaveOut(): Promise<void> {
    return this.revise((revisions, run, position) => revisions.withoutAct(run, position));
  }

  /** Runs it again with the act before the one before it, or behind the one behind it. */
  move(by: -1 | 1): Promise<void> {
    return this.revise((revisions, run, position) => revisions.movedAct(run, position, by));
  }

  /** Asks what stands in place of the act. */
  async askChange(): Promise<void> {
    const { page } = this;
    const { run } = page;
    if (!run || !this.isReady()) return;
    const revisions = await this.revisions();
    if (!revisions || page.run !== run) return;
    const text = revisions.actText(run, page.positions[0] ?? 0);
    if (!text.ok) return page.warn(text.error.message);
    this.changedAct = text.value;
    page.dialog = 'change';
  }

  /** Runs it again with another act in place of the one that is shown. @param act as people write it */
  async change(act: string): Promise<void> {
    if (act.trim() === this.changedAct) return;
    await this.revise((revisions, run, position) => revisions.withAct(run, position, act));
  }

  rename(id: string, title: string): void {
    const { page } = this;
    const trimmed = nameOf(title.trim());
    if (trimmed === '' || page.branches.some((one) => one.id === id && one.title === trimmed)) return;
    this.remember(`branch called ${trimmed}`);
    page.branches = page.branches.map((one) => (one.id === id ? { ...one, title: trimmed } : one));
    page.keep();
  }

  /** The main branch stays. */
  remove(id: string): void {
    const { page } = this;
    const at = page.branches.findIndex((one) => one.id === id);
    const branch = page.branches[at];
    if (!branch?.fork) return;
    this.remember(`branch ${branch.title} deleted`);
    if (page.branch?.id === id) page.useBranch(branch.fork.from);
    page.branches = page.branches.filter((one) => one !== branch);
    this.removed = { branch, at };
    page.keep();
    page.say(`Deleted branch ${branch.title}.`);
  }

  undoRemove(): void {
    const { page, removed } = this;
    if (!removed) return;
    page.branches = page.branches.toSpliced(removed.at, 0, removed.branch);
    this.removed = undefined;
    page.keep();
    page.say(`Branch ${removed.branch.title} is back.`);
  }

  /** What stands beside the branch that is shown. */
  get beside(): Beside {
    return this.page.beside;
  }

  /** The branches are about to change: this is how they are brought back. */
  remember(what: string): void {
    this.done = [...this.done, this.now(what)].slice(-MANY_CHANGES);
    this.undone = [];
  }

  /** Another text is shown: its branches have no past. */
  forget(): void {
    this.done = [];
    this.undone = [];
    this.removed = undefined;
  }

  undo(): void {
    const before = this.done.at(-1);
    if (!before) return this.page.say('There is nothing to undo; the editor has an undo of its own.');
    this.undone = [...this.undone, this.now(before.what)];
    this.done = this.done.slice(0, -1);
    this.bringBack(before, 'Undone');
  }

  redo(): void {
    const before = this.undone.at(-1);
    if (!before) return this.page.say('There is nothing to do again.');
    this.done = [...this.done, this.now(before.what)];
    this.undone = this.undone.slice(0, -1);
    this.bringBack(before, 'Done again');
  }

  private now(what: string): Before {
    const { branches, branchId, draft, position } = this.page;
    return { branches, branchId, draft, position, what };
  }

  private bringBack({ branches, branchId, draft, position, what }: Before, how: string): void {
    const { page } = this;
    this.removed = undefined;
    page.branches = branches;
    page.branchId = branchId;
    page.draft = draft;
    page.goTo(position);
    page.keep();
    page.say(`${how}: ${what}.`);
  }

  /** Runs a changed text as a branch, and says which acts became impossible. */
  private async revise(
    revise: (functions: typeof revisions, run: ShownRun, position: number) => Result<Revised>,
  ) {
    const { page } = this;
    const { run } = page;
    if (!run || !this.isReady()) return;
    const revisions = await this.revisions();
    if (!revisions || page.run !== run) return;
    const revised = revise(revisions, run, page.positions[0] ?? 0);
    if (!revised.ok) return page.warn(revised.error.message);
    const { text, title, from } = revised.value;
    if (!(await page.addBranch(text, title, from)) || !page.run) return;
    const refused = revisions.newlyRefused(run, page.run);
    if (refused.length === 0) return page.say(`A branch of its own: ${title}.`);
    const acts = refused.length === 1 ? 'one act is' : `${refused.length} acts are`;
    const more = refused.length > MANY_REFUSED ? `; and ${refused.length - MANY_REFUSED} more` : '';
    page.warn(
      `In branch "${title}" ${acts} not possible any more. ${refused.slice(0, MANY_REFUSED).join('; ')}${more}.`,
    );
  }

  private revisions() {
    return loaded(
      'What changes runs',
      () => import('./revisions'),
      (why) => this.page.warn(why),
    );
  }

  private isReady(): boolean {
    if (!this.page.changed) return true;
    this.page.warn('The text in Source was changed and not run yet; run it first (Ctrl-Enter).');
    return false;
  }
}
