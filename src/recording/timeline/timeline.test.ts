import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { Unmodelled } from '../../base/assert';
import { refused, type Act } from '../../engine/acts';
import { digestText } from '../../engine/memory/digest';
import { moveKinds, moveNames, type ArgumentKind, type MoveKind } from '../../engine/moves';
import type { perform } from '../../engine/perform';
import { World } from '../../engine/world';
import { defaultProfile } from '../../profiles/resolve';
import { ByteReader, ByteStream } from './byte-stream';
import { readArguments, writeArguments } from './step-log';
import { StepTemplates } from './step-template';
import { Timeline } from './timeline';

// The handlers have tests of their own; here an act is a list of things to do to the world.
type Deed = (world: World) => void;
const performDeeds: typeof perform = (world, act) => {
  const deeds = act as unknown as readonly Deed[] | 'refused';
  if (deeds === 'refused') return refused('not now');
  deeds.forEach((deed) => deed(world));
  return undefined;
};

const GFNS = 2048;
const freshWorld = (): World => new World({ vcpus: 2, gfnCount: GFNS, gmemPages: GFNS }, defaultProfile());
const act = (...deeds: Deed[]): Act => deeds as unknown as Act;
const run = (timeline: Timeline, ...deeds: Deed[]) => timeline.perform(act(...deeds), 'user');

const move: Deed = (world) =>
  world.move('msrRequest', 0, { name: 'GHCB_MSR', value: 0x8000_0000_0000_0abcn });

let world: World;
let timeline: Timeline;
beforeEach(() => {
  world = freshWorld();
  timeline = new Timeline(world, performDeeds);
});

test('each move closes a step, and what an act writes after its last move belongs to that step', () => {
  const performed = run(
    timeline,
    (w) => (w.vm.asid = 1),
    move,
    (w) => (w.vm.asid = 2),
    move,
    (w) => (w.vcpu(1).rax = 0x1234_5678_9abcn),
  );
  expect(performed).toMatchObject({ firstStep: 0, stepCount: 2 });
  expect(timeline.step(0).changes).toMatchObject([
    { kind: 'variable', instance: 'vm', variable: 'asid', before: '0', after: '1' },
  ]);
  expect(timeline.step(1).changes).toMatchObject([
    { instance: 'vm', variable: 'asid', before: '1', after: '2' },
    { instance: 'v1', variable: 'rax', before: '0x0', after: '0x123456789abc' },
  ]);
});

test('an act that writes without a move is one step without a move', () => {
  expect(run(timeline, (w) => (w.vm.asid = 7))).toMatchObject({ stepCount: 1 });
  expect(timeline.step(0).move).toBeUndefined();
  expect(run(timeline, (w) => w.facet('psc.msr'))).toMatchObject({ firstStep: 1, stepCount: 0 });
});

test('a refused act leaves its reason and no step', () => {
  expect(timeline.perform('refused' as unknown as Act, 'user')).toMatchObject({
    stepCount: 0,
    refused: 'not now',
  });
  run(timeline, move);
  expect(timeline.step(0).actIndex).toBe(1);
});

test('a step tells its move, rule, facets, transitions and findings', () => {
  run(
    timeline,
    (w) => {
      w.facet('psc.msr');
      w.facet('psc.msr');
      w.decideVcpu(w.vcpu(1), {
        type: 'SET_MP_STATE',
        value: 'HALTED',
        kernelApic: true,
        range: 'known',
        initBlocked: false,
        destroyedForGood: false,
      });
      w.finding('note', 'worth a look');
    },
    move,
  );
  expect(timeline.step(0)).toMatchObject({
    index: 0,
    move: { kind: 'msrRequest', vcpu: 0, args: { name: 'GHCB_MSR', value: 0x8000_0000_0000_0abcn } },
    facets: ['psc.msr'],
    transitions: [
      {
        chart: 'vcpu',
        instance: 1,
        event: {
          type: 'SET_MP_STATE',
          value: 'HALTED',
          kernelApic: true,
          range: 'known',
          initBlocked: false,
          destroyedForGood: false,
        },
      },
    ],
    findings: [{ kind: 'note', text: 'worth a look' }],
    changes: [{ instance: 'v1', variable: 'mpState', before: 'UNINITIALIZED', after: 'HALTED' }],
  });
  expect(timeline.findings()).toEqual([{ step: 0, finding: { kind: 'note', text: 'worth a look' } }]);
});

test('a facet that was asked behind the last move of one act and again in the next one is told in both steps', () => {
  const ask: Deed = (w) => void w.facet('psc.msr');
  run(timeline, move, ask);
  run(timeline, ask, move);
  run(timeline, ask, ask, move, move);
  const told = [0, 1, 2, 3].map((step) => timeline.step(step).facets);
  expect(told).toEqual([['psc.msr'], ['psc.msr'], ['psc.msr'], []]);
});

test('the rule of a move and the invariant of a finding are read back, those without one have none', () => {
  const rules = ['MsrFeatures', 'PscDone', undefined] as const;
  const invariants = ['NoDoubleCreate', undefined, 'OfflineDistinguishable'] as const;
  for (const [at, rule] of rules.entries())
    run(
      timeline,
      (w) => {
        const invariant = invariants[at];
        if (invariant) w.violation(invariant, `finding ${at}`);
        else w.finding('violation', `finding ${at}`);
      },
      (w) => w.move('msrRequest', 1, { name: 'GHCB_MSR', value: 1n }, rule),
    );
  const steps = rules.map((_, step) => timeline.step(step));
  expect(steps.map(({ rule }) => rule)).toEqual(rules);
  expect(steps.map(({ findings }) => findings)).toEqual(
    invariants.map((invariant, at) => [
      { kind: 'violation', text: `finding ${at}`, ...(invariant && { invariant }) },
    ]),
  );
  expect(steps.map(({ move: made }) => made?.vcpu)).toEqual([1, 1, 1]);
});

test('position 0 is the world as given, and what is done to it outside an act is no step', () => {
  const given = freshWorld();
  given.vm.asid = 5;
  const own = new Timeline(given, performDeeds);
  run(own, (w) => (w.vcpu(0).rax = 1n), move);
  expect(own.step(0).changes).toMatchObject([{ instance: 'v0', variable: 'rax' }]);
  expect([own.at(0).world.vm.asid, own.at(0).world.vcpu(0).rax]).toEqual([5, 0n]);
  given.finding('note', 'outside');
  expect(given.recorder).toBeUndefined();
  run(own, move);
  expect(own.step(1).findings).toEqual([]);
});

/** The largest value of each kind of argument, and another for every name. */
function largest(kind: ArgumentKind, name: string): number | bigint | string {
  if (kind === 'hex64') return 0xffff_ffff_ffff_ff00n | BigInt(name.length);
  return kind === 'text' ? `of ${name}` : 2 ** 45 - name.length;
}
test('the arguments of every kind of move are read back', () => {
  const args = moveNames.map((kind) => {
    const declared: MoveKind['args'] = moveKinds[kind].args;
    return Object.fromEntries(Object.entries(declared).map(([name, of]) => [name, largest(of, name)]));
  });
  run(
    timeline,
    ...moveNames.map(
      (kind, at): Deed =>
        (w) =>
          w.move(kind, at % 2, args[at] as never),
    ),
  );
  const templates = new StepTemplates(1);
  for (const [at, kind] of moveNames.entries()) {
    expect(timeline.moveKind(at)).toBe(kind);
    expect(timeline.step(at).move).toEqual({ kind, vcpu: at % 2, args: args[at] });
    // Where there is no room yet, it is made.
    const out = new ByteStream(1);
    const plan = templates.movePlan(kind);
    writeArguments(out, plan, args[at] ?? {}, templates);
    expect(readArguments(new ByteReader(out.bytes, 0), plan, templates)).toEqual(args[at]);
  }
});

test('what repeats takes no more room than its number', () => {
  const repeat = (): void =>
    void run(
      timeline,
      (w) => w.finding('note', 'the same sentence each time'),
      (w) => w.move('msrRequest', 0, { name: 'the same text', value: 1n }),
    );
  repeat();
  const { log, index } = timeline.bytes;
  for (let i = 0; i < 99; i++) repeat();
  const later = timeline.bytes;
  expect((later.log - log) / 99).toBe(log);
  // One number for each step with a finding, and one for each 16 steps.
  expect(later.index - index).toBeLessThanOrEqual(99 * 8 + 7 * 4);
});

test('a step without findings takes no place among those that have some', () => {
  run(timeline, (w) => w.finding('note', 'n'), move, move);
  const { index } = timeline.bytes;
  run(timeline, move, move, (w) => w.facet('psc.msr'));
  run(timeline, (w) => (w.vm.asid = 3));
  // New templates, and no place of a finding, which takes 8 bytes.
  const later = timeline.bytes.index;
  expect(timeline.findings()).toEqual([{ step: 0, finding: { kind: 'note', text: 'n' } }]);
  const templates = 3;
  expect(later - index).toBeLessThan(templates * 8 + 8);
});

test('byte images are told as ranges, with the name they have at the step', () => {
  run(timeline, (w) => w.image('shared', 0x80).setU64(0x10, 0x0102_0304_0506_0708n), move);
  run(timeline, (w) => w.kvmRun[1]?.setU8(8, 3), move);
  expect(timeline.step(0).changes).toContainEqual({
    kind: 'bytes',
    image: 'shared page 0x80',
    imageIndex: 0,
    isKvmRun: false,
    at: 0x10,
    length: 8,
  });
  expect(timeline.step(1).changes).toEqual([
    { kind: 'bytes', image: 'kvm_run v1', imageIndex: 1, isKvmRun: true, at: 8, length: 1 },
  ]);
});

test('pages are told as runs of one value before and one after', () => {
  run(timeline, (w) => w.pages.gfn.setRun(10, 5, 3), move);
  run(timeline, (w) => w.pages.gfn.setRun(8, 4, 1), move);
  expect(timeline.step(1).changes).toEqual([
    { kind: 'pages', field: 'gfn', first: 8, count: 2, before: 0, after: 1 },
    { kind: 'pages', field: 'gfn', first: 10, count: 2, before: 3, after: 1 },
  ]);
});

test('what is not modelled ends the act with a finding', () => {
  const performed = run(timeline, move, () => {
    throw new Unmodelled('SNP_GUEST_REQUEST');
  });
  const text = 'not modelled: SNP_GUEST_REQUEST';
  expect(performed).toMatchObject({ stepCount: 1, refused: text });
  expect(timeline.step(0).findings).toEqual([{ kind: 'unmodelled', text }]);
});

test('an act that throws is taken back whole', () => {
  run(timeline, (w) => (w.vm.asid = 1), move);
  const before = timeline.digest();
  const broken = (): void => {
    throw new Error('broken');
  };
  expect(() =>
    run(
      timeline,
      (w) => (w.vm.asid = 2),
      move,
      (w) => (w.vm.asid = 3),
      move,
      broken,
    ),
  ).toThrow('broken');
  expect(timeline.stepCount).toBe(1);
  expect(timeline.digest()).toBe(before);
  expect(digestText(world.digest())).toBe(before);
});

/** Any write that handlers can make, as data so that it can be made twice. */
const anyDeed = fc.oneof(
  fc.tuple(fc.constant('asid'), fc.nat(5)).map(
    ([, v]): Deed =>
      (w) =>
        (w.vm.asid = v),
  ),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(
    (v): Deed =>
      (w) =>
        (w.vcpu(0).rax = v),
  ),
  fc.tuple(fc.nat(4095), fc.nat(255)).map(
    ([at, v]): Deed =>
      (w) =>
        w.image('shared', 1).setU8(at, v),
  ),
  fc.nat(2000).map(
    (at): Deed =>
      (w) =>
        w.kvmRun[1]?.clear(at, 300),
  ),
  fc.tuple(fc.nat(8), fc.nat(GFNS - 1), fc.integer({ min: 1, max: 700 }), fc.integer()).map(
    ([field, first, count, value]): Deed =>
      (w) =>
        w.pages.fields[field]?.setRun(first, Math.min(count, GFNS - first), value),
  ),
  fc.constant<Deed>((w) => w.finding('note', 'n')),
  fc.constant<Deed>(move),
);

test('seeking anywhere equals a fresh run to the same place', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(anyDeed, { maxLength: 12 }), { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (acts, seeks) => {
        const one = new Timeline(freshWorld(), performDeeds);
        acts.forEach((deeds) => one.perform(act(...deeds), 'user'));
        const digests = digestsOfFreshRun(acts);
        for (const wish of [...seeks, 0, one.stepCount]) {
          const position = wish % (one.stepCount + 1);
          expect(digestText(one.at(position).world.digest())).toBe(digests[position]);
        }
        expect(one.digest()).toBe(digests.at(-1));
        const actOfStep = one.acts.flatMap(({ stepCount }, at) =>
          Array.from({ length: stepCount }, () => at),
        );
        expect(actOfStep.map((_, step) => one.step(step).actIndex)).toEqual(actOfStep);
      },
    ),
    { numRuns: 30 },
  );
});

/** The digest after each step, watched from outside while the acts are performed. */
function digestsOfFreshRun(acts: readonly (readonly Deed[])[]): string[] {
  const fresh = freshWorld();
  const digests = [digestText(fresh.digest())];
  for (const deeds of acts) {
    const before = digests.length;
    let heard = false;
    fresh.log.top = 0;
    fresh.recorder = {
      transition: () => (heard = true),
      facet: () => undefined,
      finding: () => (heard = true),
      move: () => void digests.push(digestText(fresh.digest())),
    };
    deeds.forEach((deed) => deed(fresh));
    if (digests.length === before && (heard || fresh.log.top > 0)) digests.push('');
    if (digests.length > before) digests[digests.length - 1] = digestText(fresh.digest());
  }
  return digests;
}

test('the world at an earlier position is there to be read: a write throws, and the end stays where it is', () => {
  run(timeline, (w) => (w.vcpu(0).rax = 1n), move);
  run(timeline, (w) => (w.vcpu(0).rax = 2n), move);
  const first = timeline.at(1);
  expect(first.world.vcpu(0).rax).toBe(1n);
  expect(() => (first.world.vcpu(0).rax = 3n)).toThrow('there to be read');
  expect(() => first.world.pages.gfn.set(5, 1)).toThrow('there to be read');
  expect([
    timeline.at(0).world.vcpu(0).rax,
    timeline.at(2).world.vcpu(0).rax,
    first.world.vcpu(0).rax,
  ]).toEqual([0n, 2n, 1n]);
  expect(world.vcpu(0).rax).toBe(2n);
});

test('long timelines seek by keyframes and come to the same state', () => {
  const digests = new Map<number, string>();
  for (let i = 0; i < 20_000; i++) {
    run(
      timeline,
      (w) => (w.vcpu(0).rax = (BigInt(i) * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn),
      (w) => w.kvmRun[0]?.setU64((i * 8) % 2048, BigInt(i)),
      (w) => w.pages.gfn.setRun((i * 37) % GFNS, 1, i),
      (w) => w.pages.rmp.setRun((i * 64) % GFNS, 64, i >> 5),
      move,
    );
    if (i % 997 === 0) digests.set(timeline.stepCount, digestText(world.digest()));
  }
  expect(timeline.bytes.keyframes).toBeGreaterThan(0);
  const positions = [...digests.keys()];
  const hops = positions.map((_, i) => positions[(i * 7) % positions.length] as number);
  for (const position of hops) {
    expect(digestText(timeline.at(position).world.digest())).toBe(digests.get(position));
  }
  timeline.truncate(9_971);
  expect(digestText(world.digest())).toBe(digests.get(9_971));
  expect(digestText(timeline.at(0).world.digest())).toBe(digestText(freshWorld().digest()));
  run(timeline, move);
  expect(timeline.stepCount).toBe(9_972);
});
