/** The ladder of several runs as a picture: rows that differ have a line for each group of runs that did the same. */
import type { Comparison } from '../recording/comparison/model';
import { dashOf, differingWords, drawnGroups, layoutComparedLadder } from './compared-ladder';
import { isSplit, lettersOf, runLetter } from './compared-rows';
import { groupTexts } from './compared-words';
import { planLadder, type LadderPlan } from './ladder';
import {
  actShapes,
  COLUMNS,
  HEAD,
  headShapes,
  HEIGHTS,
  laneShapes,
  MARGIN,
  stepShapes,
  titleShapes,
  UNIT,
} from './ladder-shapes';
import { groupAt, type Picture, type Shape } from './picture';
import { actText, vcpuNumbers } from './step-words';

export interface ComparedPictureOf {
  readonly comparison: Comparison;
  /** Rows that are over; 0: none is marked. */
  readonly position: number;
  readonly title: string;
  readonly notes: ReadonlyMap<number, string> | undefined;
  /** Rows to draw, by index. */
  readonly part: { readonly first: number; readonly count: number };
}

export function comparedPicture({ comparison, position, title, notes, part }: ComparedPictureOf): Picture {
  const { runs, rows, names } = comparison;
  const { first, count } = part;
  const timeline = runs[0]?.timeline;
  const vcpus = timeline ? vcpuNumbers(timeline) : [];
  const plan = planLadder({ vcpus, columns: COLUMNS, gutter: runs.length + 1 });
  const { topOf, heads } = layoutComparedLadder(comparison);
  const from = topOf(first, HEIGHTS);
  const height = topOf(first + count, HEIGHTS) - from;
  const width = (plan.textEnd + 1) * UNIT;
  const drawn = Array.from({ length: count }, (_, i) => first + i).flatMap((row): Shape[] => {
    const acts = heads.get(row) ?? [];
    const top = topOf(row, HEIGHTS) - from;
    return [
      ...acts.map(({ act, runs: performed, index }, i) => {
        const letters = lettersOf(performed, runs.length);
        const note = performed[0] === 0 ? notes?.get(index) : undefined;
        return groupAt(0, top + i * HEIGHTS.act, actShapes(plan, actText(act), { note, letters }));
      }),
      ...rowShapes(comparison, row, { plan, width, isNow: row === position - 1 }).map((shapes, i) =>
        groupAt(0, top + acts.length * HEIGHTS.act + i * HEIGHTS.step, shapes),
      ),
    ];
  });
  const under = names.map((name, run) => `${runLetter(run)} ${name}`).join(', ');
  const steps =
    count === rows.length ? `${count} steps` : `steps ${first + 1} to ${first + count} of ${rows.length}`;
  return {
    name: 'compared-ladder',
    title: `${title}: compared`,
    description: `${steps} under ${under}: what guest, KVM, VMM and firmware say to each other, from the top down. Lines with letters are those in which the runs differ.`,
    width: width + 2 * MARGIN,
    height: height + HEAD + 2 * MARGIN + 36,
    shapes: [
      ...titleShapes(title, steps, width),
      { kind: 'text', x: MARGIN, y: 40, text: under },
      groupAt(MARGIN, 36 + MARGIN, headShapes(plan)),
      groupAt(MARGIN, HEAD + 36 + MARGIN, [...laneShapes(plan, height), ...drawn]),
    ],
  };
}

/** A line of shapes for each group of runs. */
function rowShapes(
  comparison: Comparison,
  row: number,
  { plan, width, isNow }: { readonly plan: LadderPlan; readonly width: number; readonly isNow: boolean },
): readonly Shape[][] {
  const of = comparison.rows[row];
  const groups = drawnGroups(comparison, row);
  const texts = groupTexts(comparison, row, groups);
  const differs = groups.length > 1 ? differingWords(texts) : [];
  const split = of !== undefined && isSplit(of);
  return groups.map(({ runs: members, step }, at) =>
    stepShapes(plan, step, {
      ...(at === 0 ? { number: row + 1 } : {}),
      isNow,
      width,
      ...(split
        ? {
            track: comparison.runs.map((_, run) => (members.includes(run) ? runLetter(run) : '·')).join(''),
            dash: dashOf(members),
          }
        : {}),
      text: texts[at] ?? '',
      differs: differs[at] ?? [],
    }),
  );
}
