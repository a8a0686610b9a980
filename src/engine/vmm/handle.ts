/** The personality: it handles the exit of a vCPU, and returns its next act. */
import { errnoText } from '../../abi/errno';
import { refused, type Outcome, type VmmAct } from '../acts';
import type { HandlersOf } from '../handlers';
import { threadOfVcpu } from '../kvm/threads/locks';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { personalities } from './personalities/all';
import { exitOf, exitText, type Verdict } from './personalities/personality';
import { CallWaits } from './waiting';

/** Retries of a KVM_RUN that returns -EAGAIN or -EINTR before the model waits for a change. */
const MAX_RETRIES = 2;

/** Implements the VMM verb `handle`. An exit in whose handling a call waits is pending still, and handled anew after it. */
export function handleExit(world: World, index: number): Outcome {
  const vcpu = world.vcpus[index];
  if (!vcpu?.exists) return refused(`there is no vCPU ${index}`);
  if (vcpu.run !== 'inUserspace' || !vcpu.exitPending) return refused(`v${index} has no exit that waits`);
  const { personality } = world.vm;
  if (personality === 'manual') return refused('the host is manual: no personality handles exits');
  const exit = exitOf(world, index);
  world.move('vmmReads', index, { who: personality, exit: exitText(exit) });
  try {
    const verdict = personalities[personality].handle(exit);
    vcpu.exitPending = false;
    world.vm.answersGiven += 1;
    apply(world, vcpu, verdict);
  } catch (error) {
    if (!(error instanceof CallWaits)) throw error;
  }
  return undefined;
}

function apply(world: World, vcpu: Vcpu, verdict: Verdict): void {
  const index = vcpu.index;
  if (verdict.next !== 'retry') vcpu.runRetries = 0;
  if (verdict.next === 'stop') {
    vcpu.vmmThread = 'idle';
    world.vm.vmmStopped = true;
    world.move('vmmStops', index, { why: verdict.why }, verdict.rule);
  } else if (verdict.next === 'retry' && ++vcpu.runRetries >= MAX_RETRIES) {
    vcpu.runRetries = 0;
    vcpu.vmmThread = 'waiting';
    vcpu.waitedEvents = eventsOf(vcpu);
    world.move(
      'vmmWaits',
      index,
      { vcpu: index, why: `${exitText(exitOf(world, index))} again` },
      'RetriesWithoutChange',
    );
  } else vcpu.vmmThread = verdict.next === 'idle' ? 'idle' : 'again';
}

/** The events that a waiting thread checks, one bit each. */
function eventsOf(vcpu: Vcpu): number {
  const bits = [
    vcpu.initLatched,
    vcpu.sipiLatched,
    vcpu.wakeEvent || vcpu.nmiRequest || vcpu.nmiPending > 0,
    vcpu.signalPending,
    vcpu.pvUnhalted,
    vcpu.mpState !== 'UNINITIALIZED',
    vcpu.mpState === 'RUNNABLE',
  ];
  return bits.reduce((mask, set, bit) => mask | (set ? 1 << bit : 0), 0);
}

/** Whether a new event is pending since the thread began to wait; events that were pending before do not count. */
const changed = (vcpu: Vcpu): boolean => (eventsOf(vcpu) & ~vcpu.waitedEvents) !== 0;

/** The next act of the personality, or nothing when every vCPU runs, sleeps or is not run again. */
export function nextVmmAct(world: World): VmmAct | undefined {
  if (world.vm.personality === 'manual' || world.vm.filesClosed) return undefined;
  for (const [index, vcpu] of world.vcpus.entries()) {
    if (!vcpu.exists || vcpu.run !== 'inUserspace') continue;
    const thread = threadOfVcpu(world, index);
    if (thread?.call !== 'none' || thread.fate !== 'alive') continue;
    if (vcpu.exitPending) return { actor: 'vmm', verb: 'handle', args: { vcpu: index } };
    if (world.vm.vmmStopped) continue;
    const runs = vcpu.vmmThread === 'again' || (vcpu.vmmThread === 'waiting' && changed(vcpu));
    if (runs) return { actor: 'vmm', verb: 'run', args: { vcpu: index } };
  }
  return undefined;
}

/** The launch failed: the process of the VMM ends, and it runs no vCPU. */
function giveUpLaunch(world: World): Outcome {
  const { vm } = world;
  if (vm.personality === 'manual') return refused('the host is manual: no personality gives up');
  if (vm.vmmStopped) return refused('the VMM has ended already');
  vm.vmmStopped = true;
  for (const vcpu of world.vcpus) vcpu.vmmThread = 'idle';
  const why = `a call of the launch returned ${errnoText(vm.ioctlRet)}`;
  const rule = vm.personality === 'cloud-hypervisor' ? 'CloudHypervisorLaunchFails' : 'QemuLaunchFails';
  world.move('vmmStops', -1, { why }, rule);
  return undefined;
}

/** The VMM acts that belong to the personality. */
export const personalityHandlers = {
  'give-up': (world) => giveUpLaunch(world),
  handle: (world, { vcpu }) => handleExit(world, vcpu),
} satisfies Partial<HandlersOf<'vmm'>>;
