/** Changes of a run's past and of its branches: notes, acts left out, names, deleting with undo. */
import type { Result } from '../base/result';
import type { Timeline } from '../recording/timeline/timeline';
import { loaded } from './chunk';
import type { WithoutAct } from './revisions';
import type { Branch, Dialog } from './branch';
import type { ShownRun } from './shown-run';

/** The page whose branches are changed. */
export interface RevisedPage {
  branches: readonly Branch[];
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
  runDraft(): Promise<void>;
  /** Runs a text as a new branch that leaves the shown one after so many steps of A. @returns whether it runs */
  addBranch(text: string, title: string, from: number): Promise<boolean>;
  keep(): void;
  say(text: string): void;
  warn(text: string): void;
}

export class Revising {
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
  async leaveOut(): Promise<void> {
    const { page } = this;
    const { run } = page;
    if (!run || !this.isReady()) return;
    const revisions = await this.revisions();
    if (!revisions) return;
    const without: Result<WithoutAct> = revisions.withoutAct(run, page.positions[0] ?? 0);
    if (!without.ok) return page.warn(without.error.message);
    const { text, act, from } = without.value;
    if (await page.addBranch(text, `without ${act}`, from)) page.say(`Without ${act}: a branch of its own.`);
  }

  rename(id: string, title: string): void {
    const { page } = this;
    const trimmed = title.trim();
    if (trimmed === '') return;
    page.branches = page.branches.map((one) => (one.id === id ? { ...one, title: trimmed } : one));
    page.keep();
  }

  /** The main branch stays. */
  remove(id: string): void {
    const { page } = this;
    const at = page.branches.findIndex((one) => one.id === id);
    const branch = page.branches[at];
    if (!branch?.fork) return;
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
