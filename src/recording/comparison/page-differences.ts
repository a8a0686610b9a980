/** Guest frames that differ between several worlds: attribute, RMP entry, and the views of guest and KVM. */
import { observe, isUnknownPath } from '../../engine/observe';
import { backedRuns, type BackedRun } from '../../engine/page-class';
import { hex } from '../../base/hex';
import type { World } from '../../engine/world';
import { observedText } from '../../scenarios/filter/value';
import type { FieldDifference } from './model';

/** The properties of a frame, by the names of observations. */
const aspects = [
  'attribute',
  'rmp',
  'rmp.validated',
  'rmp.vmsa',
  'rmp.asid',
  'rmp.twoMeg',
  'guest',
  'kvm',
  'content',
] as const;

/** One world's frames, walked from the first to the last. */
class FrameWalk {
  private readonly runs: readonly BackedRun[];
  private next = 0;

  constructor(private readonly world: World) {
    this.runs = backedRuns(world, 0, world.config.gfnCount);
  }

  /** The words of a frame, and how many frames from it on have the same ones; frames are asked for in ascending order. */
  at(gfn: number): { readonly words: readonly number[]; readonly count: number } {
    while (this.run.first + this.run.count <= gfn) this.next++;
    const { first, count, slot, pfn } = this.run;
    const { pages } = this.world;
    let equal = pages.gfn.runLength(gfn, first + count - gfn);
    if (pfn < 0) return { words: [pages.gfn.get(gfn), Number(slot)], count: equal };
    const page = pfn + gfn - first;
    const fields = [pages.rmp, pages.rmpGfnLow, pages.hostPage, pages.contentLow, pages.contentHigh];
    for (const field of fields) equal = field.runLength(page, equal);
    return { words: [pages.gfn.get(gfn), ...fields.map((field) => field.get(page))], count: equal };
  }

  private get run(): BackedRun {
    return this.runs[this.next] as BackedRun;
  }
}

/** The RMP entry of each vCPU's own VMSA page. */
export function vmsaDifferences(worlds: readonly World[]): FieldDifference[] {
  const most = Math.max(0, ...worlds.map(({ config }) => config.vcpus));
  const vcpus = Array.from({ length: most }, (_, vcpu) => vcpu);
  return vcpus.flatMap((vcpu): FieldDifference[] => {
    const name = `vmsa.v${vcpu}.rmp`;
    const values = worlds.map((world) => text(world, name));
    return values.every((value) => value === values[0]) ? [] : [{ name, values }];
  });
}

/** Frames that differ; frames with equal differences are reported as one range. */
export function pageDifferences(worlds: readonly World[]): FieldDifference[] {
  const end = Math.min(...worlds.map(({ config }) => config.gfnCount));
  const walks = worlds.map((world) => new FrameWalk(world));
  const found: FieldDifference[] = [];
  /** The last difference of each aspect, and the frame behind it. */
  const open = new Map<string, { difference: FieldDifference; end: number }>();
  for (let gfn = 0; gfn < end;) {
    const frames = walks.map((walk) => walk.at(gfn));
    const count = Math.min(...frames.map((frame) => frame.count));
    if (frames.some(({ words }) => !sameItems(words, frames[0]?.words ?? []))) {
      for (const aspect of aspects) {
        const values = worlds.map((world) => text(world, `page.${hex(gfn)}.${aspect}`));
        if (values.every((value) => value === values[0])) continue;
        const last = open.get(aspect);
        if (last?.end === gfn && last.difference.values.every((value, i) => value === values[i])) {
          last.difference = { ...last.difference, frames: (last.difference.frames ?? 1) + count };
          last.end += count;
        } else {
          if (last) found.push(last.difference);
          const difference = { name: `page.${hex(gfn)}.${aspect}`, values, frames: count };
          open.set(aspect, { difference, end: gfn + count });
        }
      }
    }
    gfn += count;
  }
  found.push(...[...open.values()].map(({ difference }) => difference));
  return found.sort((a, b) => frameOf(a) - frameOf(b));
}

const sameItems = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((item, index) => item === b[index]);

const frameOf = ({ name }: FieldDifference): number => Number(name.split('.')[1]);

function text(world: World, path: string): string | undefined {
  const observed = observe(world, path);
  return isUnknownPath(observed) ? undefined : observedText(observed);
}
