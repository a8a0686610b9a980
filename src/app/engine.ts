/** What the shell loads as one piece once it stands: parser, engine, timeline, profiles. */
export { answeredAt, outcomeOf } from './front';
export { besideCourse } from './beside-course';
export { actsAt, effectOf, forkText, interestingPosition, notesOf, TextRun, typedActAt } from './runs';
export { completeAct } from '../scenarios/typed-act';
export { failedLines } from './failed-lines';
export { parseInParts } from '../scenarios/parse';
export { compare } from '../recording/comparison/comparison';
export { profileIds, profileTexts } from '../profiles/profiles';
export { parseProfileSpec } from '../profiles/resolve';
