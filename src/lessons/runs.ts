/** Runs of the scenarios that a lesson names, each made once. */
import { didYouMean, nearest } from '../base/text';
import type { Resumable } from '../base/resumable';
import { profileIds } from '../profiles/profiles';
import { parseProfileSpec, type ResolvedProfile } from '../profiles/resolve';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario, problemText } from '../scenarios/parse';
import { defaultRunOptions, runInParts, type Run, type RunOptions } from '../scenarios/run';
import { headOf, type Line, type Scenario } from '../scenarios/scenario';
import { wrong, type Answer } from './answer';
import type { Setting, Written } from './lesson';

/** What lessons may name. */
export interface Library {
  readonly slugs: readonly string[];
  readonly lessons: readonly string[];
  /** The text of a scenario by its slug. */
  scenario(slug: string): string | undefined;
}

export type LessonRun = Run<Timeline>;

export interface LessonRunOptions extends RunOptions {
  /** Called before each act: an act of a page has a time of its own. */
  readonly beforeAct?: () => void;
}

export class LessonRuns {
  private readonly scenarios = new Map<string, Scenario>();
  private readonly made = new Map<string, LessonRun>();

  constructor(
    readonly library: Library,
    private readonly options: LessonRunOptions = defaultRunOptions,
  ) {}

  scenarioOf({ text: slug, line }: Written): Answer<Scenario> {
    const known = this.scenarios.get(slug);
    if (known) return { ok: true, value: known };
    const { library } = this;
    const text = library.scenario(slug);
    if (text === undefined)
      return wrong(
        line,
        `there is no scenario '${slug.slice(0, 80)}'${didYouMean(slug, library.slugs)}`,
        nearest(slug, library.slugs),
      );
    const parsed = parseScenario(text);
    if (!parsed.ok)
      return wrong(line, `the scenario '${slug}' has problems: ${parsed.problems.map(problemText)[0] ?? ''}`);
    this.scenarios.set(slug, parsed.scenario);
    return { ok: true, value: parsed.scenario };
  }

  /** Those that a screen names, or the scenario where it names none. */
  profilesOf({ profiles }: Setting, scenario: Scenario): readonly Written[] {
    if (profiles.length > 0) return profiles;
    return headOf(scenario).profiles.map((text) => ({ text, line: 1 }));
  }

  /** The run of a shipped scenario. */
  *run(setting: Setting, spec: Written): Resumable<Answer<LessonRun>> {
    const scenario = this.scenarioOf(setting.scenario);
    const profile = profileOf(spec);
    if (!scenario.ok) return scenario;
    if (!profile.ok) return profile;
    const key = `${setting.scenario.text} ${profile.value.spec}`;
    const made = this.made.get(key) ?? (yield* this.runLines(scenario.value.lines, profile.value));
    this.made.set(key, made);
    return { ok: true, value: made };
  }

  *runLines(lines: readonly Line[], profile: ResolvedProfile): Resumable<LessonRun> {
    const { parts } = runInParts({ lines }, profile, (world) => new Timeline(world), this.options);
    for (;;) {
      this.options.beforeAct?.();
      const part = parts.next();
      if (part.done) return part.value;
      yield;
    }
  }
}

export function profileOf({ text, line }: Written): Answer<ResolvedProfile> {
  const parsed = parseProfileSpec(text);
  if (parsed.ok) return { ok: true, value: parsed.value };
  return wrong(line, parsed.error.message, nearest(text.split(':')[0] ?? '', profileIds));
}
