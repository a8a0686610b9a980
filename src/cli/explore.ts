/** `explore`: every order of the acts that a scenario allows, and the shortest way to what must not be. */
import { alignColumns, didYouMean, wrap } from '../base/text';
import { invariantNames } from '../engine/rules/invariants';
import {
  explore as explorationOf,
  verdictOf,
  type Explored,
  type Verdict,
} from '../explorer/search/exploration';
import { scenarioOfWay } from '../explorer/search/counterexample';
import { estimateText } from '../explorer/search/growth';
import type { Expanders } from '../explorer/search/expanding';
import type { Property } from '../explorer/search/property';
import { reductionNames, type Reduction } from '../explorer/search/reductions';
import type { Answer, Searched } from '../explorer/search/search';
import { hasScope, scopeOf } from '../explorer/search/scope';
import { parseProfileList, type ResolvedProfile } from '../profiles/resolve';
import { parseScenario, type ScenarioProblem } from '../scenarios/parse';
import { lineText, printScenario } from '../scenarios/print';
import { actLine, headOf, type Scenario } from '../scenarios/scenario';
import { readTrailFile, writePromela } from './explore-spin';
import { EXIT_BOUND, EXIT_FAILED, EXIT_FINE, jsonPretty, readWords, UsageError, type Output } from './io';
import { readScenario } from './scenario-file';

const WIDTH = 96;
const MAX_THREADS = 64;

/** A search with the time that it took. */
interface Timed extends Explored {
  readonly ms: number;
}

function countOf(options: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = options.get(name);
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new UsageError(`--${name} needs a number above 0, not '${text}'`);
  return Number(text);
}

function profilesOf(text: string | undefined, scenario: Scenario): readonly ResolvedProfile[] {
  const parsed = parseProfileList(text ?? headOf(scenario).profiles.join(','));
  if (!parsed.ok) throw new UsageError(parsed.error.message);
  return parsed.value;
}

/** Reductions by their names, with a dash for the space. */
function leftOff(text: string | undefined): Reduction[] {
  return (text?.split(',') ?? []).map((word) => {
    const found = reductionNames.find((name) => name.replace(' ', '-') === word);
    if (found) return found;
    const known = reductionNames.map((name) => name.replace(' ', '-'));
    throw new UsageError(`--without: '${word}' is no reduction; there are ${known.join(', ')}`);
  });
}

/** A property of the command line is the name of an invariant, or what stands behind `explore` in a scenario. */
function propertiesOf(text: string | undefined, scenario: Scenario): readonly Property[] | undefined {
  if (text === undefined) return undefined;
  const name = invariantNames.find((known) => known === text);
  const { vcpus } = headOf(scenario).vm;
  const line = name ? `invariants ${name}` : text;
  const parsed = parseScenario(
    `ghcb-scenario 1\nvm vcpus=${vcpus}\nexplore v0 hlt\nexplore ${line}\nend ghcb-scenario\n`,
  );
  if (!parsed.ok) throw new UsageError(`--property: ${propertyProblem(text, parsed.problems)}`);
  const scope = scopeOf(parsed.scenario);
  return scope.ok ? scope.value.properties : undefined;
}

function propertyProblem(text: string, problems: readonly ScenarioProblem[]): string {
  const forms = "an invariant, 'never FILTER', 'some FILTER [then FILTER]' or 'alike PROFILE PROFILE'";
  if (!/^(never|some|alike|invariants)\b/.test(text))
    return `'${text}' is no property${didYouMean(text, invariantNames)}; it is ${forms}`;
  return problems.map(({ message }) => message).join('; ');
}

const ends: Readonly<Record<Searched['end'], string>> = {
  exhausted: 'exhausted: every state was looked at',
  answered: 'ended when every question had its answer',
  states: 'ended at its bound of states; what lies behind is not known',
  depth: 'ended at its bound of depth; what lies behind is not known',
};

const verdictWords = (answer: Answer, verdict: Verdict): string => {
  const { question, way } = answer;
  const length = way ? `in ${way.length} ${way.length === 1 ? 'act' : 'acts'}` : '';
  if (verdict === 'open') return 'not decided';
  if (question.sense === 'wanted') return verdict === 'holds' ? `possible ${length}` : 'impossible';
  return verdict === 'holds' ? 'holds' : `violated ${length}`;
};

/** What holds is one paragraph: of thirty invariants a reader wants those that do not. */
function textOf({ profiles, searched, ms }: Timed): string[] {
  const { states, named, transitions, depth, levels, gaps, end, performed, tried, cells, words, reductions } =
    searched;
  const judged = searched.answers.map((answer) => ({ answer, verdict: verdictOf(answer, searched) }));
  const isPlain = ({ answer, verdict }: (typeof judged)[number]): boolean =>
    answer.question.sense === 'bad' && verdict === 'holds';
  const rows = judged
    .filter((one) => !isPlain(one))
    .map(({ answer, verdict }) => [`  ${answer.question.name}`, verdictWords(answer, verdict)]);
  const held = judged.filter(isPlain).map(({ answer }) => answer.question.name);
  const perSecond = Math.round(states / Math.max(ms / 1000, 0.001));
  const isBounded = end === 'states' || end === 'depth';
  const behind = isBounded ? ` ${estimateText(levels)}`.trimEnd() : '';
  const forms = named > states ? ` (${named} with the names of vCPUs that are alike)` : '';
  const counts = `${states} states${forms}, ${transitions} transitions, depth ${depth}, ${gaps} acts that the model lacks; ${Math.round(ms)} ms, ${perSecond} states/s. The search ${ends[end]}.${behind} A state is ${cells.length} live cells in ${words * 4} bytes; ${performed} of ${tried} attempts ran the handlers. Reductions in force: ${reductions.join(', ')}.`;
  const indented = (text: string): string[] => wrap(text, WIDTH - 2).map((line) => `  ${line}`);
  return [
    `under ${profiles.join(' and ')}`,
    ...alignColumns(rows),
    ...(held.length > 0 ? indented(`hold: ${held.join(', ')}`) : []),
    ...indented(counts),
  ];
}

function jsonOf(scenario: Scenario, { profiles, searched, ms }: Timed, threads: number): unknown {
  const { answers, cells, ...counts } = searched;
  return {
    profiles,
    ...counts,
    liveCells: cells.length,
    ms: Math.round(ms),
    threads,
    answers: answers.map((answer) => ({
      name: answer.question.name,
      says: answer.question.says,
      verdict: verdictOf(answer, searched),
      ...(answer.way
        ? {
            length: answer.way.length,
            acts: answer.way.map((act) => lineText(actLine(act))),
            scenario: printScenario(
              scenarioOfWay(scenario, profiles, { question: answer.question, way: answer.way }),
            ),
          }
        : {}),
    })),
  };
}

function statusOf(explored: readonly Explored[]): number {
  const verdicts = explored.flatMap(({ searched }) =>
    searched.answers.map((answer) => verdictOf(answer, searched)),
  );
  if (verdicts.includes('fails')) return EXIT_FAILED;
  return verdicts.includes('open') ? EXIT_BOUND : EXIT_FINE;
}

/** The shortest of all ways to what must not be, as the text of a scenario. */
function firstCounterexample(scenario: Scenario, explored: readonly Explored[]): string[] {
  const ways = explored.flatMap(({ profiles, searched }) =>
    searched.answers.flatMap(({ question, way }) =>
      way && question.sense === 'bad' ? [{ profiles, question, way }] : [],
    ),
  );
  const [shortest] = ways.sort((a, b) => a.way.length - b.way.length);
  return shortest ? ['', printScenario(scenarioOfWay(scenario, shortest.profiles, shortest))] : [];
}

const declared = {
  profile: 'value',
  property: 'value',
  'max-states': 'value',
  'max-depth': 'value',
  threads: 'value',
  whole: 'flag',
  'every-cell': 'flag',
  without: 'value',
  json: 'flag',
  promela: 'flag',
  trail: 'value',
} as const;

/** The same with as many threads as `--threads` says. */
export async function exploreInThreads(words: readonly string[]): Promise<Output> {
  const count = countOf(readWords(words, declared).options, 'threads') ?? 1;
  if (count === 1) return explore(words);
  if (count > MAX_THREADS) throw new UsageError(`--threads is at most ${MAX_THREADS}`);
  const { Threads } = await import('./explore-threads');
  const threads = new Threads(count);
  try {
    return explore(words, threads);
  } finally {
    await threads.stop();
  }
}

/** @param expanders threads beside this one */
export function explore(words: readonly string[], expanders?: Expanders): Output {
  const { plain, options } = readWords(words, declared);
  const [file, ...extra] = plain;
  if (file === undefined || extra.length > 0) throw new UsageError('explore takes one FILE');
  const read = readScenario(file);
  const { name, scenario } = read;
  const profiles = profilesOf(options.get('profile'), scenario);
  const trail = options.get('trail');
  if (trail !== undefined) return readTrailFile(read, profiles, trail);
  if (!hasScope(scenario))
    throw new UsageError(`${name}: it has no line 'explore', which says what may be done`);
  if (options.has('promela')) return writePromela(read, profiles);
  const properties = propertiesOf(options.get('property'), scenario);
  const exploration = explorationOf(scenario, profiles, {
    maxStates: countOf(options, 'max-states'),
    maxDepth: countOf(options, 'max-depth'),
    whole: options.has('whole'),
    expanders,
    without: [
      ...leftOff(options.get('without')),
      ...(options.has('every-cell') ? (['live cells'] as const) : []),
    ],
    ...(properties ? { properties } : {}),
  });
  if (!exploration.ok) throw new UsageError(`${name}: ${exploration.error.message}`);
  const timed: Timed[] = [];
  const { parts, progress } = exploration.value;
  for (let since = performance.now(), next = parts.next(); ; next = parts.next()) {
    const { done } = progress();
    for (const one of done.slice(timed.length)) {
      timed.push({ ...one, ms: performance.now() - since });
      since = performance.now();
    }
    if (next.done) break;
  }
  const status = statusOf(timed);
  const complaint = status === EXIT_BOUND ? 'a bound was reached before everything was looked at' : '';
  if (options.has('json'))
    return {
      text: jsonPretty(timed.map((one) => jsonOf(scenario, one, expanders?.threads ?? 1))),
      status,
      complaint,
    };
  const text = [
    ...timed.flatMap((one, at) => [...(at > 0 ? [''] : []), ...textOf(one)]),
    ...firstCounterexample(scenario, timed),
  ];
  return { text: text.join('\n'), status, complaint };
}
