/**
 * A guest program: phases in order, each a loop of instructions whose answers it checks. A program only returns
 * decisions; its position is kept in two declared variables, `programStep` and `programCursor`.
 */
import type { GuestAct } from '../../acts';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';

/** The vCPU that executes, and the position in the loop of its phase. */
export interface At {
  readonly world: World;
  readonly index: number;
  readonly vcpu: Vcpu;
  readonly cursor: bigint;
}

/** A reason to give up: who does, the termination reason, and the rule with the place in its source. */
export interface Reason {
  readonly who: string;
  readonly set: number;
  readonly code: number;
  readonly rule: RuleId;
}

/** The program gives up: a termination request with this reason. */
export interface GivesUp extends Reason {
  readonly why: string;
}

/** What the program logs, and the rule where it goes on by one. */
export interface Note {
  readonly text: string;
  readonly rule?: RuleId;
  /** The text is a finding too: a program that does the expected would have stopped here. */
  readonly isFinding?: true;
}

/** The program logs a text and continues. */
export interface GoesOn {
  readonly says: Note;
  readonly cursor: bigint;
}

export type Instruction = DistributiveOmit<GuestAct, 'actor' | 'vcpu'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export interface Phase {
  readonly name: string;
  /** The next instruction of the loop, or nothing when the phase is over. */
  emit(at: At): Instruction | undefined;
  /** Checks the answer to the last instruction. @returns the next position of the loop, or why the program terminates */
  check(at: At): bigint | GivesUp | GoesOn;
}

export interface Program {
  readonly name: string;
  /** Memory from address 0 that the program needs. */
  readonly leastPages: number;
  /** What the program does when the host resumes it after its termination request. */
  readonly afterTermination: 'halts' | 'asksAgain';
  readonly phases: readonly Phase[];
  /** Position of a vCPU that starts on a register state that did not come from the program. */
  entry(at: Omit<At, 'cursor'>): number | undefined;
}

/** The next instruction of a vCPU and the position of the program after it. */
export interface Decision {
  readonly act: GuestAct;
  readonly next: { readonly programStep: number; readonly programCursor: bigint };
  readonly givesUp?: GivesUp;
  /** What the program logs before the instruction. */
  readonly says: readonly Note[];
}

/** Twice the index of a phase, plus one while an answer is awaited. */
const stepOf = (phase: number, awaiting: boolean): number => phase * 2 + (awaiting ? 1 : 0);
/** The program was resumed although it had requested its termination. */
export const HALTED_FOR_GOOD = 0xffff;

/** @returns what the vCPU executes next, or nothing when the program is over or has not begun on this vCPU */
export function decide(program: Program, world: World, index: number): Decision | undefined {
  const vcpu = world.vcpu(index);
  const place = { world, index, vcpu };
  const guest = (instruction: Instruction): GuestAct => ({ actor: 'guest', vcpu: index, ...instruction });
  let step = vcpu.programStep;
  let cursor = vcpu.programCursor;
  if (step === HALTED_FOR_GOOD) return resumedAfterTermination(program, guest, cursor);
  const says: Note[] = [];
  const entry = program.entry(place);
  if (entry !== undefined && step < stepOf(entry, false)) [step, cursor] = [stepOf(entry, false), 0n];
  for (;;) {
    const phase = program.phases[step >> 1];
    if (!phase) return undefined;
    // An instruction that faulted did not retire: there is no answer to check, and it is executed again.
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

/** It requested termination with `set` and `code` before; the loop of coconut-svsm uses 0:0, its only reason. */
function resumedAfterTermination(program: Program, guest: ByThisVcpu, cursor: bigint): Decision {
  const asks = program.afterTermination === 'asksAgain' && cursor === 1n;
  const hlt: Instruction = { verb: 'hlt', args: {} };
  return {
    act: guest(asks ? { verb: 'terminate', args: { form: 'msr', set: 0, code: 0 } } : hlt),
    next: { programStep: HALTED_FOR_GOOD, programCursor: asks ? 0n : 1n },
    says: [],
  };
}

function givingUp(guest: ByThisVcpu, reason: GivesUp, says: readonly Note[]): Decision {
  const { set, code } = reason;
  return {
    act: guest({ verb: 'terminate', args: { form: 'msr', set, code } }),
    next: { programStep: HALTED_FOR_GOOD, programCursor: 0n },
    givesUp: reason,
    says,
  };
}

export const givesUp = (why: string, reason: Reason): GivesUp => ({ ...reason, why });

/** Why the program terminates, what it logs before it continues, or nothing when the answer is as expected. */
type Verdict = GivesUp | Note | undefined;

const goOn = (verdict: Verdict, cursor: bigint): bigint | GivesUp | GoesOn =>
  verdict && 'text' in verdict ? { says: verdict, cursor } : (verdict ?? cursor);

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
