/**
 * How much is taken of what comes from outside, and how much work is done with it, in one place; docs/limits.md has the
 * same as a table. Beyond a limit the input is refused with its size, before more of it is read, and a run stops with a
 * finding. Each is far above what a person has, and low enough that nobody waits for an answer.
 */

const KIB = 1 << 10;
const MIB = 1 << 20;
const GIB = 1024 * MIB;

/** A scenario of a thousand lines has 60 kB; a mail thread around it may be longer. */
export const MAX_SCENARIO_BYTES = 4 * MIB;
/** Characters of the packed text in a link; browsers take no longer addresses. */
export const MAX_LINK_CHARACTERS = MIB;
/** Of these, what a link to a log may have: chats and mail cut longer ones. */
export const MAX_LOG_LINK_CHARACTERS = 64 * KIB;
/** The text that a link unpacks to; what claims to be longer is a bomb or a mistake. */
export const MAX_LINK_TEXT_BYTES = MIB;
/** Characters of what is pasted into the decoder, or bytes of a file for it; the largest layout has 4096 bytes. */
export const MAX_DECODED = MIB;
/** A log that is read whole; a boot with every event of KVM has some 100 MB. */
export const MAX_LOG_BYTES = 256 * MIB;
/** Characters of one line of a log; those of the kernel have less than 1024. */
export const MAX_LOG_LINE_CHARACTERS = 16 * KIB;
/** Of these, what the decoder of the page reads, which hears no key meanwhile: a dump of a page has 20 kB. */
export const MAX_PAGE_DECODED = 128 * KIB;
/** Bytes of a file for the decoder of the page: a log is read in slices, and every line of it is an object. */
export const MAX_PAGE_FILE = 16 * MIB;
/**
 * Bytes of a log that the page counts without being asked twice: an index of it has a tenth of its size. Of a larger one
 * it says what that would take, and offers a window.
 */
export const MAX_PAGE_COUNTED = 4 * GIB;
/** A recording of a million steps has 300 MB. */
export const MAX_RECORDING_BYTES = 512 * MIB;
/** Characters of one line of a recording: its header holds a scenario. */
export const MAX_RECORDING_LINE = 8 * MIB;
/** Compressed vector files of this project have 100 kB, and 9 MB when they are unpacked. */
export const MAX_VECTOR_BYTES = 256 * MIB;
/** No list of problems gets longer than a person reads. */
export const MAX_PROBLEMS = 100;
/** What is said of one problem: more of it would be the input again. */
export const MAX_PROBLEM_CHARACTERS = 400;
/** Characters of a filter, and how deep its parentheses and negations go. */
export const MAX_FILTER_CHARACTERS = 4 * KIB;
export const MAX_FILTER_DEPTH = 64;
/** Marked words and links of one note. */
export const MAX_NOTE_PIECES = 200;
/** A lesson of fifteen screens has 15 kB. */
export const MAX_LESSON_BYTES = 128 * KIB;
/** Characters of one paragraph, list or table of a lesson: what reads Markdown looks at some of them several times. */
export const MAX_PARAGRAPH_CHARACTERS = 4 * KIB;
/** Marks of emphasis, code and links in one such paragraph: some of them are looked for again behind each other one. */
export const MAX_PARAGRAPH_MARKS = 400;
/** Lists and quotes of a lesson inside one another. */
export const MAX_PROSE_DEPTH = 12;
/** Screens of a lesson. */
export const MAX_SCREENS = 100;
/** Values that are pinned to the rail: each is followed along the whole run. */
export const MAX_PINS = 8;
/** Forks of one scenario that are kept; a person loses count of more. */
export const MAX_WORK_BRANCHES = 256;
/** Characters of a name that a person gives to a work. */
export const MAX_WORK_NAME_CHARACTERS = 400;
/** Sentences about one link. */
export const MAX_REMARKS = 8;
/** Characters of one number: a page of bytes in hexadecimal, with room for separators. */
export const MAX_NUMBER_CHARACTERS = 16 * KIB;
/** A file that is dropped on the page or opened there and is neither a recording nor a file of works. */
export const MAX_OPENED_BYTES = MAX_SCENARIO_BYTES;
/** A file of all works of a person: above what a browser can write as one text. */
export const MAX_WORK_FILE_BYTES = 2048 * MIB;
/** Characters of a text in a work: a scenario of the greatest length, and much that was typed into it. */
export const MAX_WORK_TEXT_CHARACTERS = 64 * MIB;
/** Bytes of a value in a link of the decoder: one page. */
export const MAX_LINK_VALUE_BYTES = 4 * KIB;
/** Entries of a page-state-change request in one word; a buffer has 253, and more try what KVM does beyond it. */
export const MAX_ENTRIES = 4096;
/** Profiles in one list, such as those of a comparison. */
export const MAX_PROFILES = 64;

/** Acts that one line `explore` stands for. */
export const MAX_SCOPE_ACTS = 256;
/** Results of searches that the browser keeps, and characters of all of them; one has some 50,000. */
export const MAX_KEPT_SEARCHES = 50;
export const MAX_KEPT_SEARCH_CHARACTERS = 8 * MIB;

/** vCPUs of a machine. */
export const MAX_VCPUS = 64;
/** Bytes of guest memory: 1 TiB. */
export const MAX_MEMORY_BYTES = 2 ** 40;
/** Bytes of flash. */
export const MAX_FLASH_BYTES = 256 * MIB;
/** Requests in one vector. */
export const MAX_VECTOR_ROUNDS = 64;
/** Order of a guest_memfd folio in a vector: 1 GiB. */
export const MAX_VECTOR_ORDER = 18;

/** Steps of one run: a Linux boot has 5,000. */
export const MAX_RUN_STEPS = 1_000_000;
/** Words that one run writes to its log, and pages that it looks at: twenty for each step that it may have. */
export const MAX_RUN_WRITES = 20 * MAX_RUN_STEPS;
/** Bytes of state and recorded steps of one run. */
export const MAX_RUN_BYTES = 512 * MIB;
/** Milliseconds of one act of a run of the page, which hears no key meanwhile. */
export const MAX_PAGE_ACT_MS = 150;
/** Seconds of one run of the command line. */
export const MAX_COMMAND_RUN_SECONDS = 300;
/** Words of the log, and pages looked at, of one candidate that the act menu tries. */
export const MAX_TRIED_WRITES = 100_000;
/** Acts that threads and personality may add to one line; a run that needs more is going in circles. */
export const MAX_SETTLING_ACTS = 20_000;
