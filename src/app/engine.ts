/** What the shell loads as one piece once it stands: parser, engine, timeline, profiles. */
export { actsAt, forkText, runText } from './runs';
export { profileIds, profileTexts } from '../profiles/profiles';
