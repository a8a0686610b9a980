import { expect, test } from 'vitest';
import { profileNames } from './names';
import { profileIds } from './profiles';

test.each([
  ['one', ['linux-7.2'], 'linux-7.2'],
  ['two that follow each other', ['linux-6.11', 'linux-6.12'], 'linux-6.11, linux-6.12'],
  ['none', [], ''],
  ['one with an override', ['linux-7.2:ap.doubleCreate=reject'], 'linux-7.2:ap.doubleCreate=reject'],
  ['any order', ['linux-7.2', 'part2-v4'], 'part2-v4, linux-7.2'],
])('%s', (_, specs, text) => {
  expect(profileNames(specs)).toBe(text);
});

test('all released kernels are a range from the first to the last; postings are named', () => {
  const kernels = profileIds.filter((id) => id.startsWith('linux-'));
  const postings = profileIds.filter((id) => !id.startsWith('linux-'));
  const range = `${kernels[0]} to ${kernels.at(-1)}`;
  expect(
    profileNames([...profileIds].reverse())
      .split(', ')
      .sort(),
  ).toEqual([...postings, range].sort());
});
