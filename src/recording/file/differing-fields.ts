/** In which fields a recorded step differs from the one that this build makes. */
import { parseJson } from './file';

/** A field by its path, such as `args.pfn` or `transitions[0].event.type`, with both values in words. */
export interface DifferingField {
  readonly path: string;
  readonly recorded: string;
  readonly now: string;
}

/** A step has no deeper parts. */
const MAX_DEPTH = 6;

/**
 * @param recorded line of a step, or a sentence where there is no such step
 * @returns nothing when one of them is no line of a step; a fact of an event that was declared after the recording was made
 *   is no difference, as in `isSameStep`
 */
export function differingFields(recorded: string, now: string): readonly DifferingField[] {
  const [old, made] = [parseJson(recorded), parseJson(now)];
  return isParts(old) && isParts(made) ? [...differences(old, made, '', 0)] : [];
}

type Parts = Readonly<Record<string, unknown>>;
const isParts = (value: unknown): value is Parts => typeof value === 'object' && value !== null;

function* differences(recorded: Parts, now: Parts, path: string, depth: number): Generator<DifferingField> {
  for (const name of new Set([...Object.keys(recorded), ...Object.keys(now)])) {
    const [old, made] = [valueOf(recorded, name), valueOf(now, name)];
    if (old === made || (old === undefined && path.endsWith('.event'))) continue;
    const place = Array.isArray(recorded) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    if (isParts(old) && isParts(made) && depth < MAX_DEPTH) yield* differences(old, made, place, depth + 1);
    else yield { path: place, recorded: inWords(old), now: inWords(made) };
  }
}

const valueOf = (parts: Parts, name: string): unknown =>
  Object.hasOwn(parts, name) ? parts[name] : undefined;

function inWords(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (isParts(value)) return Array.isArray(value) ? `a list of ${value.length}` : 'other parts';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The fields in one sentence part; empty when there are none. */
export const fieldsText = (fields: readonly DifferingField[]): string =>
  fields.map(({ path, recorded, now }) => `${path}: recorded ${recorded}, now ${now}`).join('; ');
