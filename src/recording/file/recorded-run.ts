/** A recording as a run that can be compared: its acts stand with the lines of its scenario that caused them. */
import type { Resumable } from '../../base/resumable';
import { lineText } from '../../scenarios/print';
import type { LineRun, Run } from '../../scenarios/run';
import { actLine } from '../../scenarios/scenario';
import { alignInParts, type AlignedItem } from '../comparison/alignment';
import type { PerformedAct, Timeline } from '../timeline/timeline';
import type { PlayedRecording } from './player';

/**
 * @param now the run that this build makes of the scenario: its lines caused its acts, and like acts of the recording were
 *   caused by the same lines
 */
export function* recordedRun(
  { scenario, profile, timeline }: PlayedRecording,
  now: Run<Timeline>,
): Resumable<Run<Timeline>> {
  const codes = new Map<string, number>();
  const code = (text: string): number => {
    const known = codes.get(text) ?? codes.size + 1;
    codes.set(text, known);
    return known;
  };
  const itemOf = ({ act, origin }: PerformedAct): AlignedItem => ({
    content: code(`${origin} ${lineText(actLine(act))}`),
    kind: code(`${origin} ${act.actor} ${act.verb}`),
    role: 0,
  });
  const rows = yield* alignInParts([now.timeline.acts.map(itemOf), timeline.acts.map(itemOf)]);
  const lineOfNow = new Int32Array(now.timeline.acts.length);
  now.lines.forEach(({ firstAct, endAct }, line) => lineOfNow.fill(line, firstAct, endAct));
  const ends = scenario.lines.map(() => 0);
  let line = 0;
  for (const [ofNow, recorded] of rows) {
    if (ofNow !== undefined) line = Math.max(line, lineOfNow[ofNow] ?? 0);
    if (recorded !== undefined) ends[line] = recorded + 1;
  }
  let done = 0;
  const lines = ends.map((end): LineRun => {
    const firstAct = done;
    done = Math.max(done, end);
    return { firstAct, endAct: done, visible: [] };
  });
  return { scenario, profile, timeline, lines, expectations: [], problems: [] };
}
