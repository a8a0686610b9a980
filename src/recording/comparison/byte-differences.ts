/** Which bytes differ between worlds: fields of kvm_run, fields of GHCB pages, 8-byte words of other pages. */
import { gpaToGfn, PAGE_SIZE } from '../../abi/address';
import { ghcbPage } from '../../abi/ghcb-page';
import { explainKvmRun } from '../../abi/kvm-run';
import type { FieldRow } from '../../abi/layout';
import { hex } from '../../base/hex';
import type { ByteView } from '../../base/bytes';
import type { World } from '../../engine/world';
import { exitsOf } from '../../profiles/kvm-exits';
import type { FieldDifference } from './model';

type View = ByteView | undefined;

const allEqual = (values: readonly unknown[]): boolean => values.every((value) => value === values[0]);

/** Bytes of a difference that has no layout. */
const WORD = 8;

/** Offsets of the 8-byte words in which views differ; views that are missing do not count. */
function differingWords(views: readonly View[], from: number, to: number): number[] {
  const [first, ...others] = views.filter((view) => view !== undefined);
  const found: number[] = [];
  if (!first) return found;
  for (let at = from; at + WORD <= to; at += WORD) {
    const [low, high] = [first.u32(at), first.u32(at + 4)];
    if (others.some((view) => view.u32(at) !== low || view.u32(at + 4) !== high)) found.push(at);
  }
  return found;
}

const sameBytes = (a: ByteView, b: ByteView): boolean =>
  a.byteLength === b.byteLength && differingWords([a, b], 0, a.byteLength).length === 0;

/** The rows of each view by name. Equal bytes that are read in the same way are read once. */
function rowsOf<How>(
  views: readonly View[],
  how: readonly How[],
  explain: (view: ByteView, how: How) => readonly FieldRow[],
): ReadonlyMap<string, FieldRow>[] {
  const rows: ReadonlyMap<string, FieldRow>[] = [];
  views.forEach((view, run) => {
    const like = views.findIndex(
      (other, at) => at < run && how[at] === how[run] && view && other && sameBytes(view, other),
    );
    const own = (): readonly FieldRow[] => (view ? explain(view, how[run] as How) : []);
    rows.push(rows[like] ?? new Map(own().map((row) => [row.name, row])));
  });
  return rows;
}

/**
 * The rows of a layout that differ; a row of many bytes as the words in it that do.
 * @param how each view is read, by identity
 */
function rowDifferences<How>(
  name: string,
  views: readonly View[],
  how: readonly How[],
  explain: (view: ByteView, how: How) => readonly FieldRow[],
): FieldDifference[] {
  const rows = rowsOf(views, how, explain);
  if (allEqual(rows)) return [];
  const names = new Set(rows.flatMap((of) => [...of.keys()]));
  return [...names].flatMap((field): FieldDifference[] => {
    const cells = rows.map((of) => of.get(field));
    const texts = cells.map((cell) => cell?.text);
    const { offset = 0, size = 0 } = cells.find((cell) => cell !== undefined) ?? {};
    if (size <= WORD) return allEqual(texts) ? [] : [{ name: `${name}.${field}`, values: texts }];
    const from = (offset + WORD - 1) & -WORD;
    return differingWords(views, from, (offset + size) & -WORD).map((at) => ({
      name: `${name}.${field}+${hex(at - offset)}`,
      values: views.map((view) => view && hex(view.u64(at))),
    }));
  });
}

/** One vCPU's kvm_run as rows, its union as the payload that the world's kernel gives the exit reason. */
export function kvmRunRows(world: World, vcpu: number): FieldRow[] {
  const view = world.kvmRun[vcpu];
  if (!view) return [];
  return explainKvmRun(view, 0, exitsOf(world.profile.facets));
}

/** Fields of one vCPU's kvm_run. The union is read as the member that goes with each world's own exit reason. */
export function kvmRunFieldDifferences(worlds: readonly World[], vcpu: number): FieldDifference[] {
  const views = worlds.map(({ kvmRun }) => kvmRun[vcpu]);
  const exits = worlds.map(({ profile }) => exitsOf(profile.facets));
  return rowDifferences(`v${vcpu}.run`, views, exits, (view, exitOf) => explainKvmRun(view, 0, exitOf));
}

/** Fields of the GHCB page that the guest uses on a vCPU. */
export function ghcbDifferences(worlds: readonly World[], vcpu: number): FieldDifference[] {
  const views = worlds.map((world): View => {
    const { guestGhcbGpa = 0n } = world.vcpus[vcpu] ?? {};
    return guestGhcbGpa === 0n ? undefined : world.findImage('shared', gpaToGfn(guestGhcbGpa));
  });
  if (differingWords(views, 0, PAGE_SIZE).length === 0) return [];
  const differences = rowDifferences(
    `v${vcpu}.ghcb`,
    views,
    views.map(() => ghcbPage),
    (view, layout) => layout.explain(view),
  );
  return differences.filter(({ values }) =>
    values.some((value, run) => value !== undefined && views[run] !== undefined),
  );
}

/** The 8-byte words that differ in all pages with stored bytes, except GHCB pages. */
export function imageDifferences(worlds: readonly World[]): FieldDifference[] {
  const pages = new Map<string, View[]>();
  worlds.forEach((world, run) => {
    const ghcbs: readonly number[] = world.vcpus.map(({ guestGhcbGpa }) => gpaToGfn(guestGhcbGpa));
    for (const image of world.pageImages) {
      if (!image.used || (image.side === 'shared' && ghcbs.includes(image.frame))) continue;
      const name = `${image.side} page ${hex(image.frame)}`;
      const views = pages.get(name) ?? worlds.map(() => undefined);
      views[run] = world.bytesOf(image);
      pages.set(name, views);
    }
  });
  return [...pages].flatMap(([name, views]) =>
    differingWords(views, 0, PAGE_SIZE).map((at) => ({
      name: `${name} +${hex(at)}`,
      values: views.map((view) => view && hex(view.u64(at))),
    })),
  );
}
