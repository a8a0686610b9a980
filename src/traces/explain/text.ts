/** Explanations of a log as lines of text, and as plain values for programs. */
import { alignColumns, wrap } from '../../base/text';
import type { Explanation, Explanations } from './explain';

const INDENT = '    ';

/** `all 12 lines`, `7 of 12 lines; not line 31`. */
export function reachText({ explained, comparable, first }: Explanation): string {
  const lines = comparable === 1 ? 'line' : 'lines';
  if (first) return `${explained} of ${comparable} ${lines}; not line ${first.line.number}`;
  return comparable === 0 ? 'no line can be compared' : `all ${comparable} ${lines}`;
}

/** @param columns of the terminal */
export function explanationsText({ profiles, notCompared, left }: Explanations, columns: number): string[] {
  const table = alignColumns(profiles.map((one) => [one.profile.spec, reachText(one)]));
  const said = (text: string): string[] =>
    wrap(text, Math.max(columns - INDENT.length, 40)).map((part) => INDENT + part);
  const firsts = profiles.flatMap(({ profile, first }) =>
    first === undefined
      ? []
      : [
          '',
          `${profile.spec} does not explain line ${first.line.number}:`,
          ...said(first.line.raw.trim()),
          ...(first.nearest.length === 0
            ? said('It prints nothing of this request.')
            : [...said('What it prints is:'), ...first.nearest.flatMap(said)]),
          ...first.facets.flatMap((spec) => said(`with ${spec} it does`)),
          ...first.faults.flatMap((fault) => said(`with the fault "${fault}" it does`)),
        ],
  );
  const reasons = new Map<string, number[]>();
  for (const { line, why } of notCompared) reasons.set(why, [...(reasons.get(why) ?? []), line.number]);
  const notes = [...reasons].flatMap(([why, numbers]) =>
    wrap(
      `Not compared, ${numbers.length} ${numbers.length === 1 ? 'line' : 'lines'} (${numbers[0] ?? 0}${numbers.length > 1 ? ', ...' : ''}): ${why}`,
      columns,
    ),
  );
  const behind = left > 0 ? [`${left} requests behind the limit were not made.`] : [];
  return [...table, ...firsts, ...(notes.length + behind.length > 0 ? ['', ...notes, ...behind] : [])];
}

export const explanationsJson = ({ profiles, notCompared, left }: Explanations) => ({
  profiles: profiles.map(({ profile, explained, comparable, first }) => ({
    profile: profile.spec,
    explained,
    comparable,
    ...(first === undefined
      ? {}
      : {
          line: first.line.number,
          raw: first.line.raw,
          nearest: first.nearest,
          facets: first.facets,
          faults: first.faults,
        }),
  })),
  notCompared: notCompared.map(({ line, why }) => ({ line: line.number, why })),
  left,
});
