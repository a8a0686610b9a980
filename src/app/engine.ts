/** What the shell loads as one piece once it stands: parser, engine, timeline, profiles. */
export { actsAt, forkText, interestingPosition, notesOf, runText } from './runs';
export { profileIds, profileTexts } from '../profiles/profiles';
