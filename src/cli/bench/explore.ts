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
import { apAbove, apWhole, END } from './ap-scope';
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
/** Only the first vCPU asks. */
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
const MAX_STATES = 100_000;

interface Timed {
  readonly searched: Searched;
  /** Milliseconds of processor time: what other programs take meanwhile is no part of it. */
  readonly ms: number;
}

function timed(text: string, id: ProfileName, limits: SearchLimits): Timed {
  const exploration = explore(scenarioOf(text), [profile(id)], { whole: true, ...limits });
  if (!exploration.ok) throw new Error(exploration.error.message);
  const start = process.cpuUsage();
  const [found] = finish(exploration.value.parts);
  if (!found) throw new Error('nothing was searched');
  const { user, system } = process.cpuUsage(start);
  return { searched: found.searched, ms: (user + system) / 1000 };
}

const rate = (states: number, ms: number): number => (states / ms) * 1000;

/** The walk that remembers nothing and tells every cell apart. */
function plainWalk(): { readonly states: number; readonly ms: number } {
  const scope = scopeOf(scenarioOf(above + acts + END));
  if (!scope.ok) throw new Error(scope.error.message);
  const taken = scope.value.acts.map(({ act }) => act);
  const { world } = worldAfter(above + END);
  const start = process.cpuUsage();
  const { states } = walk(world, () => taken, { maxStates: MAX_STATES });
  const { user, system } = process.cpuUsage(start);
  return { states, ms: (user + system) / 1000 };
}

interface Report {
  readonly states: number;
  readonly properties: Readonly<Record<string, { readonly acts?: number }>>;
  readonly seconds: Readonly<Record<'spin' | 'gcc' | 'run', number>>;
}

/** What SPIN says of the same scope; nothing where it is not installed. */
function spin(id: ProfileName, option: readonly string[]): Report | undefined {
  const defines = Object.entries(apWhole.defines).map(([name, value]) => `-D${name}=${value}`);
  const words = ['e2e/scripts/spin.mjs', 'ap-lifecycle', '--profile', id, ...defines, ...option];
  try {
    const printed = execFileSync('node', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return JSON.parse(printed) as Report;
  } catch {
    return undefined;
  }
}

/** The properties that both find broken, with their shortest lengths; each cuts two of the others in its own way. */
const ownCut = ['OfflineDistinguishable', 'ArmedDistinguishable', 'ErrorsAreVisible'];
const verdicts = (lengths: readonly (readonly [string, number])[]): string =>
  lengths
    .filter(([name]) => !ownCut.includes(name))
    .map(([name, acts]) => `${name} ${acts}`)
    .sort()
    .join(', ');

/** The same scope, searched here and by SPIN: verdicts, states, processor time. */
function besideSpin(id: ProfileName): void {
  const text = apAbove + apWhole.lines + END;
  timed(text, id, {}); // the code is warm, as that of a page is after its first search
  const one = timed(text, id, {});
  const ours = verdicts(
    one.searched.answers.flatMap(({ question, way }) => (way ? [[question.name, way.length]] : [])),
  );
  line(
    `AP life cycle under ${id}, ${one.searched.end}`,
    milliseconds(one.ms),
    `${count(one.searched.states)} states, ${count(rate(one.searched.states, one.ms))} a second`,
  );
  const peer = spin(id, ['--measure']);
  const told = spin(id, []);
  if (!peer || !told) return line('  SPIN', 'not installed');
  const theirs = verdicts(
    Object.entries(told.properties).flatMap(([name, { acts }]) => (acts === undefined ? [] : [[name, acts]])),
  );
  const { spin: translating, gcc, run } = peer.seconds;
  const whole = (translating + gcc + run) * 1000;
  line(
    '  SPIN, exact, -O2 -DSAFETY -DNOREDUCE',
    milliseconds(run * 1000),
    `${count(peer.states)} states, ${count(rate(peer.states, run * 1000))} a second; ${milliseconds(whole)} with its compiler`,
  );
  line(
    '  verdicts and shortest lengths',
    ours === theirs ? 'equal' : 'DIFFERENT',
    ours === theirs ? ours : `${ours} against ${theirs}`,
  );
  line('  ratio without compile time', `${((run * 1000) / one.ms).toFixed(2)} x`, 'bar: 1 x, aim 3 x');
  line('  with it', `${(whole / one.ms).toFixed(1)} x`, 'bar: 5 x, aim 20 x');
}

export function benchExplore(): void {
  // As many states as the plain walk stores: what makes them fewer is measured below.
  const many: SearchLimits = { without: ['idle reads', 'dead cells'] };
  timed(above + acts + END, 'linux-7.2', { ...many, maxStates: 20_000 });
  const ours = timed(above + acts + END, 'linux-7.2', { ...many, maxStates: MAX_STATES });
  const fewer = timed(above + acts + END, 'linux-7.2', { maxStates: MAX_STATES });
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

  line(
    'with all reductions: states, time',
    `${count(fewer.searched.states)}, ${milliseconds(fewer.ms)}`,
    fewer.searched.end,
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
  const every = timed(above + oneTarget + END, 'linux-7.2', {
    without: ['live cells'],
    maxStates: 1_000_000,
  });
  line(
    'one target: states, and where every cell counts',
    `${count(reduced.searched.states)}, ${count(every.searched.states)}`,
    every.searched.end,
  );
  line('fewer', `${(every.searched.states / reduced.searched.states).toFixed(1)} x`, 'bar: 50 x');
  for (const id of ['linux-6.12', 'linux-7.3'] as const) besideSpin(id);
}
