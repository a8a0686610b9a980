import { errno } from '../abi/errno';
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

test('an expectation is a filter on the act above it, with all that followed', () => {
  const body = `launch standard
? v0.run changed and v0.run == inGuest
v0 psc entries=private:0x140,shared:0x141
? page.0x141.rmp changed and exits.count == 2
? move == mapGpaRangeExit and not move == failEntry
? act ~ psc
? text ~ KVM_EXIT_HYPERCALL`;
  expect(run(body).expectations.map(({ ok }) => ok)).toEqual(Array.from({ length: 5 }, () => true));
  const [missed] = run(
    'launch standard\nv0 hv-features form=msr\n? v1.mpState changed or v0.run == blocked',
  ).expectations;
  expect(missed).toMatchObject({
    ok: false,
    actual: 'v1.mpState: UNINITIALIZED, not changed, v0.run: inGuest',
    expected: 'v1.mpState changed or v0.run == blocked',
  });
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

  test.each(['0x100000007000', '0x800000007000', '0x200000007000'])(
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

  test.each(['0x100000005000', '0x800000005000', '0x200000005000'])(
    'a private read at %s leaves with MEMORY_FAULT while page 0x5000 is private and validated',
    (gpa) => {
      const own = 'v0 write gpa=0x5000 private=yes value=1\n';
      const without = answersOf(`${own}v0 read gpa=0x10000005000 private=yes`);
      expect(without).toContain('memoryFaultExit');
      expect(answersOf(`${own}v0 read gpa=${gpa} private=yes`)).toEqual(without);
    },
  );
});

describe('an address has the outcome of where it lies', () => {
  const guest = (act: string, maxphyaddr = 48): { refused?: string; kinds: string[]; findings: string[] } => {
    const body = `vm vcpus=2 memory=64M maxphyaddr=${maxphyaddr}\nlaunch standard\n${act}`;
    const done = run(body);
    const { timeline } = done;
    const { firstStep, stepCount } = timeline.acts[done.lines[2]?.firstAct ?? 0] ?? {
      firstStep: 0,
      stepCount: 0,
    };
    const steps = Array.from({ length: stepCount }, (_, step) => timeline.step(firstStep + step));
    const refused = done.lines[2]?.refused;
    return {
      ...(refused === undefined ? {} : { refused }),
      kinds: steps.flatMap(({ move }) => (move ? [move.kind] : [])),
      findings: steps.flatMap(({ findings }) => findings.map(({ kind }) => kind)),
    };
  };
  const accesses = [
    (gpa: string) => `v0 read gpa=${gpa} private=yes`,
    (gpa: string) => `v0 read gpa=${gpa} private=no`,
    (gpa: string) => `v0 write gpa=${gpa} private=yes value=1`,
    (gpa: string) => `v0 store gpa=${gpa} private=no bytes=0:11`,
    (gpa: string) => `v0 pvalidate gpa=${gpa}`,
    (gpa: string) => `v0 rmpadjust gpa=${gpa} vmsa=yes`,
    (gpa: string) => `v0 make-vmsa gpa=${gpa}`,
  ];

  test.each(accesses)('of the guest: %s', (access) => {
    for (const gpa of ['0x8000000000000', '0x10000000000000', '0x8000000000000000', '0xfffffffffffff000'])
      expect(guest(access(gpa))).toEqual({
        kinds: [],
        findings: [],
        refused: expect.stringContaining('no page table entry names this address') as string,
      });
    for (const [gpa, bits] of [
      ['0x1000000000000', 48],
      ['0x7fffffffff000', 48],
      ['0x1000000000', 36],
      ['0xffffffff000', 40],
    ] as const)
      expect(guest(access(gpa), bits)).toEqual({
        kinds: [],
        findings: ['unmodelled'],
        refused: expect.stringContaining(`beyond the ${bits} bits`) as string,
      });
    for (const gpa of ['0x4000000', '0x100000000', '0xfffffffff000']) {
      const { kinds, refused } = guest(access(gpa));
      expect(refused).toBeUndefined();
      expect(kinds).toContain('nestedFault');
      expect(kinds.some((kind) => kind === 'vcMmio' || kind === 'memoryFaultExit')).toBe(true);
    }
  });

  test.each([
    ['0x3fff', 'this world has the frames 0 to 0x3fff'],
    ['0x100000000', 'this world has the frames 0 to 0x3fff'],
    ['0xffffffffe', 'this world has the frames 0 to 0x3fff'],
    ['0xfffffffff', 'SlotBeyondWidth'],
    // The address wraps.
    ['0xfffffffffffff', 'SlotArguments'],
  ])('of a slot of two frames from %s on', (gfn, says) => {
    const { lines, timeline } = run(`vm memory=64M\nvmm create-vm\nvmm memslot gfn=${gfn} n=2`);
    if (says.startsWith('this world')) expect(lines[2]?.refused).toContain(says);
    else {
      expect(lines[2]?.refused).toBeUndefined();
      expect(timeline.world.vm.ioctlRet).toBe(-22);
      expect(timeline.step(timeline.stepCount - 2).rule).toBe(says);
    }
    expect(timeline.world.slots.some(({ used }) => used)).toBe(false);
  });

  // Userspace ends at 2^47, frame 0x10000000 of the mapping.
  test.each([
    ['0xfffffff', 1, 0],
    ['0xfffffff', 2, -22],
    ['0x10000000', 1, -22],
  ])(
    'of userspace: a slot whose memory is frame %s of the mapping and %i pages long gives %i',
    (page, n, ret) => {
      const { timeline } = run(`vm memory=64M\nvmm create-vm\nvmm memslot gfn=0 n=${n} user-gfn=${page}`);
      expect(timeline.world.vm.ioctlRet).toBe(ret);
      expect(timeline.world.slots.some(({ used }) => used)).toBe(ret === 0);
    },
  );

  /** The moves of an act, and what is answered or returned. */
  const outcome = (act: string) => {
    const { timeline, lines } = run(`vm vcpus=2 memory=64M\nlaunch standard\n${act}`);
    const { firstStep, stepCount } = timeline.acts[lines[2]?.firstAct ?? 0] ?? { firstStep: 0, stepCount: 0 };
    const end = lines[2]?.refused === undefined ? timeline.stepCount : firstStep + stepCount;
    const steps = Array.from({ length: end - firstStep }, (_, step) => timeline.step(firstStep + step));
    return {
      refused: lines[2]?.refused,
      ret: timeline.world.vm.ioctlRet,
      rules: steps.flatMap(({ rule }) => rule ?? []),
      moves: steps.flatMap(({ move }) => move ?? []),
    };
  };

  // A frame of an entry, and of the MSR, has 40 bits: the last address is 2^52 - 4 KiB.
  test.each(['0x100000', '0x8000000000', '0xffffffffff'])(
    'of a page-state change of frame %s: KVM forwards what no slot has, QEMU makes no memory of it',
    (gfn) => {
      const gpa = BigInt(gfn) << 12n;
      for (const request of [`v0 psc entries=private:${gfn}`, `v0 msr-psc gfn=${gfn} op=private`]) {
        const { moves, rules } = outcome(request);
        expect(moves.find(({ kind }) => kind === 'mapGpaRangeExit')?.args).toMatchObject({ gpa });
        expect(moves.at(-1)?.kind).toBe('vmmStops');
        expect(rules).toContain('QemuConvertFails');
      }
      for (const request of [`v0 psc entries=shared:${gfn}`, `v0 msr-psc gfn=${gfn} op=shared`])
        expect(outcome(request).rules).toEqual(expect.arrayContaining(['QemuIgnoresMmio', 'PscDone']));
    },
  );

  test.each([
    ['0x100000', undefined],
    ['0x8000000000', undefined],
    ['0xffffffffffffe', undefined],
    ['0xfffffffffffff', 'AttributeRange'],
  ])('of the attribute of frame %s', (gfn, rule) => {
    const { ret, rules } = outcome(`vmm set-attributes gfn=${gfn} n=1 private=yes`);
    if (rule === undefined) expect({ ret, rules }).toEqual({ ret: 0, rules: [] });
    else expect({ ret, rules }).toEqual({ ret: -errno.EINVAL, rules: [rule] });
  });

  test.each([
    ['0x100001000', undefined],
    ['0x8000000001000', 'ApGpaIllegal'],
    ['0x10000000001000', 'ApGpaIllegal'],
    ['0xffffffffffffffff', 'ApGpaIllegal'],
  ])('of a VMSA at %s in AP creation', (gpa, rule) => {
    const { rules, moves } = outcome(`v0 ap-create target=1 vmsa=${gpa}`);
    expect(rules.includes('ApGpaIllegal')).toBe(rule !== undefined);
    expect(moves.some(({ kind }) => kind === 'malformedInput')).toBe(rule !== undefined);
  });

  // KVM registers any page; the first VMGEXIT from one that it cannot map ends in an error.
  test.each(['0x100000000', '0x8000000000000', '0x10000000000000', '0xfffffffffffff000'])(
    'of a GHCB registered at %s: KVM takes every frame',
    (gpa) => {
      const { moves, rules } = outcome(`v0 register-ghcb gpa=${gpa}`);
      expect(rules).toEqual(['MsrRegisterGpa']);
      expect(moves.find(({ kind }) => kind === 'msrAnswer')?.args).toMatchObject({
        value: (BigInt(gpa) & ~0xfffn) | 0x13n,
      });
    },
  );

  test.each([
    ['0xf', 'EEXIST'],
    ['0x10', 'EINVAL'],
  ] as const)('of a slot from %s to beyond the width: what overlaps another is -%s first', (gfn, name) => {
    const { timeline } = run(
      `vm memory=64M maxphyaddr=36\nvmm create-vm\nvmm memslot gfn=0 n=16\nvmm memslot gfn=${gfn} n=0x1000000 backing=none`,
    );
    expect(timeline.world.vm.ioctlRet).toBe(-errno[name]);
    expect(timeline.world.slots.filter(({ used }) => used).length).toBe(1);
  });
});
