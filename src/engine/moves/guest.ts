import { moves } from './kind';

/** What a guest program makes of an answer. */
export const guestMoves = moves({
  programGivesUp: {
    from: 'guest',
    to: 'guest',
    text: '{program} gives up: {why}, reason {set}:{code}',
    args: { program: 'text', why: 'text', set: 'dec', code: 'dec' },
  },
});
