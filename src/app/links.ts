/**
 * The address of what the page shows: the one in the address bar, and the one that is copied. It holds the text in the
 * editor, unless that is a shipped scenario byte for byte.
 */
import { version } from '../../package.json';
import { MAX_LINK_CHARACTERS } from '../base/limits';
import { finish, type Resumable } from '../base/resumable';
import type { Selection } from '../views/shared/selection';
import { Jobs } from './jobs.svelte';
import { panelOf, type ViewId } from './panels';
import type * as packModule from '../views/shared/pack';
import type { ShownRun } from './shown-run';
import { printAddress, type Beside, type Showing, type Target } from './url';

const REST_MILLISECONDS = 200;
/** Characters that are packed where nobody can wait: the page goes away. */
const MAX_PACKED_AT_ONCE = 1 << 16;

/** A shipped scenario, and the address that it was opened from. */
export interface Shipped {
  readonly slug: string;
  readonly text: string;
  /** It is the front page's. */
  readonly front: boolean;
  /** It is that of a recording that ships with the page. */
  readonly isRecording?: true;
}

/** What a history entry knows beside its address. */
export interface EntryState {
  /** Id of the person's work that is shown. */
  readonly work?: string;
}

/** What a link is made of. */
export interface LinkedPage {
  readonly loading: boolean;
  readonly chrome: boolean;
  readonly isForReading: boolean;
  readonly panels: readonly string[] | undefined;
  /** The shipped scenario that the text began as. */
  readonly shipped: Shipped | undefined;
  readonly branch: { readonly text: string } | undefined;
  /** The text in the editor. */
  readonly draft: string;
  readonly course: { readonly runs: readonly ShownRun[] } | undefined;
  readonly position: number;
  readonly view: ViewId;
  /** Where each view with links of its own stands. */
  readonly paths: Readonly<Partial<Record<ViewId, readonly string[]>>>;
  readonly selection: Selection | undefined;
  readonly filtering: { readonly text: string };
  /** What stands beside the run. */
  readonly beside: {
    readonly inLink:
      | { readonly text: string; readonly specs?: readonly string[] }
      | { readonly slug: string }
      | undefined;
  };
  /** The front page asks its question until somebody wants the answer. */
  readonly front: 'asks' | 'answers' | 'gone';
  /** The lesson that is open beside the run. */
  readonly lessons: { readonly target: Target | undefined };
  readonly pinning: { readonly paths: readonly string[] };
  readonly own: { readonly current: string | undefined };
  /** What links, mails and files are written by. */
  readonly telling: Pick<Jobs, 'do'>;
  readonly profiles: {
    readonly inLink: readonly string[] | undefined;
    readonly shown: readonly { readonly spec: string }[];
  };
}

export class Links {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Packs texts; loaded when the first text that is not shipped is shown. */
  private packer: typeof packModule | undefined;
  /** The address that this page opened or wrote last; another one in the address bar is about to be opened. */
  private href = '';
  private packed: { readonly text: string; readonly target: Extract<Target, { kind: 'packed' }> } | undefined;
  /** The text that stands beside, packed. */
  private besidePacked: { readonly text: string; readonly target: Target } | undefined;
  /** What is being packed. */
  private pending: { readonly text: string; readonly done: Promise<void> } | undefined;
  private readonly packing = new Jobs();

  constructor(private readonly page: LinkedPage) {}

  /** A link that shows others what this page shows, with what the engine says it ends in. */
  async link(): Promise<string> {
    const { branch, draft } = this.page;
    const base = location.href.replace(/#.*$/, '');
    const beside = this.besideAddress();
    if (beside !== undefined) return base + beside;
    await this.pack();
    const says = (): string => 'Adding up what the runs end in, for the link';
    const digest =
      branch?.text === draft ? await this.page.telling.do({ parts: this.digest(), says }) : undefined;
    if (digest === undefined) return base + printAddress(this.target(), this.showing());
    // Without its checks a link still has the digest.
    const checks = await import('./step-checks').then(
      ({ checksOf }) => checksOf(this.page.course?.runs ?? []),
      () => [],
    );
    const engine = { version, digest };
    return (
      base + printAddress(this.target(), { ...this.showing(), ...(checks.length > 0 && { checks }), engine })
    );
  }

  /** Puts what is shown into the address bar. Browsers allow few changes of it; one after the last step will do. */
  remember(): void {
    if (this.page.loading) return;
    clearTimeout(this.timer);
    const write = (): void => {
      // Without the packer the address stays; who copies a link is told.
      this.pack().then(
        () => this.write(),
        () => undefined,
      );
    };
    this.timer = setTimeout(write, REST_MILLISECONDS);
  }

  /** The page goes away: what was to be remembered in a moment is remembered now, if it can be. */
  flush(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    if (this.isPacked()) this.write();
  }

  /** What is in the address bar is opened: what was to be remembered no longer counts. */
  arrive(): void {
    clearTimeout(this.timer);
    this.href = location.href;
  }

  /** The history entry that is shown belongs to the work that is shown; the address follows. */
  mark(): void {
    if (this.page.loading || location.href !== this.href) return;
    history.replaceState(this.state(), '', location.href);
  }

  /** Another text is about to be shown in place of this one: Back leads here. */
  push(): void {
    if (this.page.loading) return;
    clearTimeout(this.timer);
    if (this.isPacked()) this.write();
    history.pushState(null, '', location.href);
  }

  /** What the runs shown end in: eight hexadecimal digits, the same for the same runs in any order. */
  *digest(): Resumable<string | undefined> {
    const runs = this.page.course?.runs;
    if (!runs) return undefined;
    let sum = 0;
    for (const { timeline } of runs)
      sum += Number.parseInt((yield* timeline.digestInParts()).slice(0, 8), 16);
    return (sum % 2 ** 32).toString(16).padStart(8, '0');
  }

  private write(): void {
    if (this.page.loading || location.href !== this.href) return;
    const beside = this.besideAddress();
    if (beside === undefined && !this.canBeWritten()) return;
    const { step, ...rest } = this.showing();
    // An address with a step opens there: a reload of the question asks it again.
    const showing = this.page.front === 'asks' ? rest : { ...rest, ...(step !== undefined && { step }) };
    const address = beside ?? printAddress(this.target(), showing);
    history.replaceState(this.state(), '', address);
    this.href = location.href;
  }

  /** A text that changed meanwhile is packed again in a moment; one that is too long has no address. */
  private canBeWritten(): boolean {
    const { packed, page } = this;
    const isNow = packed?.text === page.draft && packed.target.payload.length <= MAX_LINK_CHARACTERS;
    return isNow || this.isShipped();
  }

  private state(): EntryState | null {
    const { current } = this.page.own;
    return current === undefined ? null : { work: current };
  }

  private isShipped(): boolean {
    return this.page.draft === this.page.shipped?.text;
  }

  /** Packs the text, where that is needed; a newer text takes the place of an older one. */
  private async pack(): Promise<void> {
    const { page } = this;
    while (!this.isShipped() && this.packed?.text !== page.draft) {
      const { draft: text } = page;
      if (this.pending?.text !== text) this.pending = { text, done: this.packText(text) };
      await this.pending.done;
    }
    const beside = this.besideText();
    if (beside === undefined || this.besidePacked?.text === beside) return;
    this.packer ??= await import('../views/shared/pack');
    this.packBeside(this.packer, beside);
  }

  /** The text that stands beside the run, where the address holds it. */
  private besideText(): string | undefined {
    const { inLink } = this.page.beside;
    return inLink && 'text' in inLink ? inLink.text : undefined;
  }

  private packBeside({ CODEC: codec, pack }: typeof packModule, text: string): void {
    this.besidePacked = { text, target: { kind: 'packed', codec, payload: finish(pack(text)) } };
  }

  private async packText(text: string): Promise<void> {
    try {
      this.packer ??= await import('../views/shared/pack');
    } catch (error) {
      this.pending = undefined; // asked for again the next time
      throw error;
    }
    const { CODEC: codec, pack } = this.packer;
    const payload = await this.packing.do({
      parts: pack(text),
      says: () => 'Packing the text for the address',
    });
    if (payload !== undefined) this.packed = { text, target: { kind: 'packed', codec, payload } };
  }

  /** Whether the address can be written at once. A short text is packed for it. */
  private isPacked(): boolean {
    const { packer, page } = this;
    const beside = this.besideText();
    if (beside !== undefined && this.besidePacked?.text !== beside) {
      if (!packer || beside.length > MAX_PACKED_AT_ONCE) return false;
      this.packBeside(packer, beside);
    }
    const { draft: text } = page;
    if (this.isShipped() || this.packed?.text === text) return true;
    if (!packer || text.length > MAX_PACKED_AT_ONCE) return false;
    const payload = finish(packer.pack(text));
    this.packed = { text, target: { kind: 'packed', codec: packer.CODEC, payload } };
    return true;
  }

  /** A text that is not shipped must be packed. */
  private target(): Target {
    const { shipped, draft } = this.page;
    if (shipped && draft === shipped.text)
      return shipped.front
        ? { kind: 'front' }
        : { kind: shipped.isRecording ? 'recording' : 'scenario', slug: shipped.slug };
    return (this.packed?.text === draft ? this.packed.target : undefined) ?? { kind: 'front' };
  }

  private showing(): Showing {
    const { position, profiles, view, selection, filtering, pinning } = this.page;
    const specs = profiles.inLink;
    const beside = this.beside();
    return {
      ...this.framing(),
      step: position,
      ...(specs === undefined ? {} : { profiles: specs }),
      ...(view === 'ladder' ? {} : { view }),
      ...(filtering.text.trim() === '' ? {} : { filter: filtering.text }),
      ...(beside && { beside }),
      ...(pinning.paths.length === 0 ? {} : { pins: pinning.paths }),
      ...(selection?.kind === 'page' ? { selection: `page:0x${selection.gfn.toString(16)}` } : {}),
    };
  }

  /** How the page is shown inside another one. */
  private framing(): Showing {
    const { chrome, isForReading, panels } = this.page;
    return { ...(!chrome && { chrome }), ...(panels && { panels }), ...(isForReading && { edit: false }) };
  }

  /** What stands beside the run, as the link says it; nothing where the recording of the target says it. */
  private beside(): Beside | undefined {
    const { beside, shipped, draft } = this.page;
    const { inLink } = beside;
    if (!inLink) return undefined;
    if ('slug' in inLink) {
      const isSaid = shipped?.isRecording && shipped.slug === inLink.slug && draft === shipped.text;
      return isSaid ? undefined : { target: { kind: 'recording', slug: inLink.slug } };
    }
    const { text, specs } = inLink;
    const target = this.besidePacked?.text === text ? this.besidePacked.target : undefined;
    return target && { target, ...(specs && { specs }) };
  }

  /** The address of a lesson, or of a view with links of its own, while it is open and stands somewhere. */
  private besideAddress(): string | undefined {
    const { view, paths, profiles, lessons } = this.page;
    if (lessons.target) return printAddress(lessons.target, this.framing());
    const { link } = panelOf(view);
    const path = paths[view] ?? [];
    if (!link || path.length === 0) return undefined;
    return printAddress(
      { kind: 'view', view, path },
      link.carriesProfiles ? { profiles: profiles.shown.map(({ spec }) => spec) } : {},
    );
  }
}
