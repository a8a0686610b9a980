import { expect, test } from 'vitest';
import { ChartRun } from '../explorer/matrix/cell';
import { eventById, stateById } from '../explorer/matrix/chart';
import { firstMatrix } from '../explorer/matrix/charts';
import { cellText } from '../explorer/matrix/scenario';
import { profile } from '../profiles/resolve';
import { parseScenario } from '../scenarios/parse';
import { printScenario } from '../scenarios/print';
import { matrixMail } from './matrix-mail';

const state = stateById(firstMatrix, 'on-guest-vmsa');
const event = eventById(firstMatrix, 'ap-create-features');
if (!state || !event) throw new Error('no such cell');
const place = { chart: firstMatrix, state, event };
const cells = (['linux-6.11', 'linux-7.2'] as const).map((id) =>
  new ChartRun(firstMatrix, profile(id)).cell({ state, event }),
);
const [first] = cells;
if (!first) throw new Error('no cell');
const link = 'https://example.org/#/m/vcpu/on-guest-vmsa/ap-create-features?r=linux-6.11,linux-7.2';
const scenario = cellText(place, first, ['linux-6.11', 'linux-7.2']);
const mail = matrixMail({ place, cells, scenario, link });

test('the mail of a cell keeps to 72 columns but for the link, which stands alone', () => {
  const lines = mail.split('\n');
  expect(lines).toContain(`<${link}>`);
  expect(lines.filter((line) => line.length > 72)).toEqual([`<${link}>`]);
});

test('quoted and pasted back, it is the scenario again', () => {
  const quoted = mail.replaceAll(/^/gm, '> ');
  const parsed = parseScenario(`Hello,\n\n${quoted}\nRegards\n`);
  expect(parsed.ok && printScenario(parsed.scenario)).toBe(scenario);
});

test('each profile has its outcome and what was told', () => {
  expect(mail).toContain('linux-6.11: leaves a bad state');
  expect(mail).toContain('linux-7.2: refused with an error');
  expect(mail).toContain('answered 2/0x5 invalid input');
});
