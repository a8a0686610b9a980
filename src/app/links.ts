/** The address of what the page shows: the one in the address bar, and the one that is copied. */
import { version } from '../../package.json';
import type { Session } from './session.svelte';
import { printAddress, type Showing, type Target } from './url';

const REST_MILLISECONDS = 200;

export class Links {
  /** What was opened. */
  target: Target = { kind: 'front' };
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly session: Session) {}

  /** A link that shows others what this page shows, with what the engine says it ends in. */
  async link(): Promise<string> {
    const { branch, timeline, memory, slug } = this.session;
    const page = location.href.replace(/#.*$/, '');
    const shownValue = this.decodeAddress();
    if (shownValue !== undefined) return page + shownValue;
    const isShipped = this.target.kind === 'scenario' && branch?.id === 'main' && !memory.has(slug);
    let { target } = this;
    if (!isShipped && branch) {
      const { CODEC, pack } = await import('./pack');
      target = { kind: 'packed', codec: CODEC, payload: pack(branch.text) };
    }
    const digest = timeline?.digest().slice(0, 8);
    const engine = digest === undefined ? {} : { engine: { version, digest } };
    return page + printAddress(target, { ...this.showing(), ...engine });
  }

  /** Puts what is shown into the address bar. Browsers allow few changes of it; one after the last step will do. */
  remember(): void {
    const { loading, branchId } = this.session;
    const shownValue = this.decodeAddress();
    if (loading || (branchId !== 'main' && shownValue === undefined)) return;
    this.forget();
    this.timer = setTimeout(() => {
      history.replaceState(null, '', shownValue ?? printAddress(this.target, this.showing()));
    }, REST_MILLISECONDS);
  }

  /** Something else is opened: what was to be remembered no longer counts. */
  forget(): void {
    clearTimeout(this.timer);
  }

  private showing(): Showing {
    const { position, profileSpec, view, selection } = this.session;
    return {
      step: position,
      ...(profileSpec === undefined ? {} : { profiles: [profileSpec] }),
      ...(view === 'ladder' ? {} : { view }),
      ...(selection?.kind === 'page' ? { selection: `page:0x${selection.gfn.toString(16)}` } : {}),
    };
  }

  /** The address of what the decoder shows, while it is shown. */
  private decodeAddress(): string | undefined {
    const { view, decode } = this.session;
    return view === 'decode' && decode && decode.word !== ''
      ? printAddress({ kind: 'decode', word: decode.word, value: decode.value })
      : undefined;
  }
}
