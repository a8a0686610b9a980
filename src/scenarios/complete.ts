/** What may be typed at a place of a scenario: keywords, verbs, parameters, profiles, keys, expectations. */
import { actTables } from '../engine/acts';
import { profileIds, profileTexts } from '../profiles/profiles';
import { completionsIn } from './filter/complete';
import { defaultVm, guestPrograms, hostPersonalities, vmKeys } from './scenario';
import { completeAct } from './typed-act';

/** One word that fits. */
export interface WordCompletion {
  readonly label: string;
  readonly doc: string;
}

export interface LineCompletions {
  /** Characters of the line before the word that a completion takes the place of. */
  readonly from: number;
  readonly options: readonly WordCompletion[];
}

const keywords: readonly WordCompletion[] = [
  { label: 'title', doc: 'what the scenario shows, in a line' },
  { label: 'ref', doc: 'a mail or document' },
  { label: 'profile', doc: 'kernel generations, the first is A' },
  { label: 'vm', doc: vmKeys.map((key) => `${key}=`).join(' ') },
  { label: 'guest', doc: guestPrograms.join(', ') },
  { label: 'host', doc: hostPersonalities.join(', ') },
  { label: 'launch', doc: 'standard: from the VM to LAUNCH_FINISH' },
  { label: 'run', doc: 'until=terminated, idle, exit or steps:N' },
  { label: 'note', doc: 'a remark about the act below it' },
  { label: '?', doc: 'an expectation about the act above it' },
  { label: 'v0', doc: 'what the guest does on its first vCPU' },
  { label: 'vmm', doc: 'what the VMM does' },
  { label: 'inject', doc: 'a fault that comes later' },
];

const words = (labels: readonly string[], doc = ''): readonly WordCompletion[] =>
  labels.map((label) => ({ label, doc }));

/** Words that may stand at the end of a line. @param line from its start up to the cursor */
export function completeLine(line: string): LineCompletions {
  const word = /\S*$/.exec(line)?.[0] ?? '';
  const from = line.length - word.length;
  const [keyword = ''] = line.slice(0, from).trim().split(/\s+/);
  const fitting = (options: readonly WordCompletion[]): LineCompletions => ({
    from,
    options: options.filter(({ label }) => label.startsWith(word) && label !== word),
  });
  switch (keyword) {
    case '':
      return fitting(keywords);
    case 'profile':
      return fitting(profileIds.map((id) => ({ label: id, doc: profileTexts[id].title })));
    case 'vm':
      return fitting(words(vmKeys.map((key) => `${key}=`)));
    case 'guest':
      return fitting(words(guestPrograms));
    case 'host':
      return fitting(words(hostPersonalities));
    case 'launch':
      return fitting(words(['standard']));
    case 'run':
      return fitting(words(['until=terminated', 'until=idle', 'until=exit', 'until=steps:']));
    case '?':
      return expectationCompletions(line);
    default:
      return actCompletions(line, { from, keyword });
  }
}

/** What a filter may have there, behind the profiles that the expectation is for. */
function expectationCompletions(line: string): LineCompletions {
  const start = /^\s*\?\s+(@\S+\s+)*/.exec(line)?.[0].length ?? line.length;
  const { from, options } = completionsIn(line.slice(start), line.length - start, defaultVm);
  return {
    from: start + from,
    options: words(options.map(({ text, goesOn }) => (goesOn ? `${text}.` : text))),
  };
}

/** Verbs and parameters, behind whoever acts. */
function actCompletions(
  line: string,
  { from, keyword }: { readonly from: number; readonly keyword: string },
): LineCompletions {
  const isActor = /^v\d+$/.test(keyword) || (keyword !== 'guest' && Object.hasOwn(actTables, keyword));
  if (!isActor) return { from, options: [] };
  const start = line.length - line.trimStart().length;
  const options = completeAct(line.slice(start), 0).map(({ text, doc }) => ({
    label: (text.trimEnd().split(/\s+/).at(-1) ?? '').trim(),
    doc,
  }));
  return { from, options };
}
