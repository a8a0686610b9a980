/** Searches beside the page, in parts, so that it hears when it shall stop. */
import { scenarioOfWay, scenarioTo } from '../../explorer/search/counterexample';
import { explore, verdictOf, type Exploration, type Explored } from '../../explorer/search/exploration';
import { parseProfileSpec, type ResolvedProfile } from '../../profiles/resolve';
import { parseScenario, problemText } from '../../scenarios/parse';
import { lineText, printScenario } from '../../scenarios/print';
import { actLine, type Scenario } from '../../scenarios/scenario';
import type { Question, Reply, ShownMap, ShownSearch } from './messages';

/** Milliseconds between two looks at the messages. */
const PART = 40;
/** States of a graph that is drawn whole. */
const MAX_NODES = 300;

let stops = false;
let turn = 0;

const say = (reply: Reply): void => postMessage(reply);

/** Kernels that stand beside one that is shown alone. */
const others = ['part2-v4', 'linux-6.12', 'linux-7.2', 'linux-7.3'];

/** The profile of a search first, then the other ones that are shown. */
function besides(profiles: readonly string[], shownProfiles: readonly string[]): readonly string[] {
  const more = shownProfiles.length > 1 ? shownProfiles : others;
  return [...profiles, ...more.filter((spec) => !profiles.includes(spec))];
}

function shown(
  scenario: Scenario,
  { profiles, searched }: Explored,
  {
    milliseconds,
    shownProfiles,
  }: { readonly milliseconds: number; readonly shownProfiles: readonly string[] },
): ShownSearch {
  const { answers, cells, ...counts } = searched;
  return {
    profiles,
    counts: { ...counts, cells: cells.length },
    milliseconds,
    answers: answers.map((answer) => {
      const { question, way } = answer;
      const { name, says, sense } = question;
      const found = way && {
        way: way.map((act) => lineText(actLine(act))),
        text: printScenario(scenarioOfWay(scenario, profiles, { question, way })),
        beside: printScenario(scenarioOfWay(scenario, besides(profiles, shownProfiles), { question, way })),
      };
      return { name, says, sense, verdict: verdictOf(answer, searched), ...found };
    }),
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

async function answer({ text, profiles }: Extract<Question, { kind: 'explore' }>): Promise<void> {
  const mine = ++turn;
  stops = false;
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('; '));
  const { scenario } = parsed;
  const exploration = explore(scenario, profilesOf(profiles), { whole: true });
  if (!exploration.ok) throw new Error(exploration.error.message);
  const { parts, progress, soFar } = exploration.value;
  const searches: ShownSearch[] = [];
  let began = performance.now();
  let isDone = false;
  while (!isDone && !stops && mine === turn) {
    const until = performance.now() + PART;
    while (!isDone && performance.now() < until) {
      isDone = parts.next().done === true;
      for (const one of progress().done.slice(searches.length)) {
        searches.push(
          shown(scenario, one, { milliseconds: performance.now() - began, shownProfiles: profiles }),
        );
        began = performance.now();
      }
    }
    const { now } = progress();
    if (now) say({ kind: 'progress', under: profiles[searches.length] ?? '', ...now });
    await new Promise((resolve) => setTimeout(resolve));
  }
  if (mine !== turn) return;
  for (const one of soFar().slice(searches.length))
    searches.push(shown(scenario, one, { milliseconds: performance.now() - began, shownProfiles: profiles }));
  say({ kind: 'found', searches, stopped: !isDone, map: mapOf(scenario, profiles, exploration.value) });
}

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  if (data.kind === 'stop') {
    stops = true;
    return;
  }
  answer(data).catch((error: unknown) =>
    say({ kind: 'failed', what: error instanceof Error ? error.message : String(error) }),
  );
});
