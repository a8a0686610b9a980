/** What the shell loads as one piece once it stands: parser, engine, timeline, profiles. */
export { comparedCourse } from './compared-course';
export { answeredAt, outcomeOf } from './front';
export { actsAt, effectOf, forkText, interestingPosition, notesOf, runText } from './runs';
export { parseScenario } from '../scenarios/parse';
export { compare } from '../recording/comparison/comparison';
export { profileIds, profileTexts } from '../profiles/profiles';
export { parseProfileSpec } from '../profiles/resolve';
