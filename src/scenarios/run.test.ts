import { describe, expect, test } from 'vitest';
import { defaultProfile, parseProfileSpec } from '../profiles/resolve';
import { memoryTape } from './memory-tape';
import { parseScenario, problemText } from './parse';
import { runScenario, type Run, type RunOptions } from './run';
import type { Tape } from './tape';

function run(body: string, spec = 'linux-7.2', options: RunOptions = {}): Run<Tape> {
  const parsed = parseScenario(`ghcb-scenario 1\n${body}\nend ghcb-scenario\n`);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  const profile = parseProfileSpec(spec);
  return runScenario(parsed.scenario, profile.ok ? profile.value : defaultProfile(), memoryTape, options);
}
const acts = (done: Run<Tape>, line: number): string[] => {
  const { firstAct = 0, endAct = 0 } = done.lines[line] ?? {};
  return done.timeline.acts
    .slice(firstAct, endAct)
    .map(({ act, origin }) => `${origin} ${act.actor} ${act.verb}`);
};

describe('after each act the world comes to rest', () => {
  test('the personality handles the exit and calls KVM_RUN again', () => {
    const done = run('launch standard\nv0 msr-psc gfn=0x140 op=shared');
    expect(acts(done, 1)).toEqual([
      'scenario guest msr-psc',
      'personality vmm handle',
      'personality vmm run',
    ]);
  });

  test('an explicit answer on the next line keeps the personality out, and KVM_RUN follows it', () => {
    const done = run('launch standard\nv0 msr-psc gfn=0x140 op=shared\nvmm answer ret=22');
    expect(acts(done, 1)).toEqual(['scenario guest msr-psc']);
    expect(acts(done, 2)).toEqual(['scenario vmm answer', 'personality vmm run']);
  });

  test('a manual host leaves every exit to the scenario', () => {
    const done = run('host manual\nlaunch standard\nv0 msr-psc gfn=0x140 op=shared\nv0 hlt');
    expect(acts(done, 2)).toEqual(['scenario guest msr-psc']);
    expect(done.lines[3]?.refused).toContain('its thread is in userspace');
  });

  test('a sleeping thread that can go on is woken by the scheduler', () => {
    const done = run('launch standard\nv0 init-sipi target=1');
    expect(acts(done, 1)).toEqual([
      'scenario guest init-sipi',
      'scheduler kvm wake',
      'personality vmm handle',
      'personality vmm run',
    ]);
  });

  test('a scenario that wakes threads itself schedules all of them', () => {
    const done = run('launch standard\nv0 init-sipi target=1\nkvm wake vcpu=1');
    expect(acts(done, 1)).toEqual(['scenario guest init-sipi']);
    expect(acts(done, 2)[0]).toBe('scenario kvm wake');
  });

  test('a line about what the host does to a page leaves the threads to the scheduler', () => {
    const done = run('launch standard\nkvm reclaim gfn=0x140\nv0 init-sipi target=1');
    expect(acts(done, 1)).toEqual(['scenario kvm reclaim']);
    expect(acts(done, 2)).toContain('scheduler kvm wake');
  });

  test('-EAGAIN without a change is tried twice, then the thread waits', () => {
    const done = run(
      'vm memory=8M\nlaunch standard\nv0 make-vmsa gpa=0x121000\nv0 ap-create target=1 vmsa=0x121000',
    );
    const origins = acts(done, 3);
    expect(origins.filter((text) => text === 'personality vmm run')).toHaveLength(1);
    expect(done.timeline.world.vcpu(1).vmmThread).toBe('waiting');
  });
});

test('an expectation says what it found, and narrows to profiles', () => {
  const body =
    'launch standard\n? v0.run == inGuest\n? v0.run == blocked\n? @linux-6.12 v0.run == blocked\n? page.0xfffff.rmp == Guest-Valid';
  const found = run(body).expectations.map(({ ok, actual }) => [ok, actual]);
  expect(found).toEqual([
    [true, 'inGuest'],
    [false, 'inGuest'],
    [false, 'frame 0xfffff is outside this machine'],
  ]);
  expect(run(body, 'linux-6.12').expectations).toHaveLength(4);
});

test('moves and exits are counted since the act above', () => {
  const done = run(
    'launch standard\nv0 psc entries=private:0x140,shared:0x141\n? moves.mapGpaRangeExit == 2\n? exits.count == 2\nv0 hv-features form=msr\n? exits.count == 0',
  );
  expect(done.expectations.map(({ ok }) => ok)).toEqual([true, true, true]);
});

test('an act that does not fit the wire is a problem with its line, and the run goes on', () => {
  const done = run(
    'launch standard\nv0 ap-create target=1 vmsa=0x121000 vmpl=99\nv0 hv-features form=msr\n? guest.result == ok',
  );
  expect(done.problems).toEqual([{ line: 1, message: expect.stringContaining('vmpl') as string }]);
  expect(done.expectations.map(({ ok }) => ok)).toEqual([true]);
});

test('a GHCB page named at the very end of the address space puts the shared buffer at its start', () => {
  const body =
    'host manual\nlaunch standard\nv0 register-ghcb gpa=0xffffffffffffffff\nv0 ext-guest-request request=0x0 response=0x0';
  expect(run(body, 'part2-v4').problems).toEqual([]);
});

test('a run stops at its step limit and says so', () => {
  const done = run('launch standard\nv0 hv-features form=msr', 'linux-7.2', { maxSteps: 10 });
  expect(done.timeline.stepCount).toBe(10);
  expect(done.problems).toEqual([
    {
      line: 0,
      budget: 'steps',
      message: 'the run has 10 steps, its budget of steps: vmm launch-start stops there',
    },
  ]);
});

test.each([
  ['guest manual\nlaunch standard\nrun until=idle', 'the guest is manual'],
  ['guest linux\nlaunch standard\nrun until=idle', 'Linux needs 32 MiB'],
])('a run without a program that can run says why: %j', (body, message) => {
  expect(run(body).problems[0]?.message).toContain(message);
});

describe('run until', () => {
  const head = 'vm vcpus=2 memory=64M\nguest linux\nlaunch standard\n';
  test.each([
    ['exit', 'v0.exit', 'HYPERCALL'],
    ['terminated', 'vm.terminationRequested', 'yes'],
    ['idle', 'vm.terminationRequested', 'yes'],
  ])('%s: %s is %s', (until, path, value) => {
    const done = run(`${head}run until=${until}\n? ${path} == ${value}`);
    expect(done.expectations.map(({ ok, actual }) => [ok, actual])).toEqual([[true, expect.anything()]]);
  });

  test('a count of steps', () => {
    const done = run(`${head}run until=steps:5\n? v0.programStep > 0\n? vm.terminationRequested == no`);
    expect(done.expectations.map(({ ok }) => ok)).toEqual([true, true]);
  });
});

test('the same scenario gives the same bytes', () => {
  const body = 'vm vcpus=2 memory=64M\nguest linux\nlaunch standard\nrun until=terminated';
  expect(run(body).timeline.world.digest()).toEqual(run(body).timeline.world.digest());
});

describe('a frame beyond the store of pages answers for no other frame', () => {
  const answersOf = (body: string): readonly (string | undefined)[] => {
    const { timeline } = run(`vm vcpus=1 memory=64M\nlaunch standard\n${body}`, 'linux-7.2', {
      maxSteps: 2000,
    });
    return Array.from({ length: timeline.stepCount }, (_, step) => timeline.step(step).move?.kind);
  };

  test.each(['0x100000007000', '0x1000000007000', '0x200000007000'])(
    'a shared write at %s after one at 0x7000 is #VC for MMIO, as any address without memory',
    (gpa) => {
      const without = answersOf(
        `v0 write gpa=0x7000 private=no value=1\nv0 write gpa=0x10000005000 private=no value=2`,
      );
      const moves = answersOf(
        `v0 write gpa=0x7000 private=no value=1\nv0 write gpa=${gpa} private=no value=2`,
      );
      expect(moves.at(-1)).toBe('vcMmio');
      expect(moves).toEqual(without);
    },
  );

  test.each(['0x100000005000', '0x1000000005000', '0x200000005000'])(
    'a private read at %s leaves with MEMORY_FAULT while page 0x5000 is private and validated',
    (gpa) => {
      const own = 'v0 write gpa=0x5000 private=yes value=1\n';
      const without = answersOf(`${own}v0 read gpa=0x10000005000 private=yes`);
      expect(without).toContain('memoryFaultExit');
      expect(answersOf(`${own}v0 read gpa=${gpa} private=yes`)).toEqual(without);
    },
  );
});
