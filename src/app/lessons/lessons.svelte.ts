/** The lesson that is open beside the run, and the place in one that a person left. What reads lessons is loaded with the first. */
import { loaded } from '../chunk';
import type * as openLessonModule from './open-lesson';
import { printAddress, type LessonTarget } from '../url';
import type { Talk } from './talk';
import type { LessonPage, Reading } from './reading.svelte';

/** @returns why there is no speaker's window, if there is none */
function openSpeaker(): string | undefined {
  if (location.protocol === 'file:')
    return 'Pages from the disk may not talk to each other: the window of the speaker needs a page from a server.';
  const url = new URL('speaker.html', document.baseURI);
  const opened = window.open(url, 'vmgexit-speaker', 'popup,width=900,height=760');
  return opened
    ? undefined
    : 'The browser blocked the window of the speaker; open speaker.html beside this page.';
}

/** A lesson that was left to do something else. */
export interface LeftLesson {
  readonly title: string;
  readonly target: LessonTarget;
}

export class Lessons {
  reading = $state.raw<Reading | undefined>();
  left = $state.raw<LeftLesson | undefined>();
  /** The talk for which this window is the audience's: large type, no chrome, clicker keys. */
  talk = $state.raw<Talk | undefined>();

  constructor(private readonly page: LessonPage) {}

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
    const isShown = await opened.value.go(target.screen - 1, keepsRun);
    if (part?.wasPresenting()) this.beginTalk(part);
    return isShown;
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

  /** The lesson as a handout. */
  async print(): Promise<void> {
    const { page, reading } = this;
    if (!reading) return page.say('Open a lesson to print it.');
    await reading.print(location.href.replace(/#.*$/, '') + printAddress({ ...reading.target, screen: 1 }));
  }

  get presenting(): boolean {
    return this.talk !== undefined;
  }

  /** Begins a talk and opens the speaker's window, or ends it. */
  async present(): Promise<void> {
    const { page } = this;
    if (this.talk) return this.stopTalk();
    if (!this.reading) return page.say('Open a lesson to present it.');
    // The window must open in this very key press, or browsers block it.
    const refusal = openSpeaker();
    const part = await loaded(
      'What presents lessons',
      () => import('./open-lesson'),
      (why) => page.warn(why),
    );
    if (part) this.beginTalk(part);
    if (refusal !== undefined) page.warn(refusal);
  }

  private beginTalk({ Talk: Begun }: typeof openLessonModule): void {
    this.talk ??= new Begun(() => this.reading);
  }

  private stopTalk(): void {
    this.talk?.end();
    this.talk = undefined;
  }

  /** Leaves the lesson, or goes back to the one that was left. */
  toggle(): void {
    const { left } = this;
    if (this.reading) this.leave();
    else if (left) void this.open(left.target, () => true, false);
    else this.page.say('No lesson was open; the outline lists them.');
  }

  /** Something else is shown from now on; the way back is kept. */
  leave(): void {
    const { reading } = this;
    if (!reading) return;
    this.left = { title: reading.lesson.title, target: reading.target };
    this.reading = undefined;
    this.stopTalk();
    this.page.links.remember();
  }
}
