import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completed, completionsIn } from './complete';
import { parseFilter } from './parse';

const machine = { vcpus: 2 };
const optionsAt = (text: string): string[] =>
  completionsIn(text, text.length, machine).options.map(({ text: word }) => word);

describe('what may be typed', () => {
  test.each([
    ['', ['text', 'differs', 'v0', 'v1', 'vm', 'page', 'findings']],
    ['v1.mp', ['v1.mpState']],
    ['v1.run.hypercall.ar', ['v1.run.hypercall.args[0]', 'v1.run.hypercall.args[5]']],
    ['page.0x120.rmp.va', ['page.0x120.rmp.validated']],
    ['moves.sipi', ['moves.sipiDropped']],
    ['v1.mpState ', ['changed', '==', '!=', 'has', '~']],
    ['v0.ghcbMsr ', ['changed', '==', '<', '>=']],
    ['v1.mpState == RUN', ['RUNNABLE']],
    ['v0.exit == HYP', ['HYPERCALL', 'KVM_EXIT_HYPERCALL']],
    ['move == kvmR', ['kvmRun', 'kvmRunReturns']],
    ['rule == HostW', ['HostWriteFaults']],
    ['act ~ ap-cr', ['ap-create']],
    ['v1.mpState changed ', ['and', 'or']],
    ['v1.mpState == RUNNABLE a', ['and']],
    ['not (v1.mp', ['v1.mpState']],
    ['v1.mpState changed and v0.mp', ['v0.mpState']],
  ])('"%s": %j', (text, expected) => {
    expect(optionsAt(text)).toEqual(expect.arrayContaining(expected));
  });

  test.each(['text ~ "P', 'v1.mpState changed v', 'nobody.mp', 'v1.mpState ~ x y '])(
    '"%s": nothing that is a name',
    (text) => {
      expect(optionsAt(text).filter((word) => word.includes('mpState'))).toEqual([]);
    },
  );

  test('a name without values of its own goes on with a point', () => {
    const found = completionsIn('v1.ru', 5, machine);
    const run = found.options.find(({ text }) => text === 'v1.run');
    expect(run?.goesOn).toBe(false);
    const head = completionsIn('v', 1, machine).options.find(({ text }) => text === 'v1');
    expect(head && completed('v and differs', completionsIn('v and differs', 1, machine), head)).toEqual({
      text: 'v1. and differs',
      cursor: 3,
    });
  });

  test('what is completed word by word from the first option each time never has a problem before its end', () => {
    const words = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(words, (picks) => {
        let text = '';
        for (const pick of picks) {
          const found = completionsIn(text, text.length, machine);
          const option = found.options[pick % Math.max(1, found.options.length)];
          if (!option) break;
          ({ text } = completed(text, found, option));
        }
        const parsed = parseFilter(text.trimEnd(), machine);
        if (!parsed.ok && !/^v\d+\.run$/.test(text)) {
          const isAtEnd = parsed.problem.at + parsed.problem.length >= text.trimEnd().length;
          const isName =
            /is no question|names nothing|is no frame|compares no numbers|no number|several runs/.test(
              parsed.problem.message,
            );
          expect(isAtEnd || isName, `${text}: ${parsed.problem.message}`).toBe(true);
        }
      }),
    );
  });

  test.each(['', 'v0.', 'v1.run.', 'guest.', 'page.0x1.', 'vm.'])(
    'after "%s" no word comes twice',
    (text) => {
      const found = optionsAt(text);
      expect(found.length).toBeGreaterThan(1);
      expect(new Set(found).size).toBe(found.length);
    },
  );

  test('any text at any cursor has a place for what is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, at) => {
        const cursor = at % (text.length + 1);
        const { from, to } = completionsIn(text, cursor, machine);
        expect(from).toBeLessThanOrEqual(cursor);
        expect(to).toBeGreaterThanOrEqual(cursor);
      }),
    );
  });
});
