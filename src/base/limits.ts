/**
 * How much is taken of what comes from outside, in one place. Beyond a limit the input is refused with its size, before
 * more of it is read. Each is far above what a person has, and low enough that nobody waits for an answer.
 */

const KIB = 1 << 10;
const MIB = 1 << 20;

/** A scenario of a thousand lines has 60 kB; a mail thread around it may be longer. */
export const MAX_SCENARIO_BYTES = 4 * MIB;
/** Characters of the packed text in a link; browsers take no longer addresses. */
export const MAX_LINK_CHARACTERS = MIB;
/** The text that a link unpacks to; what claims to be longer is a bomb or a mistake. */
export const MAX_LINK_TEXT_BYTES = MIB;
/** Characters of what is pasted into the decoder, or bytes of a file for it; the largest layout has 4096 bytes. */
export const MAX_DECODED = MIB;
/** A recording of a million steps has 300 MB. */
export const MAX_RECORDING_BYTES = 512 * MIB;
/** Compressed vector files of this project have 100 kB, and 9 MB when they are unpacked. */
export const MAX_VECTOR_BYTES = 256 * MIB;
/** No list of problems gets longer than a person reads. */
export const MAX_PROBLEMS = 100;
/** What is said of one problem: more of it would be the input again. */
export const MAX_PROBLEM_CHARACTERS = 400;
/** Forks of one scenario that are kept; a person loses count of more. */
export const MAX_WORK_BRANCHES = 256;
/** Characters of a name that a person gives to a work. */
export const MAX_WORK_NAME_CHARACTERS = 400;
/** Sentences about one link. */
export const MAX_REMARKS = 8;
/** Characters of one number: a page of bytes in hexadecimal, with room for separators. */
export const MAX_NUMBER_CHARACTERS = 16 * KIB;
