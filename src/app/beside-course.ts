/** The rows that two runs have in common which differ in text, profile or because one of them was recorded. */
import type { Resumable } from '../base/resumable';
import { compareInParts } from '../recording/comparison/comparison';
import { comparedCourse } from './compared-course';
import { courseOf, type Course } from './course';
import type { ShownRun } from './shown-run';

/** One of the two, and what it is called. */
export interface NamedRun {
  readonly name: string;
  readonly run: ShownRun;
}

export function* besideCourse(a: NamedRun, b: NamedRun): Resumable<Course> {
  const specs = [a.run.profile.spec, b.run.profile.spec];
  const isOneProfile = specs[0] === specs[1];
  const names = [a, b].map(({ name }, at) => (isOneProfile ? name : `${name}, ${specs[at] ?? ''}`));
  const courses = [yield* courseOf(a.run), yield* courseOf(b.run)];
  return yield* comparedCourse(yield* compareInParts([a.run, b.run], names), courses);
}
