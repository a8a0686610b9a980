/** What running a part of a lesson gives: a value, or what is wrong with the lesson. */
import { parseFilter, type Asked } from '../scenarios/filter/parse';
import type { Filter } from '../scenarios/filter/filter';
import { headOf, type Scenario } from '../scenarios/scenario';
import type { LessonProblem, Written } from './lesson';

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: LessonProblem };

export const wrong = (
  line: number,
  message: string,
  near?: string,
): { readonly ok: false; readonly problem: LessonProblem } => ({
  ok: false,
  problem: near === undefined ? { line, message } : { line, message, nearest: near },
});

/** A filter as an author wrote it, for the machine of a scenario. */
export function filterOf(scenario: Scenario, { text, line }: Written, asked: Asked): Answer<Filter> {
  const parsed = parseFilter(text, { vcpus: headOf(scenario).vm.vcpus }, asked);
  if (parsed.ok) return { ok: true, value: parsed.filter };
  const { message, nearest: near, at } = parsed.problem;
  return wrong(line, `'${text}', character ${at + 1}: ${message}`, near);
}
