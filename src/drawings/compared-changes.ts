/** What a row changed in each run, fact by fact. */
import type { ComparedRow, Comparison, FieldDifference } from '../recording/comparison/model';
import { changeRows } from './change-text';

/** A fact that some run changed. */
export interface ComparedChange extends FieldDifference {
  /** What the fact means, where the name alone does not say it. */
  readonly doc?: string;
  /** The runs that made a step here did not all change it alike. */
  readonly differs: boolean;
}

/** `before → after` of every fact in every run, of lists what came and went; undefined where a run changed nothing. */
export function comparedChanges({ runs }: Comparison, row: ComparedRow): readonly ComparedChange[] {
  const facts = new Map<string, { values: (string | undefined)[]; doc: string | undefined }>();
  row.steps.forEach((index, run) => {
    const timeline = runs[run]?.timeline;
    if (index === undefined || !timeline) return;
    const { changes } = timeline.step(index);
    const add = (name: string, text: string, doc?: string): void => {
      const fact = facts.get(name) ?? { values: runs.map(() => undefined), doc };
      fact.values[run] = text;
      facts.set(name, fact);
    };
    for (const { name, before, after, change, doc } of changeRows(timeline.at(index + 1).world, changes)) {
      add(name, change ?? `${before} → ${after}`, doc);
    }
    const written = new Map<string, number>();
    for (const change of changes) {
      if (change.kind === 'bytes')
        written.set(change.image, (written.get(change.image) ?? 0) + change.length);
    }
    for (const [image, length] of written) add(image, `${length} ${length === 1 ? 'byte' : 'bytes'} written`);
  });
  const moved = row.steps.flatMap((index, run) => (index === undefined ? [] : [run]));
  return [...facts].map(([name, { values, doc }]) => ({
    name,
    values,
    differs: moved.some((run) => values[run] !== values[moved[0] ?? 0]),
    ...(doc === undefined ? {} : { doc }),
  }));
}
