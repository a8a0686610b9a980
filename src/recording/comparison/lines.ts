/**
 * The lines of the scenarios whose runs are compared: which line of one text stands for which of another, and the lines
 * whose steps are aligned together.
 */
import type { Resumable } from '../../base/resumable';
import { namesIn } from '../../scenarios/filter/matches';
import { lineText, printScenario } from '../../scenarios/print';
import type { Line, Scenario } from '../../scenarios/scenario';
import { alignInParts, type AlignedItem } from './alignment';
import type { ComparedLine, Comparison } from './model';

/** @param order of the scenarios: decides between two results that are equally good */
export function* comparedLines(
  scenarios: readonly Scenario[],
  order: readonly number[],
): Resumable<ComparedLine[]> {
  const [first] = scenarios;
  if (!first) return [];
  if (scenarios.every((one) => isSameText(one, first)))
    return first.lines.map((line, index) => ({ line, of: scenarios.map(() => index), isSame: true }));
  const codes = new Map<string, number>();
  const code = (text: string): number => {
    const known = codes.get(text) ?? codes.size + 1;
    codes.set(text, known);
    return known;
  };
  // What says nothing stands for nothing.
  const indexes = scenarios.map(({ lines }) =>
    lines.flatMap(({ kind }, index) => (kind === 'blank' || kind === 'comment' ? [] : [index])),
  );
  const items = scenarios.map(({ lines }, run) =>
    (indexes[run] ?? []).map((index): AlignedItem => {
      const line = lines[index] as Line;
      return { content: code(lineText(line)), kind: code(`kind ${kindOf(line)}`), role: 0 };
    }),
  );
  const rows = yield* alignInParts(order.map((run) => items[run] ?? []));
  return rows.map((row): ComparedLine => {
    const at = scenarios.map((_, run) => row[order.indexOf(run)]);
    const of = at.map((item, run) => (item === undefined ? undefined : indexes[run]?.[item]));
    const contents = new Set(at.map((item, run) => items[run]?.[item ?? -1]?.content));
    const having = of.findIndex((index) => index !== undefined);
    const line = scenarios[having]?.lines[of[having] ?? -1] as Line;
    return { line, of, isSame: contents.size === 1 };
  });
}

const isSameText = (a: Scenario, b: Scenario): boolean => a === b || printScenario(a) === printScenario(b);

/** Lines of one kind are paired where their texts differ: the same act with another address. */
function kindOf(line: Line): string {
  if (line.kind === 'expect') return `expect ${namesIn(line.filter).join(' ')}`;
  if (line.kind !== 'act') return line.kind;
  const { act } = line;
  return `${act.actor === 'guest' ? act.vcpu : act.actor} ${act.verb}`;
}

export const isActing = ({ kind }: Line): boolean =>
  kind === 'act' || kind === 'launch' || kind === 'runUntil';

/**
 * The lines whose steps are aligned together, as indexes of compared lines. A line that all runs have stands alone, but
 * consecutive `run until` lines are one group, since a kernel that does not exit to userspace runs past the line at which
 * another kernel stops. Consecutive lines that not all runs have are one group too: `launch standard` stands beside the
 * acts of a launch.
 */
export function lineGroups(lines: readonly ComparedLine[]): number[][] {
  const groups: number[][] = [];
  let open: 'until' | 'other' | undefined;
  lines.forEach(({ line, isSame }, index) => {
    if (!isActing(line)) return;
    const joins = !isSame ? 'other' : line.kind === 'runUntil' ? 'until' : undefined;
    if (joins !== undefined && joins === open) groups.at(-1)?.push(index);
    else groups.push([index]);
    open = joins;
  });
  return groups;
}

/** Whether the runs have one text: profiles alone tell them apart. */
export const isOneText = ({ lines }: Comparison): boolean => lines.every(({ isSame }) => isSame);

/** The line of a row, as the first run that has it writes it. */
export const lineOf = ({ lines, rows }: Comparison, row: number): Line | undefined =>
  lines[rows[row]?.line ?? -1]?.line;

/** Whether a row belongs to `launch standard`. */
export const isLaunchRow = (comparison: Comparison, row: number): boolean =>
  lineOf(comparison, row)?.kind === 'launch';

/** A compared line as people write it; where not all runs have it so, with the letters of those that do. */
export function comparedLineText({ lines, runs }: Comparison, index: number): string {
  const compared = lines[index];
  if (!compared || compared.isSame) return lineText(compared?.line);
  const letters = new Map<string, string>();
  compared.of.forEach((at, run) => {
    if (at === undefined) return;
    const text = lineText(runs[run]?.scenario.lines[at]);
    letters.set(text, (letters.get(text) ?? '') + String.fromCharCode(65 + run));
  });
  return [...letters].map(([text, of]) => `${of} ${text}`).join(' | ');
}
