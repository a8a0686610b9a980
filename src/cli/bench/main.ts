/** `npm run bench`: speed as ratios measured in one run. It prints and never fails. */
import { benchBoot } from './boot';
import { benchExplore } from './explore';
import { benchImmer } from './immer';
import { benchPages } from './pages';
import { benchTimeline } from './timeline';
import { benchTraces } from './traces';

benchBoot();
benchExplore();
benchTimeline();
benchImmer();
benchPages();
benchTraces();
