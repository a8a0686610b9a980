/** The target of AP creation, INIT-SIPI and mp_state as each generation had them. */
import { describe, expect, test } from 'vitest';
import { errnoText } from '../../../abi/errno';
import type { ProfileId } from '../../../profiles/profiles';
import { all, held, launched, V1, V2, type ApRun } from '../../../testing/engine/test-ap-run';
import { expectations, type ByGeneration } from '../../../testing/profiles/by-generation';

describe('what waits for the target', () => {
  /** A vCPU that was never started does not serve the request, so that it can be looked at. */
  const waiting = (run: ApRun): string => run.world.vcpu(1).creation;

  test.each<[string, (id: ProfileId) => ApRun, ByGeneration<string>]>([
    [
      'CREATE_ON_INIT, then CREATE: only the later kernels leave it to an INIT too',
      (id) => launched(id).createOnInit(V1).create(V2),
      { 'part2-*': 'updateUnarmed', 'as-reviewed': 'createdOnInit', 'v11 v14 linux-*': 'updatePending' },
    ],
    [
      'DESTROY',
      (id) => launched(id).destroy(),
      { 'part2-*': 'destroyUnarmed', 'as-reviewed v11 v14 linux-*': 'destroyPending' },
    ],
    [
      'a failed CREATE_ON_INIT: "no VMSA" waits for the next INIT, or an address nobody looked at',
      (id) => launched(id).createOnInit(V1 | 0x10n),
      {
        'part2-v4': 'createdOnInit',
        'as-reviewed linux-6.12 linux-6.17 linux-7.2': 'noneWaiting',
        'part2-v5 v11 v14 linux-6.11': 'destroyArmed',
      },
    ],
    [
      'CREATE_ON_INIT of GPA 0: where 0 is "no VMSA", where it is an address, where it is 2M aligned',
      (id) => launched(id).createOnInit(0n),
      {
        'part2-v4 v11 v14 linux-6.11': 'destroyArmed',
        'as-reviewed part2-v5': 'createdOnInit',
        'linux-6.12 linux-6.17 linux-7.2': 'noneWaiting',
      },
    ],
  ])('%s', (_, drive, outcomes) => {
    expect(all((id) => waiting(drive(id)))).toEqual(expectations(outcomes));
  });

  test.each<[string, (id: ProfileId) => ApRun, ByGeneration<number>]>([
    [
      'CREATE, CREATE_ON_INIT, INIT, SIPI: a handler of its own applies the address a second time',
      (id) => launched(id).create(V1).createOnInit(V2).initSipi().runV1().runV1(),
      { 'part2-*': 2, 'as-reviewed v11 v14 linux-*': 1 },
    ],
    [
      'CREATE, INIT, SIPI: an INIT serves a request that an INIT may serve, then the request finds nothing',
      (id) => launched(id).create(V1).initSipi().runV1().runV1(),
      { '*': 1 },
    ],
  ])('%s', (_, drive, installed) => {
    expect(all((id) => drive(id).count('VMCB names VMSA'))).toEqual(expectations(installed));
  });
});

describe('DESTROY that does not mark RAX valid', () => {
  test.each(expectations({ 'part2-*': '-EINVAL INTERNAL_ERROR', 'as-reviewed v11 v14 linux-*': 'taken' }))(
    'under %s: %s',
    (id, expected) => {
      const run = held(id).guest('ap-destroy', { target: 1 });
      const caller = run.world.vcpu(0);
      const failed = `${errnoText(-caller.runErrno)} ${run.exitReason(0)}`;
      expect(caller.run === 'inGuest' ? 'taken' : failed).toBe(expected);
    },
  );
});

test.each<[string, (run: ApRun) => ApRun, ByGeneration<string>]>([
  [
    'the target goes online',
    (run) => run.create(V1),
    { 'part2-v4': 'kept', 'as-reviewed part2-v5 v11 v14 linux-*': 'cleared' },
  ],
  ['it goes offline', (run) => run.destroy(), { '*': 'cleared' }],
  [
    'its page cannot be had',
    (run) => run.poisoned(V1).create(V1),
    { 'part2-v4': 'kept', 'as-reviewed part2-v5 v11 v14 linux-*': 'cleared' },
  ],
])('pv_unhalted when %s', (_, drive, outcomes) => {
  const outcome = (id: ProfileId): string => {
    // Not asleep: waking clears the flag in every kernel.
    const run = launched(id).initSipi().runV1().runV1();
    run.world.vcpu(1).pvUnhalted = true;
    return drive(run).world.vcpu(1).pvUnhalted ? 'kept' : 'cleared';
  };
  expect(all(outcome)).toEqual(expectations(outcomes));
});

test.each<[string, (run: ApRun) => ApRun, ByGeneration<string>]>([
  ['a CREATE', (run) => run.create(V1), { 'part2-*': 'clean', 'as-reviewed v11 v14 linux-*': 'dirty' }],
  [
    'a CREATE whose page cannot be had',
    (run) => run.poisoned(V1).create(V1),
    { 'part2-* v11 v14 linux-6.11': 'clean', 'as-reviewed linux-6.12 linux-6.17 linux-7.2': 'dirty' },
  ],
])('whether the VMCB is marked dirty after %s', (_, drive, outcomes) => {
  const outcome = (id: ProfileId): string =>
    drive(held(id)).findings.some((text) => text.includes('not marked dirty')) ? 'clean' : 'dirty';
  expect(all(outcome)).toEqual(expectations(outcomes));
});

test('an INIT with nothing to apply runs the branch of RESET in the first posting alone', () => {
  const plain = (id: ProfileId) => held(id).initSipi().rules.includes('InitRunsResetBranch');
  expect(all(plain).flatMap(([id, reset]) => (reset ? [id] : []))).toEqual(['part2-v4']);
  const armed = launched('part2-v4').createOnInit(V1).initSipi().runV1();
  expect(armed.rules).toContain('InitTaken');
  expect(armed.rules).not.toContain('InitRunsResetBranch');
});

test('what no reviewer asked for is a finding, once, and the run goes on', () => {
  const { findings, outcome } = held('as-reviewed').create(V1);
  expect(outcome).toBe('RUNNABLE V1 inGuest 0/0');
  const facets = findings.map((text) => text.slice(0, text.indexOf(':')));
  expect(facets).toEqual(['ls.policy']);
  expect(
    held('linux-7.2')
      .create(V1)
      .findings.filter((text) => text.startsWith('ap.')),
  ).toEqual([]);
});

describe('mp_state from outside', () => {
  test.each<[string, (run: ApRun) => ApRun, ByGeneration<string>]>([
    [
      'KVM_SET_MP_STATE to STOPPED',
      (run) => run.vmm('set-mp-state', { vcpu: 1, state: 'STOPPED' }),
      { 'part2-v4 as-reviewed v11 v14 linux-*': '-22 UNINITIALIZED', 'part2-v5': '0 STOPPED' },
    ],
    [
      'KVM_SET_MP_STATE to OPERATING',
      (run) => run.vmm('set-mp-state', { vcpu: 1, state: 'OPERATING' }),
      { 'part2-v4 as-reviewed v11 v14 linux-*': '-22 UNINITIALIZED', 'part2-v5': '0 OTHER' },
    ],
    [
      'KVM_SET_MP_STATE to INIT_RECEIVED while an SMI is pending',
      (run) => {
        run.world.vcpu(1).smiPending = true;
        return run.vmm('set-mp-state', { vcpu: 1, state: 'INIT_RECEIVED' });
      },
      {
        'part2-* as-reviewed v11 v14 linux-6.11 linux-6.12': '-22 UNINITIALIZED',
        'linux-6.17 linux-7.2': '0 INIT_RECEIVED',
      },
    ],
  ])('%s', (_, drive, outcomes) => {
    const outcome = (id: ProfileId): string => {
      const run = drive(launched(id));
      return `${run.ret} ${run.world.vcpu(1).mpState}`;
    };
    expect(all(outcome)).toEqual(expectations(outcomes));
  });

  test('a number of no x86 state is read back as it is', () => {
    const run = launched('part2-v5').vmm('set-mp-state', { vcpu: 1, state: 'SUSPENDED' });
    expect(run.vmm('get-mp-state', { vcpu: 1 }).steps).toEqual(['GET_MP_STATE = SUSPENDED']);
  });

  test.each(
    expectations({
      'part2-* as-reviewed v11 v14 linux-6.11': 'AP_RESET_HOLD',
      'linux-6.12 linux-6.17 linux-7.2': 'RUNNABLE',
    }),
  )('AP reset hold under %s, with an NMI pending, leads to %s', (id, state) => {
    const run = launched(id).initSipi().runV1().runV1();
    run.world.vcpu(1).wakeEvent = true;
    run.guest('hold', { form: 'msr' }, 1);
    expect(run.count(`AP reset hold, ${state}`)).toBe(1);
  });

  test.each(['linux-7.2:ap.destroySticky=yes', 'as-reviewed'])(
    'under %s neither INIT-SIPI nor userspace starts a destroyed vCPU, a CREATE does',
    (id) => {
      const run = held(id).create(V1).destroy().initSipi();
      expect(run.rules).toContain('DestroyedForGood');
      expect(run.vmm('signal', { vcpu: 1 }).vmm('set-mp-state', { vcpu: 1, state: 'RUNNABLE' }).ret).toBe(
        -22,
      );
      expect(run.create(V2).runV1().initSipi().runV1().outcome).toBe('RUNNABLE V2 inGuest 0/0');
    },
  );
});
