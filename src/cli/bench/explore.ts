/** An exhaustive walk over two vCPUs and their AP life cycle, against XState's own walk over one vCPU chart. */
import { getShortestPaths } from 'xstate/graph';
import type { Act } from '../../engine/acts';
import type { World } from '../../engine/world';
import { walk } from '../../explorer/walk';
import { allEvents } from '../../machines/events';
import { vcpuMachine } from '../../machines/vcpu';
import { vcpuEvents } from '../../machines/vcpu-events';
import { count, line, part } from './measure';
import { worldAfter } from './worlds';

const MAX_STATES = 100_000;
const VMSA = 0x121000n;

const text = `ghcb-scenario 1
title   two vCPUs, the first in the guest, the second waiting for INIT
vm      vcpus=2 memory=4M
guest   manual
host    qemu
launch  standard
v0      make-vmsa gpa=0x121000
end ghcb-scenario
`;

/** What either vCPU can do to the other, and what lets their threads go on. */
function actsOf(vcpu: number): Act[] {
  const target = 1 - vcpu;
  return [
    { actor: 'guest', vcpu, verb: 'ap-create', args: { target, vmsa: VMSA } },
    { actor: 'guest', vcpu, verb: 'ap-create-on-init', args: { target, vmsa: VMSA } },
    { actor: 'guest', vcpu, verb: 'ap-destroy', args: { target } },
    { actor: 'guest', vcpu, verb: 'init', args: { target } },
    { actor: 'guest', vcpu, verb: 'sipi', args: { target } },
    { actor: 'guest', vcpu, verb: 'hold', args: { form: 'msr' } },
    { actor: 'guest', vcpu, verb: 'hlt', args: {} },
    { actor: 'vmm', verb: 'run', args: { vcpu } },
    { actor: 'kvm', verb: 'wake', args: { vcpu } },
  ];
}

function timedWalk(
  world: World,
  acts: readonly Act[],
): { states: number; transitions: number; ms: number; bytes: number } {
  const start = performance.now();
  const { states, transitions, bytes } = walk(world, () => acts, { maxStates: MAX_STATES });
  return { states, transitions, ms: performance.now() - start, bytes };
}

/** XState's search over the chart alone: every event in every state. */
function timedGraph(): { states: number; ms: number } {
  const events = [...allEvents(vcpuEvents)] as never[];
  const start = performance.now();
  const states = getShortestPaths(vcpuMachine, { events, limit: 1_000_000 }).length;
  return { states, ms: performance.now() - start };
}

export function benchExplore(): void {
  const world = worldAfter(text).world;
  const acts = [...actsOf(0), ...actsOf(1)];
  timedWalk(world, acts);
  const ours = timedWalk(world, acts);
  const graph = timedGraph();
  const oursPerSecond = (ours.states / ours.ms) * 1000;
  const graphPerSecond = (graph.states / graph.ms) * 1000;
  part('An exhaustive walk, one thread, parents kept');
  line('states stored, transitions', `${count(ours.states)}, ${count(ours.transitions)}`);
  line(
    'stored states a second',
    count(oursPerSecond),
    `${(ours.bytes / ours.states).toFixed(0)} bytes a state`,
  );
  line('transitions a second', count((ours.transitions / ours.ms) * 1000));
  line(
    'xstate/graph on the vcpu chart alone, states a second',
    count(graphPerSecond),
    `${count(graph.states)} states`,
  );
  line('ratio', `${(oursPerSecond / graphPerSecond).toFixed(0)} x`, 'bar: 100 x, aim 300 x');
}
