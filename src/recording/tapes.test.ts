/** What an act does is the same on every tape, and an act that is refused does nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { candidateActs, enabledActs, tryAct, tryActs } from '../engine/enabled-acts';
import { digestText } from '../engine/memory/digest';
import type { World } from '../engine/world';
import { profileIds } from '../profiles/profiles';
import { parseProfileSpec, profile } from '../profiles/resolve';
import { worldFor } from '../scenarios/machine';
import { memoryTape } from '../scenarios/memory-tape';
import { parseScenario, problemText } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { actLine, headOf, type Line, type Scenario } from '../scenarios/scenario';
import { runs } from '../testing/effort';
import { anyAct } from '../testing/scenarios/any-act';
import { Timeline } from './timeline/timeline';

const read = (text: string): Scenario => {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
};
const scenario = (...lines: string[]): Scenario =>
  read(['ghcb-scenario 1', ...lines, 'end ghcb-scenario'].join('\n'));

/** Runs a scenario on both tapes, and holds every step of one to the other. */
function compareTapes(written: Scenario, spec: string): void {
  const named = parseProfileSpec(spec);
  if (!named.ok) throw new Error(named.error.message);
  const limit = { maxSteps: 20_000 };
  const memory = runScenario(written, named.value, memoryTape, limit);
  const kept = runScenario(written, named.value, (world) => new Timeline(world), limit);
  const told = (tape: ReturnType<typeof memoryTape>) => ({
    steps: tape.stepCount,
    acts: tape.acts.map(({ firstStep, stepCount, refused }) => [firstStep, stepCount, refused]),
    findings: tape.findings(),
    moves: Array.from({ length: tape.stepCount }, (_, step) => tape.step(step).move?.kind),
    digest: digestText(tape.world.digest()),
  });
  expect(told(memory.timeline)).toEqual(told(kept.timeline));
  expect(memory.expectations).toEqual(kept.expectations);
  expect(memory.problems).toEqual(kept.problems);
}

describe('step for step, the memory tape tells what the timeline keeps', () => {
  const folder = join(import.meta.dirname, '../../public/scenarios');
  test.each(readdirSync(folder).filter((file) => file.endsWith('.ghcb')))('%s', (file) => {
    const shipped = read(readFileSync(join(folder, file), 'utf8'));
    for (const spec of headOf(shipped).profiles.slice(0, 2)) compareTapes(shipped, spec);
  });

  test.each([
    ['launch standard', 'inject allocation what=command'],
    ['launch standard', 'inject firmware command=LAUNCH_FINISH status=0x0a'.replace('LAUNCH_FINISH', '0xa2')],
    ['inject ciphertext-hiding asids=3', 'launch standard'],
    ['launch standard', 'inject pv-unhalt vcpu=1', 'v1 hlt'],
    ['launch standard', 'v0 write gpa=0x7000 private=no value=1', 'inject allocation what=request'],
  ])('%s, %s', (...lines) => {
    for (const id of profileIds) compareTapes(scenario(...lines), id);
  });

  test('whatever acts come', () => {
    const lists = fc.array(anyAct, { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(lists, fc.constantFrom(...profileIds), fc.boolean(), (acts, id, launched) => {
        const launch: Line[] = launched ? [{ kind: 'launch' }] : [];
        compareTapes({ lines: [...launch, ...acts.map(actLine)] }, id);
      }),
      { numRuns: runs(40) },
    );
  });
});

const digestOf = (world: World): string => digestText(world.digest());

describe('an act that is refused before it moved anything', () => {
  test('leaves no write, whatever the acts before it were', () => {
    const lists = fc.array(anyAct, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lists, fc.constantFrom(...profileIds), fc.boolean(), (acts, id, launched) => {
        const start = scenario(...(launched ? ['launch standard'] : []));
        const { timeline } = runScenario(start, profile(id), (world) => new Timeline(world));
        for (const act of acts) {
          const before = digestOf(timeline.world);
          let done;
          try {
            done = timeline.perform(act, 'user');
          } catch {
            expect(digestOf(timeline.world)).toBe(before);
            continue;
          }
          if (done.refused === undefined) continue;
          const { firstStep, stepCount } = done;
          const steps = Array.from({ length: stepCount }, (_, i) => timeline.step(firstStep + i));
          if (steps.some(({ move }) => move !== undefined)) continue;
          expect(digestOf(timeline.world), JSON.stringify(done.refused)).toBe(before);
          expect(steps.flatMap(({ changes }) => changes)).toEqual([]);
        }
      }),
      { numRuns: runs(40) },
    );
  });

  test.each([
    'vmm launch-update gfn=0x100 type=normal content=0x1122334455667788',
    'vmm launch-update gfn=0x100 n=4 type=zero content=1',
    'vmm launch-update gfn=0x3ff type=secrets content=0xffffffffffffffff',
  ])('leaves no write: %s without a VM', (line) => {
    const { timeline } = runScenario(scenario(line), profile('linux-7.2'), (world) => new Timeline(world));
    expect(timeline.acts).toMatchObject([{ refused: 'there is no VM', stepCount: 0 }]);
    const untouched = worldFor(headOf(scenario()), profile('linux-7.2'));
    expect(timeline.digest()).toBe(digestOf(untouched));
  });
});

describe('an act that the model cannot perform is one refused row of the menu', () => {
  test('after a read across the end of the address space', () => {
    const lines = ['launch standard', 'v0 mmio-read gpa=0xfffffffffffffff8 len=256'];
    const { timeline } = runScenario(scenario(...lines), profile('v11'), (world) => new Timeline(world));
    const before = digestOf(timeline.world);
    expect(enabledActs(timeline.world).length).toBeGreaterThan(10);
    expect(digestOf(timeline.world)).toBe(before);
  });

  test('whatever happened before: no candidate throws, and none leaves a write', () => {
    fc.assert(
      fc.property(
        fc.array(anyAct, { maxLength: 8 }),
        fc.constantFrom(...profileIds),
        fc.boolean(),
        (acts, id, launched) => {
          const launch: Line[] = launched ? [{ kind: 'launch' }] : [];
          const written = { lines: [...launch, ...acts.map(actLine)] };
          const { world } = runScenario(written, profile(id), memoryTape, { maxSteps: 500 }).timeline;
          const before = digestOf(world);
          const candidates = candidateActs(world);
          for (const act of candidates) {
            const row = tryAct(world, act);
            expect(digestOf(world), JSON.stringify(row.refused)).toBe(before);
          }
          expect(enabledActs(world).length).toBe(candidates.length);
        },
      ),
      { numRuns: runs(40) },
    );
  });

  test('a candidate beyond what is modelled is one row that says so', () => {
    const { world } = runScenario(scenario('launch standard'), profile('linux-7.2'), memoryTape).timeline;
    const before = digestOf(world);
    const gpa = 1n << BigInt(world.vm.maxPhysicalAddress);
    const read = { actor: 'guest', vcpu: 0, verb: 'read', args: { gpa, private: true } } as const;
    const hlt = { actor: 'guest', vcpu: 0, verb: 'hlt', args: {} } as const;
    expect(tryActs(world, [read, hlt])).toEqual([
      { act: read, refused: expect.stringMatching(/^not modelled: an access beyond the 48 bits/) as string },
      { act: hlt },
    ]);
    expect(digestOf(world)).toBe(before);
  });

  test('whatever it throws, the others stay and the world is as before', () => {
    const { timeline } = runScenario(scenario('launch standard'), profile('linux-7.2'), memoryTape);
    const { world } = timeline;
    const before = digestOf(world);
    const { recorder } = world;
    const outside = { actor: 'guest', vcpu: 77, verb: 'hlt', args: {} } as const;
    const inside = { actor: 'guest', vcpu: 0, verb: 'hlt', args: {} } as const;
    const [bad, good] = tryActs(world, [outside, inside]);
    expect(bad?.refused).toContain('vCPU 77');
    expect(good).toEqual({ act: inside });
    expect(digestOf(world)).toBe(before);
    expect(world.recorder).toBe(recorder);
  });
});
