/** Every lesson that ships, held to the model: what it says of runs is so, and each screen names its sources. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { lessonSlugs, lessonText, library } from '../testing/lessons/shipped-lessons';
import { parseLesson } from './parse';
import { LessonRuns } from './runs';
import { studyProblems } from './study';

interface Listed {
  readonly slug: string;
  readonly title: string;
  readonly minutes: number;
  readonly screens: number;
}
const index = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../public/lessons/index.json'), 'utf8'),
) as { readonly lessons: readonly Listed[] };
const runs = new LessonRuns(library);

describe.each(lessonSlugs)('%s', (slug) => {
  const { lesson, problems } = parseLesson(lessonText(slug));

  test('says nothing of runs that is not so', () => {
    expect([...problems, ...finish(studyProblems(lesson, runs))]).toEqual([]);
  });

  test('has 8 to 15 screens, asks on some of them, and names the sources of each', () => {
    const { screens } = lesson;
    expect(screens.length).toBeGreaterThanOrEqual(8);
    expect(screens.length).toBeLessThanOrEqual(15);
    const without = screens.filter(({ blocks }) => !blocks.some(({ kind }) => kind === 'source'));
    expect(without.map(({ title }) => title)).toEqual([]);
    const asking = screens.filter(({ blocks }) =>
      blocks.some(({ kind }) => kind === 'predict' || kind === 'try'),
    );
    expect(asking.length).toBeGreaterThanOrEqual(3);
  });

  test('stands in the index as it is', () => {
    const listed = index.lessons.find((one) => one.slug === slug);
    const { title, minutes, screens } = lesson;
    expect(listed).toMatchObject({ slug, title, minutes, screens: screens.length });
  });
});

test('the index lists the lessons that ship', () => {
  expect(index.lessons.map(({ slug }) => slug).sort()).toEqual([...lessonSlugs].sort());
});
