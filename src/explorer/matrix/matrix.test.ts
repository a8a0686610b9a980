import { describe, expect, test } from 'vitest';
import { type InvariantName, invariantNames } from '../../engine/rules/invariants';
import type { ProfileId } from '../../profiles/profiles';
import { profile } from '../../profiles/resolve';
import { ChartRun, type Cell } from './cell';
import { catalog } from './catalog';
import { eventById, stateById } from './chart';
import { chartById, matrixCharts } from './charts';
import { choicesOf, type Choice } from './chart';
import { weights } from './weights';

const runs = new Map<string, ChartRun>();

/** A cell by its names: `vcpu/never-run/ap-create`. */
function cellAt(path: string, id: ProfileId, choices: { state?: Choice; event?: Choice } = {}): Cell {
  const [chartId = '', stateId = '', eventId = ''] = path.split('/');
  const chart = chartById(chartId);
  const state = chart && stateById(chart, stateId);
  const event = chart && eventById(chart, eventId);
  if (!chart || !state || !event) throw new Error(`no cell ${path}`);
  const key = `${chartId} ${id}`;
  const run = runs.get(key) ?? new ChartRun(chart, profile(id));
  runs.set(key, run);
  return run.cell({ state, event, stateChoice: choices.state ?? {}, eventChoice: choices.event ?? {} });
}

const fact = (cell: Cell, title: string): string | undefined =>
  cell.facts.find((one) => one.title === title)?.after;

describe('cells that the reference tells', () => {
  test.each<[string, ProfileId, Cell['outcome'], string]>([
    // Wrong injection bits on a running AP: an error, and the target stays where it is.
    ['vcpu/on-guest-vmsa/ap-create-features', 'linux-7.2', 'refused', '2/0x5'],
    ['vcpu/on-guest-vmsa/ap-create-features', 'linux-6.12', 'refused', '2/0x5'],
    // 6.11 answers the same error and takes the target offline.
    ['vcpu/on-guest-vmsa/ap-create-features', 'linux-6.11', 'bad', '2/0x5'],
    ['vcpu/on-guest-vmsa/ap-unknown-request', 'linux-7.2', 'refused', '2/0x5'],
    ['vcpu/on-guest-vmsa/ap-unknown-request', 'linux-6.11', 'bad', '2/0x5'],
    ['vcpu/on-guest-vmsa/ap-unknown-apic', 'linux-7.2', 'refused', '2/0x5'],
    // The only check that GPA 0 fails is that it is 2 MiB aligned.
    ['vcpu/on-guest-vmsa/ap-create-gpa-0', 'linux-7.2', 'refused', '2/0x5'],
    // A GPA outside the slots: success, then RUNNABLE without a VMSA (7.2, 6.12) or HALTED (6.17).
    ['vcpu/on-guest-vmsa/ap-create-beyond', 'linux-7.2', 'dead', 'success'],
    ['vcpu/on-guest-vmsa/ap-create-beyond', 'linux-6.12', 'dead', 'success'],
    ['vcpu/on-guest-vmsa/ap-create-beyond', 'linux-6.17', 'bad', 'success'],
    // A vCPU that never got INIT says -EAGAIN again and again.
    ['vcpu/never-run/ap-create', 'linux-7.2', 'bad', 'success'],
    ['vcpu/destroyed/set-mp-state-runnable', 'linux-7.2', 'bad', '0'],
    ['vcpu/destroyed-launch/set-mp-state-runnable', 'linux-7.2', 'bad', '0'],
    ['vcpu/on-launch-vmsa/set-mp-state-stopped', 'linux-7.2', 'refused', '-EINVAL'],
    ['vcpu/never-run/sipi', 'linux-7.2', 'ignored', 'nothing is answered'],
    ['launch/updated/launch-finish-fails', 'linux-7.2', 'bad', '-EIO, error 0xa'],
    ['launch/vmsas-encrypted/launch-finish', 'linux-7.2', 'refused', '-EINVAL'],
    ['launch/vmsas-encrypted/launch-finish', 'linux-6.12', 'refused', '-EINVAL'],
    ['launch/started/launch-update-bad', 'linux-7.2', 'refused', '-EIO'],
    ['launch/updated/launch-update-again', 'linux-7.2', 'refused', '-EIO'],
    ['psc/msr/psmash', 'linux-7.2', 'refused', '0x8000000000000015'],
    // SMASH in a batch is counted as done.
    ['psc/one/psmash', 'linux-7.2', 'bad', 'success'],
    ['psc/end-253/private', 'linux-7.2', 'refused', '0/0x100000001'],
    // The host takes a page from under the guest, or writes where the RMP forbids it.
    ['page/guest-valid/rmpupdate', 'linux-7.2', 'bad', 'done'],
    ['page/pre-guest/rmpupdate', 'linux-7.2', 'refused', 'code 2'],
    ['page/guest-valid/host-write', 'linux-7.2', 'dead', 'RMP fault'],
    ['page/hypervisor-shared/host-write', 'part2-v5', 'accepted', 'done'],
    ['page/hypervisor-shared/host-write', 'linux-7.2', 'impossible', ''],
    ['page/pre-guest/reclaim', 'linux-7.2', 'accepted', 'SUCCESS'],
    ['psc/cur-after-end/private', 'linux-7.2', 'ignored', 'success'],
  ])('%s under %s is %s, answered %s', (path, id, outcome, answer) => {
    const cell = cellAt(path, id);
    expect([cell.outcome, cell.answer]).toEqual([outcome, expect.stringContaining(answer)]);
  });

  test('a destroyed vCPU that had no guest VMSA is HALTED, and its VMCB names the launch VMSA again', () => {
    const cell = cellAt('vcpu/on-launch-vmsa/ap-destroy', 'linux-7.2');
    expect([fact(cell, 'mp_state'), fact(cell, 'VMSA'), cell.outcome]).toEqual([
      'HALTED',
      'launch VMSA',
      'bad',
    ]);
  });
});

describe('what a cell fixes can be varied', () => {
  test.each([
    ['3', 'linux-7.2', 'refused'],
    ['5', 'linux-7.2', 'refused'],
    ['3', 'linux-6.12', 'refused'],
    // Only the injection bits are looked at: the VMSA runs with other features than the VM has.
    ['5', 'linux-6.12', 'bad'],
  ] as const)('bit %s of SEV_FEATURES wrong under %s: %s', (bit, id, outcome) => {
    const cell = cellAt('vcpu/on-guest-vmsa/ap-create-features', id, { event: { bit } });
    expect(cell.outcome).toBe(outcome);
    expect(cell.eventChoice).toEqual({ bit });
  });

  test.each(['UNINITIALIZED', 'AP_RESET_HOLD', 'RUNNABLE', 'HALTED', 'INIT_RECEIVED'])(
    'a vCPU that is created-on-init can be %s, and the way there leads to it',
    (mp) => {
      const cell = cellAt('vcpu/created-on-init/sipi', 'linux-7.2', { state: { mp } });
      expect(cell.facts.find(({ title }) => title === 'mp_state')?.before).toBe(mp);
    },
  );
});

test('a state that no act leads to says how far the search went', () => {
  const cell = cellAt('page/hv-fixed/pvalidate', 'linux-7.2');
  expect(cell.outcome).toBe('unreachable');
  expect(cell.because).toMatch(/\d+ states/);
});

test('a facet that decides a cell is told from one that was only asked', () => {
  const chart = chartById('vcpu');
  const state = chart && stateById(chart, 'created-on-init');
  const event = chart && eventById(chart, 'ap-create');
  if (!chart || !state || !event) throw new Error('no such cell');
  const run = new ChartRun(chart, profile('linux-7.2'));
  const asked = run.cell({ state, event }).facets.map(({ name }) => name);
  const decided = run.decided({ state, event });
  expect(decided).toContain('ap.doubleCreate');
  expect(decided.length).toBeLessThan(asked.length);
});

test('every row of 7.2 but those of the firmware alone is reached', () => {
  const never = ['hv-fixed', 'firmware', 'firmware-iommu', 'context', 'metadata', 'reclaim', 'pre-swap'];
  for (const chart of matrixCharts) {
    const run = new ChartRun(chart, profile('linux-7.2'));
    for (const state of chart.states) {
      const event = chart.events[0];
      if (!event || never.includes(state.id)) continue;
      for (const stateChoice of choicesOf(state.axes)) {
        const { outcome } = run.cell({ state, event, stateChoice });
        expect([chart.id, state.id, stateChoice, outcome]).not.toContain('unreachable');
      }
    }
  }
});

test('names within a chart are unique, and every cell is in the catalog', () => {
  for (const chart of matrixCharts) {
    for (const list of [chart.states, chart.events]) {
      expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
      expect(new Set(list.map(({ title }) => title)).size).toBe(list.length);
    }
  }
  const count = matrixCharts.reduce((sum, { states, events }) => sum + states.length * events.length, 0);
  expect(catalog()).toHaveLength(count);
  expect(new Set(catalog().map(({ address }) => address)).size).toBe(count);
});

test('every invariant has its weight', () => {
  expect(Object.keys(weights).sort()).toEqual([...invariantNames].sort() satisfies InvariantName[]);
});
