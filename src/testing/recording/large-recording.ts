/** A recording of any size, from a seed: a launch, then requests and reads at random. */
import { parseProfileSpec } from '../../profiles/resolve';
import type { Act } from '../../engine/acts';
import { digestLine, headerLine, linesOfAct } from '../../recording/file/file';
import { Timeline } from '../../recording/timeline/timeline';
import { parseScenario } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';

const scenario = 'ghcb-scenario 1\nvm vcpus=1 memory=4M\nlaunch standard\nend ghcb-scenario\n';

/** @param bytes at least so many @yields chunks of whole lines, each ended; the last chunk is the digest */
export function* largeRecording(bytes: number, seed = 1): Generator<Uint8Array> {
  const parsed = parseScenario(scenario);
  const profile = parseProfileSpec('linux-7.2');
  if (!parsed.ok || !profile.ok) throw new Error('the recording has no world');
  const { timeline } = runScenario(parsed.scenario, profile.value, (world) => new Timeline(world));
  const encoder = new TextEncoder();
  const chunk = (lines: readonly string[]): Uint8Array => encoder.encode(`${lines.join('\n')}\n`);
  timeline.world.allow({});
  yield chunk([
    headerLine({ engine: '0.1.0', profile: 'linux-7.2', scenario }),
    ...timeline.acts.flatMap((act) => linesOfAct(timeline, act)),
  ]);
  let state = seed >>> 0;
  let written = 0;
  let lines: string[] = [];
  while (written < bytes) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const act: Act =
      (state & 0x3000000) === 0
        ? { actor: 'guest', vcpu: 0, verb: 'read', args: { gpa: 0x1000n, private: false } }
        : { actor: 'guest', vcpu: 0, verb: 'hv-features', args: { form: 'msr' } };
    lines.push(...linesOfAct(timeline, timeline.perform(act, 'user')));
    if (lines.length < 256) continue;
    const part = chunk(lines);
    written += part.length;
    lines = [];
    yield part;
  }
  yield chunk([...lines, digestLine(timeline)]);
}
