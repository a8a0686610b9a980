/**
 * The question of the front page and what each run answers it with. The answer is read from the run: the result that
 * the guest got, and which VMSA is pending for the target or is its own when the last act is over.
 */
import type { Comparison } from '../recording/comparison/model';
import type { ShownRun } from './shown-run';

export const question =
  'A guest asks KVM to create a vCPU that is already waiting to be created. What should happen?';

/** The plausible outcomes: the text of the button, and the end of the sentence in the answer. */
export const outcomes = {
  replaced: { button: 'The second VMSA replaces the first', says: 'the second VMSA replaces the first' },
  refused: { button: 'The guest gets an error', says: 'the guest gets an error and the first VMSA waits on' },
  ignored: { button: 'It succeeds and the first VMSA stays', says: 'it succeeds and the first VMSA stays' },
} as const;
export type OutcomeName = keyof typeof outcomes;
export const outcomeNames = Object.keys(outcomes) as readonly OutcomeName[];

/** The last creation in a run: its place among the acts of the scenario, and where everything came to rest after it. */
interface Creation {
  /** Steps taken before. */
  readonly start: number;
  readonly target: number;
  readonly vmsa: bigint;
  readonly guest: number;
  /** Steps taken by then. */
  readonly end: number;
}

function lastCreation({ timeline, lines }: ShownRun): Creation | undefined {
  const at = timeline.acts.findLastIndex(({ act }) => act.verb === 'ap-create');
  const act = timeline.acts[at]?.act;
  const span = lines.find(({ firstAct, endAct }) => at >= firstAct && at < endAct);
  const last = span && timeline.acts[span.endAct - 1];
  const start = timeline.acts[at]?.firstStep;
  if (act?.verb !== 'ap-create' || !last || start === undefined) return undefined;
  const { target, vmsa } = act.args;
  return { start, target, vmsa, guest: act.vcpu, end: last.firstStep + last.stepCount };
}

/** How many steps a run has made when the question is answered. */
export const answeredAt = (run: ShownRun): number => lastCreation(run)?.end ?? run.timeline.stepCount;

/** The first row after the question in which the runs differ; differences before the question do not count. */
export function firstSplitAfterQuestion({ runs, rowOf, divergences }: Comparison): number | undefined {
  const asked = runs.flatMap((run, index) => {
    const creation = lastCreation(run);
    return creation ? [rowOf(index, creation.start)] : [];
  });
  return divergences.find((row) => row >= Math.min(...asked));
}

/** The outcome of the second creation, undefined where the guest got no result. */
export function outcomeOf(run: ShownRun): OutcomeName | undefined {
  const creation = lastCreation(run);
  if (!creation) return undefined;
  const { timeline } = run;
  const { world } = timeline.at(creation.end);
  const { guestResult } = world.vcpu(creation.guest);
  const { pendingVmsaGpa, guestVmsaGpa } = world.vcpu(creation.target);
  if (guestResult === 'none') return undefined;
  if (guestResult !== 'ok') return 'refused';
  return [pendingVmsaGpa, guestVmsaGpa].includes(creation.vmsa) ? 'replaced' : 'ignored';
}
