/**
 * Searches over the AP life cycle of two vCPUs: the search of the command line, the plain walk that remembers nothing, XState's
 * own walk over one chart, and SPIN on the Promela model, where it is installed.
 */
import { execFileSync } from 'node:child_process';
import { getShortestPaths } from 'xstate/graph';
import { finish } from '../../base/resumable';
import { explore } from '../../explorer/search/exploration';
import type { Searched, SearchLimits } from '../../explorer/search/search';
import { scopeOf } from '../../explorer/search/scope';
import { walk } from '../../explorer/walk';
import { allEvents } from '../../machines/events';
import { vcpuMachine } from '../../machines/vcpu';
import { vcpuEvents } from '../../machines/vcpu-events';
import { profile, type ProfileName } from '../../profiles/resolve';
import { count, line, milliseconds, part } from './measure';
import { scenarioOf, worldAfter } from './worlds';

const above = `ghcb-scenario 1
title   two vCPUs, the first in the guest, the second waiting for INIT
vm      vcpus=2 memory=4M
guest   manual
host    manual
launch  standard
v0      make-vmsa gpa=0x121000
`;
const acts = `explore threads
explore v* ap-create target=* vmsa=0x121000
explore v* ap-create-on-init target=* vmsa=0x121000
explore v* ap-destroy target=*
explore v* init target=*
explore v* sipi target=*
explore v* hold form=msr
explore v* hlt
explore vmm run vcpu=0|1
`;
/** Only the first vCPU asks. The scope "races" of the Promela model has more acts: its time is no peer of ours, its states a second are. */
const oneTarget = `explore threads
explore v0 ap-create target=1 vmsa=0x121000
explore v0 ap-create-on-init target=1 vmsa=0x121000
explore v0 ap-destroy target=1 features=0x1
explore v0 init target=1
explore v0 sipi target=1
explore v1 hold form=msr
explore v1 hlt
explore vmm run vcpu=1
`;
const END = 'end ghcb-scenario\n';
const MAX_STATES = 100_000;

interface Timed {
  readonly searched: Searched;
  readonly ms: number;
}

function timed(text: string, id: ProfileName, limits: SearchLimits): Timed {
  const exploration = explore(scenarioOf(text), [profile(id)], { whole: true, ...limits });
  if (!exploration.ok) throw new Error(exploration.error.message);
  const start = performance.now();
  const [found] = finish(exploration.value.parts);
  if (!found) throw new Error('nothing was searched');
  return { searched: found.searched, ms: performance.now() - start };
}

const rate = (states: number, ms: number): number => (states / ms) * 1000;

/** The walk that remembers nothing and tells every cell apart. */
function plainWalk(): { readonly states: number; readonly ms: number } {
  const scope = scopeOf(scenarioOf(above + acts + END));
  if (!scope.ok) throw new Error(scope.error.message);
  const taken = scope.value.acts.map(({ act }) => act);
  const { world } = worldAfter(above + END);
  const start = performance.now();
  const { states } = walk(world, () => taken, { maxStates: MAX_STATES });
  return { states, ms: performance.now() - start };
}

/** SPIN, exact and depth first, with the time of its compiler beside; nothing where it is not installed. */
function spin(
  id: ProfileName,
): { readonly states: number; readonly run: number; readonly all: number } | undefined {
  try {
    const words = ['e2e/scripts/spin.mjs', 'ap-lifecycle', '--profile', id, '--scope', 'races', '--measure'];
    const printed = execFileSync('node', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const { states, seconds } = JSON.parse(printed) as { states: number; seconds: Record<string, number> };
    const all = Object.values(seconds).reduce((sum, one) => sum + one, 0);
    return { states, run: (seconds['run'] ?? 0) * 1000, all: all * 1000 };
  } catch {
    return undefined;
  }
}

export function benchExplore(): void {
  timed(above + acts + END, 'linux-7.2', { maxStates: 20_000 });
  const ours = timed(above + acts + END, 'linux-7.2', { maxStates: MAX_STATES });
  plainWalk();
  const plain = plainWalk();
  part('A search over the AP life cycle of two vCPUs, one thread, invariants on, ways kept');
  const { searched } = ours;
  line('states stored, transitions', `${count(searched.states)}, ${count(searched.transitions)}`);
  line(
    'stored states a second',
    count(rate(searched.states, ours.ms)),
    `${(searched.bytes / searched.states).toFixed(0)} bytes a state`,
  );
  line('attempts that ran the handlers', `${((searched.performed / searched.tried) * 100).toFixed(2)} %`);
  line('the plain walk, stored states a second', count(rate(plain.states, plain.ms)));
  line(
    'ratio',
    `${(rate(searched.states, ours.ms) / rate(plain.states, plain.ms)).toFixed(1)} x`,
    'bar: 8 x, aim 20 x',
  );

  const events = [...allEvents(vcpuEvents)] as never[];
  const start = performance.now();
  const states = getShortestPaths(vcpuMachine, { events, limit: 1_000_000 }).length;
  line(
    'xstate/graph on the vcpu chart alone, states a second',
    count(rate(states, performance.now() - start)),
    `${count(states)} states`,
  );

  const reduced = timed(above + oneTarget + END, 'linux-7.2', {});
  const every = timed(above + oneTarget + END, 'linux-7.2', { everyCell: true, maxStates: 1_000_000 });
  line(
    'one target: states, and where every cell counts',
    `${count(reduced.searched.states)}, ${count(every.searched.states)}`,
    every.searched.end,
  );
  line('fewer', `${(every.searched.states / reduced.searched.states).toFixed(1)} x`, 'bar: 50 x');
  for (const id of ['linux-6.12', 'linux-7.3'] as const) {
    const one = timed(above + oneTarget + END, id, {});
    const peer = spin(id);
    line(
      `one target under ${id}, exhausted`,
      milliseconds(one.ms),
      `${count(one.searched.states)} states, ${count(rate(one.searched.states, one.ms))} a second`,
    );
    if (peer)
      line(
        '  SPIN exact, another scope (races)',
        milliseconds(peer.run),
        `${count(peer.states)} states, ${count(rate(peer.states, peer.run))} a second; ${milliseconds(peer.all)} with its compiler`,
      );
    else line('  SPIN', 'not installed');
  }
}
