import fc from 'fast-check';
import { expect, test } from 'vitest';
import { profileIds } from '../profiles/profiles';
import { completeLine } from './complete';

const labels = (line: string): string[] => completeLine(line).options.map(({ label }) => label);

test.each([
  ['', 'title'],
  ['pro', 'profile'],
  ['profile linux-7.2 part2-v', 'part2-v4'],
  ['vm      vcpus=2 mem', 'memory='],
  ['guest   li', 'linux'],
  ['host    q', 'qemu'],
  ['launch  ', 'standard'],
  ['run     until=i', 'until=idle'],
  ['v0      ap-cr', 'ap-create'],
  ['v1      ap-create target=1 v', 'vmsa='],
  ['v0      hold form=m', 'form=msr'],
  ['vmm     launch-f', 'launch-finish'],
  ['        ? guest.r', 'guest.result'],
  ['        ? @linux-7.2 v', 'vm.'],
  ['        ? guest.result ', '=='],
])('after %j comes %s', (line, label) => {
  expect(labels(line)).toContain(label);
});

test('what is completed takes the place of the word before the cursor', () => {
  expect(completeLine('v0      ap-cr').from).toBe(8);
  expect(completeLine('profile ').from).toBe(8);
});

test('every profile can be completed', () => {
  expect(labels('profile ')).toEqual([...profileIds]);
});

test('prose and comments are left alone, and no line makes it throw', () => {
  expect(labels('title   a')).toEqual([]);
  expect(labels('; v0')).toEqual([]);
  fc.assert(
    fc.property(fc.string(), (line) => {
      const { from, options } = completeLine(line);
      expect(from).toBeLessThanOrEqual(line.length);
      for (const { label } of options) expect(label).not.toMatch(/\s/);
    }),
  );
});
