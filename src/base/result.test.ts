import { expect, test } from 'vitest';
import { err, ok, problem, type Result } from './result';

test('a result is a value or a reason', () => {
  const half = (n: number): Result<number> => (n % 2 === 0 ? ok(n / 2) : problem(`${n} is odd`, 'n'));
  expect(half(4)).toEqual({ ok: true, value: 2 });
  expect(half(3)).toEqual({ ok: false, error: { message: '3 is odd', place: 'n' } });
  expect(err('why')).toEqual({ ok: false, error: 'why' });
  expect(problem('bad')).toEqual(err({ message: 'bad' }));
});
