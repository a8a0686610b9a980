/** Where branches leave each other, as the rail of one of them shows it. */

interface Forked {
  readonly id: string;
  readonly title: string;
  readonly fork?: { readonly from: string; readonly position: number };
}

export interface RailFork {
  readonly id: string;
  readonly title: string;
  /** Steps that both have in common. */
  readonly position: number;
}

/** The branch and those that it came from, each with the steps of it that are shared; nearest first. */
function lineage(branches: readonly Forked[], id: string): Map<string, number> {
  const shared = new Map<string, number>();
  let common = Infinity;
  for (let one = branches.find((branch) => branch.id === id); one && !shared.has(one.id);) {
    shared.set(one.id, common);
    const { fork } = one;
    common = Math.min(common, fork?.position ?? 0);
    one = branches.find((branch) => branch.id === fork?.from);
  }
  return shared;
}

/** Every other branch, at the step behind which it and the shown one do not have the same past any more. */
export function forksOf(branches: readonly Forked[], shown: string): readonly RailFork[] {
  const own = lineage(branches, shown);
  return branches.flatMap(({ id, title }): RailFork[] => {
    if (id === shown) return [];
    for (const [ancestor, common] of lineage(branches, id)) {
      const ofShown = own.get(ancestor);
      if (ofShown === undefined) continue;
      const position = Math.min(common, ofShown);
      return position === Infinity ? [] : [{ id, title, position }];
    }
    return [];
  });
}
