import { expect, test } from 'vitest';
import { parseScenario } from '../scenarios/parse';
import { matrix } from './matrix';

interface PrintedCell {
  readonly state: string;
  readonly event: string;
  readonly link: string;
  readonly byProfile: readonly { profile: string; outcome: string; scenario?: string }[];
}
interface Printed {
  readonly profiles: readonly string[];
  readonly charts: readonly {
    readonly states: readonly unknown[];
    readonly events: readonly unknown[];
    readonly cells: readonly PrintedCell[];
  }[];
}

test('a chart as JSON has every cell with an outcome for each profile, a link, and a scenario that parses', () => {
  const { text, status } = matrix(['launch', '--profile', 'linux-7.2,linux-6.11', '--json']);
  const printed = JSON.parse(text) as Printed;
  const [chart] = printed.charts;
  if (!chart) throw new Error('no chart was printed');
  expect(status).toBe(0);
  expect(printed.profiles).toEqual(['linux-7.2', 'linux-6.11']);
  expect(chart.cells).toHaveLength(chart.states.length * chart.events.length);
  for (const { byProfile, link, state, event } of chart.cells) {
    expect(link).toBe(`#/m/launch/${state}/${event}`);
    expect(byProfile.map(({ profile }) => profile)).toEqual(printed.profiles);
    for (const { scenario } of byProfile)
      if (scenario !== undefined) expect(parseScenario(scenario).ok).toBe(true);
  }
});

test('a chart as text has one sign for each profile in every cell, and says what the signs mean', () => {
  const { text } = matrix(['psc', '--profile', 'linux-6.12,linux-7.2']);
  const row = text.split('\n').find((line) => line.startsWith('MSR protocol'));
  expect(row?.trim().split(/ {2,}/).slice(1)).toEqual(['✓✓', '✓✓', '⊣⊣', '⊣⊣', '⊣⊣', '⊣⊣']);
  expect(text).toContain('⊣ refused with an error');
  expect(text).toContain('from left to right: linux-6.12, linux-7.2');
});
