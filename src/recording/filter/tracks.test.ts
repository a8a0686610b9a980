import { expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import { defaultProfile } from '../../profiles/resolve';
import { parseScenario } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import { Timeline } from '../timeline/timeline';
import { pinTrack, valueAt } from './tracks';

const parsed = parseScenario(`ghcb-scenario 1
vm      vcpus=2 memory=4M
launch  standard
v0      init-sipi target=1
v0      psc entries=shared:0x140
end ghcb-scenario
`);
if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
const { timeline } = runScenario(parsed.scenario, defaultProfile(), (world) => new Timeline(world));

test.each(['v1.mpState', 'page.0x140.rmp', 'v0.exit', 'v0.ghcb.swExitCode'])(
  'the track of %s has a value from each step that changed it, and from no other',
  (path) => {
    const track = finish(pinTrack(timeline, path));
    expect(track[0]?.position).toBe(0);
    expect(track.length).toBeGreaterThan(1);
    for (let position = 0; position <= timeline.stepCount; position++) {
      const at = track.findLast((one) => one.position <= position);
      expect(at?.text, `after step ${position}`).toBe(valueAt(timeline, position, path));
    }
  },
);
