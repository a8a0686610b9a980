/** The example of the author's guide is a sound lesson, and the guide names every block. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { library } from '../testing/lessons/shipped-lessons';
import { blockWords, parseLesson } from './parse';
import { LessonRuns } from './runs';
import { studyProblems } from './study';

const guide = readFileSync(join(import.meta.dirname, '../../docs/writing-lessons.md'), 'utf8');
const example = /^````markdown\n([\s\S]*?)^````$/m.exec(guide)?.[1] ?? '';

test('the example is sound', () => {
  const { lesson, problems } = parseLesson(example);
  expect([...problems, ...finish(studyProblems(lesson, new LessonRuns(library)))]).toEqual([]);
  expect(lesson.screens).toHaveLength(3);
});

test('every block has its row', () => {
  for (const word of blockWords) expect(guide).toContain(`\n| \`${word}\``);
});
