/** The argument of LAUNCH_UPDATE as bytes: its layout depends on the generation; VMM and KVM use the same bytes. */
import { launchUpdateV13, launchUpdateV4, launchUpdateV5 } from '../../../abi/kvm-structs-posted';
import { launchUpdate } from '../../../abi/kvm-structs';
import type { StructLayout } from '../../../abi/layout';
import { assert } from '../../../base/assert';
import { bytesView } from '../../../base/bytes';
import type { KnownValue } from '../../../profiles/facets';
import type { World } from '../../world';

/** The content of struct kvm_sev_snp_launch_update: what the VMM fills in and KVM reads. */
export interface LaunchUpdateArguments {
  readonly gfnStart: number;
  readonly uaddr: bigint;
  readonly len: bigint;
  readonly type: number;
  readonly flags: number;
}

type StructName = KnownValue<'lu.struct'>;

/** The layout of each form of the struct, and the meaning of its fields; a missing field cannot be passed. */
interface Shape {
  readonly layout: StructLayout;
  readonly gfnStart: string | undefined;
  readonly len: string;
  readonly type: string;
  readonly flags: string | undefined;
}

const shapes: Readonly<Record<StructName, Shape>> = {
  uaddrAndPerms: {
    layout: launchUpdateV4,
    gfnStart: undefined,
    len: 'len',
    type: 'pageType',
    flags: undefined,
  },
  startGfnAndPerms: {
    layout: launchUpdateV5,
    gfnStart: 'startGfn',
    len: 'len',
    type: 'pageType',
    flags: undefined,
  },
  gfnStartAndType: {
    layout: launchUpdateV13,
    gfnStart: 'gfnStart',
    len: 'len',
    type: 'type',
    flags: undefined,
  },
  gfnStartAndFlags: {
    layout: launchUpdate,
    gfnStart: 'gfnStart',
    len: 'len',
    type: 'type',
    flags: 'flags',
  },
};

const shapeOf = (world: World): Shape => shapes[world.facet('lu.struct')];

/** Bits of an integer field. */
const widthOf = ({ layout }: Shape, field: string): number => 8 * (layout.fields[field]?.size ?? 0);

/** Whether the struct of this kernel has a place for flags. */
export const structHasFlags = (world: World): boolean => shapeOf(world).flags !== undefined;

/** The VMM fills the struct. What is too wide for its field loses its upper bits, as in C. */
export function encodeLaunchUpdate(world: World, wanted: LaunchUpdateArguments): Uint8Array {
  const shape = shapeOf(world);
  const { layout, gfnStart, len, type, flags } = shape;
  const encoded = layout.encode({
    uaddr: wanted.uaddr,
    [len]: BigInt.asUintN(widthOf(shape, len), wanted.len),
    [type]: BigInt.asUintN(widthOf(shape, type), BigInt(wanted.type)),
    ...(gfnStart === undefined ? {} : { [gfnStart]: BigInt(wanted.gfnStart) }),
    ...(flags === undefined ? {} : { [flags]: BigInt.asUintN(16, BigInt(wanted.flags)) }),
  });
  assert(encoded.ok, 'a struct takes every value of the width of its field');
  return encoded.value;
}

/** KVM reads the struct: fields that it does not have are 0. */
export function decodeLaunchUpdate(world: World, bytes: Uint8Array): LaunchUpdateArguments {
  const { layout, gfnStart, len, type, flags } = shapeOf(world);
  const rows = new Map(layout.explain(bytesView(bytes)).map(({ name, value }) => [name, value]));
  const field = (name: string | undefined): bigint => (name === undefined ? 0n : (rows.get(name) ?? 0n));
  return {
    gfnStart: Number(field(gfnStart)),
    uaddr: field('uaddr'),
    len: field(len),
    type: Number(field(type)),
    flags: Number(field(flags)),
  };
}
