/** A VMM personality: how one VMM handles the exits of a vCPU, read from the bytes of `kvm_run`. */
import { itemAt } from '../../../base/assert';
import { errnoText } from '../../../abi/errno';
import { countsBeside, kvmRun } from '../../../abi/kvm-run';
import { exitOfReason } from '../../kvm/exit';
import type { Image } from '../../memory/image';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';

/** One return of KVM_RUN as the VMM thread sees it. */
export interface Exit {
  readonly world: World;
  readonly vcpu: Vcpu;
  readonly index: number;
  readonly run: Image;
  /** errno of KVM_RUN, positive; 0 when it returned 0. */
  readonly errno: number;
  /** kvm_run.exit_reason; stale when KVM_RUN failed without an exit. */
  readonly reason: number;
}

/** The next action of the VMM thread. */
export type Verdict =
  | { readonly next: 'again' | 'idle' | 'retry' }
  | { readonly next: 'stop'; readonly why: string; readonly rule?: RuleId };

export const again: Verdict = { next: 'again' };
/** The thread does not call KVM_RUN by itself any more. */
export const idle: Verdict = { next: 'idle' };
/** KVM_RUN again, but only a few times while nothing changes. */
export const retry: Verdict = { next: 'retry' };
export const stop = (why: string, rule?: RuleId): Verdict =>
  rule === undefined ? { next: 'stop', why } : { next: 'stop', why, rule };

export interface Personality {
  readonly doc: string;
  /** Sets the private attribute before LAUNCH_UPDATE: never, over each range it updates, or over all memory. */
  readonly privateAtLaunch: 'never' | 'ranges' | 'allMemory';
  handle(exit: Exit): Verdict;
}

export function exitOf(world: World, index: number): Exit {
  const vcpu = world.vcpu(index);
  const run = itemAt(world.kvmRun, index, 'kvm_run of a vCPU');
  return { world, vcpu, index, run, errno: vcpu.runErrno, reason: kvmRun.get(run, 'exitReason') };
}

/** An exit in words: `KVM_EXIT_HYPERCALL`, `-EAGAIN`, `-EFAULT KVM_EXIT_MEMORY_FAULT`. */
export function exitText({ world, errno, reason }: Exit): string {
  const exit = exitOfReason(world, reason);
  const name = exit?.name ?? `exit ${reason}`;
  if (errno === 0) return name;
  const failure = errnoText(-errno);
  return countsBeside(exit, errno) ? `${failure} ${name}` : failure;
}
