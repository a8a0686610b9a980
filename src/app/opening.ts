/** Opens what a link, a file or a name in a list stands for. */
import { version } from '../../package.json';
import type { Selection } from '../views/shared/selection';
import { loadScenario } from './catalog';
import type { Session } from './session.svelte';
import type { Address, Showing, Target } from './url';

/** The front page is a scenario at its interesting step. */
const FRONT = 'ap-create-on-init-then-create';

export class Opening {
  constructor(private readonly session: Session) {}

  async open({ target, showing, remarks }: Address): Promise<void> {
    const { session } = this;
    session.player.pause();
    session.links.forget();
    session.loading = true;
    session.notice = remarks.join(' ');
    session.front = target.kind === 'front' && showing.step === undefined ? 'asks' : 'gone';
    if (showing.chrome !== undefined) session.chrome = showing.chrome;
    if (showing.theme) session.memory.prefer({ theme: showing.theme });
    session.profiles.chosen = showing.profiles;
    session.profiles.comparing = true;
    await this.openTarget(target);
    session.loading = false;
    if (showing.view !== undefined) session.view = showing.view;
    session.goTo(showing.step ?? session.position);
    session.selection = parseSelection(showing.selection);
    this.checkDigest(showing.engine);
  }

  private async openTarget(target: Target): Promise<void> {
    const { session } = this;
    if (target.kind === 'packed') {
      const { unpack } = await import('./pack');
      const text = unpack(target.codec, target.payload);
      if (text.ok) session.openText(text.value, target);
      else session.warn(text.error.message);
    } else if (target.kind === 'scenario') await this.openSlug(target.slug);
    else if (target.kind === 'decode' && session.branches.length > 0) session.followDecode(target);
    else if (target.kind === 'matrix' && session.branches.length > 0) this.followMatrix(target.parts);
    else {
      const front = session.scenarios.find(({ slug }) => slug === FRONT) ?? session.scenarios[0];
      if (front) await this.openSlug(front.slug);
      if (target.kind === 'matrix') this.followMatrix(target.parts);
      if (target.kind === 'decode') session.followDecode(target);
    }
  }

  /** The matrix stands beside the run, under the same profiles. */
  private followMatrix(parts: readonly string[]): void {
    const { session } = this;
    session.matrix = parts;
    session.view = 'matrix';
    if (session.profiles.chosen) session.runAgain();
  }

  private async openSlug(slug: string): Promise<void> {
    const { session } = this;
    const kept = session.memory.saved.find((one) => one.slug === slug);
    const text = kept ? { ok: true as const, value: kept.text } : await loadScenario(slug);
    if (!text.ok) {
      session.warn(text.error.message);
      return;
    }
    session.openText(text.value, { kind: 'scenario', slug });
    session.slug = slug;
  }

  private checkDigest(sent: Showing['engine']): void {
    const { session } = this;
    const own = sent && session.links.digest();
    if (own === undefined || own === sent?.digest) return;
    session.notice = `This build (${version}) now ends in another state than the sender's (${sent?.version}) did: ${own} instead of ${sent?.digest}.`;
  }
}

function parseSelection(text: string | undefined): Selection | undefined {
  const page = /^page:0x([0-9a-f]{1,10})$/.exec(text ?? '')?.[1];
  return page === undefined ? undefined : { kind: 'page', gfn: Number.parseInt(page, 16) };
}
