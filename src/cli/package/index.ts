/**
 * What the package offers to programs: text in, plain data out. 64-bit words are `"0x..."`, so everything here goes through
 * JSON. All types stand in this file; the declarations that ship are made from it alone.
 */
import { finish } from '../../base/resumable';
import { decodeFile, decodeText, rowsJson, type Decoded as DecodedKind } from '../../abi/kind-text';
import { readPasted, recognitionOf } from '../../traces/pasted';
import type { Result } from '../../base/result';
import { rowTexts } from '../../exports/row-text';
import { moveKinds, moveText } from '../../engine/moves';
import { facetDoc, facetNames } from '../../profiles/facets';
import { profileIds, profileTexts, sourceIn, valueIn } from '../../profiles/profiles';
import { defaultProfile, parseProfileSpec, type ResolvedProfile } from '../../profiles/resolve';
import { compare as compareRuns } from '../../recording/comparison/comparison';
import { Timeline, type StepRecord } from '../../recording/timeline/timeline';
import { parseScenario, problemText } from '../../scenarios/parse';
import { lineText } from '../../scenarios/print';
import { runScenario as runParsed, type Run } from '../../scenarios/run';
import { headOf, type Scenario as ParsedScenario } from '../../scenarios/scenario';
import { runJsonl } from '../../exports/jsonl';

/** A text, a value or a name that cannot be read; the message says where and why. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** Where a fact comes from, and how far it was checked. */
export interface Source {
  readonly confidence: 'executed' | 'read' | 'inferred' | 'unconfirmed';
  readonly document: string;
  readonly place?: string;
}

/** What one kernel generation does in one disputed place. */
export interface FacetOfProfile {
  readonly name: string;
  readonly doc: string;
  readonly value: string;
  readonly source: Source;
}

/** A kernel generation. */
export interface Profile {
  readonly id: string;
  readonly title: string;
  readonly date: string;
  readonly description: string;
  readonly facets: readonly FacetOfProfile[];
}

/** Something that a step broke or that a reader should know. */
export interface Finding {
  readonly kind: string;
  readonly text: string;
}

/** One observable move. */
export interface Step {
  /** From 0 on. */
  readonly index: number;
  /** The line of the scenario that caused it. */
  readonly line: string;
  readonly vcpu?: number;
  /** Who moved, and towards whom: `guest`, `rmp`, `kvm`, `vmm`, `firmware`. Absent where an act wrote without a move. */
  readonly from?: string;
  readonly to?: string;
  readonly text: string;
  /** The rule that was applied, by its identifier. */
  readonly rule?: string;
  /** Names of the facets that were consulted. */
  readonly facets: readonly string[];
  readonly findings: readonly Finding[];
}

/** An expectation of the scenario (`? guest.result == ok`) and what came. */
export interface Expectation {
  readonly line: string;
  readonly ok: boolean;
  readonly actual: string;
  readonly expected: string;
}

/** A scenario that was run to its end under one profile. */
export interface ScenarioRun {
  readonly title: string;
  /** The profile as it is written, overrides included. */
  readonly profile: string;
  readonly steps: readonly Step[];
  readonly expectations: readonly Expectation[];
  /** What kept the run from going on as written. */
  readonly problems: readonly string[];
  /** Every expectation holds and nothing kept the run from going on. */
  readonly passed: boolean;
  /** Identifies the state at the end. */
  readonly digest: string;
  /** The run as JSON lines, which `vmgexit verify` and the page read. */
  readonly recording: string;
}

/** What runs that did the same did in a row of a comparison. */
export interface RowText {
  /** Indexes in `profiles`. */
  readonly runs: readonly number[];
  readonly text: string;
}

/** Something that the runs do not all have alike. */
export interface Difference {
  /** `result`, `rule`, or the name of an observation, such as `v1.mpState`. */
  readonly name: string;
  /** One for each profile; null where a run has no such thing. */
  readonly values: readonly (string | null)[];
}

/** Steps of the runs that stand beside each other. */
export interface ComparedRow {
  /** The line of the scenario. */
  readonly line: string;
  /** All runs did the same. */
  readonly equal: boolean;
  /** Index of the step in each run; null where a run made no such step. */
  readonly steps: readonly (number | null)[];
  readonly texts: readonly RowText[];
  readonly differences: readonly Difference[];
}

/** One scenario under several profiles, side by side. */
export interface Comparison {
  readonly profiles: readonly string[];
  readonly rows: readonly ComparedRow[];
  /** Index of the row where the runs part for a reader; null when they never do. */
  readonly firstDivergence: number | null;
  /** The state that differs in the end. */
  readonly state: readonly Difference[];
}

/** A field of a decoded value. */
export interface Field {
  readonly name: string;
  /** Highest and lowest bit, in a word. */
  readonly bits?: readonly [number, number];
  /** Bytes from the start, and how many, in a structure. */
  readonly offset?: number;
  readonly size?: number;
  /** `"0x..."`, or hex digits in memory order for fields of many bytes. */
  readonly value: string;
  readonly text: string;
  readonly doc: string;
  readonly source: Source;
  /** Why a value is not one that the protocol allows. */
  readonly problem?: string;
}

/** A value of the protocol, taken apart. */
export interface Decoded {
  readonly kind: string;
  readonly title: string;
  readonly fields: readonly Field[];
}

/** Takes apart a value, hex bytes, a dump or a log line. @param kind as `vmgexit decode --list` names them */
export function decode(text: string, kind?: string): Decoded {
  return plainDecoded(kind === undefined ? recognised(text) : good(decodeText(kind, text)));
}

/** The kernel generations, each with what it does in every disputed place. */
export const profiles: readonly Profile[] = profileIds.map((id) => {
  const { title, date, description } = profileTexts[id];
  const facets = facetNames.map((name) => ({
    name,
    doc: facetDoc(name),
    value: valueIn(id, name),
    source: sourceIn(id, name),
  }));
  return { id, title, date, description, facets };
});

/**
 * Runs a scenario.
 * @param text in the `.ghcb` format
 * @param profile such as `linux-7.2` or `linux-7.2:ap.doubleCreate=reject`; else the first that the scenario names
 */
export function runScenario(text: string, profile?: string): ScenarioRun {
  const scenario = parsed(text);
  const named = profile ?? headOf(scenario).profiles[0];
  return plainRun(run(scenario, named === undefined ? defaultProfile() : good(parseProfileSpec(named))));
}

/** Runs a scenario under several profiles and lines their steps up. */
export function compare(text: string, specs: readonly string[]): Comparison {
  const scenario = parsed(text);
  if (specs.length === 0) throw new InputError('a comparison needs profiles');
  const comparison = compareRuns(specs.map((spec) => run(scenario, good(parseProfileSpec(spec)))));
  const { runs, rows, firstDivergence } = comparison;
  return {
    profiles: runs.map((one) => one.profile.spec),
    rows: rows.map((row) => ({
      line: lineText(scenario.lines[row.line]),
      equal: row.groups.length === 1,
      steps: row.steps.map((step) => step ?? null),
      texts: rowTexts(comparison, row).texts.map((told) => ({ runs: told.runs, text: told.text })),
      differences: row.differences.map(plainDifference),
    })),
    firstDivergence: firstDivergence ?? null,
    state: comparison.stateAfter(rows.length - 1).map(plainDifference),
  };
}

function good<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new InputError(result.error.message);
}

function parsed(text: string): ParsedScenario {
  const read = parseScenario(text);
  if (!read.ok) throw new InputError(read.problems.map(problemText).join('\n'));
  return read.scenario;
}

const run = (scenario: ParsedScenario, profile: ResolvedProfile): Run<Timeline> =>
  runParsed(scenario, profile, (world) => new Timeline(world));

function recognised(text: string): DecodedKind {
  const pasted = readPasted(text);
  const line =
    pasted.kind === 'log' ? pasted.trace.lines.find(({ status }) => status === 'placed') : undefined;
  const found = pasted.kind === 'value' ? good(pasted.found) : line && recognitionOf(line);
  const [part] = found?.parts ?? [];
  const kind = part?.candidates[0]?.kind;
  if (!part || kind === undefined) throw new InputError('nothing claims this value; name a kind');
  return good(decodeFile(kind, part.bytes));
}

const plainDecoded = ({ kind, title, rows }: DecodedKind): Decoded => ({
  kind,
  title,
  fields: rowsJson(rows),
});

const plainDifference = (difference: {
  readonly name: string;
  readonly values: readonly (string | undefined)[];
}): Difference => ({ name: difference.name, values: difference.values.map((value) => value ?? null) });

function plainRun(one: Run<Timeline>): ScenarioRun {
  const { scenario, profile, timeline, lines, expectations, problems } = one;
  const lineOfAct = (act: number): string =>
    lineText(scenario.lines[lines.findIndex(({ firstAct, endAct }) => act >= firstAct && act < endAct)]);
  return {
    title: headOf(scenario).title,
    profile: profile.spec,
    steps: Array.from({ length: timeline.stepCount }, (_, index) => {
      const step = timeline.step(index);
      return plainStep(step, lineOfAct(step.actIndex));
    }),
    expectations: expectations.map(({ line, ...result }) => ({
      line: lineText(scenario.lines[line]),
      ...result,
    })),
    problems: problems.map(({ message }) => message),
    passed: problems.length === 0 && expectations.every(({ ok }) => ok),
    digest: timeline.digest(),
    recording: finish(runJsonl(one)),
  };
}

function plainStep({ index, move, rule, facets, findings }: StepRecord, line: string): Step {
  return {
    index,
    line,
    ...(move && move.vcpu >= 0 ? { vcpu: move.vcpu } : {}),
    ...(move ? { from: moveKinds[move.kind].from, to: moveKinds[move.kind].to } : {}),
    text: move ? moveText(move) : 'no visible move',
    ...(rule === undefined ? {} : { rule }),
    facets,
    findings: findings.map(({ kind, text }) => ({ kind, text })),
  };
}
