/** A lesson that is being read: the screen, what the learner answered, and the run moved to where the screen wants it. */
import { MAX_PAGE_ACT_MS } from '../../base/limits';
import type { Resumable } from '../../base/resumable';
import { own } from '../../base/table';
import { solvedAt, untilFilter } from '../../lessons/attempt';
import { checkedClaims, type CheckedClaim } from '../../lessons/claims';
import type { Block, Lesson, LessonProblem, LessonView, Screen, ShowBlock } from '../../lessons/lesson';
import { predictionOf, type Prediction } from '../../lessons/predict';
import { LessonRuns } from '../../lessons/runs';
import { sheetsOf } from '../../lessons/sheets';
import { studyProblems } from '../../lessons/study';
import { positionOf } from '../../lessons/where';
import type { InspectorTab } from '../../views/inspector/tabs';
import type { CatalogItem } from '../../views/outline/groups';
import type { Selection } from '../../views/shared/selection';
import { ActTime } from '../act-time';
import { loadScenario } from '../catalog';
import { loaded } from '../chunk';
import type { Course } from '../course';
import { Jobs } from '../jobs.svelte';
import type { ShownRun } from '../shown-run';
import type { LessonTarget } from '../url';
import type { Progress, ProgressState } from './progress';

/** The page that a lesson moves. */
export interface LessonPage {
  readonly ready: Promise<unknown>;
  readonly scenarios: readonly CatalogItem[];
  readonly course: Course | undefined;
  readonly runs: readonly ShownRun[];
  readonly links: { remember(): void };
  selection: Selection | undefined;
  inspectorTab: InspectorTab;
  inspectorOpen: boolean;
  show(view: LessonView): void;
  seek(position: number): void;
  seekIn(run: number, position: number): void;
  zoomRail(by: number): void;
  say(text: string): void;
  warn(text: string): void;
  /** A shipped scenario under some profiles. @returns whether it is shown */
  showShipped(slug: string, text: string, profiles: readonly string[]): Promise<boolean>;
}

export type Computed<T> = T | { readonly problems: readonly LessonProblem[] } | undefined;

interface Opened {
  readonly lesson: Lesson;
  readonly problems: readonly LessonProblem[];
  readonly of: LessonTarget['of'];
  readonly text: string;
  readonly progress: Progress;
  readonly page: LessonPage;
}

export class Reading {
  readonly lesson: Lesson;
  readonly text: string;
  readonly refusal: string;
  /** Index of the screen. */
  at = $state.raw(0);
  problems: readonly LessonProblem[] = $state.raw([]);
  progress: ProgressState = $state.raw({ furthest: 0, answers: {}, solved: [] });
  /** By key of the block, once they are computed. */
  predictions: Readonly<Record<string, Computed<Prediction>>> = $state.raw({});
  claims: Readonly<Record<string, readonly CheckedClaim[]>> = $state.raw({});
  /** The screen says where the run stands, and it is not there: the lesson's scenario could not be shown. */
  missing = $state.raw('');

  private readonly opened: Opened;
  /** Texts of scenarios by their slugs. */
  private readonly texts: Record<string, string> = {};
  private readonly jobs = new Jobs();
  private readonly watching = new Jobs();
  private readonly actTime = new ActTime();
  private readonly runs: LessonRuns;

  constructor(opened: Opened) {
    this.opened = opened;
    this.lesson = opened.lesson;
    this.text = opened.text;
    this.problems = opened.problems;
    this.progress = opened.progress.state;
    this.refusal = opened.progress.refusal;
    const { page } = opened;
    this.runs = new LessonRuns(
      {
        get slugs() {
          return page.scenarios
            .filter(({ isRecording, isLesson }) => !isRecording && !isLesson)
            .map(({ slug }) => slug);
        },
        get lessons() {
          return page.scenarios.filter(({ isLesson }) => isLesson).map(({ slug }) => slug);
        },
        scenario: (slug) => own(this.texts, slug),
      },
      {
        mayGoOn: () => this.actTime.look() < MAX_PAGE_ACT_MS,
        beforeAct: () => this.actTime.begin(),
      },
    );
  }

  get screen(): Screen | undefined {
    return this.lesson.screens[this.at];
  }

  get target(): LessonTarget {
    return { kind: 'lesson', of: this.opened.of, screen: this.at + 1 };
  }

  isAt({ of }: LessonTarget): boolean {
    return JSON.stringify(of) === JSON.stringify(this.opened.of);
  }

  /** A block of the screen that is shown, for answers and results. */
  keyOf(block: Block): string {
    return `${this.at}.${this.screen?.blocks.indexOf(block) ?? -1}`;
  }

  /** The scenarios that the lesson names, those that ship. */
  async loadScenarios(): Promise<void> {
    await this.opened.page.ready;
    const { slugs: known } = this.runs.library;
    const named = this.lesson.screens.map(({ setting }) => setting.scenario.text);
    await Promise.all(
      named
        .filter((slug, at) => known.includes(slug) && named.indexOf(slug) === at)
        .map(async (slug) => {
          const text = await loadScenario(slug);
          if (text.ok) this.texts[slug] = text.value;
        }),
    );
  }

  /** Holds everything that the lesson says to runs: for one that does not ship. */
  async study(): Promise<void> {
    const parts = studyProblems(this.lesson, this.runs);
    const found = await new Jobs().do({ parts, says: () => 'Checking the lesson' });
    if (found) this.problems = [...this.problems, ...found].toSorted((a, b) => a.line - b.line);
  }

  /**
   * Shows a screen.
   * @param keepsRun what is shown of the run stays as it is
   * @returns whether it is shown
   */
  async go(index: number, keepsRun = false): Promise<boolean> {
    const { screens } = this.lesson;
    this.at = Math.max(0, Math.min(index, screens.length - 1));
    const { screen } = this;
    if (!screen) return true;
    if (this.at > this.progress.furthest) this.keep({ furthest: this.at });
    if (!keepsRun) await this.stage(screen);
    if (this.screen !== screen) return false;
    this.opened.page.links.remember();
    void this.compute(screen);
    return true;
  }

  /** Shows the run of a screen at its place: again, where the learner went elsewhere. */
  async stage(screen: Screen): Promise<void> {
    const { page } = this.opened;
    const { setting, where, blocks } = screen;
    const slug = setting.scenario.text;
    const text = own(this.texts, slug);
    this.missing = text === undefined ? `There is no scenario "${slug}".` : '';
    if (text === undefined) return;
    const profiles = setting.profiles.map((profile) => profile.text);
    const isShown = await page.showShipped(slug, text, profiles);
    if (this.screen !== screen) return;
    if (!isShown) this.missing = `The scenario "${slug}" could not be shown.`;
    const [run] = page.runs;
    if (!isShown || !run) return;
    const show = blocks.find((block) => block.kind === 'show');
    this.arrange(show);
    if (where.at === 'divergence') {
      const row = page.course?.comparison?.firstDivergence;
      if (row !== undefined) page.seek(row + 1);
    } else {
      const place = await this.jobs.do({ parts: positionOf(run, where), says: () => 'Going to the step' });
      if (place?.ok && this.screen === screen) page.seekIn(0, place.value);
    }
    if (show?.zoom !== undefined) page.zoomRail(show.zoom);
  }

  private arrange(show: ShowBlock | undefined): void {
    const { page } = this.opened;
    page.show(show?.view ?? 'ladder');
    page.selection = show?.page === undefined ? undefined : { kind: 'page', gfn: show.page };
    if (show?.inspector) {
      page.inspectorOpen = true;
      page.inspectorTab = show.inspector;
    }
  }

  /** What the blocks of a screen show comes from runs of their own. */
  private async compute(screen: Screen): Promise<void> {
    for (const block of screen.blocks) {
      if (this.screen !== screen) return;
      const key = this.keyOf(block);
      if (block.kind === 'predict' && this.predictions[key] === undefined) {
        const found = await this.computed(predictionOf(this.runs, block, screen));
        const result = found && (found.ok ? found.value : { problems: found.problems });
        if (result) this.predictions = { ...this.predictions, [key]: result };
      } else if (block.kind === 'check' && this.claims[key] === undefined) {
        const found = await this.computed(checkedClaims(this.runs, block, screen));
        if (found) this.claims = { ...this.claims, [key]: found.checked };
      }
    }
  }

  /** Opens the browser's print dialog with the whole lesson. @param link where it can be read */
  async print(link: string): Promise<void> {
    const parts = sheetsOf(this.lesson, this.runs);
    const sheets = await this.watching.do({ parts, says: () => 'Preparing the handout' });
    const warn = (why: string): void => this.opened.page.warn(why);
    const part = sheets && (await loaded('The handout', () => import('./handout'), warn));
    await part?.printLesson(this.lesson, sheets ?? [], link);
  }

  private computed<T>(parts: Resumable<T>): Promise<T | undefined> {
    return this.watching.do({ parts, says: () => 'Running what the lesson asks about' });
  }

  /** The learner predicts: a wrong guess opens the step that refutes it. */
  answer(block: Block, value: string): void {
    const key = this.keyOf(block);
    const prediction = this.predictions[key];
    if (!prediction || 'problems' in prediction) return;
    this.keep({ answers: { ...this.progress.answers, [key]: value } });
    const isRight = prediction.choices.some((choice) => choice.isRight && choice.value === value);
    this.opened.page.say(
      isRight ? 'That is right.' : 'That is not what happens; the step that refutes it is shown.',
    );
    this.showDeciding(prediction);
  }

  /** Shows the answer to the first question of the screen that is open. */
  reveal(): void {
    const open = this.screen?.blocks.find(
      (block) => block.kind === 'predict' && this.progress.answers[this.keyOf(block)] === undefined,
    );
    const prediction = open && this.predictions[this.keyOf(open)];
    if (!open || !prediction || 'problems' in prediction) return;
    const right = prediction.choices.find(({ isRight }) => isRight);
    if (right) this.answer(open, right.value);
  }

  showDeciding({ spec, position }: Prediction): void {
    const { page } = this.opened;
    const run = page.runs.findIndex(({ profile }) => profile.spec === spec);
    page.seekIn(Math.max(0, run), position);
  }

  /** Forgets an answer, so that the question can be asked again. */
  askAgain(block: Block): void {
    const { [this.keyOf(block)]: _, ...answers } = this.progress.answers;
    this.keep({ answers });
  }

  /** Looks whether the run that is shown solves the tasks of the screen. */
  async watch(run: ShownRun | undefined): Promise<void> {
    const { screen } = this;
    if (!screen || !run) return;
    for (const block of screen.blocks) {
      if (block.kind !== 'try') continue;
      const key = this.keyOf(block);
      const until = untilFilter(run.scenario, block);
      if (this.progress.solved.includes(key) || !until.ok) continue;
      const parts = solvedAt(run, until.value);
      const at = await new Jobs().do({ parts, says: () => 'Looking whether the task is solved' });
      if (at === undefined || this.screen !== screen) continue;
      this.keep({ solved: [...this.progress.solved, key] });
      this.opened.page.say('The task is solved.');
    }
  }

  isSolved(block: Block): boolean {
    return this.progress.solved.includes(this.keyOf(block));
  }

  private keep(change: Partial<ProgressState>): void {
    this.progress = { ...this.progress, ...change };
    this.opened.progress.save(this.progress);
  }
}
