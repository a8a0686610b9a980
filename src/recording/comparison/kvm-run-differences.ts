/** Which bytes of `kvm_run` VMMs under several kernels would see differently at an exit. */
import type { FieldRow } from '../../abi/layout';
import { KVM_RUN_UNION, KVM_RUN_UNION_SIZE } from '../../abi/kvm-run';
import type { World } from '../../engine/world';
import { kvmRunRows } from './byte-differences';
import type { KvmRunDifference } from './model';

const HEADER_AND_UNION = KVM_RUN_UNION + KVM_RUN_UNION_SIZE;

/** What a VMM finds in one run: the bytes, and by byte the field it belongs to. */
interface Seen {
  readonly bytes: Uint8Array;
  readonly fields: readonly (FieldRow | undefined)[];
}

function seenIn(world: World, vcpu: number): Seen {
  const fields = new Array<FieldRow | undefined>(HEADER_AND_UNION).fill(undefined);
  for (const row of kvmRunRows(world, vcpu)) {
    const { offset = 0, size = 0 } = row;
    // Parts of a field and other names for it come after it.
    for (let at = offset; at < offset + size && at < HEADER_AND_UNION; at++) fields[at] ??= row;
  }
  return { bytes: world.kvmRun[vcpu]?.toBytes(0, HEADER_AND_UNION) ?? new Uint8Array(), fields };
}

/** @param left runs, by index, that left for userspace with this vCPU; only these are looked at */
export function kvmRunDifferences(
  worlds: readonly World[],
  vcpu: number,
  left: readonly number[],
): KvmRunDifference[] {
  const seen = worlds.map((world, run) => (left.includes(run) ? seenIn(world, vcpu) : undefined));
  const present = seen.filter((one) => one !== undefined);
  const [first] = present;
  const found: KvmRunDifference[] = [];
  for (let at = 0; first && at < HEADER_AND_UNION; at++) {
    if (present.every(({ bytes }) => bytes[at] === first.bytes[at])) continue;
    const belongs = (other: number): boolean =>
      other >= 0 && other < HEADER_AND_UNION && present.every(({ fields }) => fields[other] === fields[at]);
    const isField = present.some(({ fields }) => fields[at] !== undefined);
    let [from, end] = [at, at + 1];
    while (isField && belongs(from - 1)) from--;
    while (isField && belongs(end)) end++;
    found.push({
      vcpu,
      at: from,
      length: end - from,
      bytes: seen.map((one) => one?.bytes.slice(from, end)),
      fields: seen.map((one) => one?.fields[at]),
    });
    at = end - 1;
  }
  return found;
}
