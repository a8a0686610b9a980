import { moves } from './kind';

/** The reaction of a guest program to an answer. */
export const guestMoves = moves({
  programNotes: {
    from: 'guest',
    to: 'guest',
    text: '{program}: {text}',
    args: { program: 'text', text: 'text' },
  },
  programGivesUp: {
    from: 'guest',
    to: 'guest',
    text: '{program} gives up: {why}, reason {set}:{code}',
    args: { program: 'text', why: 'text', set: 'dec', code: 'dec' },
  },
});
