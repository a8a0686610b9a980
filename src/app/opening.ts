/** Opens what a link, a file or a name in a list stands for. */
import { version } from '../../package.json';
import type { Selection } from '../views/shared/selection';
import { loadScenario } from './catalog';
import type { Links } from './links';
import type { Memory } from './memory.svelte';
import { panelNamed, panelOf, type ViewId } from './panels';
import type { Profiles } from './profiles.svelte';
import type { Address, Showing, Target } from './url';

/** The front page is a scenario at its interesting step. */
const FRONT = 'ap-create-on-init-then-create';

/** The page that a link changes. */
export interface OpenedPage {
  readonly scenarios: readonly { readonly slug: string }[];
  readonly branches: readonly unknown[];
  readonly position: number;
  readonly memory: Pick<Memory, 'saved' | 'prefer'>;
  readonly player: { pause(): void };
  readonly links: Pick<Links, 'forget' | 'digest'>;
  readonly profiles: Pick<Profiles, 'chosen' | 'comparing'>;
  loading: boolean;
  notice: string;
  front: 'asks' | 'answers' | 'gone';
  chrome: boolean;
  view: ViewId;
  slug: string | undefined;
  selection: Selection | undefined;
  paths: Readonly<Partial<Record<ViewId, readonly string[]>>>;
  goTo(position: number): void;
  openText(text: string, target: Target): void;
  runAgain(): void;
  warn(text: string): void;
}

export class Opening {
  constructor(private readonly page: OpenedPage) {}

  async open({ target, showing, remarks }: Address): Promise<void> {
    const { page } = this;
    page.player.pause();
    page.links.forget();
    page.loading = true;
    page.notice = remarks.join(' ');
    page.front = target.kind === 'front' && showing.step === undefined ? 'asks' : 'gone';
    if (showing.chrome !== undefined) page.chrome = showing.chrome;
    if (showing.theme) page.memory.prefer({ theme: showing.theme });
    page.profiles.chosen = showing.profiles;
    page.profiles.comparing = true;
    await this.openTarget(target);
    page.loading = false;
    if (showing.view !== undefined) this.showView(showing.view);
    page.goTo(showing.step ?? page.position);
    page.selection = parseSelection(showing.selection);
    this.checkDigest(showing.engine);
  }

  private async openTarget(target: Target): Promise<void> {
    const { page } = this;
    if (target.kind === 'packed') {
      const { unpack } = await import('./pack');
      const text = unpack(target.codec, target.payload);
      if (text.ok) page.openText(text.value, target);
      else page.warn(text.error.message);
    } else if (target.kind === 'scenario') await this.openSlug(target.slug);
    else if (target.kind === 'front' || page.branches.length === 0) {
      const front = page.scenarios.find(({ slug }) => slug === FRONT) ?? page.scenarios[0];
      if (front) await this.openSlug(front.slug);
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

  private async openSlug(slug: string): Promise<void> {
    const { page } = this;
    const kept = page.memory.saved.find((one) => one.slug === slug);
    const text = kept ? { ok: true as const, value: kept.text } : await loadScenario(slug);
    if (!text.ok) {
      page.warn(text.error.message);
      return;
    }
    page.openText(text.value, { kind: 'scenario', slug });
    page.slug = slug;
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
