/** Whether a text is a trail of SPIN: by its form alone, so that the page can ask without what reads one. */

/** A line that a model of this project prints for each act. */
const ACT_LINE = /^(?:.*\s)?act (?:guest|vmm|kvm) [a-z-]+(?: [a-z-]+=[\w-]+)+\s*$/m;

/** Lines `step:process:transition`, as pan writes them into a `.trail` file. */
const NUMBERS = /^(?:\s*-?\d+:-?\d+:-?\d+[ \t]*(?:\r?\n|$))+$/;

/** The file that pan writes: numbers that say nothing without the model. */
export const isUnprintedTrail = (text: string): boolean =>
  text.length < 1_000_000 && NUMBERS.test(text.trimStart());

export const isTrail = (text: string): boolean => ACT_LINE.test(text) || isUnprintedTrail(text);
