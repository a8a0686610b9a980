/** The shortest way to an answer, as a scenario that runs to it. */
import type { Act } from '../../engine/acts';
import { actLine, withProfiles, type Line, type Scenario } from '../../scenarios/scenario';
import type { Question } from './property';

/** Whether a line of the scope says how a run schedules the threads; the scenario of a way keeps it. */
const schedules = (line: Line): boolean => line.kind === 'explore' && line.clause.what === 'threads';

/** What is expected of the last act: that it is the one that was looked for. */
function expectation({ invariant, written }: Question): Line[] {
  if (written) return [{ kind: 'expect', profiles: [], ...written }];
  if (invariant === undefined) return [];
  const path = invariant === 'NoOtherViolation' ? 'findings.violation' : `violations.${invariant}`;
  const text = `${path} > 0`;
  return [
    { kind: 'expect', profiles: [], text, filter: { kind: 'compare', path, operator: '>', value: '0' } },
  ];
}

/** The acts above the explore lines, then the way to a state. */
export function scenarioTo(
  scenario: Scenario,
  profiles: readonly string[],
  {
    says,
    way,
    after = [],
  }: { readonly says: string; readonly way: readonly Act[]; readonly after?: readonly Line[] },
): Scenario {
  const above = scenario.lines.filter(({ kind }) => kind !== 'explore' && kind !== 'title');
  while (above.at(-1)?.kind === 'blank') above.pop();
  const lines: Line[] = [
    { kind: 'title', text: `${says}: ${way.length} ${way.length === 1 ? 'act' : 'acts'}` },
    ...above,
    ...after.filter(({ kind }) => kind === 'note'),
    ...way.map(actLine),
    ...after.filter(({ kind }) => kind !== 'note'),
    ...scenario.lines.filter(schedules),
  ];
  return withProfiles({ lines }, profiles);
}

/** The same to what was looked for, which the last line expects. */
export function scenarioOfWay(
  scenario: Scenario,
  profiles: readonly string[],
  { question, way }: { readonly question: Question; readonly way: readonly Act[] },
): Scenario {
  const says = question.sense === 'bad' ? 'the shortest way to what must not be' : 'the shortest way';
  const note: Line = { kind: 'note', text: `${says}: ${question.says}` };
  return scenarioTo(scenario, profiles, {
    says: question.name,
    way,
    after: [note, ...expectation(question)],
  });
}
