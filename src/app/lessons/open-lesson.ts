/** Opens a lesson that ships with the page, or one that a link carries. */
import { MAX_LESSON_BYTES } from '../../base/limits';
import { finish } from '../../base/resumable';
import { ok, problem, type Result } from '../../base/result';
import { parseLesson } from '../../lessons/parse';
import { crc32 } from '../../base/crc32';
import { CODEC, pack, unpack } from '../../views/shared/pack';
import { printAddress, type LessonTarget } from '../url';
import { openProgress } from './progress';
import { Reading, type LessonPage } from './reading.svelte';

export { Talk, wasPresenting } from './talk';

export async function openLesson(target: LessonTarget, page: LessonPage): Promise<Result<Reading>> {
  const text = await textOf(target);
  if (!text.ok) return text;
  const { lesson, problems } = parseLesson(text.value);
  const isShipped = 'slug' in target.of;
  const key = 'slug' in target.of ? target.of.slug : `own-${crcText(text.value)}`;
  const progress = await openProgress(key);
  const reading = new Reading({ lesson, problems, of: target.of, text: text.value, progress, page });
  await reading.loadScenarios();
  if (!isShipped) void reading.study();
  return ok(reading);
}

const crcText = (text: string): string => crc32(new TextEncoder().encode(text)).toString(16);

async function textOf({ of }: LessonTarget): Promise<Result<string>> {
  if ('slug' in of) return loadLesson(of.slug);
  const text = unpack(of.codec, of.payload);
  if (!text.ok) return text;
  if (text.value.length <= MAX_LESSON_BYTES) return text;
  return problem(
    `The lesson in the link has ${text.value.length} characters; at most ${MAX_LESSON_BYTES} are read.`,
  );
}

async function loadLesson(slug: string): Promise<Result<string>> {
  try {
    const response = await fetch(new URL(`./lessons/${slug}.md`, document.baseURI));
    const text = response.ok ? await response.text() : '';
    // A static host may answer a missing file with its own page.
    return text.startsWith('---') ? ok(text) : problem(`There is no lesson called "${slug}".`);
  } catch {
    return problem(`The lesson "${slug}" could not be loaded; is the connection gone?`);
  }
}

/** The address of a lesson that a person brought: it holds the text. */
export async function targetOf(text: string): Promise<Result<string>> {
  if (text.length > MAX_LESSON_BYTES)
    return problem(`The lesson has ${text.length} characters; at most ${MAX_LESSON_BYTES} are read.`);
  const payload = finish(pack(text));
  return Promise.resolve(ok(printAddress({ kind: 'lesson', of: { codec: CODEC, payload }, screen: 1 })));
}
