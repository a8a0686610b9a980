/**
 * How much the unit tests do. `npm test` runs a fixed sample, the same each time; `npm run test:long` runs all of it, with a
 * seed of its own that it prints. Both can be repeated: VMGEXIT_SEED is the seed, VMGEXIT_LONG=1 asks for everything.
 */
import fc from 'fast-check';

const env = import.meta.env as Readonly<Record<string, string | undefined>>;

export const isLong = env['VMGEXIT_LONG'] === '1';
export const seed = Number(env['VMGEXIT_SEED'] ?? 1);

/** How often a property is tried. */
export const runs = (sample: number, long = 20 * sample): number => (isLong ? long : sample);

/** Of a grid that takes long: all of it, or the part that `npm test` looks at, drawn by the seed and in its order. */
export function sampled<T>(all: readonly T[], count: number): readonly T[] {
  if (isLong || all.length <= count) return all;
  const part = fc.subarray([...all], { minLength: count, maxLength: count });
  return fc.sample(part, { numRuns: 1, seed })[0] ?? [];
}
