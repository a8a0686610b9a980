/**
 * Two threads of a VMM, two vCPUs and a guest that get into each other's way, at random, in every kernel generation. An act
 * may be refused, wait or lose its thread; the model must have an answer, and the same one twice.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Unmodelled } from '../base/assert';
import { profileIds } from '../profiles/profiles';
import { profile, type ProfileName } from '../profiles/resolve';
import { runs } from '../testing/effort';
import { actTables, type Act } from './acts';
import { holderOf, awaited, locksHeldBy, threadName } from './kvm/threads/locks';
import { needsWake } from './kvm/run/run';
import type { InvariantName } from './rules/invariants';
import { perform } from './perform';
import type { Vm } from './state/vm';
import { threadToContinue } from './vmm/threads';
import { World } from './world';

const GFN = 0x140;
const VMSA = 0x12_1000n;
const LAUNCH_UPDATE = 0xa1n;
const PAGE_RECLAIM = 0xc7n;

const vcpu = fc.constantFrom(0, 1);
const target = vcpu;
const thread = fc.constantFrom('main', 'v0', 'v1');
const gfn = fc.constantFrom(0x100, 0x121, GFN, GFN + 1, 0x3ff);
const vmsa = fc.constantFrom(VMSA, VMSA, 0x20_0000n, 0x7ff_f000n);
/** An optional argument, mostly missing. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
type Arguments = Readonly<Record<string, fc.Arbitrary<unknown>>>;
type Made = (verb: string, args?: Arguments) => fc.Arbitrary<Act>;

/** The tables of acts say which arguments a verb has; an argument that is undefined is left out. */
const made = (actor: Act['actor'], who: object, verb: string, given: object): Act => {
  const args = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { actor, ...who, verb, args } as Act;
};
const vmm: Made = (verb, args = {}) =>
  fc
    .record({ ...args, thread: seldom(thread) })
    .map((given) =>
      made('vmm', {}, verb, 'thread' in paramsOf(verb) ? given : { ...given, thread: undefined }),
    );
const paramsOf = (verb: string): object =>
  (actTables.vmm as Readonly<Record<string, { readonly params: object }>>)[verb]?.params ?? {};
const guest: Made = (verb, args = {}) =>
  fc.tuple(vcpu, fc.record(args)).map(([index, given]) => made('guest', { vcpu: index }, verb, given));
const host =
  (actor: 'kvm' | 'inject'): Made =>
  (verb, args = {}) =>
    fc.record(args).map((given) => made(actor, {}, verb, given));

const state = fc.constantFrom(
  'RUNNABLE',
  'UNINITIALIZED',
  'INIT_RECEIVED',
  'HALTED',
  'SIPI_RECEIVED',
  'STOPPED',
);
const form = fc.constantFrom('nae', 'msr');
const often = [
  vmm('run', { vcpu, 'immediate-exit': seldom(fc.boolean()) }),
  vmm('signal', { vcpu }),
  vmm('set-mp-state', { vcpu, state }),
  vmm('get-mp-state', { vcpu }),
  vmm('pre-fault', { vcpu: seldom(vcpu), gfn, n: fc.constantFrom(1, 2) }),
  vmm('punch-hole', { gfn, n: fc.constantFrom(1, 2) }),
  vmm('launch-finish'),
  vmm('answer', { vcpu, ret: fc.constantFrom(0n, 22n) }),
  vmm('handle', { vcpu }),
  guest('init', { target }),
  guest('sipi', { target }),
  guest('init-sipi', { target }),
  guest('ap-create', { target, vmsa }),
  guest('ap-create-on-init', { target, vmsa }),
  guest('ap-destroy', { target }),
  guest('hlt'),
  guest('hold', { form }),
  host('kvm')('wake', { vcpu }),
  host('kvm')('continue', { thread }),
];
const rare = [
  vmm('launch-update', { gfn, type: fc.constantFrom('normal', 'zero') }),
  vmm('set-attributes', { gfn, n: fc.constant(2), private: fc.boolean() }),
  vmm('create-vcpu', { half: seldom(fc.boolean()) }),
  vmm('vcpu-state', { vcpu, what: fc.constant('regs'), op: fc.constantFrom('get', 'set') }),
  guest('nmi', { target }),
  guest('make-vmsa', { gpa: fc.constant(VMSA) }),
  guest('msr-psc', { gfn, op: fc.constantFrom('shared', 'private') }),
  guest('write', { gpa: fc.constant(BigInt(GFN) << 12n), private: fc.boolean(), value: fc.constant(7n) }),
  guest('nae', {
    code: fc.constant(0x8000_0010n),
    info2: fc.constantFrom(0n, 64n),
    scratch: fc.constantFrom(0x10_0800n, 0x20_0000n),
  }),
  host('kvm')('rmpupdate', { gfn, to: fc.constantFrom('shared', 'private') }),
  host('kvm')('host-copy', { from: gfn, to: gfn }),
  host('kvm')('migrate', { gfn }),
  host('inject')('pv-unhalt', { vcpu }),
  host('inject')('firmware', {
    command: fc.constantFrom(LAUNCH_UPDATE, PAGE_RECLAIM),
    status: fc.constant(0x10n),
  }),
  host('inject')('rmpupdate', { code: fc.constantFrom(2, 4) }),
  vmm('kill'),
  vmm('destroy'),
];
/** Threads go on by themselves as far as they can. */
const rest = 'rest';
const input: fc.Arbitrary<Act | typeof rest> = fc.oneof(
  { weight: 8, arbitrary: fc.oneof(...often) },
  { weight: 2, arbitrary: fc.oneof(...rare) },
  { weight: 4, arbitrary: fc.constant(rest) },
);

const begun = (verb: string, args: object = {}): Act => made('vmm', {}, verb, args);
const launch: readonly Act[] = [
  begun('create-vm'),
  begun('hypercall-exits'),
  begun('memslot', { gfn: 0, n: 0x400 }),
  begun('set-attributes', { gfn: 0, n: 0x400, private: true }),
  begun('init2'),
  begun('create-vcpu'),
  begun('create-vcpu'),
  begun('launch-start'),
  begun('launch-update', { gfn: 0x100, type: 'normal' }),
];
/** Where a run begins: before LAUNCH_FINISH, behind it, or with both vCPUs in the guest. */
const prefixes: readonly (readonly Act[])[] = [
  launch,
  [...launch, begun('run', { vcpu: 1 })],
  [...launch, begun('launch-finish'), begun('run', { vcpu: 0 })],
  [
    ...[...launch, begun('launch-finish'), begun('run', { vcpu: 0 })],
    made('guest', { vcpu: 0 }, 'register-ghcb', { gpa: 0x10_0000n }),
    made('guest', { vcpu: 0 }, 'make-vmsa', { gpa: VMSA }),
    made('guest', { vcpu: 0 }, 'init-sipi', { target: 1 }),
    ...[begun('run', { vcpu: 1 }), begun('run', { vcpu: 1 })],
    made('guest', { vcpu: 1 }, 'register-ghcb', { gpa: 0x3f_0000n }),
  ],
];

const hosts = ['manual', 'manual', 'qemu', 'qemu-10.2', 'cloud-hypervisor'] as const;

/** One world, and what was found in it. */
class Play {
  readonly world: World;
  readonly wrong: string[] = [];
  private encrypted = 0;
  private finished = false;

  constructor(id: ProfileName, host: Vm['personality']) {
    this.world = new World({ vcpus: 3, gfnCount: 0x400, gmemPages: 0x400 }, profile(id));
    this.world.vm.personality = host;
    this.world.recorder = {
      transition: () => {},
      facet: () => {},
      finding: (_kind, text, invariant) => this.found(text, invariant),
      move: (kind, _vcpu, args) => {
        if (kind !== 'firmwareCommand' || !String(args['answer']).startsWith('SUCCESS')) return;
        if (args['command'] === 'SNP_LAUNCH_UPDATE') this.encrypted++;
        if (args['command'] === 'SNP_LAUNCH_FINISH') this.finished = true;
      },
    };
  }

  /** What the firmware refused is not encrypted, whatever became of its page. */
  private found(text: string, invariant: InvariantName | undefined): void {
    const about = invariant === 'NoUpdateAfterFinish' || invariant === 'PartialSuccessVisible';
    if (about && this.encrypted === 0) this.wrong.push(`false: ${text}`);
    if (invariant === 'NoUpdateAfterFinish' && !this.finished) this.wrong.push(`not finished: ${text}`);
  }

  private attempt(act: Act): boolean {
    this.encrypted = 0;
    try {
      return perform(this.world, act) === undefined;
    } catch (error) {
      if (error instanceof Unmodelled) return false;
      throw error;
    }
  }

  take(acts: readonly (Act | typeof rest)[]): void {
    for (const act of acts) {
      if (act !== rest) this.attempt(act);
      else this.settle();
      this.checkLocks();
    }
  }

  private settle(): void {
    for (let acts = 0; acts < 200; acts++) {
      const index = this.world.vcpus.findIndex((_, at) => needsWake(this.world, at));
      const waiting = threadToContinue(this.world);
      if (index < 0 && waiting === undefined) return;
      const args = index < 0 ? { thread: waiting } : { vcpu: index };
      if (!this.attempt(made('kvm', {}, index < 0 ? 'continue' : 'wake', args))) return;
    }
    this.wrong.push('the threads never come to rest');
  }

  /** A mutex is held exactly by who is in KVM_RUN or waits on; who waits, waits for somebody. */
  private checkLocks(): void {
    const { world } = this;
    for (const one of world.threads) {
      const name = threadName(one);
      const lock = awaited(one);
      if (lock && holderOf(world, lock) === name) this.wrong.push(`${name} waits for itself`);
      const inCall = one.call !== 'none' || one.fate !== 'alive';
      const idle = locksHeldBy(world, name).filter(
        ({ kind, vcpu: index }) => kind === 'vcpuMutex' && world.vcpu(index).run === 'inUserspace',
      );
      if (!inCall && idle.length > 0) this.wrong.push(`${name} keeps a mutex outside of any call`);
    }
    for (const { index, run, mutexHolder } of world.vcpus)
      if (run !== 'inUserspace' && mutexHolder === 'none')
        this.wrong.push(`v${index} runs without its mutex`);
  }
}

test('threads, vCPUs and guest in any order: an answer, the same one twice, and all of it undone', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...profileIds),
      fc.constantFrom(...hosts),
      fc.constantFrom(...prefixes),
      fc.array(input, { minLength: 10, maxLength: 60, size: 'max' }),
      (id, host, prefix, acts) => {
        const [play, again] = [new Play(id, host), new Play(id, host)];
        play.take(prefix);
        const mark = play.world.mark();
        const before = play.world.digest();
        play.take(acts);
        expect(play.wrong).toEqual([]);
        again.take([...prefix, ...acts]);
        expect(again.world.digest()).toEqual(play.world.digest());
        play.world.undo(mark);
        expect(play.world.digest()).toEqual(before);
      },
    ),
    { numRuns: runs(150, 40_000) },
  );
});
