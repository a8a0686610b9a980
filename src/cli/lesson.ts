/** `lesson check`: whether lessons are sound, with everything that is wrong in them. */
import { MAX_LESSON_BYTES } from '../base/limits';
import { finish } from '../base/resumable';
import { didYouMean } from '../base/text';
import { parseLesson } from '../lessons/parse';
import { LessonRuns, type Library } from '../lessons/runs';
import { studyProblems } from '../lessons/study';
import { scenarioText } from '../scenarios/read';
import { EXIT_FAILED, fine, readBytes, readWords, UsageError, type Output } from './io';

const scenarios = import.meta.glob<string>('../../public/scenarios/*.ghcb', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const lessons = import.meta.glob('../../public/lessons/*.md', { query: '?raw', import: 'default' });

const slugOf = (file: string): string => /([^/]+)\.\w+$/.exec(file)?.[1] ?? '';
const bySlug = new Map(Object.entries(scenarios).map(([file, text]) => [slugOf(file), text]));

/** What ships with the page. */
export const shippedLibrary: Library = {
  slugs: [...bySlug.keys()],
  lessons: Object.keys(lessons).map(slugOf),
  scenario: (slug) => bySlug.get(slug),
};

export function lesson(words: readonly string[]): Output {
  const { plain } = readWords(words, {});
  const [verb = '', ...files] = plain;
  if (verb !== 'check')
    throw new UsageError(
      `lesson knows no '${verb}'${didYouMean(verb, ['check'])}; there is lesson check FILE...`,
    );
  if (files.length === 0) throw new UsageError('lesson check FILE...; - is standard input');
  const runs = new LessonRuns(shippedLibrary);
  const reports = files.map((file) => checkFile(file, runs));
  const text = reports.map((report) => report.text).join('\n');
  return reports.every(({ isSound }) => isSound) ? fine(text) : { text, status: EXIT_FAILED };
}

function checkFile(file: string, runs: LessonRuns): { readonly text: string; readonly isSound: boolean } {
  const name = file === '-' ? 'standard input' : file;
  const text = scenarioText(readBytes(file, MAX_LESSON_BYTES));
  if (!text.ok) throw new UsageError(`${name}: ${text.error.message}`);
  const { lesson: read, problems } = parseLesson(text.value);
  const all = [...problems, ...finish(studyProblems(read, runs))].toSorted((a, b) => a.line - b.line);
  if (all.length > 0)
    return { text: all.map(({ line, message }) => `${name}:${line}: ${message}`).join('\n'), isSound: false };
  const predictions = read.screens.flatMap(({ blocks }) => blocks).filter(({ kind }) => kind === 'predict');
  const tries = read.screens.flatMap(({ blocks }) => blocks).filter(({ kind }) => kind === 'try');
  const counts = `${read.screens.length} screens, ${predictions.length} predictions, ${tries.length} tasks`;
  return { text: `${name}: ${read.title}: ${counts}, all sound`, isSound: true };
}
