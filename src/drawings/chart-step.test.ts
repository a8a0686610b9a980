import { describe, expect, test } from 'vitest';
import { vcpuChart } from '../machines/vcpu';
import type { Chart } from '../machines/compile';
import { allEvents, type AnyEvent } from '../machines/events';
import { exchangeChart } from '../machines/exchange';
import { pageChart } from '../machines/page';
import { decide, decideAll, type RegionStates } from './chart-step';

const initial = (chart: Chart): RegionStates =>
  Object.fromEntries(chart.regions.map((region) => [region.name, region.states[region.initial] as string]));
const create = (facts: Record<string, unknown>): AnyEvent => ({
  type: 'AP_CREATE',
  featuresMatch: true,
  gpa: 'legal',
  secondCreate: 'replace',
  armedFlag: 'allRequests',
  onError: 'untouched',
  ...facts,
});

describe('what a step did to a chart', () => {
  test('a request that is taken: the ways asked before it failed by their guards', () => {
    const { regions, states, effects, disagreement } = decide(vcpuChart, initial(vcpuChart), create({}));
    const [creation] = regions;
    expect(regions.map(({ region }) => region)).toEqual(['creation']);
    expect(states['creation']).toBe('updatePending');
    expect(effects.map(({ type }) => type)).toContain('rememberPendingGpa');
    expect(creation?.ways.filter(({ outcome }) => outcome === 'taken').map(({ way }) => way.guard)).toEqual([
      'else',
    ]);
    expect(
      creation?.ways.filter(({ outcome }) => outcome === 'guardFailed').map(({ way }) => way.guard),
    ).toEqual([
      'secondRejected',
      'checkFailsOfflineUnarmed features',
      'checkFailsOffline features',
      'checkFails features',
      'checkFailsOfflineUnarmed gpaLegal',
      'checkFailsOffline gpaLegal',
      'checkFails gpaLegal',
      'checkFailsOfflineUnarmed gpaNot2M',
      'checkFailsOffline gpaNot2M',
      'checkFails gpaNot2M',
      'namesNoVmsaUnarmed',
      'namesNoVmsa',
      'createDisarms',
    ]);
    expect(disagreement).toBeUndefined();
  });

  test('a refusal stays where it is, with no arrow, and leaves later ways unasked', () => {
    const { regions, states } = decide(vcpuChart, initial(vcpuChart), create({ featuresMatch: false }));
    const ways = regions[0]?.ways ?? [];
    expect(states['creation']).toBe('noneWaiting');
    expect(ways.find(({ outcome }) => outcome === 'taken')).toMatchObject({ arrow: undefined });
    expect(ways.at(-1)?.outcome).toBe('notAsked');
  });

  test('an event no state accepts changes nothing', () => {
    const { regions, states } = decide(vcpuChart, initial(vcpuChart), { type: 'LEAVE' });
    expect(regions).toEqual([]);
    expect(states).toEqual(initial(vcpuChart));
  });

  test('the events of a step follow each other', () => {
    const decisions = decideAll(vcpuChart, initial(vcpuChart), [{ type: 'KVM_RUN' }, { type: 'ENTER' }]);
    expect(decisions.map(({ states }) => states['run'])).toEqual(['inKvm', 'inGuest']);
  });

  test('a wrong table would be noticed', () => {
    const [region] = exchangeChart.regions;
    if (!region) throw new Error('no region');
    const wrong: Chart = {
      ...exchangeChart,
      regions: [{ ...region, table: region.table.map((ways) => ways.map((way) => ({ ...way, target: 0 }))) }],
    };
    expect(decide(wrong, initial(wrong), { type: 'NAE_REQUEST' }).disagreement).toContain('received');
  });
});

test.each([vcpuChart, exchangeChart, pageChart])(
  '$id: table and XState agree from the initial state',
  (chart) => {
    for (const event of allEvents(chart.declarations)) {
      expect(decide(chart, initial(chart), event).disagreement, JSON.stringify(event)).toBeUndefined();
    }
  },
);
