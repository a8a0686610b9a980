/** Searches beside the page, in parts, so that it hears when it shall stop. */
import { scenarioOfWay, scenarioTo } from '../../explorer/search/counterexample';
import { explore, verdictOf, type Exploration, type Explored } from '../../explorer/search/exploration';
import { parseProfileSpec, type ResolvedProfile } from '../../profiles/resolve';
import { parseScenario, problemText } from '../../scenarios/parse';
import { lineText, printScenario } from '../../scenarios/print';
import { actLine, type Scenario } from '../../scenarios/scenario';
import type { Question, Reply, Said, ShownAnswer, ShownMap, ShownSearch } from './messages';

/** Milliseconds between two looks at the messages, and between two reports of progress. */
const PART = 12;
const REPORT = 80;
/** States of a graph that is drawn whole. */
const MAX_NODES = 300;

/** The number of the present question, and whether it shall end. */
let turn = 0;
let stops = false;

const say = (reply: Reply): void => postMessage(reply);

/** Lets the worker receive messages of the page. A timer would wait for milliseconds each time. */
const nextTask = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

/** Kernels that stand beside one that is shown alone. */
const others = ['part2-v4', 'linux-6.12', 'linux-7.2', 'linux-7.3'];

/** The profile of a search first, then the other ones that are shown. */
function besides(profiles: readonly string[], shownProfiles: readonly string[]): readonly string[] {
  const more = shownProfiles.length > 1 ? shownProfiles : others;
  return [...profiles, ...more.filter((spec) => !profiles.includes(spec))];
}

interface Asked {
  readonly scenario: Scenario;
  readonly shownProfiles: readonly string[];
}

function answersOf({ scenario, shownProfiles }: Asked, { profiles, searched }: Explored): ShownAnswer[] {
  return searched.answers.map((answer): ShownAnswer => {
    const { question, way } = answer;
    const { name, says, sense } = question;
    const found = way && {
      way: way.map((act) => lineText(actLine(act))),
      text: printScenario(scenarioOfWay(scenario, profiles, { question, way })),
      beside: printScenario(scenarioOfWay(scenario, besides(profiles, shownProfiles), { question, way })),
    };
    return { name, says, sense, verdict: verdictOf(answer, searched), ...found };
  });
}

function shown(asked: Asked, explored: Explored, milliseconds: number): ShownSearch {
  const { answers: _, cells, ...counts } = explored.searched;
  return {
    profiles: explored.profiles,
    counts: { ...counts, cells: cells.length },
    milliseconds,
    answers: answersOf(asked, explored),
  };
}

function mapOf(
  scenario: Scenario,
  profiles: readonly string[],
  exploration: Exploration,
): ShownMap | undefined {
  const map = exploration.map(MAX_NODES);
  if (!map) return undefined;
  const { clusters, nodes, edges } = map;
  const total = clusters.reduce((sum, { states }) => sum + states, 0);
  const isSmall = total <= MAX_NODES;
  return {
    clusters,
    nodes: isSmall
      ? nodes.map(({ cluster, depth, way }) => ({
          cluster,
          depth,
          text: printScenario(scenarioTo(scenario, profiles, { says: clusters[cluster]?.name ?? '', way })),
        }))
      : [],
    edges: isSmall ? edges.map(({ from, to, act }) => ({ from, to, act: lineText(actLine(act)) })) : [],
  };
}

function profilesOf(specs: readonly string[]): readonly ResolvedProfile[] {
  return specs.map((spec) => {
    const parsed = parseProfileSpec(spec);
    if (!parsed.ok) throw new Error(parsed.error.message);
    return parsed.value;
  });
}

async function answer(question: Extract<Question, { kind: 'explore' }>): Promise<void> {
  const { text, profiles } = question;
  turn = question.turn;
  stops = false;
  const isMine = (): boolean => turn === question.turn;
  const reply = (said: Said): void => say({ turn: question.turn, ...said });
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('; '));
  const { scenario } = parsed;
  const asked: Asked = { scenario, shownProfiles: profiles };
  const exploration = explore(scenario, profilesOf(profiles), { whole: true });
  if (!exploration.ok) throw new Error(exploration.error.message);
  const { parts, progress, soFar } = exploration.value;
  const searches: ShownSearch[] = [];
  let began = performance.now();
  let reported = began;
  /** Ways of the present search that the page has. */
  let told = 0;
  let isDone = false;
  while (!isDone && !stops && isMine()) {
    const until = performance.now() + PART;
    while (!isDone && performance.now() < until) {
      isDone = parts.next().done === true;
      const { done, now } = progress();
      for (const one of done.slice(searches.length)) {
        searches.push(shown(asked, one, performance.now() - began));
        began = performance.now();
        told = 0;
      }
      if (!now || now.ways <= told) continue;
      told = now.ways;
      const present = soFar().slice(-1);
      const sofar = present.map((one) => shown(asked, one, performance.now() - began));
      reply({ kind: 'early', searches: [...searches, ...sofar] });
    }
    const { now } = progress();
    if (now && performance.now() - reported > REPORT) {
      reported = performance.now();
      reply({ kind: 'progress', under: profiles[searches.length] ?? '', ...now });
    }
    await nextTask();
  }
  if (!isMine()) return;
  for (const one of soFar().slice(searches.length))
    searches.push(shown(asked, one, performance.now() - began));
  reply({ kind: 'found', searches, stopped: !isDone });
  reply({ kind: 'map', map: mapOf(scenario, profiles, exploration.value) });
}

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  if (data.kind === 'stop') {
    stops = true;
    return;
  }
  answer(data).catch((error: unknown) =>
    say({ turn: data.turn, kind: 'failed', what: error instanceof Error ? error.message : String(error) }),
  );
});
