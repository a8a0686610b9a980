/** Opens what a link, a file or a name in a list stands for. */
import { version } from '../../package.json';
import type { Selection } from '../views/shared/selection';
import { loadScenario } from './catalog';
import { loaded } from './chunk';
import { FRONT, FRONT_PROFILES } from './front-scenario';
import { Jobs } from './jobs.svelte';
import type { Lessons } from './lessons/lessons.svelte';
import type { Links, Shipped } from './links';
import type { Memory } from './memory.svelte';
import { panelNamed, panelOf, type ViewId } from './panels';
import type { ShownRun } from './shown-run';
import type { Profiles } from './profiles.svelte';
import { quoted, type Address, type Beside, type Showing, type Target } from './url';
import type { StreamedFile } from './files';
import { earlierId, type OwnWork } from './own-work/own-work.svelte';
import type { Work } from './own-work/work';

/** The page that a link changes. */
export interface OpenedPage {
  /** The list of scenarios and the engine have come, or will not. */
  readonly ready: Promise<unknown>;
  readonly scenarios: readonly { readonly slug: string }[];
  readonly branches: readonly unknown[];
  readonly position: number;
  readonly course: { readonly runs: readonly ShownRun[] } | undefined;
  readonly memory: Pick<Memory, 'prefer'>;
  readonly own: Pick<OwnWork, 'read'>;
  readonly jobs: { end(): void };
  readonly player: { pause(): void };
  readonly links: Pick<Links, 'arrive' | 'digest' | 'remember'>;
  readonly profiles: Pick<Profiles, 'chosen' | 'expected' | 'comparing'>;
  readonly lessons: Pick<Lessons, 'open' | 'leave'>;
  readonly filtering: { show(text: string): void };
  readonly beside: { open(beside: Beside): Promise<boolean> };
  readonly pinning: { show(paths: readonly string[]): void };
  loading: boolean;
  notice: string;
  front: 'asks' | 'answers' | 'gone';
  chrome: boolean;
  isForReading: boolean;
  /** Views that have a tab, and `inspector`; all where nothing is said. */
  panels: readonly string[] | undefined;
  inspectorOpen: boolean;
  view: ViewId;
  selection: Selection | undefined;
  paths: Readonly<Partial<Record<ViewId, readonly string[]>>>;
  goTo(position: number): void;
  openText(text: string, shipped: Shipped | undefined): Promise<{ readonly ok: boolean } | undefined>;
  openRecording(file: StreamedFile, slug: string): Promise<boolean>;
  showWork(work: Work, shipped: Shipped | undefined): Promise<boolean>;
  /** What is shown is a person's own from now on. */
  keep(): void;
  /** Runs what is shown under the chosen profiles. */
  runBranches(): Promise<boolean>;
  warn(text: string): void;
}

/** An address, and the person's work that it belongs to. */
interface Opened {
  readonly address: Address;
  readonly workId: string | undefined;
  /** The scenario, where it came beside the address: in a picture. */
  readonly text?: string | undefined;
  /** The view that was shown then; with another one a person went elsewhere meanwhile, and stays there. */
  view: ViewId;
}

export class Opening {
  /** What is being opened: an answer that comes for anything else comes too late. */
  private current: Opened | undefined;
  private readonly checking = new Jobs();
  /** What was opened last, also when it is over. */
  private last: Opened | undefined;

  constructor(private readonly page: OpenedPage) {}

  get isOpening(): boolean {
    return this.current !== undefined;
  }

  /** A person began something else: what is being opened no longer takes its place. */
  end(): void {
    if (!this.current) return;
    this.current = undefined;
    this.page.loading = false;
  }

  /** Opens what is being opened, under the profiles that were chosen meanwhile. @returns whether it was opened */
  openAgain(): Promise<boolean> {
    const { current, page } = this;
    if (!current) return Promise.resolve(false);
    const { address, workId, text } = current;
    const { profiles: _, ...showing } = address.showing;
    const { chosen } = page.profiles;
    const again = { ...address, showing: { ...showing, ...(chosen && { profiles: chosen }) } };
    return this.open(again, workId, text);
  }

  /**
   * @param workId of a person's work that the address belongs to; where it is gone the address is opened
   * @param text the scenario, where it came beside the address
   * @returns whether it was opened, and nothing newer took its place
   */
  async open(address: Address, workId?: string, text?: string): Promise<boolean> {
    const { page } = this;
    const { target, showing, remarks } = address;
    const own: Opened = { address, workId, text, view: page.view };
    this.current = own;
    this.last = own;
    page.jobs.end();
    this.checking.end();
    page.player.pause();
    page.links.arrive();
    page.loading = true;
    page.notice = remarks.join(' ');
    const isPlain = showing.step === undefined && (showing.view ?? 'ladder') === 'ladder';
    const asks = target.kind === 'front' && isPlain && workId === undefined && text === undefined;
    page.front = asks ? 'asks' : 'gone';
    if (target.kind !== 'lesson') page.lessons.leave();
    if (showing.chrome !== undefined) page.chrome = showing.chrome;
    if (showing.edit !== undefined) page.isForReading = !showing.edit;
    if (showing.panels) {
      page.panels = showing.panels;
      page.inspectorOpen = showing.panels.includes('inspector');
    }
    if (showing.theme) page.memory.prefer({ theme: showing.theme });
    page.profiles.chosen = showing.profiles;
    page.profiles.expected = target.kind === 'front' && text === undefined ? FRONT_PROFILES : [];
    page.profiles.comparing = true;
    this.showToolOf(own); // it is there before the run
    let { pins } = showing;
    try {
      await page.ready;
      if (this.current !== own) return false;
      const work = workId === undefined ? undefined : await page.own.read(workId);
      if (this.current !== own) return false;
      pins ??= work?.pins;
      if (!(await (work ? this.openWork(own, work) : this.openTarget(own)))) return false;
      if (target.kind === 'lesson') {
        const isWanted = (): boolean => this.current === own;
        if (await page.lessons.open(target, isWanted, work !== undefined)) return true;
        // No such lesson, which was said: an empty page gets the front scenario.
        return this.current === own && page.branches.length === 0 && (await this.openSlug(own, FRONT));
      }
    } finally {
      if (this.current === own) {
        this.current = undefined;
        page.loading = false;
      }
    }
    if (showing.beside) await page.beside.open(showing.beside);
    if (page.view === own.view) this.showView(own.address);
    this.keepToPanels();
    page.filtering.show(showing.filter ?? '');
    page.pinning.show(pins ?? []);
    page.goTo(showing.step ?? page.position);
    page.links.remember();
    page.selection = parseSelection(showing.selection);
    void this.checkSent(own, showing);
    return true;
  }

  /** @returns whether what was opened is shown: it is sound, and nothing newer took its place */
  private async openTarget(own: Opened): Promise<boolean> {
    const { page } = this;
    const { target } = own.address;
    if (own.text !== undefined) return this.openGiven(own, target, own.text);
    if (target.kind === 'packed') return this.openPacked(own, target);
    if (target.kind === 'scenario') return this.openSlug(own, target.slug);
    if (target.kind === 'recording') return this.openRecording(own, target.slug);
    if (target.kind === 'lesson') return true; // it chooses what is shown
    if (target.kind === 'front' || page.branches.length === 0) {
      const front = page.scenarios.find(({ slug }) => slug === FRONT) ?? page.scenarios[0];
      return front === undefined || this.openSlug(own, front.slug, target.kind === 'front');
    }
    // Where the links of a view name profiles, the run beside it follows them.
    const follows = panelOf(target.view).link?.carriesProfiles && page.profiles.chosen;
    return follows ? page.runBranches() : true;
  }

  /** A text that came beside its address: the shipped scenario that the address names, if it still is that. */
  private async openGiven(own: Opened, target: Target, text: string): Promise<boolean> {
    const { page } = this;
    const slug = target.kind === 'scenario' ? target.slug : target.kind === 'front' ? FRONT : undefined;
    const known = slug === undefined ? undefined : await loadScenario(slug);
    if (this.current !== own) return false;
    const isShipped = slug !== undefined && known?.ok === true && known.value === text;
    const result = await page.openText(text, isShipped ? { slug, text, front: false } : undefined);
    if (result && !isShipped) page.keep();
    return result?.ok === true;
  }

  private async openPacked(own: Opened, target: Extract<Target, { kind: 'packed' }>): Promise<boolean> {
    const { page } = this;
    const packer = await loaded(
      'What unpacks links',
      () => import('../views/shared/pack'),
      (why) => page.warn(why),
    );
    if (!packer || this.current !== own) return false;
    const text = packer.unpack(target.codec, target.payload);
    if (text.ok) return (await page.openText(text.value, undefined))?.ok === true;
    page.warn(text.error.message);
    return true;
  }

  private async openRecording(own: Opened, slug: string): Promise<boolean> {
    const { page } = this;
    const warn = (why: string): undefined => void page.warn(why);
    const recorded = await loaded('What reads recordings', () => import('./recorded'), warn);
    const file = await recorded?.shippedRecording(slug);
    if (!file || this.current !== own) return false;
    if (!file.ok) {
      page.warn(file.error.message);
      return true;
    }
    return page.openRecording(file.value, slug);
  }

  /** A view that needs no run does not wait for it. */
  private showToolOf(own: Opened): void {
    const { page } = this;
    const { target, showing } = own.address;
    if (target.kind === 'view') page.paths = { ...page.paths, [target.view]: target.path };
    const named = showing.view === undefined ? undefined : panelNamed(showing.view);
    const view = target.kind === 'view' ? target.view : named?.needs === 'nothing' ? named.id : undefined;
    if (view === undefined || page.panels?.includes(view) === false) return;
    page.view = view;
    own.view = view;
  }

  private showView({ target, showing }: Address): void {
    const { page } = this;
    const { view: name } = showing;
    if (name === undefined) {
      const hasOther = target.kind !== 'view' && panelOf(page.view).needs === 'nothing';
      // The question stands above the ladder.
      if (hasOther || page.front === 'asks') page.view = 'ladder';
      return;
    }
    const panel = panelNamed(name);
    if (panel) page.view = panel.id;
    else page.notice = `${page.notice} This version has no view called ${quoted(name)}.`.trimStart();
  }

  /** A view that the frame does not have gives way to its first one. */
  private keepToPanels(): void {
    const { page } = this;
    const views = (page.panels ?? []).flatMap((name) => panelNamed(name) ?? []);
    if (views[0] && !views.some(({ id }) => id === page.view)) page.view = views[0].id;
  }

  private async openSlug(own: Opened, slug: string, front = false): Promise<boolean> {
    const { page } = this;
    const text = await loadScenario(slug);
    if (this.current !== own) return false;
    if (text.ok) return (await page.openText(text.value, { slug, text: text.value, front }))?.ok === true;
    const work = await page.own.read(earlierId(slug)); // an earlier version of the page linked to it so
    if (this.current !== own) return false;
    if (work) return page.showWork(work, undefined);
    page.warn(text.error.message);
    return true;
  }

  /** The work, and the view that stands beside it. */
  private async openWork(own: Opened, work: Work): Promise<boolean> {
    const { page } = this;
    const text = work.base === undefined ? undefined : await loadScenario(work.base);
    if (this.current !== own) return false;
    const { base: slug = '' } = work;
    return page.showWork(work, text?.ok ? { slug, text: text.value, front: false } : undefined);
  }

  /** Says nothing where this build comes to what the sender saw, and else from which step on it does not. */
  private async checkSent(own: Opened, { engine: sent, checks = [] }: Showing): Promise<void> {
    const { page } = this;
    if (!sent) return;
    const digest = await this.checking.do({
      parts: page.links.digest(),
      says: () => 'Checking the end of the run',
    });
    if (digest === undefined || digest === sent.digest) return;
    const runs = page.course?.runs ?? [];
    const part = await loaded(
      'What compares with a link',
      () => import('./step-checks'),
      (why) => page.warn(why),
    );
    if (this.last !== own || page.course?.runs !== runs) return;
    const told = part?.departureText(runs, checks);
    const made = sent.version === version ? 'the same version' : `version ${sent.version}`;
    page.notice = told
      ? `The sender saw something else (${made}): ${told}`
      : `The sender (${made}) saw ${checks.length > 0 ? 'the same steps, and ' : ''}another state at the end: ${sent.digest} there, ${digest} here.`;
  }
}

function parseSelection(text: string | undefined): Selection | undefined {
  const page = /^page:0x([0-9a-f]{1,10})$/.exec(text ?? '')?.[1];
  return page === undefined ? undefined : { kind: 'page', gfn: Number.parseInt(page, 16) };
}
