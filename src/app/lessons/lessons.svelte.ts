/** The lesson that is open beside the run, and the place in one that a person left. What reads lessons is loaded with the first. */
import { loaded } from '../chunk';
import { printAddress, type LessonTarget } from '../url';
import type { LessonPage, Reading } from './reading.svelte';

/** What a lesson needs of the page, and what the page is told. */
export interface PageWithLesson extends LessonPage {
  warn(text: string): void;
}

/** A lesson that was left to do something else. */
export interface LeftLesson {
  readonly title: string;
  readonly target: LessonTarget;
}

export class Lessons {
  reading = $state.raw<Reading | undefined>();
  left = $state.raw<LeftLesson | undefined>();
  /** Large type, no chrome, clicker keys. */
  presenting = $state.raw(false);

  constructor(private readonly page: PageWithLesson) {}

  /** Where the lesson stands, for the address. */
  get target(): LessonTarget | undefined {
    return this.reading?.target;
  }

  /**
   * @param keepsRun the run that is shown is the learner's own and stays
   * @returns whether the lesson is shown
   */
  async open(target: LessonTarget, isWanted: () => boolean, keepsRun: boolean): Promise<boolean> {
    const { page, reading } = this;
    if (reading && reading.isAt(target)) return reading.go(target.screen - 1, keepsRun);
    const warn = (why: string): void => page.warn(why);
    const part = await loaded('What reads lessons', () => import('./open-lesson'), warn);
    const opened = await part?.openLesson(target, page);
    if (!opened || !isWanted()) return false;
    if (!opened.ok) {
      page.warn(opened.error.message);
      return false;
    }
    this.reading = opened.value;
    this.left = undefined;
    return opened.value.go(target.screen - 1, keepsRun);
  }

  /** A lesson that a person brought as a file. */
  async openText(text: string): Promise<void> {
    const warn = (why: string): void => this.page.warn(why);
    const part = await loaded('What reads lessons', () => import('./open-lesson'), warn);
    const target = await part?.targetOf(text);
    if (!target) return;
    if (target.ok) location.hash = target.value;
    else warn(target.error.message);
  }

  /** Leaves the lesson, or goes back to the one that was left. */
  toggle(): void {
    const { left } = this;
    if (this.reading) this.leave();
    else if (left) location.hash = printAddress(left.target);
    else this.page.say('No lesson was open; the outline lists them.');
  }

  /** Something else is shown from now on; the way back is kept. */
  leave(): void {
    const { reading } = this;
    if (!reading) return;
    this.left = { title: reading.lesson.title, target: reading.target };
    this.reading = undefined;
    this.presenting = false;
    this.page.links.remember();
  }
}
