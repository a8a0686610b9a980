/** What a step carried and changed, decoded by the layouts of `abi`: rows for the inspector, nothing of the DOM. */
import { gfnToGpa } from '../../abi/address';
import { explainGhcbPage } from '../../abi/ghcb-page';
import { explainGhcbMsr, ghcbMsrMessage } from '../../abi/ghcb-msr';
import type { FieldRow, WordLayout } from '../../abi/layout';
import { naeEvents } from '../../abi/nae';
import { vmsa } from '../../abi/vmsa';
import { hex } from '../../base/hex';
import type { PageImage } from '../../engine/state/vm';
import { formatArgument, moveKinds, type Move, type MoveKind } from '../../engine/moves';
import type { World } from '../../engine/world';
import { kvmRunRows } from '../../recording/comparison/byte-differences';
import type { Moment, Change, StepRecord } from '../../recording/timeline/timeline';
import type { ByteSource } from '../shared/selection';

/** A 64-bit word that a message carried. */
export interface CarriedWord {
  readonly name: string;
  readonly title: string;
  readonly value: bigint;
  readonly rows: readonly FieldRow[];
}

/** The words of a message whose layout is known. */
export function carriedWords(move: Move | undefined): readonly CarriedWord[] {
  if (!move) return [];
  const { args } = move;
  if (move.kind === 'msrRequest' || move.kind === 'msrAnswer' || move.kind === 'msrIgnored') {
    const value = args['value'];
    if (typeof value !== 'bigint') return [];
    const title = ghcbMsrMessage(value)?.layout.title ?? 'GHCB MSR';
    return [{ name: 'ghcb_msr', title, value, rows: explainGhcbMsr(value) }];
  }
  if (move.kind === 'naeRequest') {
    const event = naeEvents.find(({ code }) => BigInt(code) === args['code']);
    return [
      ...word('sw_exitinfo1', event?.info1, args['info1']),
      ...word('sw_exitinfo2', event?.info2, args['info2']),
    ];
  }
  if (move.kind === 'naeAnswer') {
    const event = naeEvents.find(({ name, title }) => name === args['name'] || title === args['name']);
    return word('sw_exitinfo2', event?.answer, args['info2']);
  }
  return [];
}

function word(
  name: string,
  layout: WordLayout | undefined,
  value: string | number | bigint | undefined,
): readonly CarriedWord[] {
  if (!layout || typeof value !== 'bigint') return [];
  return [{ name, title: layout.title, value, rows: layout.explain(value) }];
}

/** Frame numbers read better in hexadecimal, whatever the move's label makes of them. */
const frameNumber = /^(gfn|pfn)$/;

/** Arguments of a move that no word shows already. */
export function plainArguments(move: Move | undefined): readonly { name: string; text: string }[] {
  if (!move) return [];
  const kinds = (moveKinds[move.kind] as MoveKind).args;
  return Object.entries(move.args).map(([name, value]) => ({
    name,
    text: frameNumber.test(name) ? hex(value as number) : formatArgument(kinds[name] ?? 'text', value),
  }));
}

export type ByteChange = Extract<Change, { kind: 'bytes' }>;

/** Bytes worth looking at. */
export interface ByteImage {
  readonly key: string;
  readonly title: string;
  readonly source: ByteSource;
  readonly bytes: Uint8Array;
  readonly rows: readonly FieldRow[];
  /** Ranges this step wrote. */
  readonly written: readonly ByteChange[];
}

const keyOf = (isKvmRun: boolean, index: number): string => `${isKvmRun ? 'run' : 'image'}${index}`;

/** The images a step wrote, then those of its vCPU. @param after the moment after the step */
export function byteImages({ world }: Moment, step: StepRecord | undefined): readonly ByteImage[] {
  const written = (step?.changes ?? []).filter((change) => change.kind === 'bytes');
  const images = new Map<string, ByteImage>();
  const add = (isKvmRun: boolean, index: number): void => {
    const key = keyOf(isKvmRun, index);
    if (images.has(key)) return;
    const image = isKvmRun ? kvmRunImage(world, index) : pageImage(world, index);
    if (!image) return;
    const own = written.filter((change) => keyOf(change.isKvmRun, change.imageIndex) === key);
    images.set(key, { ...image, key, written: own });
  };
  for (const change of written) add(change.isKvmRun, change.imageIndex);
  const vcpu = step?.move?.vcpu ?? -1;
  if (vcpu >= 0) {
    world.pageImages.forEach((image, index) => {
      if (image.used && isGhcbOf(world, image, vcpu)) add(false, index);
    });
    add(true, vcpu);
  }
  world.pageImages.forEach((image, index) => {
    if (image.used) add(false, index);
  });
  world.kvmRun.forEach((_, index) => add(true, index));
  return [...images.values()];
}

type BareImage = Omit<ByteImage, 'key' | 'written'>;

function kvmRunImage(world: World, vcpu: number): BareImage | undefined {
  const image = world.kvmRun[vcpu];
  if (!image) return undefined;
  return {
    title: `kvm_run of v${vcpu}`,
    source: { of: 'kvmRun', vcpu },
    bytes: image.toBytes(),
    rows: kvmRunRows(world, vcpu),
  };
}

const isGhcbOf = (world: World, image: PageImage, vcpu: number): boolean => {
  const gpa = gfnToGpa(image.frame);
  const owner = world.vcpus[vcpu];
  return (
    image.side === 'shared' &&
    owner !== undefined &&
    gpa !== 0n &&
    (owner.guestGhcbGpa === gpa || owner.registeredGhcbGpa === gpa)
  );
};

function pageImage(world: World, index: number): BareImage | undefined {
  const image = world.pageImages[index];
  if (!image?.used) return undefined;
  const view = world.bytesOf(image);
  const owner = world.vcpus.findIndex((_, vcpu) => isGhcbOf(world, image, vcpu));
  const gpa = hex(gfnToGpa(image.frame));
  const common = { source: { of: 'image', index } as const, bytes: view.toBytes() };
  if (owner >= 0) return { ...common, title: `GHCB of v${owner}, ${gpa}`, rows: explainGhcbPage(view) };
  const isVmsa =
    image.side === 'kernel' || world.vcpus.some((vcpu) => vcpu.pendingVmsaGpa === gfnToGpa(image.frame));
  if (isVmsa) return { ...common, title: `VMSA, ${image.side} page ${gpa}`, rows: vmsa.explain(view) };
  return { ...common, title: `${image.side} page ${gpa}`, rows: [] };
}

/** Whether a field of an image lies in one of the ranges that were written. */
export const isWritten = (row: FieldRow, written: readonly ByteChange[]): boolean => {
  const at = row.offset ?? -1;
  const size = row.size ?? 0;
  return written.some((change) => at < change.at + change.length && change.at < at + size);
};
