/** Which line of a scenario an author means, and acts that an author writes. */
import { didYouMean, nearest } from '../base/text';
import { parseScenario } from '../scenarios/parse';
import { lineText } from '../scenarios/print';
import type { ActLine, Line, Scenario } from '../scenarios/scenario';
import type { Written } from './lesson';
import { wrong, type Answer } from './answer';

const isActing = ({ kind }: Line): boolean => kind === 'act' || kind === 'launch' || kind === 'runUntil';

/** @returns the index of the line that begins so; `#2` behind it means the second of several */
export function lineIndexOf(scenario: Scenario, { text, line }: Written): Answer<number> {
  const [, begin = '', number] = /^(.*?)(?:\s+#(\d{1,4}))?$/.exec(text.replace(/\s+/g, ' ')) ?? [];
  const acts = scenario.lines.flatMap((one, index) =>
    isActing(one) ? [{ index, text: lineText(one) }] : [],
  );
  const found = acts.filter((act) => act.text === begin || act.text.startsWith(`${begin} `));
  const one = number === undefined ? (found.length === 1 ? found[0] : undefined) : found[Number(number) - 1];
  if (one) return { ok: true, value: one.index };
  const texts = acts.map((act) => act.text);
  if (found.length === 0)
    return wrong(
      line,
      `no act of the scenario begins with '${begin}'${didYouMean(begin, texts)}`,
      nearest(begin, texts),
    );
  return wrong(
    line,
    `${found.length} acts of the scenario begin with '${begin}': add #1 to #${found.length}`,
  );
}

/** An act as an author wrote it, for a machine like that of a scenario. */
export function actOf(scenario: Scenario, { text, line }: Written): Answer<ActLine> {
  const vm = scenario.lines.find(({ kind }) => kind === 'vm');
  const head = vm ? `${lineText(vm)}\n` : '';
  const parsed = parseScenario(`ghcb-scenario 1\n${head}${text}\nend ghcb-scenario\n`);
  if (!parsed.ok) {
    const [first] = parsed.problems;
    return wrong(line, `'${text}': ${first?.message ?? 'this is no act'}`, first?.nearest);
  }
  const [act, ...more] = parsed.scenario.lines.filter(({ kind }) => kind !== 'vm');
  if (act?.kind === 'act' && more.length === 0) return { ok: true, value: act };
  return wrong(line, `'${text}' is no act, such as 'v0 cpuid'`);
}

/** The lines up to a line, or with it, without what is expected and remarked. */
export const linesTo = (scenario: Scenario, end: number): readonly Line[] =>
  scenario.lines.slice(0, end).filter(({ kind }) => kind !== 'expect');

/** The lines from a line on, without what is expected. */
export const linesFrom = (scenario: Scenario, start: number): readonly Line[] =>
  scenario.lines.slice(start).filter(({ kind }) => kind !== 'expect');
