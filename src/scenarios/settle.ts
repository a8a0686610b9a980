/** What moves by itself once an act is over, and who decides that it does. */
import type { Act, KvmAct } from '../engine/acts';
import { needsWake } from '../engine/kvm/run/run';
import { threadToContinue } from '../engine/vmm/threads';
import type { World } from '../engine/world';
import type { Line, Scenario } from './scenario';

/** Acts that the scheduler performs where no scenario does. */
const isScheduling = ({ actor, verb }: Act): boolean =>
  actor === 'kvm' && (verb === 'wake' || verb === 'continue');

const schedules = (line: Line): boolean => {
  if (line.kind === 'act') return isScheduling(line.act);
  if (line.kind !== 'explore') return false;
  return (
    line.clause.what === 'threads' || (line.clause.what === 'acts' && line.clause.acts.some(isScheduling))
  );
};

/** A scenario that lets a thread go on itself, or a search do so, schedules all of them itself. */
export const schedulesItself = ({ lines }: Scenario): boolean => lines.some(schedules);

/** The next thread that can go on: those of the vCPUs in their order, then the one that waits longest for a lock. */
export function nextThreadAct(world: World): KvmAct | undefined {
  const vcpu = world.vcpus.findIndex((_, index) => needsWake(world, index));
  if (vcpu >= 0) return { actor: 'kvm', verb: 'wake', args: { vcpu } };
  const thread = threadToContinue(world);
  return thread === undefined ? undefined : { actor: 'kvm', verb: 'continue', args: { thread } };
}
