import { expect, test } from 'vitest';
import { appliesTo } from './expect';

test.each([
  ['', 'linux-7.2', true],
  ['linux-7.2', 'linux-7.2', true],
  ['linux-7.2', 'linux-6.12', false],
  ['linux-7.2', 'linux-7.2:psc.retInit=stale', false],
  ['linux-*', 'linux-6.11', true],
  ['linux-*', 'v14', false],
  ['linux-*', 'linux-6.11-ret-fixed', false],
  ['linux-*', 'linux-7.2:psc.retInit=stale', false],
  ['part2-* v1*', 'v11', true],
])('an expectation for "%s" is about %s: %s', (narrow, spec, applies) => {
  const profiles = narrow === '' ? [] : narrow.split(' ');
  expect(appliesTo({ profiles }, spec)).toBe(applies);
});
