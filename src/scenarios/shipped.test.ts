import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseProfileSpec } from '../profiles/resolve';
import { parseScenario, problemText } from './parse';
import { printLine, printScenario } from './print';
import { runScenario } from './run';
import { headOf, type Scenario } from './scenario';
import { memoryTape } from './memory-tape';

const folder = join(import.meta.dirname, '../../public/scenarios');
const files = readdirSync(folder).filter((file) => file.endsWith('.ghcb'));

function scenarioOf(file: string): { text: string; scenario: Scenario } {
  const text = readFileSync(join(folder, file), 'utf8');
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return { text, scenario: parsed.scenario };
}

describe.each(files)('%s', (file) => {
  const { text, scenario } = scenarioOf(file);

  test('is in canonical form', () => {
    expect(printScenario(scenario)).toBe(text);
  });

  test.each(headOf(scenario).profiles)('does under %s what it says', (spec) => {
    const profile = parseProfileSpec(spec);
    if (!profile.ok) throw new Error(profile.error.message);
    const run = runScenario(scenario, profile.value, memoryTape);
    const failed = run.expectations
      .filter(({ ok }) => !ok)
      .map(({ line, actual }) => {
        const lines = scenario.lines.slice(0, line);
        const act = lines.findLast(({ kind }) => kind === 'act' || kind === 'launch' || kind === 'runUntil');
        const words = [act, scenario.lines[line]].flatMap((one) => (one ? printLine(one) : []));
        return `${words.map((word) => word.trim()).join('  ')}  -- it is ${actual}`;
      });
    expect({ failed, problems: run.problems }).toEqual({ failed: [], problems: [] });
  });
});
