import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseScenario } from '../parse';
import { printScenario } from '../print';
import type { Filter } from './filter';
import { parseFilter } from './parse';

const machine = { vcpus: 2 };
const filterOf = (text: string): Filter | undefined => {
  const parsed = parseFilter(text, machine);
  return parsed.ok ? parsed.filter : undefined;
};
const problemOf = (text: string) => {
  const parsed = parseFilter(text, machine);
  return parsed.ok ? undefined : parsed.problem;
};

describe('a filter', () => {
  const exit: Filter = { kind: 'compare', path: 'v0.exit', operator: '==', value: 'HYPERCALL' };
  const changed: Filter = { kind: 'changed', path: 'v1.mpState' };
  const psc: Filter = { kind: 'text', name: 'text', operator: '~', value: 'PSC' };

  test.each<[string, Filter]>([
    ['v0.exit == HYPERCALL', exit],
    ['v1.mpState changed', changed],
    ['text ~ "PSC"', psc],
    ['text ~ PSC', psc],
    ['differs', { kind: 'differs' }],
    ['findings.divergence', { kind: 'differs' }],
    ['findings.violation', { kind: 'compare', path: 'findings.violation', operator: '>', value: '0' }],
    ['page.0x120.rmp changed', { kind: 'changed', path: 'page.0x120.rmp' }],
    ['v0.exit == HYPERCALL and v1.mpState changed', { kind: 'and', parts: [exit, changed] }],
    [
      'v0.exit == HYPERCALL && v1.mpState changed || text ~ PSC',
      { kind: 'or', parts: [{ kind: 'and', parts: [exit, changed] }, psc] },
    ],
    [
      'v0.exit == HYPERCALL and (v1.mpState changed or text ~ PSC)',
      { kind: 'and', parts: [exit, { kind: 'or', parts: [changed, psc] }] },
    ],
    ['not v1.mpState changed and text ~ PSC', { kind: 'and', parts: [{ kind: 'not', of: changed }, psc] }],
    ['!(v1.mpState changed)', { kind: 'not', of: changed }],
    [
      String.raw`text ~ "a \"b\" \\"`,
      { kind: 'text', name: 'text', operator: '~', value: String.raw`a "b" \ `.trimEnd() },
    ],
    [
      'v0.run.hypercall.args[1] > 1',
      { kind: 'compare', path: 'v0.run.hypercall.args[1]', operator: '>', value: '1' },
    ],
  ])('%s', (text, filter) => {
    expect(filterOf(text)).toEqual(filter);
  });

  test.each<[string, string, number]>([
    ['', 'a name is missing', 0],
    ['v0.mpStat == RUNNABLE', "did you mean 'mpState'", 3],
    ['v0.mpState == RUNABLE', "did you mean 'RUNNABLE'", 14],
    ['v0.mpState ==', 'a value is missing', 13],
    ['v0.mpState RUNNABLE', "'v0.mpState' is no question", 0],
    ['v7.mpState changed', 'vCPU', 0],
    ['(text ~ a', 'a parenthesis is not closed', 9],
    ['text ~ a)', "')' does not belong here", 8],
    ['text ~ "a', 'no closing quote', 7],
    ['move == vmrunn', "kind of move 'vmrunn' is not known", 8],
    ['rule == HostWriteFault', "did you mean 'HostWriteFaults'", 8],
    ['text > 3', 'an operator is missing', 5],
    ['constructor changed', "'constructor' is not known", 0],
    ['v0.__proto__ changed', "'__proto__' is not known", 3],
    ['and', 'a name is missing', 0],
    ['text ~ a text ~ b', 'does not belong here', 9],
    [`${'('.repeat(200)}differs`, 'deep at most', 64],
    [`${'!'.repeat(200)}differs`, 'deep at most', 64],
  ])('%s says what is wrong, and where', (text, message, at) => {
    const problem = problemOf(text);
    expect(problem?.message).toContain(message);
    expect(problem?.at).toBe(at);
  });

  test('any text is a filter or has a problem inside it', () => {
    const words = fc.constantFrom(
      'v0.mpState',
      'changed',
      'and',
      'or',
      'not',
      '(',
      ')',
      '==',
      '~',
      '"',
      'text',
      '1',
      'findings.note',
      '\\',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(words).map((all) => all.join(' ')),
        ),
        (text) => {
          const problem = problemOf(text);
          if (!problem) return;
          expect(problem.at).toBeGreaterThanOrEqual(0);
          expect(problem.at + problem.length).toBeLessThanOrEqual(text.length);
        },
      ),
    );
  });

  test.each<[string, Filter]>([
    [
      'refused == the VM is gone',
      { kind: 'compare', path: 'refused', operator: '==', value: 'the VM is gone' },
    ],
    [
      'refused == (not  so) and "so',
      { kind: 'compare', path: 'refused', operator: '==', value: '(not so) and "so' },
    ],
    [
      'page.0x120.rmp == no page and v1.mpState changed',
      {
        kind: 'and',
        parts: [{ kind: 'compare', path: 'page.0x120.rmp', operator: '==', value: 'no page' }, changed],
      },
    ],
    [
      'refused != no or v1.mpState changed',
      { kind: 'or', parts: [{ kind: 'compare', path: 'refused', operator: '!=', value: 'no' }, changed] },
    ],
  ])('%s needs no quotes', (text, filter) => {
    expect(filterOf(text)).toEqual(filter);
  });

  test('what any shipped scenario expects is a filter, and is printed as it was written', () => {
    const folder = new URL('../../../public/scenarios/', import.meta.url);
    let count = 0;
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.ghcb'))) {
      const text = readFileSync(new URL(name, folder), 'utf8');
      const parsed = parseScenario(text);
      if (!parsed.ok) throw new Error(name);
      expect(printScenario(parsed.scenario), name).toBe(text);
      for (const line of parsed.scenario.lines) {
        if (line.kind !== 'expect') continue;
        expect(parseFilter(line.text, { vcpus: 64 }), `${name}: ${line.text}`).toEqual({
          ok: true,
          filter: line.filter,
        });
        count++;
      }
    }
    expect(count).toBeGreaterThan(1000);
  });
});
