/** Acts at random for property tests: numbers that mean something in a world of 4 MiB stand among those that mean nothing. */
import fc from 'fast-check';
import { bytesToHex } from '../../base/hex';
import { actTables, type Act, type Actor, type ParameterKind } from '../../engine/acts';
import { anyAddress, anyFrame } from './any-address';

const words = [
  ...[0n, 1n, 2n, 0x15n, 22n, 11n, 0x100n, 0x72n, 0x7bn, 0x8000_0010n, 0x8000_0013n],
  ...[0x12_0000n, 0x12_1000n, 0x20_0000n, 0x3f_0000n, 0x3f_0800n, 0x7_ff00_0000n, 0xffff_ffff_ffff_ffffn],
];
const u64 = fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...words) }, anyAddress);
const count = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 2, 3, 5, 0x100, 0x120, 0x121, 0x140, 0x200, 0x3ff, 0x400) },
  anyFrame,
);
const entry = fc.record({
  operation: fc.integer({ min: 0, max: 15 }),
  // An entry of the buffer has 40 bits for the frame.
  gfn: fc.oneof(
    fc.constantFrom(0, 0x120, 0x140, 0x200, 0x3ff, 0x400),
    anyFrame.map((gfn) => gfn % 2 ** 40),
  ),
  twoMeg: fc.boolean(),
  currentPage: fc.constantFrom(0, 1, 5, 512, 513),
});
const byteRun = fc.record({
  at: fc.integer({ min: 0, max: 0xfff }),
  hex: fc.uint8Array({ minLength: 1, maxLength: 20 }).map(bytesToHex),
});

function valueOf(name: string, kind: ParameterKind): fc.Arbitrary<unknown> {
  if (kind === 'u64') return u64;
  if (kind === 'count') return name === 'vcpu' ? fc.integer({ min: 0, max: 1 }) : count;
  if (kind === 'flag') return fc.boolean();
  if (name === 'thread') return fc.constantFrom('main', 'v0', 'v1');
  if (kind === 'entries') return fc.array(entry, { minLength: 1, maxLength: 5 });
  if (kind === 'bytes') return fc.array(byteRun, { minLength: 1, maxLength: 3 });
  return fc.constantFrom(...kind);
}

const actors = Object.keys(actTables) as Actor[];
/** Threads go on by themselves, unless a scenario wakes one. */
const isScheduling = (verb: string): boolean => verb === 'wake' || verb === 'continue';

/** One act of the guest, the VMM or the host, or a fault, over a machine of two vCPUs: what it does need not make sense. */
export const anyAct: fc.Arbitrary<Act> = fc.oneof(
  ...actors.flatMap((actor) =>
    Object.entries(actTables[actor]).flatMap(([verb, { params }]) => {
      if (isScheduling(verb)) return [];
      const args = Object.entries(params as Record<string, { kind: ParameterKind; required: boolean }>);
      const values = Object.fromEntries(args.map(([name, { kind }]) => [name, valueOf(name, kind)]));
      const requiredKeys = args.filter(([, { required }]) => required).map(([name]) => name);
      return fc
        .tuple(fc.record(values, { requiredKeys }), fc.integer({ min: 0, max: 1 }))
        .map(([filled, vcpu]) => {
          const who = actor === 'guest' ? { actor, vcpu } : { actor };
          return { ...who, verb, args: filled } as unknown as Act;
        });
    }),
  ),
);
