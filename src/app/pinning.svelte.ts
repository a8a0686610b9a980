/** Names whose values are followed along the run, and the value that a person asked something about. */
import { MAX_PINS } from '../base/limits';
import type { PinValue } from '../recording/filter/tracks';
import { loaded } from './chunk';
import type { Course } from './course';
import { Jobs } from './jobs.svelte';
import type { Dialog } from './branch';

/** The page whose values are followed. */
export interface PinnedPage {
  readonly course: Course | undefined;
  dialog: Dialog;
  say(text: string): void;
  warn(text: string): void;
  /** The address and the person's work hold what is pinned. */
  readonly links: { remember(): void };
  pinsChanged(): void;
}

export interface Track {
  readonly path: string;
  /** By place on the course; nothing while they are looked for. */
  readonly values: readonly PinValue[] | undefined;
}

const NO_VALUE = 'Put the focus on a value first: fields, exits, machines and pages have them.';

export class Pinning {
  paths: readonly string[] = $state.raw([]);
  /** One for each path, in the same order. */
  tracks: readonly Track[] = $state.raw([]);
  /** What the menu of a value is about: a name, or a filter that is ready. */
  asked: { readonly path?: string; readonly filter?: string } | undefined = $state.raw();

  private readonly jobs = new Jobs();

  constructor(private readonly page: PinnedPage) {}

  /** What a link or a work says. */
  show(paths: readonly string[]): void {
    this.paths = paths.filter((path, at) => paths.indexOf(path) === at).slice(0, MAX_PINS);
    void this.run();
  }

  /** Opens the menu of the value that an element shows; says what to do where it shows none. */
  ask(element: Element | null): void {
    const shown = element?.closest<HTMLElement>('[data-path], [data-filter]');
    if (!shown) {
      this.page.say(NO_VALUE);
      return;
    }
    const { path, filter } = shown.dataset;
    this.asked = { ...(path !== undefined && { path }), ...(filter !== undefined && { filter }) };
    this.page.dialog = 'value';
  }

  /** Pins or unpins the value that an element shows. */
  pin(element: Element | null): void {
    const path = element?.closest<HTMLElement>('[data-path]')?.dataset['path'];
    if (path === undefined) this.page.say(NO_VALUE);
    else this.toggle(path);
  }

  toggle(path: string): void {
    const isPinned = this.paths.includes(path);
    if (!isPinned && this.paths.length >= MAX_PINS) {
      this.page.say(`At most ${MAX_PINS} values are pinned at a time.`);
      return;
    }
    this.paths = isPinned ? this.paths.filter((one) => one !== path) : [...this.paths, path];
    this.page.links.remember();
    this.page.pinsChanged();
    this.page.say(isPinned ? `${path} is no longer pinned.` : `${path} is pinned to the rail.`);
    void this.run();
  }

  /** Follows the values again: other names, or another run. */
  async run(): Promise<void> {
    const { page, paths } = this;
    const { course } = page;
    this.jobs.end();
    this.tracks = paths.map((path) => ({ path, values: undefined }));
    const run = course?.runs[0];
    if (paths.length === 0 || !course || !run) return;
    const part = await loaded(
      'What follows values',
      () => import('./filter'),
      (why) => page.warn(why),
    );
    for (const path of paths) {
      if (!part || paths !== this.paths || course !== page.course) return;
      const parts = part.pinTrack(run.timeline, path);
      const values = await this.jobs.do({ parts, says: () => `Following ${path}` });
      if (!values || paths !== this.paths) return;
      const placed = values.map(({ position, text }) => ({ position: course.placeOf(0, position), text }));
      this.tracks = this.tracks.map((track) => (track.path === path ? { path, values: placed } : track));
    }
  }
}
