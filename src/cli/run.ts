/** `run`: a scenario under one profile, or under several side by side. */
import { MAX_COMMAND_RUN_SECONDS } from '../base/limits';
import { finish } from '../base/resumable';
import { didYouMean } from '../base/text';
import { parseProfileList, parseProfileSpec, type ResolvedProfile } from '../profiles/resolve';
import { exportedOf, type Exported } from '../exports/exported';
import { exportFormats } from '../exports/formats';
import { type Comparison } from '../recording/comparison/model';
import { Timeline } from '../recording/timeline/timeline';
import { lineText } from '../scenarios/print';
import { defaultRunOptions, runScenario, type Run, type RunOptions } from '../scenarios/run';
import { headOf } from '../scenarios/scenario';
import { EXIT_FAILED, EXIT_FINE, readWords, terminalColumns, UsageError, type Output } from './io';
import { comparisonText } from './run-comparison';
import { expectationText, runText } from './run-text';
import { readScenario, warningLines, type ScenarioFile } from './scenario-file';

/** Text for a terminal, or one of the forms in which the page exports a run too. */
export const runFormats = ['text', ...exportFormats.map(({ id }) => id)] as const;
type Format = (typeof runFormats)[number];

function formatOf(word: string): Format {
  const format = runFormats.find((candidate) => candidate === word);
  if (format) return format;
  throw new UsageError(
    `no format '${word}'${didYouMean(word, runFormats)}; there are ${runFormats.join(', ')}`,
  );
}

/** The profiles asked for, else those the scenario names. */
function profilesOf(file: ScenarioFile, wanted: string | undefined): readonly ResolvedProfile[] {
  if (wanted !== undefined) {
    const parsed = parseProfileList(wanted);
    if (!parsed.ok) throw new UsageError(parsed.error.message);
    return parsed.value;
  }
  return headOf(file.scenario).profiles.flatMap((spec) => {
    const parsed = parseProfileSpec(spec);
    return parsed.ok ? [parsed.value] : [];
  });
}

export function run(words: readonly string[]): Output {
  const { plain, options } = readWords(words, {
    profile: 'value',
    format: 'value',
    link: 'value',
    'fail-on-diff': 'flag',
    ...budgetOptions,
  });
  const [name, ...extra] = plain;
  if (name === undefined || extra.length > 0) throw new UsageError('run takes one FILE; - is standard input');
  const format = formatOf(options.get('format') ?? 'text');
  const budget = budgetOf(options);
  const file = readScenario(name);
  const profiles = profilesOf(file, options.get('profile'));
  const runs = profiles.map((profile) =>
    runScenario(file.scenario, profile, (world) => new Timeline(world), budget()),
  );
  const exported = exportedOf(runs, { link: options.get('link') });
  const failed = tellsFailures.includes(format) ? [] : runs.flatMap(failures);
  const complaint = [...warningLines(file), ...failed].join('\n');
  const differ = options.has('fail-on-diff') && runs.length > 1 && differs(exported.comparison);
  return { text: told(exported, format), status: statusOf(runs, differ), complaint };
}

/** What each run may use, for a run that stopped and is wanted further. */
const budgetOptions = {
  'max-steps': 'value',
  'max-writes': 'value',
  'max-memory': 'value',
  'max-seconds': 'value',
} as const;
type BudgetOption = keyof typeof budgetOptions;

/** @returns makes the budget of one run; its time begins with the call */
function budgetOf(options: ReadonlyMap<string, string>): () => RunOptions {
  const limit = (name: BudgetOption, usual: number): number => {
    const word = options.get(name);
    if (word === undefined) return usual;
    const count = Number(word);
    if (!Number.isSafeInteger(count) || count < 1)
      throw new UsageError(`--${name} ${word}: a number from 1 on`);
    return count;
  };
  const { maxSteps, maxWrites, maxBytes } = defaultRunOptions;
  const limits = {
    maxSteps: limit('max-steps', maxSteps),
    maxWrites: limit('max-writes', maxWrites),
    maxBytes: limit('max-memory', maxBytes / MIB) * MIB,
  };
  const seconds = limit('max-seconds', MAX_COMMAND_RUN_SECONDS);
  return () => {
    const end = performance.now() + seconds * 1000;
    return { ...limits, mayGoOn: () => performance.now() < end };
  };
}

const MIB = 2 ** 20;

function told(exported: Exported, format: Format): string {
  const { runs } = exported;
  const [only] = runs;
  if (!only) return '';
  const form = exportFormats.find(({ id }) => id === format);
  if (form) return finish(form.textOf(exported));
  const lines = runs.length > 1 ? comparisonText(exported.comparison, terminalColumns()) : runText(only);
  return lines.join('\n');
}

/** Forms that say which expectations failed. */
const tellsFailures: readonly Format[] = ['text', 'mail', 'mail-short'];

/** What the other forms do not tell. */
function failures(one: Run<Timeline>): string[] {
  const failed = one.expectations.filter(({ ok }) => !ok);
  const lines = failed.map((result) => {
    const line = one.scenario.lines[result.line];
    return `${one.profile.spec}: ${lineText(line)}  ${expectationText(result)}`;
  });
  return [...lines, ...one.problems.map(({ message }) => `${one.profile.spec}: ${message}`)];
}

const differs = ({ divergences }: Comparison): boolean => divergences.length > 0;

function statusOf(runs: readonly Run<Timeline>[], differ: boolean): number {
  const failed = runs.some((one) => one.expectations.some(({ ok }) => !ok) || one.problems.length > 0);
  return failed || differ ? EXIT_FAILED : EXIT_FINE;
}
