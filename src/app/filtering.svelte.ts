/** The filter that a person typed, the steps or rows that it means, and the way between them. */
import type { Completion, Completions } from '../scenarios/filter/complete';
import type { FilterProblem } from '../scenarios/filter/filter';
import { loaded } from './chunk';
import type { Course } from './course';
import type * as filterModule from './filter';
import { Jobs } from './jobs.svelte';
import { landmarkFrom } from './landmarks';

/** The page whose steps are filtered. */
export interface FilteredPage {
  readonly course: Course | undefined;
  readonly position: number;
  seek(position: number): void;
  say(text: string): void;
  warn(text: string): void;
  /** The address holds the filter. */
  readonly links: { remember(): void };
}

const nothing: readonly number[] = [];

export class Filtering {
  /** The field is shown. */
  isOpen = $state.raw(false);
  /** As it was typed. */
  text = $state.raw('');
  /** Indexes of steps or rows, ascending; none while the text is no filter. */
  hits: readonly number[] = $state.raw(nothing);
  problem: FilterProblem | undefined = $state.raw();
  /** The hits are those of the text and of the run that is shown. */
  isDone = $state.raw(true);

  /** What parses filters, once it is there. */
  private part: typeof filterModule | undefined = $state.raw();
  private readonly jobs = new Jobs();
  /** A jump that was asked for before the hits were there. */
  private waiting: number | undefined;

  constructor(private readonly page: FilteredPage) {}

  open(): void {
    this.isOpen = true;
    void this.load();
  }

  /** What may be typed before a place of the text; nothing before the parser is there. */
  completions(cursor: number): Completions | undefined {
    return this.part?.completionsIn(this.text, cursor, this.machine);
  }

  /** Puts a completion into the text. @returns where the cursor stands then */
  complete(at: Completions, completion: Completion): number {
    if (!this.part) return at.to;
    const { text, cursor } = this.part.completed(this.text, at, completion);
    this.set(text);
    return cursor;
  }

  private get machine(): { readonly vcpus: number } {
    return { vcpus: this.page.course?.runs[0]?.timeline.world.vcpus.length ?? 0 };
  }

  private async load(): Promise<typeof filterModule | undefined> {
    const { page } = this;
    this.part ??= await loaded(
      'What filters steps',
      () => import('./filter'),
      (why) => page.warn(why),
    );
    return this.part;
  }

  /** Shows the field with a filter, which joins the one that is there. */
  apply(text: string, joins = false): void {
    this.isOpen = true;
    const others = this.text.trim();
    const isPlain = !/\bor\b|\|\|/.test(others);
    this.set(joins && others !== '' ? `${isPlain ? others : `(${others})`} and ${text}` : text);
  }

  /** What a link says; the field is there when there is something in it. */
  show(text: string): void {
    if (text !== '') this.isOpen = true;
    if (text !== this.text) this.set(text);
  }

  close(): void {
    this.isOpen = false;
    this.set('');
  }

  set(text: string): void {
    this.text = text;
    this.waiting = undefined;
    this.page.links.remember();
    void this.run();
  }

  /** Looks for the hits again: the text or the run is another. */
  async run(): Promise<void> {
    const { text, page } = this;
    const { course } = page;
    this.jobs.end();
    this.hits = nothing;
    this.problem = undefined;
    this.isDone = text.trim() === '' || !course;
    if (this.isDone || !course) return;
    const part = await this.load();
    if (!part || text !== this.text || course !== page.course) return;
    const { parseFilter, rowHits, stepHits } = part;
    const [run] = course.runs;
    const parsed = parseFilter(text, this.machine);
    if (!parsed.ok) {
      this.problem = parsed.problem;
      this.isDone = true;
      return;
    }
    const { filter } = parsed;
    const parts = course.comparison
      ? rowHits(course.comparison, filter)
      : run && stepHits(run.timeline, filter);
    const hits = parts && (await this.jobs.do({ parts, says: () => 'Filtering' }));
    if (!hits) return;
    this.hits = hits;
    this.isDone = true;
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting !== undefined) this.jump(waiting);
  }

  /** To the next hit on either side, or says that there is none. */
  jump(by: number): void {
    const { page, hits, text } = this;
    if (text.trim() === '') {
      this.open();
      return;
    }
    if (!this.isDone) {
      this.waiting = by;
      return;
    }
    const to = landmarkFrom(hits, page.position, by);
    if (to !== undefined) page.seek(to);
    else page.say(`No ${by > 0 ? 'later' : 'earlier'} step meets the filter.`);
  }
}
