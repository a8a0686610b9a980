import { expect, test } from 'vitest';
import { digestText } from '../engine/memory/digest';
import type { Act } from '../engine/acts';
import { perform } from '../engine/perform';
import type { World } from '../engine/world';
import { profile } from '../profiles/resolve';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { isLong } from '../testing/effort';
import { walk } from './walk';

function launched(): World {
  const parsed = parseScenario(
    'ghcb-scenario 1\nvm vcpus=2 memory=4M\nguest manual\nhost qemu\nlaunch standard\nend ghcb-scenario\n',
  );
  if (!parsed.ok) throw new Error('the scenario of this test is wrong');
  return runScenario(parsed.scenario, profile('linux-7.2'), (world) => new Timeline(world)).timeline.world;
}

const acts: readonly Act[] = [
  { actor: 'guest', vcpu: 0, verb: 'init', args: { target: 1 } },
  { actor: 'guest', vcpu: 0, verb: 'sipi', args: { target: 1 } },
  { actor: 'guest', vcpu: 0, verb: 'msr-psc', args: { gfn: 0x104, op: 'shared' } },
  { actor: 'guest', vcpu: 0, verb: 'hlt', args: {} },
  { actor: 'kvm', verb: 'wake', args: { vcpu: 0 } },
  { actor: 'kvm', verb: 'wake', args: { vcpu: 1 } },
  { actor: 'vmm', verb: 'handle', args: { vcpu: 0 } },
];

/** The same search without any cleverness: every state is reached by performing all acts on the way to it. */
function plainSearch(maxDepth: number): Map<string, number> {
  const found = new Map<string, number>();
  let level: Act[][] = [[]];
  for (let depth = 0; depth <= maxDepth; depth++) {
    const next: Act[][] = [];
    for (const path of level) {
      const world = launched();
      if (path.some((act) => perform(world, act))) continue;
      const digest = digestText(world.digest());
      if (found.has(digest)) continue;
      found.set(digest, depth);
      next.push(...acts.map((act) => [...path, act]));
    }
    level = next;
  }
  return found;
}

test('the walk stores exactly the states that a plain search finds, each by a shortest path', () => {
  const found = plainSearch(isLong ? 4 : 3);
  const world = launched();
  const before = digestText(world.digest());
  const met: string[] = [];
  const result = walk(world, () => acts, {
    maxStates: found.size,
    visit: (at) => met.push(digestText(at.digest())) > 0,
  });
  expect(digestText(world.digest())).toBe(before);
  expect(new Set(met).size).toBe(met.length);
  expect(new Set(met)).toEqual(new Set(found.keys()));
  met.forEach((digest, state) => {
    const path = result.path(state);
    expect(path).toHaveLength(found.get(digest) as number);
    const again = launched();
    path.forEach((act) => perform(again, act));
    expect(digestText(again.digest())).toBe(digest);
  });
});

test('a walk can be told to stop at a state', () => {
  const result = walk(launched(), () => acts, {
    maxStates: 10_000,
    visit: (world) => world.vcpu(1).mpState !== 'RUNNABLE',
  });
  const path = result.path(result.states - 1);
  expect(result.isComplete).toBe(false);
  expect(path.map(({ verb }) => verb)).toContain('sipi');
});
