import { expect, test } from 'vitest';
import { defaultProfile } from '../profiles/resolve';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { changedFrames } from './page-changes';
import { pageSince, tellPage } from './page-told';

const parsed = parseScenario(`ghcb-scenario 1
vm      vcpus=1 memory=4M
launch  standard
v0      psc entries=shared:0x140
v0      hv-features form=msr
end ghcb-scenario
`);
if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
const { timeline } = runScenario(parsed.scenario, defaultProfile(), (world) => new Timeline(world));
const end = timeline.stepCount;

test.each([0x140, 0x141, 0x0])(
  'frame 0x%s: the step since which it is so is the last that changed it',
  (gfn) => {
    const last = Array.from({ length: end }, (_, step) => step).findLast((step) =>
      changedFrames(timeline.at(step + 1).world, timeline.step(step).changes).some(
        ({ first, count }) => gfn >= first && gfn < first + count,
      ),
    );
    expect(pageSince(timeline, end, gfn)).toBe((last ?? -1) + 1);
  },
);

test('a page is told with its addresses, its bands and its age', () => {
  const { lines } = tellPage(timeline.at(end).world, 0x140, pageSince(timeline, end, 0x140));
  expect(lines[0]).toMatch(/^gpa 0x140000, gfn 0x140, /);
  expect(lines.slice(1, 4).map((line) => line.split(':')[0])).toEqual(['guest', 'RMP', 'KVM']);
  expect(lines[4]).toMatch(/^since step \d+$/);
  expect(tellPage(timeline.at(0).world, 0x140, pageSince(timeline, 0, 0x140)).lines[4]).toBe(
    'since before step 1',
  );
});
