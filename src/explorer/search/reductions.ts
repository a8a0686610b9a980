/** What makes the states of a search fewer. Each can be left off, so that a search can be held against one without it. */

/** By name: what is no part of a state. */
export const reductions = {
  'live cells': 'cells that no act and no question reads',
  'idle reads': 'cells whose value changes no later act and no verdict',
  'dead cells': 'cells that every later act writes before it reads them',
  symmetry: 'which of several vCPUs that are alike is which',
} as const;

export type Reduction = keyof typeof reductions;
export const reductionNames = Object.keys(reductions) as readonly Reduction[];

/** In every search: which byte image stands for a page is decided once for all states. */
const ALWAYS = 'canonical byte images';

/** The reductions in force, by name; where every cell counts none is dead. */
export function inForce(without: readonly Reduction[]): readonly string[] {
  const left = without.includes('live cells') ? reductionNames : without;
  return [...reductionNames.filter((name) => !left.includes(name)), ALWAYS];
}
