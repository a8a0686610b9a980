/** The words of a question: those that only make it a sentence, and other names of the same thing. */

/** Words that no entry is about. */
const stopWords: ReadonlySet<string> = new Set(
  `a about an and any are as at be been being but by can could did do does done for from get gets given goes had
  happen happened happens has have having how i if in into is it its kernel kernels kvm like linux may me might must my no
  of on one or our out over please see should show so some still such than that the their them then there these they
  this those through to too tell us was we were what when where whether which who whom whose why will with would
  you your hit hits hitting arrive arrives arriving meet meets issue issued issues send sends sent try tries tried use
  used uses call calls called calling make makes made`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** What people say, and what entries are called. Either way round is meant by either word. */
const sameThing: readonly (readonly string[])[] = [
  ['double', 'twice', 'second', 'again'],
  ['bringup', 'boot', 'boots', 'startup'],
  ['fail', 'fails', 'failed', 'failing', 'failure', 'error', 'errors'],
  ['refuse', 'refuses', 'refused', 'reject', 'rejects', 'rejected', 'deny', 'denied'],
  ['kill', 'kills', 'killed', 'dead', 'dies', 'bugged'],
  ['end', 'ends', 'terminate', 'terminates', 'terminated', 'termination', 'shutdown'],
  ['parked', 'parks', 'park', 'hold', 'holds'],
  ['psc', 'pagestatechange', 'conversion', 'convert', 'converts', 'converted', 'change'],
  ['batch', 'batched', 'bulk', 'several'],
  ['free', 'freed', 'frees', 'teardown', 'reclaim', 'reclaimed', 'release', 'released'],
  ['leak', 'leaks', 'leaked'],
  ['create', 'creates', 'creating', 'created', 'creation'],
  ['destroy', 'destroys', 'destroyed', 'offline'],
  ['armed', 'arming', 'oninit'],
  ['feature', 'features', 'sevfeatures'],
  ['wrong', 'bad', 'invalid', 'mismatch', 'mismatched', 'unsupported', 'unknown'],
  ['misaligned', 'unaligned', 'alignment', 'aligned'],
  ['source', 'uaddr', 'userspace'],
  ['private', 'encrypted'],
  ['shared', 'unencrypted', 'plaintext'],
  ['answer', 'answers', 'reply', 'response', 'result'],
  ['vmm', 'userspace', 'qemu', 'hypervisor'],
  ['measure', 'measured', 'measurement', 'encrypt', 'encrypts', 'encrypted'],
  ['discard', 'punch', 'hole', 'fallocate'],
  ['lock', 'locks', 'mutex', 'locked'],
  ['smash', 'psmash'],
  ['aps', 'vcpus'],
  ['uninitialized', 'never'],
  ['above', 'beyond', 'greater', 'after'],
  ['run', 'runs', 'vmrun', 'enter'],
  ['length', 'len', 'size'],
  ['zero', '0'],
  ['accept', 'accepts', 'accepted', 'allow', 'allows', 'allowed'],
  ['retry', 'retries', 'again'],
];

const others = new Map<string, Set<string>>();
for (const words of sameThing)
  for (const word of words) {
    const known = others.get(word) ?? new Set([word]);
    for (const other of words) known.add(other);
    others.set(word, known);
  }

export const isStopWord = (word: string): boolean => stopWords.has(word);

/** Words that say in which order two things come: they tell much where they are asked for, and nothing elsewhere. */
const orderWords: ReadonlySet<string> = new Set(['before', 'during', 'while']);
export const isOrderWord = (word: string): boolean => orderWords.has(word);

/** Phrases that are one word here. */
const phrases: readonly (readonly [RegExp, string])[] = [
  [/\b(?:aps?[\s-])?bring(?:ing)?[\s-]?up\b/giu, 'bringup'],
  [/\bpage[\s-]state[\s-]changes?\b/giu, 'psc'],
  [/\b(?:already )?waiting to be created\b/giu, 'created-on-init'],
  [/\bcreate[ds]?[\s-]on[\s-]init\b/giu, 'created-on-init'],
];

/** A question in which each phrase is one word. */
export const withPhrases = (text: string): string =>
  phrases.reduce((so, [pattern, word]) => so.replace(pattern, word), text);

/** Other forms of a word: `punched` may be called `punch`, `freed` may be called `free`. */
export const formsOf = (word: string): readonly string[] =>
  word.length > 4
    ? [/ing$/, /ed$/, /d$/, /es$/, /s$/].flatMap((end) => (end.test(word) ? [word.replace(end, '')] : []))
    : [];

/** A word and the other names of the same thing, the word first. */
export const namesOf = (word: string): readonly string[] => [
  ...new Set([word, ...formsOf(word), ...(others.get(word) ?? [])]),
];
