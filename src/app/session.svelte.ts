/** Everything that can change in the page, in one place. Views get values from here and send wishes back. */
import { MAX_WORK_BRANCHES } from '../base/limits';
import type { Resumable } from '../base/resumable';
import type { Act } from '../engine/acts';
import { following, wholeRail, zoomed, type RailWindow } from '../drawings/rail';
import type { Timeline } from '../recording/timeline/timeline';
import type { ScenarioProblem } from '../scenarios/parse';
import type { InspectorTab } from '../views/inspector/tabs';
import type { CatalogItem } from '../views/outline/groups';
import type { Selection } from '../views/shared/selection';
import type { Face, SharedView, Stepper } from '../views/shared/view';
import type { ToldAct } from '../views/shared/words';
import type * as engineModule from './engine';
import { Beside } from './beside.svelte';
import type { Branch, Dialog } from './branch';
import { loadCatalog } from './catalog';
import { loaded } from './chunk';
import type { Course } from './course';
import { Deciding } from './deciding.svelte';
import type { OutcomeName } from './front';
import type { NewVersion } from './offline';
import type { DroppedFile, StreamedFile } from './files';
import { Jobs } from './jobs.svelte';
import { Filtering } from './filtering.svelte';
import { Folding } from './folding.svelte';
import { Pinning } from './pinning.svelte';
import { Lessons } from './lessons/lessons.svelte';
import { Links, type EntryState, type Shipped } from './links';
import { Memory } from './memory.svelte';
import { Opening } from './opening';
import { panelOf, type ViewId } from './panels';
import { Player } from './player.svelte';
import { Profiles } from './profiles.svelte';
import type { Ran, RunResult, TextRun } from './runs';
import type { ShownRun } from './shown-run';
import { landmarkFrom, type Landmark } from './landmarks';
import { Revising } from './revising.svelte';
import { parseAddress, type Address } from './url';
import { OwnWork } from './own-work/own-work.svelte';
import type { Work, WorkBranch } from './own-work/work';

/** The engine and all it knows, in a chunk of its own: the shell is there first. */
type Engine = typeof engineModule;

type Runs = Pick<Branch, 'runs' | 'alone' | 'compared'>;
const runsIn = ({ runs, alone, compared }: Ran): Runs => ({ runs, alone, compared });
const noRuns: Runs = { runs: [], alone: undefined, compared: undefined };

/** What becomes of the part of a run that was made when a person stopped it. */
interface SoFar {
  readonly show: (ran: Ran) => void;
  readonly hide: () => void;
}

/** Keys that came before the dialog they were meant for. */
export interface TypedAhead {
  readonly text: string;
  /** Enter followed: the dialog takes what it would take then. */
  readonly isEntered: boolean;
}
const nothingTyped: TypedAhead = { text: '', isEntered: false };

/** How much more of the budget a run gets that a person lets go on. */
const MORE_TIMES = 10;

const landmarkNames: Record<Landmark, string> = {
  findings: 'finding',
  exits: 'exit to userspace',
  actStarts: 'act',
  phases: 'phase of the run',
  divergences: 'step at which they differ',
};

export class Session {
  readonly memory = new Memory();
  readonly player = new Player(this);
  readonly links = new Links(this);
  readonly profiles = new Profiles(this);
  readonly own = new OwnWork(this);
  readonly filtering: Filtering = new Filtering(this);
  readonly pinning: Pinning = new Pinning(this);
  readonly folding: Folding = new Folding(this);
  readonly deciding: Deciding = new Deciding(this);
  readonly revising: Revising = new Revising(this);
  readonly beside: Beside = new Beside(this);
  readonly lessons: Lessons = new Lessons(this);
  /** What takes long: opening, running, comparing. */
  readonly jobs = new Jobs();
  /** What is shown as text for elsewhere: links, mails, files. */
  readonly telling = new Jobs();
  private readonly opening = new Opening(this);
  /** Trying every act, for the menu. */
  private readonly trying = new Jobs();
  /** Of the usual budget, what runs may spend. */
  private times = 1;

  scenarios = $state.raw<readonly CatalogItem[]>([]);
  /** The shipped scenario that the text began as. */
  shipped = $state.raw<Shipped | undefined>();
  title = $state.raw('');
  branches = $state.raw<readonly Branch[]>([]);
  branchId = $state.raw('main');
  /** Position on the course: how many steps, or rows of a comparison, have been made. */
  position = $state.raw(0);
  /** The part of the course that the rail shows; nothing for all of it. */
  railWindow = $state.raw<RailWindow | undefined>();
  /** The text in the editor; the run shown came from `branch.text`. */
  draft = $state.raw('');
  problems = $state.raw<readonly ScenarioProblem[]>([]);

  view = $state.raw<ViewId>('ladder');
  face = $state.raw<Face>('drawing');
  inspectorTab = $state.raw<InspectorTab>('fields');
  inspectorOpen = $state.raw(true);
  selection = $state.raw<Selection | undefined>();
  /** Where each view with links of its own stands, as its links name it. */
  paths = $state.raw<Readonly<Partial<Record<ViewId, readonly string[]>>>>({});
  /** What an export takes of the view that is open, where it draws no run. */
  shared = $state.raw<SharedView | undefined>();
  /** Steps of the view that is open, which the keys mean then and not those of the run. */
  stepper = $state.raw<Stepper | undefined>();
  /** A file that is no scenario: the decoder opens it. */
  droppedFile = $state.raw<DroppedFile | undefined>();
  /** A trail of SPIN that was dropped: Explore reads it. An object, so that the same text can come twice. */
  droppedTrail = $state.raw<{ readonly text: string } | undefined>();
  dialog = $state.raw<Dialog>('none');
  /** What was typed since a dialog was asked for and before it was there, and whether Enter followed. */
  private typedAhead: TypedAhead = nothingTyped;
  acts = $state.raw<readonly ToldAct[]>([]);
  /** `acts` are those of another place still. */
  isTrying = $state.raw(false);
  chrome = $state.raw(true);
  /** A page that frames this one lets nothing be changed. */
  isForReading = $state.raw(false);
  /** Views that have a tab, and `inspector`; all where nothing is said. */
  panels = $state.raw<readonly string[] | undefined>();
  /** The front page shows its question, then the answers, and is gone after the next step. */
  front = $state.raw<'asks' | 'answers' | 'gone'>('gone');
  /** The outcome that the user chose before seeing the answers. */
  guess = $state.raw<OutcomeName | undefined>();
  loading = $state.raw(true);
  /** One sentence for the user: what was repaired in a link, what could not be done. */
  notice = $state.raw('');
  /** A version of the page that waits to be taken. */
  newVersion = $state.raw<NewVersion | undefined>();
  /** What was just done, in a few words. */
  status = $state.raw('');
  announcement = $state.raw('');
  pendingKeys = $state.raw('');

  /** The engine, once it is there. */
  engine = $state.raw<Engine | undefined>();
  isMissingEngine = $state.raw(false);
  ready: Promise<unknown> = Promise.resolve();

  branch = $derived(this.branches.find(({ id }) => id === this.branchId) ?? this.branches[0]);
  runs: readonly ShownRun[] = $derived(this.branch?.runs ?? []);
  /** A: what acts and forks go on from. */
  run = $derived(this.runs[0]);
  timeline: Timeline | undefined = $derived(this.run?.timeline);
  course: Course | undefined = $derived(
    this.beside.course ?? (this.profiles.comparing ? this.branch?.compared : undefined) ?? this.branch?.alone,
  );
  /** A budget ended a run that is shown: with more of it, it goes on. */
  isShort = $derived(this.runs.some(({ stoppedBy }) => stoppedBy !== undefined));
  stepCount = $derived(this.course?.length ?? 0);
  /** Steps that each run shown has made. */
  positions: readonly number[] = $derived(this.course?.positions(this.position) ?? []);
  /** Remarks of the scenario, by the act they stand above. */
  notes: ReadonlyMap<number, string> | undefined = $derived(this.run && this.engine?.notesOf(this.run));
  changed = $derived(this.branch !== undefined && this.draft !== this.branch.text);
  /** Expectations of the run that were not met, where they stand in the text; none while the text is another. */
  failedLines = $derived(this.changed || !this.engine ? [] : this.engine.failedLines(this.draft, this.runs));
  /** What the step shown says. */
  sentence = $derived(this.course?.sentence(this.position) ?? '');

  // Opening ------------------------------------------------------------------------------------------------------------

  /** @param firstView loads the view that the address names */
  async start(firstView: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    void this.own.start(this.memory.saved, () => this.memory.forgetSaved());
    this.ready = Promise.all([this.loadCatalog(), this.loadEngine(firstView)]);
    await this.openEntry();
  }

  /** The page goes away: what was to be kept in a moment is kept now. */
  flush(): void {
    this.links.flush();
    this.own.flush();
  }

  /** Opens what the history entry names: its address, and the person's work that it belongs to. */
  openEntry(): Promise<boolean> {
    const { work } = (history.state ?? {}) as EntryState;
    this.times = 1;
    return this.opening.open(parseAddress(location.hash), work);
  }

  private async loadCatalog(): Promise<void> {
    const catalog = await loadCatalog();
    if (catalog.ok) this.scenarios = catalog.value;
    else this.warn(catalog.error.message);
  }

  /** Beside the view that is opened, and after one that draws without it: the engine would take its connections. */
  private async loadEngine(firstView: () => Promise<unknown>): Promise<void> {
    await Promise.resolve(); // the address is read by then
    // Where the view does not come, whoever shows it says so.
    const view = firstView().catch(() => undefined);
    if (panelOf(this.view).needs === 'nothing') await view;
    this.engine = await import('./engine').catch(() => undefined);
    this.isMissingEngine = this.engine === undefined;
  }

  /** A view with links of its own stands elsewhere now. */
  moveTo(view: ViewId, path: readonly string[]): void {
    this.paths = { ...this.paths, [view]: path };
    this.links.remember();
  }

  /** A trail of SPIN belongs to the scope that is shown. */
  showTrail(text: string): void {
    this.droppedTrail = { text };
    this.show('explore');
  }

  showFile(file: DroppedFile): void {
    this.droppedFile = file;
    this.show('decode');
  }

  /**
   * A scenario that a view made: shown where its last act begins.
   * @param compare several profiles side by side, or A alone; as it was when missing
   */
  async openMade(text: string, compare?: boolean): Promise<void> {
    const result = await this.openOther(text, compare);
    if (!result?.ok) return;
    this.show('ladder');
    const last = this.timeline?.acts.findLast(({ origin }) => origin === 'scenario');
    if (last) this.seekIn(0, last.firstStep + 1);
  }

  /** A scenario that a search found: at the violation that its last act ends in. */
  async openFound(text: string, compare: boolean): Promise<void> {
    this.droppedTrail = undefined;
    await this.openMade(text, compare);
    const { timeline } = this;
    const last = timeline?.acts.findLast(({ origin }) => origin === 'scenario');
    const found = timeline
      ?.findings()
      .find(({ step, finding }) => step >= (last?.firstStep ?? Infinity) && finding.kind === 'violation');
    if (found) this.seekIn(0, found.step + 1);
  }

  /** A text that a person brought: shown in place of what is shown, which Back shows again. */
  async openOther(text: string, compare?: boolean): Promise<RunResult | undefined> {
    this.links.push();
    this.opening.end();
    const result = await this.openText(text, undefined, compare);
    if (result) this.links.remember();
    return result;
  }

  /** A person's own text from outside: it is kept from now on. */
  async openOwn(text: string): Promise<RunResult | undefined> {
    const result = await this.openOther(text);
    if (result) this.keep();
    return result;
  }

  /** A picture of this page: the scenario inside it is opened, where and as it was shown. */
  async openPicture(text: string, name: string): Promise<void> {
    const part = await loaded(
      'What reads pictures',
      () => import('../exports/picture/read'),
      (why) => this.warn(why),
    );
    const source = part?.readPicture(text);
    if (!source) return;
    if (!source.ok) return this.warn(`${name}: ${source.error.message}`);
    const { scenario, address } = source.value;
    if (scenario === undefined) {
      location.hash = address;
      return;
    }
    this.links.push();
    const { target, ...rest } = parseAddress(address);
    // A lesson would show what it is about instead.
    const own: Address = { ...rest, target: target.kind === 'lesson' ? { kind: 'front' } : target };
    if (await this.opening.open(own, undefined, scenario)) this.pinsChanged();
  }

  /**
   * A recording is played: its scenario runs again, and where this build comes to something else, what was recorded stands
   * beside it.
   * @param slug of one that ships with the page, whose text is nobody's own
   * @returns whether its scenario is shown
   */
  async openRecording(file: StreamedFile, slug?: string): Promise<boolean> {
    const warn = (why: string): void => this.warn(why);
    const recorded = await loaded('What reads recordings', () => import('./recorded'), warn);
    if (!this.engine) await this.ready;
    const read = recorded && (await this.jobs.do(recorded.playJob(file)));
    if (!read) return false;
    const { played, header, problem } = read;
    if (!header) {
      this.warn(`${file.name}: ${problem?.place ?? ''}: ${problem?.message ?? ''}`);
      return false;
    }
    this.profiles.chosen = [header.profile];
    const { scenario: text } = header;
    const result = await (slug === undefined
      ? this.openOwn(text)
      : this.openText(text, { slug, text, front: false, isRecording: true }));
    if (!result?.ok) return false;
    if (!played) {
      this.warn(`${file.name}: ${problem?.message ?? ''}. Its scenario is shown as this build runs it.`);
      return true;
    }
    if (played.difference && !played.difference.isStateAlone)
      await this.beside.withRecording(recorded.shownRecording(file.name, played, slug));
    if (slug === undefined || played.difference || played.problem)
      this.warn(recorded.playedText(file.name, played));
    return true;
  }

  /**
   * A scenario becomes the main branch once it has run; when it is not sound, the editor shows it and says why.
   * @param shipped what it is byte for byte
   * @param compare its runs side by side, or A alone; as it was when missing
   * @returns nothing when something newer took its place
   */
  async openText(
    text: string,
    shipped: Shipped | undefined,
    compare?: boolean,
  ): Promise<RunResult | undefined> {
    const result = await this.runsOf(text, {
      show: (ran) => this.showOpened(text, shipped, ran, compare),
      hide: () => (this.branches = []),
    });
    if (!result) return undefined;
    if (result.ok) this.showOpened(text, shipped, result.value, compare);
    else {
      this.arriveAt(text, shipped);
      this.problems = result.problems;
      this.branches = [];
      this.title = 'Scenario with problems';
      this.view = 'source';
      this.warn('The scenario has problems; see Source.');
    }
    return result;
  }

  /**
   * A shipped scenario under some profiles; where it is shown already, its main branch.
   * @returns whether it is shown, and nothing newer took its place
   */
  async showShipped(slug: string, text: string, profiles: readonly string[]): Promise<boolean> {
    const [main] = this.branches;
    const specs = this.profiles.shown.map(({ spec }) => spec);
    const isShown =
      this.shipped?.slug === slug &&
      main?.text === text &&
      this.draft === this.branch?.text &&
      profiles.join() === specs.join() &&
      this.profiles.comparing;
    if (isShown) {
      this.useBranch(main.id);
      return true;
    }
    this.profiles.chosen = profiles;
    this.profiles.comparing = true;
    return (await this.openText(text, { slug, text, front: false }))?.ok === true;
  }

  /** The text is nobody's own until it changes. */
  private arriveAt(text: string, shipped: Shipped | undefined): void {
    this.own.leave();
    this.shipped = shipped;
    this.draft = text;
  }

  private showOpened(text: string, shipped: Shipped | undefined, ran: Ran, compare?: boolean): void {
    this.arriveAt(text, shipped);
    if (compare !== undefined) this.profiles.comparing = compare;
    this.problems = [];
    this.title = ran.head.title || 'Untitled scenario';
    this.revising.forget();
    this.branches = [{ id: 'main', title: 'main', text, ...runsIn(ran) }];
    this.branchId = 'main';
    // At once: a view drawn before the next await must not meet the world at its end.
    this.goTo(this.course?.placeOf(0, this.engine?.interestingPosition(ran.run) ?? 0) ?? 0);
    this.selection = undefined;
    this.railWindow = undefined;
    this.showRemarks(ran);
  }

  /**
   * A work as it was left: its branches, the one that was shown, and the text in the editor.
   * @returns whether it is shown, and nothing newer took its place
   */
  async showWork(work: Work, shipped: Shipped | undefined): Promise<boolean> {
    const { engine } = this;
    const results = await this.allRunsOf(work.branches);
    if (!engine || !results) return false;
    const isRun = work.branches.some(({ id, text }) => id === work.branch && text === work.draft);
    const parts = engine.parseInParts(work.draft);
    const draft = isRun ? undefined : await this.jobs.do({ parts, says: () => 'Reading the scenario' });
    if (!isRun && !draft) return false;
    this.own.enter(work.id);
    this.revising.forget();
    this.shipped = shipped;
    const shownAt = work.branches.findIndex(({ id }) => id === work.branch);
    const shown = results[shownAt];
    this.branches = work.branches.map((branch, index) => {
      const result = results[index];
      return { ...branch, ...(result?.ok ? runsIn(result.value) : noRuns) };
    });
    this.branchId = work.branch;
    this.draft = work.draft;
    this.title = this.titleOf(work.draft) ?? work.name;
    this.problems = [
      ...(shown && !shown.ok ? shown.problems : []),
      ...(draft && !draft.ok ? draft.problems : []),
    ];
    this.selection = undefined;
    this.goTo(this.run ? this.stepCount : 0);
    return true;
  }

  private titleOf(text: string): string | undefined {
    return /^title +(.+)$/m.exec(text)?.[1];
  }

  /** Opens one of a person's works. */
  openWork(id: string): void {
    this.links.push();
    history.replaceState({ work: id } satisfies EntryState, '', location.href.replace(/#.*$/, '#/'));
    void this.openEntry();
  }

  /** A person typed in the editor. */
  edit(draft: string): void {
    if (draft === this.draft || this.isReadOnly()) return;
    // What would take the place of the text that is being written.
    this.opening.end();
    this.jobs.end();
    this.draft = draft;
    this.keep();
  }

  /** Keeps what is shown as a person's own, unless it is a shipped scenario and always was. */
  keep(): void {
    this.links.remember();
    const isUntouched = this.branches.length < 2 && this.draft === this.shipped?.text;
    if (this.own.current !== undefined || !isUntouched) this.keepAsOwn();
  }

  /** A work remembers what is pinned; without one the address does. */
  pinsChanged(): void {
    if (this.own.current !== undefined) this.keepAsOwn();
  }

  private keepAsOwn(): void {
    const { own, shipped, draft, branchId, title } = this;
    const branches = this.branches.map(
      ({ runs: _, alone: __, compared: ___, ...branch }): WorkBranch => branch,
    );
    const whole = branches.length > 0;
    own.keep({
      title,
      base: shipped?.slug,
      branches: whole ? branches : [{ id: 'main', title: 'main', text: draft }],
      branch: whole ? branchId : 'main',
      draft,
      ...(this.pinning.paths.length > 0 && { pins: this.pinning.paths }),
    });
  }

  /** Another work is the one shown: the history entry names it, and the address follows. */
  workChanged(): void {
    this.links.mark();
    this.links.remember();
  }

  /** Runs the text of the editor; the last good run stays when it has problems. */
  async runDraft(): Promise<void> {
    const { draft: text, branches } = this;
    const result = await this.runsOf(text, {
      show: (ran) => this.showDraft(text, ran),
      hide: () => this.keepPlace(() => (this.branches = branches)),
    });
    if (!result) return;
    if (!result.ok) {
      this.problems = result.problems;
      const count = result.problems.length === 1 ? 'One problem' : `${result.problems.length} problems`;
      this.warn(`${count}; showing the run before line ${result.problems[0]?.line ?? 1}.`);
      return;
    }
    this.showDraft(text, result.value);
    this.say(`Ran: ${this.stepCount} steps.`);
  }

  private showDraft(text: string, ran: Ran): void {
    const { branch } = this;
    this.problems = [];
    this.title = ran.head.title || 'Untitled scenario';
    const id = branch?.id ?? 'main';
    const { counterpart } = this.beside;
    const { draft: _, ...known } = branch ?? { id, title: id };
    const next: Branch = { ...known, text, ...runsIn(ran) };
    this.keepPlace(() => {
      this.branches = branch ? this.branches.map((one) => (one.id === id ? next : one)) : [next];
    });
    this.keep();
    this.showRemarks(ran);
    void this.beside.again(counterpart);
  }

  private textRun(text: string): TextRun | undefined {
    return this.engine && new this.engine.TextRun(text, this.profiles.chosen, this.times);
  }

  /**
   * Runs a text under the profiles that are chosen. When a person stops it, what was made so far may be shown; when they
   * go on, it grows, and views take a timeline that they show as finished: it must be shown no more.
   * @returns nothing when something newer took its place
   */
  private async runsOf(text: string, soFar?: SoFar): Promise<RunResult | undefined> {
    if (!this.engine) await this.ready;
    const job = this.textRun(text);
    if (!job) return undefined;
    let ran: Ran | undefined;
    return this.jobs.do({
      parts: job.parts,
      says: () => job.says(),
      stopped: () => {
        ran = job.soFar();
        if (ran) soFar?.show(ran);
        else this.warn('Stopped before there was anything to show.');
      },
      resumed: () => {
        this.notice = '';
        if (ran) soFar?.hide();
      },
    });
  }

  /** Runs several texts, one after the other. @returns nothing when something newer took their place */
  private async allRunsOf(
    texts: readonly { readonly text: string }[],
  ): Promise<readonly RunResult[] | undefined> {
    const runs = texts.flatMap(({ text }) => this.textRun(text) ?? []);
    let at = 0;
    function* inTurn(): Resumable<readonly RunResult[]> {
      const results: RunResult[] = [];
      for (const [index, run] of runs.entries()) {
        at = index;
        results.push(yield* run.parts);
      }
      return results;
    }
    return this.jobs.do({
      parts: inTurn(),
      says: () => runs[at]?.says() ?? '',
      stopped: () => this.warn('Stopped: what is shown is what was shown before.'),
      resumed: () => (this.notice = ''),
    });
  }

  /** Shows everything, what is being opened too, under the profiles that are chosen now. @returns whether it did */
  runAgain(): Promise<boolean> {
    return this.opening.isOpening ? this.opening.openAgain() : this.runBranches();
  }

  async runBranches(): Promise<boolean> {
    const { branches } = this;
    const { counterpart } = this.beside;
    const results = await this.allRunsOf(branches);
    if (!results) return false;
    this.keepPlace(() => {
      this.branches = branches.map((branch, index) => {
        const result = results[index];
        return result?.ok ? { ...branch, ...runsIn(result.value) } : branch;
      });
    });
    const remarks = results.flatMap((result) => (result.ok ? result.value.remarks : []));
    if (remarks.length > 0) this.warn(remarks.filter((one, at) => remarks.indexOf(one) === at).join(' '));
    await this.beside.again(counterpart);
    return true;
  }

  /** Runs that a budget ended get more of it. */
  async goFurther(): Promise<void> {
    this.times *= MORE_TIMES;
    this.notice = '';
    if ((await this.runBranches()) && this.branch?.alone) {
      const [run] = this.runs;
      const first = run?.problems[0];
      if (run && first) this.warn(`Line ${first.line + 1} of the scenario: ${first.message}`);
    }
  }

  private showRemarks({ run, remarks }: Ran): void {
    const [first] = run.problems;
    const problem = first ? [`Line ${first.line + 1} of the scenario: ${first.message}`] : [];
    const all = [...remarks, ...problem];
    if (all.length > 0) this.notice = all.join(' ');
  }

  // Moving -------------------------------------------------------------------------------------------------------------

  /** Goes to a place; the front page's question has been answered then. */
  seek(position: number): void {
    if (position !== this.position) this.front = 'gone';
    this.goTo(position);
  }

  /** The player's step. */
  advance(): void {
    this.goTo(this.position + 1);
  }

  goTo(position: number): void {
    const { course } = this;
    if (!course) return;
    const to = Math.max(0, Math.min(position, course.length));
    this.position = to;
    if (this.railWindow) this.railWindow = following(this.railWindow, to, course.length);
    this.status = '';
    if (!this.player.playing) this.announceStep();
    this.links.remember();
  }

  /** Shows less or more of the course on the rail. @param by doublings */
  zoomRail(by: number, around = this.position): void {
    const { stepCount, railWindow = wholeRail(stepCount) } = this;
    this.railWindow = zoomed(railWindow, { by, around, stepCount });
  }

  /** Goes where a run has made so many steps. */
  seekIn(run: number, position: number): void {
    this.seek(this.course?.placeOf(run, position) ?? position);
  }

  /** Changes what is shown and stays at the step of A. */
  keepPlace(change: () => void): void {
    const before = this.positions[0] ?? 0;
    change();
    this.goTo(this.course?.placeOf(0, Math.min(before, this.timeline?.stepCount ?? 0)) ?? 0);
  }

  stepBy(by: number): void {
    if (this.front === 'asks' && by > 0) return this.answer(undefined);
    this.seek(this.position + by);
  }

  announceStep(): void {
    this.announcement = this.sentence;
  }

  /** Plays the runs to the point where each profile has given its answer. */
  answer(guess: OutcomeName | undefined): void {
    const { course, engine } = this;
    if (!course || !engine) return;
    this.guess = guess;
    this.front = 'answers';
    const ends = course.runs.map((run, index) => course.placeOf(index, engine.answeredAt(run)));
    this.player.play(Math.max(...ends));
  }

  /** To the next place of a kind, or says that there is none. */
  jump(kind: Landmark, by: number): void {
    if (!this.course) return;
    const to = landmarkFrom(this.course.landmarks[kind], this.position, by);
    if (to !== undefined) this.seek(to);
    else if (kind === 'actStarts') this.seek(by > 0 ? this.stepCount : 0);
    else this.say(`No ${by > 0 ? 'later' : 'earlier'} ${landmarkNames[kind]}.`);
  }

  /** To the first row in which the runs differ. */
  firstDivergence(): void {
    const first = this.course?.comparison?.firstDivergence;
    if (first !== undefined) this.seek(first + 1);
    else if (this.course?.comparison) this.say('These profiles do the same in every step.');
    else this.say('Only one profile is shown; press d to compare it with another.');
  }

  // Branches -----------------------------------------------------------------------------------------------------------

  openActs(): void {
    this.player.pause();
    void this.refreshActs();
    this.dialog = 'acts';
  }

  async refreshActs(): Promise<void> {
    const { run, engine } = this;
    if (!run || !engine) return;
    const parts = engine.actsAt(run, this.positions[0] ?? 0);
    this.isTrying = true;
    const acts = await this.trying.do({ parts, says: () => 'Trying every act' });
    if (!acts) return;
    this.acts = acts;
    this.isTrying = false;
  }

  /** Performs an act here: at the end of a fork it extends the fork, anywhere else it makes a new one. */
  async choose(act: Act): Promise<void> {
    const { run, branch, engine } = this;
    if (!run || !branch || !engine || this.isFull()) return;
    this.dialog = 'none';
    // What is being opened would take the place of the branch.
    this.opening.end();
    const position = this.positions[0] ?? 0;
    const goesOn = this.position >= this.stepCount && branch.fork !== undefined && !this.changed;
    const parts = engine.forkText(run, position, act);
    const fork = await this.jobs.do({ parts, says: () => `Running up to step ${position}` });
    const result = fork && (await this.runsOf(fork.text));
    if (!result) return;
    if (!result.ok) return this.warn(result.problems[0]?.message ?? 'That cannot be run.');
    const { text, from } = fork;
    this.revising.remember(act.verb);
    if (goesOn) {
      const next = { ...branch, text, ...runsIn(result.value) };
      this.branches = this.branches.map((one) => (one.id === branch.id ? next : one));
      this.showBranch(next, from);
    } else {
      const number =
        1 + Math.max(0, ...this.branches.map(({ id }) => Number(/^try-(\d+)$/.exec(id)?.[1] ?? 0)));
      this.fork({ text, title: `try-${number}`, position }, result.value, from);
    }
    this.showRemarks(result.value);
  }

  /** Runs a text as a branch that leaves the shown one. @returns whether it is shown */
  async addBranch(text: string, title: string, position: number): Promise<boolean> {
    if (this.isFull()) return false;
    this.opening.end();
    const result = await this.runsOf(text);
    if (!result) return false;
    if (!result.ok) {
      this.warn(result.problems[0]?.message ?? 'That cannot be run.');
      return false;
    }
    this.revising.remember(title);
    this.fork({ text, title, position }, result.value, position);
    this.showRemarks(result.value);
    return true;
  }

  private isReadOnly(): boolean {
    if (this.isForReading) this.warn('This view is for reading; open it in vmgexit to change it.');
    return this.isForReading;
  }

  /** A work with more branches could not be kept. */
  private isFull(): boolean {
    if (this.isReadOnly()) return true;
    if (this.branches.length < MAX_WORK_BRANCHES) return false;
    this.warn(`There are ${MAX_WORK_BRANCHES} branches already; delete one to make another.`);
    return true;
  }

  private fork(
    { text, title, position }: { readonly text: string; readonly title: string; readonly position: number },
    ran: Ran,
    from: number,
  ): void {
    const { branch } = this;
    if (!branch) return;
    this.setDraftAside();
    let id = title;
    for (let count = 2; this.branches.some((one) => one.id === id); count++) id = `${title} ${count}`;
    const next: Branch = { id, title: id, text, ...runsIn(ran), fork: { from: branch.id, position } };
    this.branches = [...this.branches, next];
    this.showBranch(next, from);
  }

  /** @param from steps of A before what is new in it */
  private showBranch(branch: Branch, from: number): void {
    this.branchId = branch.id;
    this.draft = branch.draft ?? branch.text;
    this.seekIn(0, Math.min(from + 1, branch.runs[0]?.timeline.stepCount ?? 0));
    this.keep();
  }

  /** What was typed and not run stays with its branch. */
  private setDraftAside(): void {
    const { draft, branchId, changed } = this;
    if (!changed) return;
    this.branches = this.branches.map((one) => (one.id === branchId ? { ...one, draft } : one));
  }

  useBranch(id: string): void {
    if (id === this.branchId) return;
    this.player.pause();
    this.setDraftAside();
    this.keepPlace(() => (this.branchId = id));
    this.draft = this.branch?.draft ?? this.branch?.text ?? '';
    this.keep();
    this.say(`Branch ${id}.`);
  }

  show(view: ViewId): void {
    if (!this.has(view)) return this.say('This frame has no such panel; open it in vmgexit.');
    if (view !== this.view) this.front = 'gone';
    this.view = view;
    this.links.remember();
  }

  /** Whether a view, or the inspector, is one of those that are shown. */
  has(panel: ViewId | 'inspector'): boolean {
    return this.panels?.includes(panel) ?? true;
  }

  /** Lists what is shown among the person's works, whatever it is, and asks for its name. */
  save(): void {
    if (!this.own.current) this.keepAsOwn();
    this.dialog = 'name';
  }

  /** A key for the dialog that is being loaded. */
  typeAhead(key: string): void {
    const { text, isEntered } = this.typedAhead;
    if (key === 'Escape') {
      this.dialog = 'none';
      this.typedAhead = nothingTyped;
    } else if (key === 'Enter') this.typedAhead = { text, isEntered: true };
    else if (!isEntered) this.typedAhead = { text: text + key, isEntered };
  }

  /** What was typed before the dialog was there, once. */
  takeTypedAhead(): TypedAhead {
    const { typedAhead } = this;
    this.typedAhead = nothingTyped;
    return typedAhead;
  }

  /** Confirms something in the status line and to screen readers; the next step takes it away. */
  say(text: string): void {
    this.status = text;
    this.announcement = text;
  }

  /** Says what could not be done; it stays until the user dismisses it. */
  warn(text: string): void {
    this.notice = text;
    this.announcement = text;
  }
}
