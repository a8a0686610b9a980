/** Several profiles in few words. */
import { profileIds } from './profiles';

/** Fewer generations in a row than this are named one by one. */
const LEAST_RANGE = 3;

/**
 * Names profiles; released kernels that follow each other are `linux-6.11 to linux-7.3`.
 * @param specs as people write them, in any order; overrides are named as they are
 */
export function profileNames(specs: readonly string[]): string {
  const order: readonly string[] = profileIds;
  const known = specs.filter((spec) => order.includes(spec));
  const others = specs.filter((spec) => !order.includes(spec));
  const places = [...new Set(known.map((spec) => order.indexOf(spec)))].sort((a, b) => a - b);
  const ranges: number[][] = [];
  const isKernel = (place: number): boolean => (order[place] ?? '').startsWith('linux-');
  for (const place of places) {
    const last = ranges.at(-1);
    if (last && last.at(-1) === place - 1 && isKernel(place) && isKernel(place - 1)) last.push(place);
    else ranges.push([place]);
  }
  const name = (place: number | undefined): string => order[place ?? -1] ?? '';
  const texts = ranges.flatMap((range) =>
    range.length < LEAST_RANGE ? range.map(name) : [`${name(range[0])} to ${name(range.at(-1))}`],
  );
  return [...texts, ...others].join(', ');
}
