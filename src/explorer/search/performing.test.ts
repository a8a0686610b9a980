import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { profile } from '../../profiles/resolve';
import { parseScenario, problemText } from '../../scenarios/parse';
import { isLong } from '../../testing/effort';
import { LiveCells } from './live-cells';
import { Memo } from './memo';
import { Performer } from './performing';
import { checkedFor, questionsOf } from './property';
import { rootWorld } from './root';
import { scopeOf } from './scope';
import { Taker, type Taken } from './taking';

const said = ({ outcome, reads, writes, hits }: Taken): unknown => ({
  outcome,
  reads: [...reads.cells, ...reads.values],
  writes: [...writes.cells, ...writes.values],
  hits,
});

test.each(['explore-ap', 'explore-launch', 'explore-psc', 'explore-teardown', 'explore-update'])(
  'in %s an act reads and writes in a packed state what it does behind the whole way',
  (name) => {
    const text = readFileSync(new URL(`../../../public/scenarios/${name}.ghcb`, import.meta.url), 'utf8');
    const parsed = parseScenario(text);
    if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
    const scope = scopeOf(parsed.scenario);
    if (!scope.ok) throw new Error(scope.error.message);
    const { acts, properties, scenario } = scope.value;
    const questions = questionsOf(properties);
    const root = rootWorld(scenario, profile('linux-6.12'), checkedFor(questions));
    if (!root.ok) throw new Error(root.error.message);
    const taker = new Taker(scope.value, questions, [root.value]);
    const live = new LiveCells(taker.cellCount, (cell) => taker.get(cell), false);
    const memo = new Memo(acts.length, live);
    const performer = new Performer(scope.value, taker, live, memo);
    performer.pack();
    let performed = 0;
    for (let walk = 0; walk < (isLong ? 200 : 20); walk++) {
      const way: number[] = [];
      let words = new Int32Array(live.words);
      for (let step = 0; step < 60; step++) {
        const act = (walk * 7 + step * step * 13 + step) % acts.length;
        const entry = acts[act];
        if (!entry) throw new Error('there is such an act');
        let leaf = memo.leafOf(act, words);
        if (leaf < 0) {
          performed++;
          performer.leave();
          const behind = performer.after(way, () => taker.take(entry));
          leaf = performer.perform(words, act, () => ({ leaves: way, act }));
          expect(said(memo.leaf(leaf))).toEqual(said(behind));
        }
        if (memo.leaf(leaf).outcome === 'taken') way.push(leaf);
        if (live.isStale) performer.pack();
        words = memo.wordsAfter(way);
      }
    }
    expect(performed).toBeGreaterThan(20);
  },
);
