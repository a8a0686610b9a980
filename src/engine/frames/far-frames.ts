/** Bits of guest frames behind the page store: few runs, since no memory lies there. */
import { unmodelled } from '../../base/assert';
import { gfnBits } from '../memory/page-bits';
import type { World } from '../world';

interface Range {
  readonly first: number;
  readonly end: number;
}

interface Run extends Range {
  readonly bits: number;
}

const runsOf = (world: World): Run[] =>
  world.farFrames
    .filter((row) => row.count > 0)
    .map(({ first, count, bits }) => ({ first, end: first + count, bits }));

/** The bits of one frame. */
export function farBits(world: World, gfn: number): number {
  for (const { first, count, bits } of world.farFrames) if (gfn >= first && gfn < first + count) return bits;
  return 0;
}

/** Sets and clears bits of a range; frames without bits need no row. */
export function changeFar(world: World, range: Range, set: number, clear: number): void {
  const before = runsOf(world);
  const cut: Run[] = [];
  let covered = range.first;
  const add = (first: number, end: number, bits: number): void => {
    if (end <= first || bits === 0) return;
    const last = cut.at(-1);
    if (last?.end === first && last.bits === bits) cut[cut.length - 1] = { ...last, end };
    else cut.push({ first, end, bits });
  };
  const fill = (until: number): void => {
    const end = Math.min(until, range.end);
    if (covered >= end) return;
    add(covered, end, set);
    covered = end;
  };
  for (const { first, end, bits } of before) {
    fill(first);
    add(first, Math.min(end, range.first), bits);
    const [from, to] = [Math.max(first, range.first), Math.min(end, range.end)];
    if (to > from) {
      add(from, to, (bits & ~clear) | set);
      covered = to;
    }
    add(Math.max(first, range.end), end, bits);
  }
  fill(range.end);
  store(
    world,
    cut.sort((a, b) => a.first - b.first),
  );
}

/** Too many runs: an entry of the nested page table can be forgotten, since a fault makes it again; an attribute cannot. */
function fitting(runs: readonly Run[], rows: number): readonly Run[] {
  const needed = runs.filter(({ bits }) => (bits & gfnBits.attributePrivate) !== 0);
  if (needed.length > rows)
    unmodelled(`more than ${rows} ranges of attributes behind the memory of this world`);
  return runs.length > rows ? needed : runs;
}

function store(world: World, wanted: readonly Run[]): void {
  const runs = fitting(wanted, world.farFrames.length);
  world.farFrames.forEach((row, i) => {
    const run = runs[i];
    row.first = run?.first ?? 0;
    row.count = run ? run.end - run.first : 0;
    row.bits = run?.bits ?? 0;
  });
}
