/** The commands by name, and how a command line is taken apart. */
import { version } from '../../package.json';
import { didYouMean } from '../base/text';
import { EXIT_FINE, UsageError, type Output } from './io';

type Command = (words: readonly string[]) => Output | Promise<Output>;

interface Entry {
  readonly usage: string;
  readonly doc: string;
  load(): Promise<Command>;
}

const commands: Readonly<Record<string, Entry>> = {
  run: {
    usage:
      'run FILE [--profile ID[,ID...]] [--format text|mail|mail-short|mermaid|trace-json|log|csv|jsonl|selftest] [--link URL] [--fail-on-diff] [--max-steps|--max-writes|--max-memory|--max-seconds N]',
    doc: 'the steps of a scenario; with several profiles all side by side, and where they part; a mail ends with the link',
    load: async () => (await import('./run')).run,
  },
  find: {
    usage: 'find FILE FILTER [--profile ID]',
    doc: 'the steps that a filter asks for, such as "v1.mpState changed or text ~ PSC"',
    load: async () => (await import('./find')).find,
  },
  decode: {
    usage:
      'decode [KIND] VALUE|FILE|- [--json|--scenario] [--against VALUE|FILE] | decode LINES|FILE|- [--diagnose|--explain ID[,ID...]] [--json] | decode --list [--json]',
    doc: 'the fields of a word, page or structure; without KIND what it may be; as a scenario that runs; of lines of a log what trace says of a file',
    load: async () => (await import('./codec')).decode,
  },
  trace: {
    usage:
      'trace FILE|- [--json] [--timeline] [--mail] [--diagnose] [--explain ID[,ID...]] [--scenario LINE|FIRST-LAST|all] [--lines FIRST-LAST] [--count]',
    doc: 'a kernel log, a trace or the messages of a VMM: every line read or counted, what failed in it, which kernel explains it, a scenario of a line or several',
    load: async () => (await import('./trace')).trace,
  },
  encode: {
    usage: 'encode KIND key=value... [--json]',
    doc: 'the word or bytes for those fields',
    load: async () => (await import('./codec')).encode,
  },
  fmt: {
    usage: 'fmt FILE... [--check|--write]',
    doc: 'scenarios in their canonical form',
    load: async () => (await import('./fmt')).fmt,
  },
  diff: {
    usage: 'diff FILE FILE [--profile ID[,ID]]',
    doc: 'two scenarios or recordings: the first step that differs, by field; a scenario runs under the first profile it names',
    load: async () => (await import('./diff')).diff,
  },
  lesson: {
    usage: 'lesson check FILE...',
    doc: 'whether lessons are sound: every place, prediction, task and link held to runs; every mistake with its line',
    load: async () => (await import('./lesson')).lesson,
  },
  verify: {
    usage: 'verify FILE.ghcb.jsonl',
    doc: 'whether a recording replays to the same steps and digest',
    load: async () => (await import('./verify')).verify,
  },
  conform: {
    usage: 'conform FILE.jsonl... [--json]',
    doc: 'how the model stands against outputs of executed kernel functions',
    load: async () => (await import('./conform')).conform,
  },
  matrix: {
    usage: 'matrix [CHART] [--profile ID[,ID...]] [--json]',
    doc: 'what happens to each event in each state: vcpu, launch, page, psc',
    load: async () => (await import('./matrix')).matrix,
  },
  explore: {
    usage:
      "explore FILE [--profile ID[,ID...]] [--property NAME|'never FILTER'] [--max-states N] [--max-depth N] [--threads N] [--whole] [--every-cell] [--without REDUCTION] [--json] | --promela | --trail FILE",
    doc: 'every order of the acts that the explore lines of a scenario allow: verdicts, and the shortest way to a violation; --promela writes the scope for SPIN, --trail reads what spin -t printed',
    load: async () => (await import('./explore')).exploreInThreads,
  },
  profiles: {
    usage: 'profiles [--json]',
    doc: 'kernel generations, facets, values, sources, confidence',
    load: async () => (await import('./profiles')).profiles,
  },
};

function help(): string {
  const lines = Object.values(commands).map(({ usage, doc }) => `  ${usage}\n      ${doc}`);
  return [
    `${process.env['VMGEXIT_CALL'] ?? 'vmgexit'} COMMAND`,
    '',
    ...lines,
    '',
    '- is standard input. Exit status: 0 fine, 1 an expectation failed, or what was compared differs, 2 bad input or a write that failed, 3 a bound ended a search, 70 a mistake of the program.',
  ].join('\n');
}

/** What a command line gives. Bad usage is a UsageError. */
export async function call(words: readonly string[]): Promise<Output> {
  const [name, ...rest] = words;
  if (name === undefined) throw new UsageError(help());
  if (name === 'help' || name === '--help' || name === '-h') return { text: help(), status: EXIT_FINE };
  if (name === '--version' || name === '-v') return { text: version, status: EXIT_FINE };
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const names = Object.keys(commands);
  if (!entry)
    throw new UsageError(`no command '${name}'${didYouMean(name, names)}; there are ${names.join(', ')}`);
  if (rest.includes('--help')) return { text: `${entry.usage}\n    ${entry.doc}`, status: EXIT_FINE };
  return (await entry.load())(rest);
}
