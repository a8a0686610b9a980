/** The lines of a step, and of a whole run. */
import type { Resumable } from '../../base/resumable';
import type { Timeline } from '../../recording/timeline/timeline';
import { guestPrinters } from './guest-lines';
import { entryLines, exitLines, kvmPrinters } from './kvm-lines';
import type { PrintedLine, Printing } from './printed';
import { vmmPrinters } from './vmm-lines';

/** Every line that KVM, QEMU or a Linux guest prints at a step, in the order in which they appear. */
export function printedAt(timeline: Timeline, index: number): readonly PrintedLine[] {
  const step = timeline.step(index);
  const { move } = step;
  if (!move) return [];
  const before = () => timeline.at(index).world;
  const after = () => timeline.at(index + 1).world;
  const at: Printing = { step, move, timeline, before, after, vcpu: () => after().vcpu(move.vcpu) };
  const lines = [kvmPrinters, vmmPrinters, guestPrinters].flatMap(
    (printers) => printers[move.kind]?.(at) ?? [],
  );
  const taken = (type: string, print: typeof exitLines): PrintedLine[] =>
    step.transitions.flatMap(({ chart, instance, event }) =>
      chart === 'vcpu' && event.type === type ? print(at, instance) : [],
    );
  return [...taken('ENTER', entryLines), ...lines, ...taken('EXIT_TO_USERSPACE', exitLines)];
}

/** A printed line with the step that prints it. */
export interface StepLine {
  readonly step: number;
  readonly line: PrintedLine;
}

/** Steps between two pauses. */
const STEPS_IN_PART = 256;

/** The lines of a whole run, in order. */
export function* printedLinesInParts(timeline: Timeline): Resumable<StepLine[]> {
  const lines: StepLine[] = [];
  for (let step = 0; step < timeline.stepCount; step++) {
    for (const line of printedAt(timeline, step)) lines.push({ step, line });
    if (step % STEPS_IN_PART === STEPS_IN_PART - 1) yield;
  }
  return lines;
}
