import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { compare } from '../recording/comparison/comparison';
import { plainGroups } from '../views/outline/finding-groups';
import { comparedCourse } from './compared-course';
import { courseOf, type Course } from './course';
import { groupedFindings } from './finding-groups';
import { runText } from './runs';

function courseUnder(slug: string, specs: readonly string[]): Course {
  const text = readFileSync(join(import.meta.dirname, `../../public/scenarios/${slug}.ghcb`), 'utf8');
  const result = runText(text, specs);
  if (!result.ok) throw new Error(`${slug} does not run`);
  const { runs } = result.value;
  const alone = runs.map((run) => finish(courseOf(run)));
  return runs.length > 1 ? finish(comparedCourse(compare(runs), alone)) : (alone[0] as Course);
}

const front = courseUnder('ap-create-on-init-then-create', ['part2-v4', 'as-reviewed', 'linux-7.2']);
const groups = front.comparison ? finish(groupedFindings(front.comparison, front.findings)) : [];

test('the facet of the question comes first, with its values and every row it decided', () => {
  const [first] = groups;
  expect(first).toMatchObject({ kind: 'facet', isOpen: true, title: 'ap.doubleCreate' });
  expect(first?.values.length).toBeGreaterThan(1);
  expect(first?.says).not.toBe('');
});

test('what differs in launch standard is one closed group at the end', () => {
  const launch = groups.at(-1);
  expect(launch).toMatchObject({ id: 'launch', isOpen: false });
  expect(launch?.findings.every(({ inLaunch }) => inLaunch)).toBe(true);
  const others = groups.slice(0, -1).flatMap(({ findings }) => findings);
  expect(others.some(({ inLaunch }) => inLaunch)).toBe(false);
});

test('no finding is lost, and rows that no facet decides are said to follow', () => {
  const listed = new Set(groups.flatMap(({ findings }) => findings));
  expect(front.findings.filter((one) => !listed.has(one))).toEqual([]);
  expect(groups.find(({ id }) => id === 'followed')?.says).toContain('No facet');
});

test('one run has no facets: its findings, and those of its launch', () => {
  const alone = courseUnder('ap-create-on-init-then-create', ['linux-7.2']);
  expect(plainGroups(alone.findings).map(({ id }) => id)).toContain('found');
  expect(alone.findings.every(({ isSplit }) => !isSplit)).toBe(true);
});

test('runs that differ only in their launch have its group open', () => {
  const findings = front.findings.filter(({ inLaunch }) => inLaunch);
  expect(plainGroups(findings)).toMatchObject([{ id: 'launch', isOpen: true }]);
});
