/** Everything that can change in the page, in one place. Views get values from here and send wishes back. */
import { version } from '../../package.json';
import type { Act } from '../engine/acts';
import type { EnabledAct } from '../engine/enabled-acts';
import type { Finding, Timeline } from '../recording/timeline';
import type { ScenarioProblem } from '../scenarios/parse';
import type { InspectorTab } from '../views/inspector/tabs';
import type { CatalogItem } from '../views/outline/groups';
import type { Selection } from '../views/shared/selection';
import type { Face } from '../views/shared/view';
import { stepSentence } from '../views/shared/words';
import type * as engineModule from './engine';
import { loadCatalog, loadScenario } from './catalog';
import { expectationsOf } from './expectations';
import type { DroppedFile } from './files';
import { Links } from './links';
import { Memory } from './memory.svelte';
import { Player } from './player.svelte';
import type { ShownRun } from './runs';
import { landmarkFrom, landmarksOf } from './steps';
import { parseAddress, type Address, type Showing, type Target } from './url';

/** One way the run went. */
export interface Branch {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly run: ShownRun;
  /** Where it left the branch it came from. */
  readonly fork?: { readonly from: string; readonly position: number };
}

/** The engine and all it knows, in a chunk of its own: the shell is there first. */
type Engine = typeof engineModule;

/** A value in the decoder, or a place in its reference, as links name them. */
export interface DecodeTarget {
  readonly word: string;
  readonly value: string;
}

export type Dialog = 'palette' | 'help' | 'acts' | 'none';

/** The front page is a scenario at its interesting step. */
const FRONT = 'ap-create-on-init-then-create';

export class Session {
  readonly memory = new Memory();
  readonly player = new Player(this);
  readonly links = new Links(this);

  scenarios = $state.raw<readonly CatalogItem[]>([]);
  slug = $state.raw<string | undefined>();
  title = $state.raw('');
  branches = $state.raw<readonly Branch[]>([]);
  branchId = $state.raw('main');
  position = $state.raw(0);
  /** The text in the editor; the run shown came from `branch.text`. */
  draft = $state.raw('');
  problems = $state.raw<readonly ScenarioProblem[]>([]);
  /** Runs under this profile instead of the one the text names. */
  profileSpec = $state.raw<string | undefined>();

  view = $state.raw('ladder');
  face = $state.raw<Face>('drawing');
  inspectorTab = $state.raw<InspectorTab>('fields');
  inspectorOpen = $state.raw(true);
  selection = $state.raw<Selection | undefined>();
  decode = $state.raw<DecodeTarget | undefined>();
  /** A file that is no scenario: the decoder opens it. */
  droppedFile = $state.raw<DroppedFile | undefined>();
  dialog = $state.raw<Dialog>('none');
  acts = $state.raw<readonly EnabledAct[]>([]);
  chrome = $state.raw(true);
  loading = $state.raw(true);
  /** One sentence a person should see: what was mended, what could not be done. */
  notice = $state.raw('');
  /** What was just done, in a few words. */
  status = $state.raw('');
  announcement = $state.raw('');
  pendingKeys = $state.raw('');

  /** The engine, once it is there. */
  engine = $state.raw<Engine | undefined>();

  branch = $derived(this.branches.find(({ id }) => id === this.branchId) ?? this.branches[0]);
  run = $derived(this.branch?.run);
  timeline: Timeline | undefined = $derived(this.run?.timeline);
  stepCount = $derived(this.timeline?.stepCount ?? 0);
  findings: readonly { step: number; finding: Finding }[] = $derived(this.timeline?.findings() ?? []);
  /** The `?` lines of the scenario, with the position at which each was asked. */
  expectations = $derived(this.run ? expectationsOf(this.run) : []);
  /** Remarks of the scenario, by the act they stand above. */
  notes: ReadonlyMap<number, string> | undefined = $derived(this.run && this.engine?.notesOf(this.run));
  changed = $derived(this.branch !== undefined && this.draft !== this.branch.text);
  /** What the step shown says. */
  sentence = $derived(
    this.timeline && this.position > 0
      ? stepSentence(this.timeline.step(this.position - 1), this.stepCount)
      : 'Before step 1.',
  );

  // Opening ------------------------------------------------------------------------------------------------------------

  async start(): Promise<void> {
    const [catalog] = await Promise.all([loadCatalog(), this.loadEngine()]);
    if (catalog.ok) this.scenarios = catalog.value;
    else this.notice = catalog.error.message;
    await this.open(parseAddress(location.hash));
  }

  private async loadEngine(): Promise<void> {
    try {
      this.engine = await import('./engine');
    } catch {
      this.notice = 'The engine could not be loaded. Is the connection gone? Load the page again.';
    }
  }

  async open(address: Address): Promise<void> {
    const { target, showing } = address;
    this.player.pause();
    this.links.forget();
    this.loading = true;
    this.notice = address.remarks.join(' ');
    if (showing.chrome !== undefined) this.chrome = showing.chrome;
    if (showing.theme) this.memory.prefer({ theme: showing.theme });
    this.profileSpec = showing.profiles?.[0];
    await this.openTarget(target);
    this.loading = false;
    if (showing.view !== undefined) this.view = showing.view;
    this.seek(Math.min(showing.step ?? this.position, this.stepCount));
    this.selection = parseSelection(showing.selection);
    this.checkDigest(showing.engine);
  }

  private async openTarget(target: Target): Promise<void> {
    if (target.kind === 'packed') {
      const { unpack } = await import('./pack');
      const text = unpack(target.codec, target.payload);
      if (text.ok) this.openText(text.value, target);
      else this.warn(text.error.message);
    } else if (target.kind === 'scenario') await this.openSlug(target.slug);
    else if (target.kind === 'decode' && this.branches.length > 0) this.followDecode(target);
    else {
      const front = this.scenarios.find(({ slug }) => slug === FRONT) ?? this.scenarios[0];
      if (front) await this.openSlug(front.slug);
      if (target.kind === 'matrix') this.view = 'matrix';
      if (target.kind === 'decode') this.followDecode(target);
    }
  }

  /** The run stays as it is: the decoder stands beside it. */
  private followDecode({ word, value }: DecodeTarget): void {
    this.decode = { word, value };
    this.view = 'decode';
  }

  showDecoded({ word, value }: DecodeTarget): void {
    this.decode = { word, value };
    this.links.remember();
  }

  showFile(file: DroppedFile): void {
    this.droppedFile = file;
    this.show('decode');
  }

  /** A scenario that a view made: shown where its last act begins. */
  openMade(text: string): void {
    this.openText(text);
    if (this.problems.length > 0) return;
    this.show('ladder');
    const last = this.timeline?.acts.findLast(({ origin }) => origin === 'scenario');
    if (last) this.seek(last.firstStep + 1);
  }

  private async openSlug(slug: string): Promise<void> {
    const kept = this.memory.saved.find((one) => one.slug === slug);
    const text = kept ? { ok: true as const, value: kept.text } : await loadScenario(slug);
    if (!text.ok) {
      this.warn(text.error.message);
      return;
    }
    this.openText(text.value, { kind: 'scenario', slug });
    this.slug = slug;
  }

  /** A scenario from outside becomes the main branch; when it is not sound, the editor shows it and says why. */
  openText(text: string, target: Target = { kind: 'front' }): void {
    this.links.target = target;
    this.slug = undefined;
    this.draft = text;
    const result = this.engine?.runText(text, this.profileSpec);
    if (!result) return;
    if (!result.ok) {
      this.problems = result.problems;
      this.view = 'source';
      this.warn('The scenario has problems; see Source.');
      return;
    }
    const { run, head } = result.value;
    this.problems = [];
    this.title = head.title || 'Untitled scenario';
    this.branches = [{ id: 'main', title: 'main', text, run }];
    this.branchId = 'main';
    // At once: a view drawn before the next await must not meet the world at its end.
    this.seek(this.engine?.interestingPosition(run) ?? 0);
    this.selection = undefined;
    this.showProblems(run);
  }

  /** Runs the text of the editor; the last good run stays when it has problems. */
  runDraft(): void {
    const { branch } = this;
    const result = this.engine?.runText(this.draft, this.profileSpec);
    if (!result) return;
    if (!result.ok) {
      this.problems = result.problems;
      this.warn(
        `${result.problems.length} problems; showing the run before line ${result.problems[0]?.line ?? 1}.`,
      );
      return;
    }
    this.problems = [];
    const { run, head } = result.value;
    this.title = head.title || 'Untitled scenario';
    const id = branch?.id ?? 'main';
    const next: Branch = { ...(branch ?? { id, title: id }), text: this.draft, run };
    this.branches = branch ? this.branches.map((one) => (one.id === id ? next : one)) : [next];
    this.seek(Math.min(this.position, run.timeline.stepCount));
    this.showProblems(run);
    this.say(`Ran: ${run.timeline.stepCount} steps.`);
  }

  /** Runs every branch again under another profile. */
  useProfile(spec: string | undefined): void {
    this.profileSpec = spec;
    this.branches = this.branches.map((branch) => {
      const result = this.engine?.runText(branch.text, spec);
      return result?.ok ? { ...branch, run: result.value.run } : branch;
    });
    this.seek(Math.min(this.position, this.stepCount));
    this.say(`Now under ${this.run?.profile.title ?? spec ?? ''}.`);
  }

  private showProblems(run: ShownRun): void {
    const [first] = run.problems;
    if (first) this.notice = `Line ${first.line + 1} of the scenario: ${first.message}`;
  }

  private checkDigest(sent: Showing['engine']): void {
    if (!sent || !this.timeline) return;
    const own = this.timeline.digest().slice(0, 8);
    if (own === sent.digest) return;
    this.notice = `This build (${version}) now ends in another state than the sender's (${sent.version}) did: ${own} instead of ${sent.digest}.`;
  }

  // Moving -------------------------------------------------------------------------------------------------------------

  seek(position: number): void {
    const { timeline } = this;
    if (!timeline) return;
    const to = Math.max(0, Math.min(position, timeline.stepCount));
    timeline.seek(to);
    this.position = to;
    this.status = '';
    if (!this.player.playing) this.announceStep();
    this.links.remember();
  }

  stepBy(by: number): void {
    this.seek(this.position + by);
  }

  announceStep(): void {
    this.announcement = this.sentence;
  }

  /** To the next place of a kind, or says that there is none. */
  jump(kind: 'findings' | 'exits' | 'actStarts', by: number): void {
    if (!this.timeline) return;
    const to = landmarkFrom(landmarksOf(this.timeline)[kind], this.position, by);
    const name = { findings: 'finding', exits: 'exit to userspace', actStarts: 'act' }[kind];
    if (to !== undefined) this.seek(to);
    else if (kind === 'actStarts') this.seek(by > 0 ? this.stepCount : 0);
    else this.say(`No ${by > 0 ? 'later' : 'earlier'} ${name}.`);
  }

  // Branches -----------------------------------------------------------------------------------------------------------

  openActs(): void {
    this.player.pause();
    this.refreshActs();
    this.dialog = 'acts';
  }

  refreshActs(): void {
    const { run } = this;
    this.acts = (run && this.engine?.actsAt(run, this.position, run.profile.spec)) ?? [];
  }

  /** Does something else from here on: at the end of a branch it goes on, in the past it forks. */
  choose(act: Act): void {
    const { run, branch, engine } = this;
    if (!run || !branch || !engine) return;
    this.dialog = 'none';
    const fork = engine.forkText(run, this.position, act);
    if (!fork.ok) return this.warn(fork.error.message);
    const result = engine.runText(fork.value.text, this.profileSpec);
    if (!result.ok) return this.warn(result.problems[0]?.message ?? 'That cannot be run.');
    const goesOn = this.position >= this.stepCount && branch.fork !== undefined;
    const number = this.branches.filter((one) => one.fork !== undefined).length + 1;
    const next: Branch = goesOn
      ? { ...branch, text: fork.value.text, run: result.value.run }
      : {
          id: `try-${number}`,
          title: `try-${number}`,
          text: fork.value.text,
          run: result.value.run,
          fork: { from: branch.id, position: this.position },
        };
    this.branches = goesOn
      ? this.branches.map((one) => (one.id === branch.id ? next : one))
      : [...this.branches, next];
    this.branchId = next.id;
    this.draft = next.text;
    this.seek(Math.min(fork.value.from + 1, this.stepCount));
    this.showProblems(next.run);
  }

  useBranch(id: string): void {
    if (id === this.branchId) return;
    this.player.pause();
    this.branchId = id;
    this.draft = this.branch?.text ?? '';
    this.seek(Math.min(this.position, this.stepCount));
    this.say(`Branch ${id}.`);
  }

  show(view: string): void {
    this.view = view;
    this.links.remember();
  }

  save(): void {
    const slug = this.slug ?? 'mine';
    const entry = {
      slug: this.memory.has(slug) ? slug : `my-${slug}`,
      title: this.title,
      text: this.draft,
    };
    if (this.memory.save(entry)) this.say(`Saved in this browser as "${entry.slug}".`);
    else this.warn('Not saved in this browser: it refuses or is full.');
  }

  /** Confirms something in the status line and to screen readers; the next step takes it away. */
  say(text: string): void {
    this.status = text;
    this.announcement = text;
  }

  /** Says what could not be done; it stays until a person puts it away. */
  warn(text: string): void {
    this.notice = text;
    this.announcement = text;
  }
}

function parseSelection(text: string | undefined): Selection | undefined {
  const page = /^page:0x([0-9a-f]{1,10})$/.exec(text ?? '')?.[1];
  return page === undefined ? undefined : { kind: 'page', gfn: Number.parseInt(page, 16) };
}
