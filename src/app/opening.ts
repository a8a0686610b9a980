/** Opens what a link, a file or a name in a list stands for. */
import { version } from '../../package.json';
import type { Selection } from '../views/shared/selection';
import { loadScenario } from './catalog';
import type { Links, Shipped } from './links';
import type { Memory } from './memory.svelte';
import { panelNamed, panelOf, type ViewId } from './panels';
import type { Profiles } from './profiles.svelte';
import type { Address, Showing, Target } from './url';
import { earlierId, type OwnWork } from './work/own-work.svelte';
import type { Work } from './work/work';

/** The front page is a scenario at its interesting step. */
const FRONT = 'ap-create-on-init-then-create';

/** The page that a link changes. */
export interface OpenedPage {
  readonly scenarios: readonly { readonly slug: string }[];
  readonly branches: readonly unknown[];
  readonly position: number;
  readonly memory: Pick<Memory, 'prefer'>;
  readonly own: Pick<OwnWork, 'take'>;
  readonly player: { pause(): void };
  readonly links: Pick<Links, 'arrive' | 'digest' | 'remember'>;
  readonly profiles: Pick<Profiles, 'chosen' | 'comparing'>;
  loading: boolean;
  notice: string;
  front: 'asks' | 'answers' | 'gone';
  chrome: boolean;
  view: ViewId;
  selection: Selection | undefined;
  paths: Readonly<Partial<Record<ViewId, readonly string[]>>>;
  goTo(position: number): void;
  openText(text: string, shipped: Shipped | undefined): void;
  showWork(work: Work, shipped: Shipped | undefined): void;
  runAgain(): void;
  warn(text: string): void;
}

export class Opening {
  constructor(private readonly page: OpenedPage) {}

  /** @param workId of a person's work that the address belongs to; where it is gone the address is opened */
  async open({ target, showing, remarks }: Address, workId?: string): Promise<void> {
    const { page } = this;
    page.player.pause();
    page.links.arrive();
    page.loading = true;
    page.notice = remarks.join(' ');
    const asks = target.kind === 'front' && showing.step === undefined && workId === undefined;
    page.front = asks ? 'asks' : 'gone';
    if (showing.chrome !== undefined) page.chrome = showing.chrome;
    if (showing.theme) page.memory.prefer({ theme: showing.theme });
    page.profiles.chosen = showing.profiles;
    page.profiles.comparing = true;
    const work = workId === undefined ? undefined : await page.own.take(workId);
    if (work) await this.openWork(work, target);
    else await this.openTarget(target);
    page.loading = false;
    if (showing.view !== undefined) this.showView(showing.view);
    else if (target.kind !== 'view' && panelOf(page.view).needs === 'nothing') page.view = 'ladder';
    page.goTo(showing.step ?? page.position);
    page.links.remember();
    page.selection = parseSelection(showing.selection);
    this.checkDigest(showing.engine);
  }

  private async openTarget(target: Target): Promise<void> {
    const { page } = this;
    if (target.kind === 'packed') {
      const { unpack } = await import('./pack');
      const text = unpack(target.codec, target.payload);
      if (text.ok) page.openText(text.value, undefined);
      else page.warn(text.error.message);
    } else if (target.kind === 'scenario') await this.openSlug(target.slug);
    else if (target.kind === 'front' || page.branches.length === 0) {
      const front = page.scenarios.find(({ slug }) => slug === FRONT) ?? page.scenarios[0];
      if (front) await this.openSlug(front.slug, target.kind === 'front');
    }
    if (target.kind === 'view') this.openPath(target.view, target.path);
  }

  /** The view stands beside the run; where its links name profiles, the run follows them. */
  private openPath(view: ViewId, path: readonly string[]): void {
    const { page } = this;
    page.paths = { ...page.paths, [view]: path };
    page.view = view;
    if (panelOf(view).link?.carriesProfiles && page.profiles.chosen) page.runAgain();
  }

  private showView(name: string): void {
    const { page } = this;
    const panel = panelNamed(name);
    if (panel) page.view = panel.id;
    else page.notice = `${page.notice} This version has no view called "${name}".`.trimStart();
  }

  private async openSlug(slug: string, front = false): Promise<void> {
    const { page } = this;
    const text = await loadScenario(slug);
    if (text.ok) {
      page.openText(text.value, { slug, text: text.value, front });
      return;
    }
    const work = await page.own.take(earlierId(slug)); // an earlier version of the page linked to it so
    if (work) page.showWork(work, undefined);
    else page.warn(text.error.message);
  }

  /** The work, and the view that stands beside it. */
  private async openWork(work: Work, target: Target): Promise<void> {
    const { page } = this;
    const text = work.base === undefined ? undefined : await loadScenario(work.base);
    const { base: slug = '' } = work;
    page.showWork(work, text?.ok ? { slug, text: text.value, front: false } : undefined);
    if (target.kind === 'view') this.openPath(target.view, target.path);
  }

  private checkDigest(sent: Showing['engine']): void {
    const { page } = this;
    const own = sent && page.links.digest();
    if (own === undefined || own === sent?.digest) return;
    page.notice = `This build (${version}) now ends in another state than the sender's (${sent?.version}) did: ${own} instead of ${sent?.digest}.`;
  }
}

function parseSelection(text: string | undefined): Selection | undefined {
  const page = /^page:0x([0-9a-f]{1,10})$/.exec(text ?? '')?.[1];
  return page === undefined ? undefined : { kind: 'page', gfn: Number.parseInt(page, 16) };
}
