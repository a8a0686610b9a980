/** Under which profiles the scenario runs, and whether their runs are shown side by side. */
import { defaultProfileId } from '../profiles/default-profile';
import type { ResolvedProfile } from '../profiles/resolve';

/** Who a run is compared with when nobody says. */
const USUAL_PARTNERS = ['part2-v4', defaultProfileId] as const;

/** The runs that a choice of profiles changes. */
export interface ProfiledRuns {
  /** What stands beside the branch, instead of another profile. */
  readonly beside: { leave(): boolean };
  readonly runs: readonly { readonly profile: ResolvedProfile }[];
  /** Runs every branch again under the chosen profiles. @returns whether it did */
  runAgain(): Promise<boolean>;
  /** Changes what is shown and stays at the step of A. */
  keepPlace(change: () => void): void;
  say(text: string): void;
}

export class Profiles {
  /** Chosen by a person or a link; undefined: those that the text names. */
  chosen = $state.raw<readonly string[] | undefined>();
  /** Those of the text that is being opened, where they are known before it. */
  expected = $state.raw<readonly string[]>([]);
  /** A facet that someone asked for: the panel opens at it. */
  askedFacet = $state.raw('');
  /** Several runs are shown side by side; off: the first one alone. */
  comparing = $state.raw(true);

  constructor(private readonly page: ProfiledRuns) {}

  /** Those that ran, the first is A. */
  get shown(): readonly ResolvedProfile[] {
    return this.page.runs.map(({ profile }) => profile);
  }

  /** As they are written: those that ran, and before anything ran those that the address names. */
  specs: readonly string[] = $derived.by(() => {
    const ran = this.shown.map(({ spec }) => spec);
    return ran.length > 0 ? ran : (this.chosen ?? this.expected);
  });

  /** What a link must say so that another page shows the same; undefined when the text says it. */
  get inLink(): readonly string[] | undefined {
    const specs = this.shown.map(({ spec }) => spec);
    if (!this.comparing && specs.length > 1) return specs.slice(0, 1);
    return this.chosen && this.specs;
  }

  /** Runs every branch under these profiles, the first is A. Several are compared. */
  async use(
    specs: readonly string[],
    says = (shown: readonly string[]) => `Now under ${shown.join(', ')}.`,
  ): Promise<void> {
    const { page } = this;
    this.chosen = specs;
    this.comparing = true;
    if (await page.runAgain()) page.say(says(this.shown.map(({ spec }) => spec)));
  }

  /** Side by side, or A alone. One that runs alone gets a partner. */
  toggle(): void {
    const { page } = this;
    const [first] = this.shown;
    if (!first) return;
    if (page.beside.leave()) return page.say(`Only ${first.spec}.`);
    if (this.shown.length < 2) {
      const partner = USUAL_PARTNERS.find((spec) => spec !== first.spec);
      void this.use(partner === undefined ? [first.spec] : [first.spec, partner]);
      return;
    }
    page.keepPlace(() => (this.comparing = !this.comparing));
    page.say(this.comparing ? `Compared: ${this.shown.length} profiles.` : `Only ${first.spec}.`);
  }

  /** A becomes B and B becomes A. */
  swap(): void {
    const [a, b, ...others] = this.shown.map(({ spec }) => spec);
    if (a === undefined || b === undefined) {
      this.page.say('There is no B to swap with.');
      return;
    }
    void this.use([b, a, ...others], () => `Swapped: A is ${b}, B is ${a}.`);
  }
}
