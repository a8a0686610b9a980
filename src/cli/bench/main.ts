/** `npm run bench`: speed as ratios measured in one run. It prints and never fails; names of parts behind it choose them. */
import { benchBoot } from './boot';
import { benchExplore } from './explore';
import { benchImmer } from './immer';
import { benchPages } from './pages';
import { benchTimeline } from './timeline';
import { benchTraces } from './traces';

const parts: Readonly<Record<string, () => void>> = {
  boot: benchBoot,
  explore: benchExplore,
  timeline: () => void benchTimeline(),
  immer: benchImmer,
  pages: benchPages,
  traces: benchTraces,
};
const wanted = process.argv.slice(2);
for (const [name, measure] of Object.entries(parts))
  if (wanted.length === 0 || wanted.includes(name)) measure();
