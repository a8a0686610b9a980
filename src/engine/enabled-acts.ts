/**
 * Every act that can be taken now, and every act that would be refused, with the rule that refuses it. Nothing here
 * repeats the rules: each candidate is performed, its result is read, and its writes are undone through the write log.
 */
import { gpaToGfn } from '../abi/address';
import { MAX_TRIED_WRITES } from '../base/limits';
import { finish, mapped, type Resumable } from '../base/resumable';
import { usualPages } from './guest/usual-pages';
import type { Act, GuestAct, KvmAct, VmmAct } from './acts';
import { usualGhcbGpa } from './guest/ghcb-writer';
import { needsWake } from './kvm/run/run';
import { threadName } from './kvm/threads/locks';
import { moveKinds, moveText, type Move, type MoveKind } from './moves';
import { perform } from './perform';
import type { RuleId } from './rules';
import type { World } from './world';

/** One act as the menu shows it. */
export interface EnabledAct {
  readonly act: Act;
  /** Why the act cannot be taken, or the error that KVM or the firmware would return; absent when it succeeds. */
  readonly refused?: string;
  /** The rule behind the refusal. */
  readonly rule?: RuleId;
}

/** Tries every act of `candidates` in this state and takes it back. */
export function tryActs(world: World, candidates: readonly Act[]): EnabledAct[] {
  return candidates.map((act) => tryAct(world, act));
}

/** Performs an act, records the answer, and undoes it: the world is as before. */
export function tryAct(world: World, act: Act): EnabledAct {
  const { recorder, meter } = world;
  const mark = world.mark();
  world.allow({ writes: MAX_TRIED_WRITES });
  let refusal: { text: string; rule: RuleId | undefined } | undefined;
  world.recorder = {
    transition: () => {},
    facet: () => {},
    finding: () => {},
    move: (kind, vcpu, args, rule) => {
      if (!refusal && (moveKinds[kind] as MoveKind).refused) {
        refusal = { text: moveText({ kind, vcpu, args } satisfies Move), rule };
      }
    },
  };
  let says: string | undefined;
  try {
    says = perform(world, act)?.says;
  } catch (error) {
    // One act that the model cannot perform is one row that says so: the others stay.
    says = error instanceof Error ? error.message : String(error);
  } finally {
    world.undo(mark);
    world.recorder = recorder;
    world.meter = meter;
  }
  if (says !== undefined) return { act, refused: says };
  if (refusal) return { act, refused: refusal.text, ...(refusal.rule ? { rule: refusal.rule } : {}) };
  return { act };
}

/** Representative acts of every actor, with arguments that fit this world. */
export function candidateActs(world: World): Act[] {
  const vcpus = world.vcpus.map((_, index) => index).filter((index) => world.vcpu(index).exists);
  return [
    ...vcpus.flatMap((vcpu) => guestCandidates(world, vcpu)),
    ...vcpus.flatMap((vcpu) => threadCandidates(world, vcpu)),
    ...waitingCandidates(world),
    ...launchCandidates(world),
  ];
}

/** The event menu: what can happen now, then what would be refused. */
export const enabledActs = (world: World): EnabledAct[] => finish(enabledActsInParts(world));

/** As {@link enabledActs}, act after act; between two of them the world is as before. */
export function* enabledActsInParts(world: World): Resumable<EnabledAct[]> {
  const tried = yield* mapped(candidateActs(world), (act) => tryAct(world, act), 1);
  return [...tried.filter((entry) => !entry.refused), ...tried.filter((entry) => entry.refused)];
}

const guest = <V extends GuestAct['verb']>(
  vcpu: number,
  verb: V,
  args: Extract<GuestAct, { verb: V }>['args'],
): Act => ({ actor: 'guest', vcpu, verb, args }) as Act;
const vmm = <V extends VmmAct['verb']>(verb: V, args: Extract<VmmAct, { verb: V }>['args']): Act =>
  ({ actor: 'vmm', verb, args }) as Act;

function guestCandidates(world: World, vcpu: number): Act[] {
  const ghcb = world.vcpu(vcpu).guestGhcbGpa || usualGhcbGpa(world, vcpu);
  const { page, vmsa } = usualPages(world, vcpu);
  const gfn = gpaToGfn(page);
  const others = world.vcpus.map((_, index) => index).filter((index) => index !== vcpu);
  return [
    guest(vcpu, 'msr', { value: 2n }),
    guest(vcpu, 'register-ghcb', { gpa: ghcb }),
    guest(vcpu, 'msr-psc', { gfn, op: 'shared' }),
    guest(vcpu, 'msr-psc', { gfn, op: 'psmash' }),
    guest(vcpu, 'psc', {
      entries: [0, 1].map((n) => ({ operation: 1, gfn: gfn + n, twoMeg: false, currentPage: 0 })),
    }),
    ...others.flatMap((target) => apCandidates(world, vcpu, { target, vmsa })),
    guest(vcpu, 'hold', { form: 'nae' }),
    guest(vcpu, 'hold', { form: 'msr' }),
    guest(vcpu, 'hlt', {}),
    guest(vcpu, 'make-vmsa', { gpa: vmsa }),
    guest(vcpu, 'pvalidate', { gpa: page }),
    guest(vcpu, 'read', { gpa: page, private: true }),
    guest(vcpu, 'read', { gpa: page, private: false }),
    guest(vcpu, 'io-out', { port: 0x3f8, size: 1, value: 0x41n }),
    guest(vcpu, 'hv-features', { form: 'nae' }),
    guest(vcpu, 'nae', { code: 0x80000018n }),
    guest(vcpu, 'terminate', { form: 'msr', set: 0, code: 0 }),
    guest(vcpu, 'terminate', { form: 'nae', set: 0, code: 0 }),
  ];
}

function apCandidates(world: World, vcpu: number, { target, vmsa }: { target: number; vmsa: bigint }): Act[] {
  const wrong = world.vm.vmsaFeatures ^ (1n << 3n);
  return [
    guest(vcpu, 'ap-create', { target, vmsa }),
    guest(vcpu, 'ap-create-on-init', { target, vmsa }),
    guest(vcpu, 'ap-destroy', { target }),
    guest(vcpu, 'ap-create', { target, vmsa, features: wrong }),
    guest(vcpu, 'init', { target }),
    guest(vcpu, 'sipi', { target }),
    guest(vcpu, 'init-sipi', { target }),
    guest(vcpu, 'nmi', { target }),
  ];
}

function threadCandidates(world: World, vcpu: number): Act[] {
  const wake: KvmAct[] = needsWake(world, vcpu) ? [{ actor: 'kvm', verb: 'wake', args: { vcpu } }] : [];
  const answers: Act[] = world.vcpu(vcpu).exitPending
    ? [vmm('handle', { vcpu }), vmm('answer', { vcpu, ret: 0n }), vmm('answer', { vcpu, ret: 22n })]
    : [];
  return [
    ...wake,
    ...answers,
    vmm('run', { vcpu }),
    vmm('set-mp-state', { vcpu, state: 'RUNNABLE' }),
    vmm('set-mp-state', { vcpu, state: 'STOPPED' }),
    ...(world.vcpu(vcpu).run === 'inUserspace'
      ? []
      : [vmm('set-mp-state', { vcpu, state: 'RUNNABLE', thread: 'main' })]),
    vmm('signal', { vcpu }),
  ];
}

/** What a thread can still do that waits for a lock: go on, or be killed. */
function waitingCandidates(world: World): Act[] {
  const waiting = world.threads.filter(({ waitsFor }) => waitsFor !== 'nothing').map(threadName);
  if (waiting.length === 0) return [];
  const goOn = waiting.map((thread): KvmAct => ({ actor: 'kvm', verb: 'continue', args: { thread } }));
  return [...goOn, vmm('kill', {})];
}

function launchCandidates(world: World): Act[] {
  const { page } = usualPages(world, 0);
  const gfn = gpaToGfn(page);
  return [
    vmm('create-vm', {}),
    vmm('init2', {}),
    vmm('create-vcpu', {}),
    vmm('launch-start', {}),
    vmm('set-attributes', { gfn, n: 1, private: true }),
    vmm('set-attributes', { gfn, n: 1, private: false }),
    vmm('launch-update', { gfn, type: 'normal' }),
    vmm('launch-finish', {}),
    vmm('punch-hole', { gfn, n: 1 }),
    vmm('destroy', {}),
  ];
}
