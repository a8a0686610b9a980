/**
 * What a guest program is: phases in order, each a loop of instructions whose answers it checks. A program decides and
 * never acts; where it is stands in two declared variables, `programStep` and `programCursor`.
 */
import type { GuestAct } from '../../acts';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';

/** The vCPU that executes, and where the program is inside the loop of its phase. */
export interface At {
  readonly world: World;
  readonly index: number;
  readonly vcpu: Vcpu;
  readonly cursor: bigint;
}

/** The program gives up: a termination request with this reason. */
export interface GivesUp {
  readonly why: string;
  readonly set: number;
  readonly code: number;
}

/** The program notes something and goes on. */
export interface GoesOn {
  readonly says: string;
  readonly cursor: bigint;
}

export type Instruction = DistributiveOmit<GuestAct, 'actor' | 'vcpu'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export interface Phase {
  readonly name: string;
  /** The next instruction of the loop, or nothing when the phase is over. */
  emit(at: At): Instruction | undefined;
  /** Looks at the answer to the last instruction. @returns where the loop goes on, or why the program gives up */
  check(at: At): bigint | GivesUp | GoesOn;
}

export interface Program {
  readonly name: string;
  /** Memory from address 0 that the program needs. */
  readonly leastPages: number;
  readonly givesUpRule?: RuleId;
  /** What follows when the host resumes a guest that asked for its termination. */
  readonly afterTermination: 'halts' | 'asksAgain';
  readonly phases: readonly Phase[];
  /** Where a vCPU stands when it starts on a register state that the program did not start it on. */
  entry(at: Omit<At, 'cursor'>): number | undefined;
}

/** The next instruction of a vCPU and where the program stands behind it. */
export interface Decision {
  readonly act: GuestAct;
  readonly next: { readonly programStep: number; readonly programCursor: bigint };
  readonly givesUp?: GivesUp;
  /** What the program notes on the way. */
  readonly says: readonly string[];
}

/** Twice the index of a phase, plus one while an answer is awaited. */
const stepOf = (phase: number, awaiting: boolean): number => phase * 2 + (awaiting ? 1 : 0);
/** The program asked for its termination and was resumed all the same. */
export const HALTED_FOR_GOOD = 0xffff;

/** @returns what the vCPU executes next, or nothing when the program is over or has not begun on this vCPU */
export function decide(program: Program, world: World, index: number): Decision | undefined {
  const vcpu = world.vcpu(index);
  const place = { world, index, vcpu };
  const guest = (instruction: Instruction): GuestAct => ({ actor: 'guest', vcpu: index, ...instruction });
  let step = vcpu.programStep;
  let cursor = vcpu.programCursor;
  if (step === HALTED_FOR_GOOD) return resumedAfterTermination(program, guest, cursor);
  const says: string[] = [];
  const entry = program.entry(place);
  if (entry !== undefined && step < stepOf(entry, false)) [step, cursor] = [stepOf(entry, false), 0n];
  for (;;) {
    const phase = program.phases[step >> 1];
    if (!phase) return undefined;
    // An instruction that faulted did not retire: there is no answer to check, and it comes again.
    if (step & 1 && !vcpu.instructionFaulted) {
      const checked = phase.check({ ...place, cursor });
      if (typeof checked === 'object' && 'why' in checked) return givingUp(guest, checked, says);
      if (typeof checked === 'object') says.push(checked.says);
      cursor = typeof checked === 'object' ? checked.cursor : checked;
    }
    const instruction = phase.emit({ ...place, cursor });
    if (instruction) {
      return { act: guest(instruction), next: { programStep: step | 1, programCursor: cursor }, says };
    }
    step = stepOf((step >> 1) + 1, false);
    cursor = 0n;
  }
}

type ByThisVcpu = (instruction: Instruction) => GuestAct;

/** It asked for `set` and `code` before; the loop of coconut-svsm asks for 0:0, which is its only reason. */
function resumedAfterTermination(program: Program, guest: ByThisVcpu, cursor: bigint): Decision {
  const asks = program.afterTermination === 'asksAgain' && cursor === 1n;
  const hlt: Instruction = { verb: 'hlt', args: {} };
  return {
    act: guest(asks ? { verb: 'terminate', args: { form: 'msr', set: 0, code: 0 } } : hlt),
    next: { programStep: HALTED_FOR_GOOD, programCursor: asks ? 0n : 1n },
    says: [],
  };
}

function givingUp(guest: ByThisVcpu, reason: GivesUp, says: readonly string[]): Decision {
  const { set, code } = reason;
  return {
    act: guest({ verb: 'terminate', args: { form: 'msr', set, code } }),
    next: { programStep: HALTED_FOR_GOOD, programCursor: 0n },
    givesUp: reason,
    says,
  };
}

export const givesUp = (why: string, set: number, code: number): GivesUp => ({ why, set, code });

/** Why the program gives up, what it notes before it goes on, or nothing when the answer is good. */
type Verdict = GivesUp | string | undefined;

const goOn = (verdict: Verdict, cursor: bigint): bigint | GivesUp | GoesOn =>
  typeof verdict === 'string' ? { says: verdict, cursor } : (verdict ?? cursor);

/** A phase of one instruction. */
export function once(
  name: string,
  instruction: Instruction | ((at: At) => Instruction | undefined),
  check: (at: At) => Verdict = () => undefined,
): Phase {
  return {
    name,
    emit: (at) => {
      if (at.cursor !== 0n) return undefined;
      return typeof instruction === 'function' ? instruction(at) : instruction;
    },
    check: (at) => goOn(check(at), 1n),
  };
}

/** A phase that repeats an instruction for 0, 1, 2 ... until there is none. */
export function each(
  name: string,
  instruction: (at: At, turn: number) => Instruction | undefined,
  check: (at: At) => Verdict = () => undefined,
): Phase {
  return {
    name,
    emit: (at) => instruction(at, Number(at.cursor)),
    check: (at) => goOn(check(at), at.cursor + 1n),
  };
}
