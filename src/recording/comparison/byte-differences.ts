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
  const present = views.filter((view) => view !== undefined);
  const found: number[] = [];
  for (let at = from; at + WORD <= to; at += WORD) {
    if (present.some((view) => view.u64(at) !== present[0]?.u64(at))) found.push(at);
  }
  return found;
}

/** The rows of a layout that differ; a row of many bytes as the words in it that do. */
function rowDifferences(
  name: string,
  views: readonly View[],
  explain: (view: ByteView, run: number) => readonly FieldRow[],
): FieldDifference[] {
  const rows = views.map(
    (view, run) => new Map(view ? explain(view, run).map((row) => [row.name, row]) : []),
  );
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
  return rowDifferences(`v${vcpu}.run`, views, (_, run) => kvmRunRows(worlds[run] as World, vcpu));
}

/** Fields of the GHCB page that the guest uses on a vCPU. */
export function ghcbDifferences(worlds: readonly World[], vcpu: number): FieldDifference[] {
  const views = worlds.map((world): View => {
    const { guestGhcbGpa } = world.vcpu(vcpu);
    return guestGhcbGpa === 0n ? undefined : world.findImage('shared', gpaToGfn(guestGhcbGpa));
  });
  if (differingWords(views, 0, PAGE_SIZE).length === 0) return [];
  return rowDifferences(`v${vcpu}.ghcb`, views, (view) => ghcbPage.explain(view)).filter(({ values }) =>
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
