/** The guest program of a world, and how one instruction of it is executed. */
import { refused, type GuestAct, type Outcome } from '../../acts';
import type { GuestHandlers } from '../../handlers';
import type { Vm } from '../../state/vm';
import type { World } from '../../world';
import { notInGuest } from '../ghcb-writer';
import { guestMemoryHandlers } from '../memory';
import { requestHandlers } from '../requests';
import { linux } from './linux';
import { memoryPages } from './machine';
import { ovmf } from './ovmf';
import { decide, type Decision, type Program } from './program';
import { selftest } from './selftest';
import { storm } from './storm';
import { svsm } from './svsm';

const programs: Readonly<Record<Vm['guestProgram'], Program | undefined>> = {
  manual: undefined,
  linux,
  selftest,
  ovmf,
  svsm,
  storm,
};

/** The next instruction of the program on a vCPU; nothing when it has ended or the vCPU is not in the guest. */
export function nextInstruction(world: World, index: number): Decision | undefined {
  const program = programs[world.vm.guestProgram];
  const vcpu = world.vcpus[index];
  if (!program || vcpu?.run !== 'inGuest') return undefined;
  if (memoryPages(world) < program.leastPages) return undefined;
  return decide(program, world, index);
}

/** Implements the guest verb `step`. */
export function stepProgram(world: World, index: number): Outcome {
  const impossible = notInGuest(world, index) ?? programMissing(world);
  if (impossible) return impossible;
  const decision = nextInstruction(world, index);
  if (!decision) return refused(`the program is over on v${index}`);
  const { act, next, givesUp, says } = decision;
  const vcpu = world.vcpu(index);
  vcpu.programStep = next.programStep;
  vcpu.programCursor = next.programCursor;
  const name = programs[world.vm.guestProgram]?.name ?? '';
  for (const { text, rule, isFinding } of says) {
    world.move('programNotes', index, { program: name, text }, rule);
    if (isFinding) world.finding('guest-error', `${name}: ${text}`);
  }
  if (givesUp) {
    const { who, why, set, code, rule } = givesUp;
    world.move('programGivesUp', index, { program: who, why, set, code }, rule);
    world.finding('guest-error', `${who} gives up: ${why}, reason ${set}:${code}`);
  }
  return execute(world, act);
}

const instructions: Omit<GuestHandlers, 'step'> = { ...requestHandlers, ...guestMemoryHandlers };
type AnyInstruction = (world: World, vcpu: number, args: GuestAct['args']) => Outcome;

function execute(world: World, act: GuestAct): Outcome {
  if (act.verb === 'step') return refused('a program cannot execute the act step');
  return (instructions[act.verb] as AnyInstruction)(world, act.vcpu, act.args);
}

/** Why the world has no program that can run. */
export function programMissing(world: World): Outcome {
  const program = programs[world.vm.guestProgram];
  if (!program) return refused('the guest is manual: the scenario says what it does');
  if (memoryPages(world) < program.leastPages) {
    return refused(`${program.name} needs ${(program.leastPages * 4) / 1024} MiB of memory from address 0`);
  }
  return undefined;
}

/** Whether the program of the world has anything left to execute on this vCPU. */
export const programRuns = (world: World, index: number): boolean =>
  nextInstruction(world, index) !== undefined;

export const programHandlers = {
  step: (world, vcpu) => stepProgram(world, vcpu),
} satisfies Partial<GuestHandlers>;
