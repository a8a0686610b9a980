/** The address of what the page shows: the one in the address bar, and the one that is copied. */
import { version } from '../../package.json';
import type { Selection } from '../views/shared/selection';
import { panelOf, type ViewId } from './panels';
import type { ShownRun } from './runs';
import { printAddress, type Showing, type Target } from './url';

const REST_MILLISECONDS = 200;

/** What a link is made of. */
export interface LinkedPage {
  readonly loading: boolean;
  readonly slug: string | undefined;
  readonly branchId: string;
  readonly branch: { readonly id: string; readonly text: string } | undefined;
  readonly course: { readonly runs: readonly ShownRun[] } | undefined;
  readonly position: number;
  readonly view: ViewId;
  /** Where each view with links of its own stands. */
  readonly paths: Readonly<Partial<Record<ViewId, readonly string[]>>>;
  readonly selection: Selection | undefined;
  readonly memory: { has(slug: string | undefined): boolean };
  readonly profiles: {
    readonly inLink: readonly string[] | undefined;
    readonly shown: readonly { readonly spec: string }[];
  };
}

export class Links {
  /** What was opened. */
  target: Target = { kind: 'front' };
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly page: LinkedPage) {}

  /** A link that shows others what this page shows, with what the engine says it ends in. */
  async link(): Promise<string> {
    const { branch, memory, slug } = this.page;
    const base = location.href.replace(/#.*$/, '');
    const beside = this.besideAddress();
    if (beside !== undefined) return base + beside;
    const isShipped = this.target.kind === 'scenario' && branch?.id === 'main' && !memory.has(slug);
    let { target } = this;
    if (!isShipped && branch) {
      const { CODEC, pack } = await import('./pack');
      target = { kind: 'packed', codec: CODEC, payload: pack(branch.text) };
    }
    const digest = this.digest();
    const engine = digest === undefined ? {} : { engine: { version, digest } };
    return base + printAddress(target, { ...this.showing(), ...engine });
  }

  /** Puts what is shown into the address bar. Browsers allow few changes of it; one after the last step will do. */
  remember(): void {
    const { loading, branchId } = this.page;
    const beside = this.besideAddress();
    if (loading || (branchId !== 'main' && beside === undefined)) return;
    this.forget();
    this.timer = setTimeout(() => {
      history.replaceState(null, '', beside ?? printAddress(this.target, this.showing()));
    }, REST_MILLISECONDS);
  }

  /** Something else is opened: what was to be remembered no longer counts. */
  forget(): void {
    clearTimeout(this.timer);
  }

  /** What the runs shown end in: eight hexadecimal digits, the same for the same runs in any order. */
  digest(): string | undefined {
    const runs = this.page.course?.runs;
    if (!runs) return undefined;
    const sum = runs.reduce(
      (total, { timeline }) => total + Number.parseInt(timeline.digest().slice(0, 8), 16),
      0,
    );
    return (sum % 2 ** 32).toString(16).padStart(8, '0');
  }

  private showing(): Showing {
    const { position, profiles, view, selection } = this.page;
    const specs = profiles.inLink;
    return {
      step: position,
      ...(specs === undefined ? {} : { profiles: specs }),
      ...(view === 'ladder' ? {} : { view }),
      ...(selection?.kind === 'page' ? { selection: `page:0x${selection.gfn.toString(16)}` } : {}),
    };
  }

  /** The address of a view with links of its own, while it is open and stands somewhere. */
  private besideAddress(): string | undefined {
    const { view, paths, profiles } = this.page;
    const { link } = panelOf(view);
    const path = paths[view] ?? [];
    if (!link || path.length === 0) return undefined;
    return printAddress(
      { kind: 'view', view, path },
      link.carriesProfiles ? { profiles: profiles.shown.map(({ spec }) => spec) } : {},
    );
  }
}
