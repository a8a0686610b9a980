/** What stands beside the branch that is shown: another branch, the text it began as, a link, a recording. */
import type { Resumable } from '../base/resumable';
import { loadScenario } from './catalog';
import { loaded } from './chunk';
import type { Branch } from './branch';
import type { Course } from './course';
import type * as engineModule from './engine';
import type { Job } from './jobs.svelte';
import type { Shipped } from './links';
import type { ShownRecording } from './recorded';
import type { RunResult } from './runs';
import type { ShownRun } from './shown-run';
import type { Beside as BesideInLink, Target } from './url';

/** What the shown branch is compared with. */
export type Counterpart =
  | {
      readonly kind: 'text';
      readonly name: string;
      readonly text: string;
      readonly specs?: readonly string[];
    }
  | ({ readonly kind: 'recording' } & ShownRecording);

/** The page on which two runs stand side by side. */
export interface BesidePage {
  readonly engine: typeof engineModule | undefined;
  readonly branches: readonly Branch[];
  readonly branch: Branch | undefined;
  readonly run: ShownRun | undefined;
  readonly shipped: Shipped | undefined;
  readonly changed: boolean;
  readonly profiles: { readonly chosen: readonly string[] | undefined };
  readonly jobs: { do<T>(job: Job<T>): Promise<T | undefined> };
  readonly links: { remember(): void };
  keepPlace(change: () => void): void;
  firstDivergence(): void;
  say(text: string): void;
  warn(text: string): void;
}

interface Shown {
  readonly counterpart: Counterpart;
  /** A: the run of the branch that it was compared with. */
  readonly of: ShownRun;
  readonly course: Course;
}

export class Beside {
  private shown: Shown | undefined = $state.raw();

  constructor(private readonly page: BesidePage) {}

  /** What is shown beside the branch; nothing once another run of it is shown. */
  private get current(): Shown | undefined {
    return this.shown?.of === this.page.run ? this.shown : undefined;
  }

  get course(): Course | undefined {
    return this.current?.course;
  }

  get counterpart(): Counterpart | undefined {
    return this.current?.counterpart;
  }

  /** What a link says of it; nothing of a recording that does not ship with the page. */
  get inLink():
    | { readonly text: string; readonly specs?: readonly string[] }
    | { readonly slug: string }
    | undefined {
    const { counterpart } = this;
    if (counterpart?.kind === 'text') return counterpart;
    return counterpart?.slug === undefined ? undefined : { slug: counterpart.slug };
  }

  /** Side by side with another branch, at the first row in which they differ. */
  withBranch(id: string): Promise<boolean> {
    const branch = this.page.branches.find((one) => one.id === id);
    return branch && branch !== this.page.branch
      ? this.show({ kind: 'text', name: branch.title, text: branch.text })
      : Promise.resolve(false);
  }

  /** What the main branch began as, in a few words; nothing where it is still that. A fork began as another branch. */
  get origin(): string | undefined {
    const { branch, shipped } = this.page;
    const isEdited = branch && !branch.fork && shipped && branch.text !== shipped.text;
    return isEdited ? 'the text it began as' : undefined;
  }

  /** The branch with the one it left; the main one with the shipped scenario that it began as. */
  async withOrigin(): Promise<void> {
    const { branch, shipped } = this.page;
    if (branch?.fork) await this.withBranch(branch.fork.from);
    else if (shipped && this.origin !== undefined) await this.withShipped(shipped);
    else this.page.say('This branch is what it began as: nothing was changed.');
  }

  private withShipped({ slug, text }: Shipped): Promise<boolean> {
    return this.show({ kind: 'text', name: slug, text });
  }

  withText(name: string, text: string, specs?: readonly string[]): Promise<boolean> {
    return this.show({ kind: 'text', name, text, ...(specs && { specs }) });
  }

  withRecording(recording: ShownRecording): Promise<boolean> {
    return this.show({ kind: 'recording', ...recording });
  }

  /** What a link shows beside its text. */
  async open({ target, specs }: BesideInLink): Promise<boolean> {
    const text = await this.textOf(target);
    if (typeof text !== 'object') return text ?? false;
    if ('runBeside' in text) return this.withRecording(text);
    const branch = this.page.branches.find((one) => one.text === text.text);
    return this.withText(branch?.title ?? text.name, text.text, specs);
  }

  private async textOf(
    target: Target,
  ): Promise<{ readonly name: string; readonly text: string } | ShownRecording | undefined> {
    const { page } = this;
    const warn = (why: string): undefined => void page.warn(why);
    if (target.kind === 'scenario') {
      const text = await loadScenario(target.slug);
      return text.ok ? { name: target.slug, text: text.value } : warn(text.error.message);
    }
    if (target.kind === 'packed') {
      const packer = await loaded('What unpacks links', () => import('../views/shared/pack'), warn);
      const text = packer?.unpack(target.codec, target.payload);
      if (!text) return undefined;
      return text.ok ? { name: 'from the link', text: text.value } : warn(text.error.message);
    }
    if (target.kind !== 'recording') return warn('The link compares with something that is no scenario.');
    const recorded = await loaded('What reads recordings', () => import('./recorded'), warn);
    if (!recorded) return undefined;
    const file = await recorded.shippedRecording(target.slug);
    if (!file.ok) return warn(file.error.message);
    const read = await page.jobs.do(recorded.playJob(file.value));
    if (!read) return undefined;
    return read.played
      ? recorded.shownRecording(target.slug, read.played, target.slug)
      : warn(read.problem?.message ?? '');
  }

  /** The runs were made again: so is what stands beside them. */
  async again(before: Counterpart | undefined): Promise<void> {
    if (before && !this.current) await this.show(before, false);
  }

  /** The branch alone, or its profiles side by side. @returns whether something stood beside it */
  leave(): boolean {
    if (!this.current) return false;
    this.page.keepPlace(() => (this.shown = undefined));
    this.page.links.remember();
    return true;
  }

  private async show(counterpart: Counterpart, goes = true): Promise<boolean> {
    const { page } = this;
    const { engine, run, branch } = page;
    if (!engine || !run || !branch) return false;
    if (page.changed && goes) {
      page.warn('The text in Source was changed and not run yet; run it first (Ctrl-Enter).');
      return false;
    }
    const parts = this.courseWith(engine, { run, name: branch.title }, counterpart);
    const course = await page.jobs.do({ parts, says: () => `Comparing with ${counterpart.name}` });
    if (!course || page.run !== run) return false;
    if (typeof course === 'string') {
      page.warn(`${counterpart.name} cannot be run: ${course}`);
      return false;
    }
    page.keepPlace(() => (this.shown = { counterpart, of: run, course }));
    page.links.remember();
    if (!goes) return true;
    const { divergences } = course.landmarks;
    if (divergences.length === 0) page.say(`The same in every step as ${counterpart.name}.`);
    else {
      page.firstDivergence();
      page.say(`Compared with ${counterpart.name}: they differ at ${divergences.length} places.`);
    }
    return true;
  }

  private *courseWith(
    engine: typeof engineModule,
    a: { readonly name: string; readonly run: ShownRun },
    counterpart: Counterpart,
  ): Resumable<Course | string> {
    if (counterpart.kind === 'recording') {
      const run = yield* counterpart.runBeside(a.run);
      return yield* engine.besideCourse({ ...a, name: 'this build' }, { name: 'as recorded', run });
    }
    const { name, text, specs = this.page.profiles.chosen?.slice(0, 1) } = counterpart;
    const ran: RunResult = yield* new engine.TextRun(text, specs).parts;
    if (!ran.ok) return ran.problems[0]?.message ?? '';
    return yield* engine.besideCourse(a, { name, run: ran.value.run });
  }
}
