/**
 * Reads scenario text. Nothing is guessed and nothing is skipped: each problem is reported with its place, what could
 * have stood there and the nearest known word, and all problems are reported, not only the first.
 */
import { MAX_PROBLEMS } from '../base/limits';
import { finish, type Resumable } from '../base/resumable';
import { didYouMean, nearest } from '../base/text';
import { actTables, type Act, type Actor, type Parameter } from '../engine/acts';
import { findScenario, type LogicalLine, type Place, type ScenarioProblem, type Word } from './lines';
import { untilForms, untilOf, vmValue } from './head-values';
import { ScopeParser } from './parse-scope';
import {
  defaultVm,
  guestPrograms,
  headKinds,
  hostPersonalities,
  vmKeys,
  type ActLine,
  type Line,
  type Scenario,
  type VmKey,
  type VmSettings,
  type WrittenParameter,
} from './scenario';
import { parseCount, parseValue, parseWord } from './values';

export type { Place, ScenarioProblem } from './lines';

/** What reading gave: a scenario and where each of its lines stands, or every problem. */
export type ParseResult =
  | {
      readonly ok: true;
      readonly scenario: Scenario;
      readonly places: readonly Place[];
      readonly warnings: readonly ScenarioProblem[];
    }
  | {
      readonly ok: false;
      readonly problems: readonly ScenarioProblem[];
      readonly warnings: readonly ScenarioProblem[];
    };

/** Lines that are parsed in one part of the work; one may have many words. */
const LINES_IN_PART = 16;

export const parseScenario = (text: string): ParseResult => finish(parseInParts(text));

/** As {@link parseScenario}, some lines at a time. */
export function* parseInParts(text: string): Resumable<ParseResult> {
  const found = yield* findScenario(text);
  if ('message' in found) return { ok: false, problems: [found], warnings: [] };
  const parser = new Parser();
  parser.problems.push(...found.problems);
  if (found.version !== '1') {
    const message =
      found.version === '' ? 'the version is missing' : `version '${found.version}' is not known`;
    const place = { ...found.versionPlace, length: 'ghcb-scenario'.length };
    parser.problems.push({ ...place, message, expected: 'ghcb-scenario 1' });
  } else {
    for (const [index, line] of found.lines.entries()) {
      if (parser.isFull) break;
      parser.take(line);
      if (index % LINES_IN_PART === 0) yield;
    }
  }
  const problems = parser.problems
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .slice(0, MAX_PROBLEMS);
  const { warnings } = found;
  if (problems.length > 0) return { ok: false, problems, warnings };
  return { ok: true, scenario: { lines: parser.lines }, places: parser.places, warnings };
}

/** A problem as the command line and the page print it. */
export function problemText({ line, column, message, expected }: ScenarioProblem): string {
  return `line ${line}, column ${column}: ${message}${expected === undefined ? '' : ` (expected ${expected})`}`;
}

const actKeywords = ['vmm', 'inject', 'kvm'] as const;
const otherKeywords = [
  'title',
  'ref',
  'profile',
  'vm',
  'guest',
  'host',
  'launch',
  'run',
  'explore',
  'note',
  '?',
  ';',
] as const;
const allKeywords = [...otherKeywords, ...actKeywords, 'v0'];

class Parser extends ScopeParser {
  readonly lines: Line[] = [];
  readonly places: Place[] = [];
  protected override vcpus = defaultVm.vcpus;
  private readonly seen = new Set<Line['kind']>();
  private acted = false;
  private explores = false;

  take(logical: LogicalLine): void {
    const [keyword, ...rest] = logical.words;
    const problems = this.problems.length;
    const line: Line | undefined = keyword ? this.line(keyword, rest) : { kind: 'blank' };
    if (!line) return;
    this.checkOrder(line, keyword);
    if (keyword && this.problems.length === problems) this.checkMail(line, keyword);
    this.lines.push(line);
    this.places.push(logical.place);
  }

  private checkOrder(line: Line, keyword: Word | undefined): void {
    if (!keyword) return;
    const isHead = headKinds.includes(line.kind);
    if (isHead && this.acted)
      this.wrong(keyword, `'${line.kind}' belongs before the first act`, 'an act line');
    const once = line.kind === 'title' || line.kind === 'vm' || line.kind === 'guest' || line.kind === 'host';
    if (once && this.seen.has(line.kind)) this.wrong(keyword, `there is a '${line.kind}' line already`);
    this.seen.add(line.kind);
    this.explores ||= line.kind === 'explore';
    if (line.kind === 'act' || line.kind === 'launch' || line.kind === 'runUntil') {
      this.acted = true;
      if (this.explores)
        this.wrong(keyword, 'acts stand above all explore lines', 'an explore line, a note or the end');
    }
    if (line.kind === 'expect' && !this.acted)
      this.wrong(keyword, 'there is no act above this expectation', 'an act line');
  }

  private line(keyword: Word, rest: readonly Word[]): Line | undefined {
    const { text } = keyword;
    if (text.startsWith(';')) return this.comment(keyword, rest);
    if (/^v\d+$/.test(text)) return this.act('guest', keyword, rest);
    switch (text) {
      case 'title':
      case 'ref':
      case 'note':
        return this.prose(text, keyword, rest);
      case 'profile':
        return this.profiles(keyword, rest);
      case 'vm':
        return this.vm(keyword, rest);
      case 'guest': {
        const program = this.oneWord(keyword, rest, guestPrograms, 'a guest program');
        return program && { kind: 'guest', program };
      }
      case 'host': {
        const personality = this.oneWord(keyword, rest, hostPersonalities, 'a personality');
        return personality && { kind: 'host', personality };
      }
      case 'launch':
        return this.launch(keyword, rest);
      case 'run':
        return this.runUntil(keyword, rest);
      case 'explore':
        return this.explore(keyword, rest);
      case 'vmm':
      case 'inject':
      case 'kvm':
        return this.act(text, keyword, rest);
      case '?':
        return this.expectation(keyword, rest);
      default:
        this.wrong(
          keyword,
          `unknown word '${text}'${didYouMean(text, allKeywords)}`,
          lineStarts,
          nearest(text, allKeywords),
        );
        return undefined;
    }
  }

  private comment(keyword: Word, rest: readonly Word[]): Line {
    const text = [keyword.text.slice(1), ...rest.map((word) => word.text)]
      .filter((part) => part !== '')
      .join(' ');
    for (const word of [keyword, ...rest]) this.checkLength(word);
    return { kind: 'comment', text };
  }

  private prose(kind: 'title' | 'ref' | 'note', keyword: Word, rest: readonly Word[]): Line | undefined {
    if (rest.length === 0) {
      this.wrong(keyword, `'${kind}' says nothing`, 'text after it');
      return undefined;
    }
    for (const word of rest) this.checkLength(word);
    return { kind, text: rest.map((word) => word.text).join(' ') };
  }

  private profiles(keyword: Word, rest: readonly Word[]): Line | undefined {
    if (rest.length === 0)
      this.wrong(keyword, 'no profile is named', 'one or more profiles, such as linux-7.2');
    for (const word of rest) if (!this.isFull) this.checkProfile(word, word.text, 0);
    return rest.length === 0 ? undefined : { kind: 'profile', specs: rest.map((word) => word.text) };
  }

  private launch(keyword: Word, rest: readonly Word[]): Line | undefined {
    const word = this.oneWord(keyword, rest, ['standard', 'by=host'], 'the launch');
    return word && (word === 'by=host' ? { kind: 'launch', by: 'host' } : { kind: 'launch' });
  }

  private oneWord<W extends string>(
    keyword: Word,
    rest: readonly Word[],
    words: readonly W[],
    what: string,
  ): W | undefined {
    const [word, extra] = rest;
    if (!word) {
      this.wrong(keyword, `${what} is missing`, `one of ${words.join(', ')}`);
      return undefined;
    }
    if (extra) this.wrong(extra, `'${extra.text}' is one word too many`, 'the end of the line');
    const parsed = parseWord(word.text, words);
    this.wrongValue(word, 0, parsed);
    return 'value' in parsed ? parsed.value : undefined;
  }

  private vm(keyword: Word, rest: readonly Word[]): Line | undefined {
    const settings: { -readonly [K in VmKey]?: VmSettings[K] } = {};
    const written: WrittenParameter[] = [];
    for (const { word, name, text } of this.parameters(rest)) {
      if (this.isFull) break;
      const key = vmKeys.find((candidate) => candidate === name);
      if (!key) {
        this.wrong(
          word,
          `'vm' has no '${name}'${didYouMean(name, vmKeys)}`,
          `one of ${vmKeys.join(', ')}`,
          nearest(name, vmKeys),
        );
        continue;
      }
      const parsed = vmValue(key, text);
      this.wrongValue(word, name.length + 1, parsed);
      if ('value' in parsed) settings[key] = parsed.value;
      written.push({ name, text });
    }
    if (rest.length === 0) this.wrong(keyword, `'vm' says nothing`, 'vcpus= memory= flash= maxphyaddr=');
    this.vcpus = settings.vcpus ?? this.vcpus;
    return { kind: 'vm', settings, written };
  }

  protected act(actor: Actor, keyword: Word, rest: readonly Word[]): ActLine | undefined {
    const [verbWord, ...others] = rest;
    const verbs: Readonly<Record<string, { readonly params: Readonly<Record<string, Parameter>> }>> =
      actTables[actor];
    const names = Object.keys(verbs);
    const who = keyword.text;
    if (!verbWord) {
      this.wrong(keyword, `'${who}' does nothing`, `one of ${names.join(', ')}`);
      return undefined;
    }
    const vcpu = actor === 'guest' ? this.vcpuNumber(keyword, who.slice(1), 1) : undefined;
    const verb = verbWord.text;
    const params = Object.hasOwn(verbs, verb) ? verbs[verb]?.params : undefined;
    if (!params) {
      this.wrong(
        verbWord,
        `'${who}' knows no '${verb}'${didYouMean(verb, names)}`,
        `one of ${names.join(', ')}`,
        nearest(verb, names),
      );
      return undefined;
    }
    const { args, written } = this.arguments(verbWord, params, others);
    const act = { actor, verb, args, ...(vcpu === undefined ? {} : { vcpu }) } as unknown as Act;
    return { kind: 'act', act, written };
  }

  private arguments(
    verb: Word,
    params: Readonly<Record<string, Parameter>>,
    words: readonly Word[],
  ): { args: Record<string, unknown>; written: WrittenParameter[] } {
    const args: Record<string, unknown> = {};
    const written: WrittenParameter[] = [];
    const names = Object.keys(params);
    for (const { word, name, text } of this.parameters(words)) {
      if (this.isFull) break;
      const param = Object.hasOwn(params, name) ? params[name] : undefined;
      if (!param) {
        const expected = names.length === 0 ? 'no parameter' : `one of ${names.join(', ')}`;
        this.wrong(
          word,
          `'${verb.text}' has no '${name}'${didYouMean(name, names)}`,
          expected,
          nearest(name, names),
        );
        continue;
      }
      const parsed = parseValue(param.kind, text);
      this.wrongValue(word, name.length + 1, parsed);
      if ('value' in parsed) args[name] = parsed.value;
      if ('value' in parsed && name === 'vcpu') this.vcpuNumber(word, text, name.length + 1);
      if (param.kind !== 'entries' && param.kind !== 'bytes') this.checkLength(word);
      written.push({ name, text });
    }
    const missing = names.filter((name) => params[name]?.required && !written.some((w) => w.name === name));
    for (const name of missing) {
      this.wrong(verb, `'${verb.text}' needs '${name}': ${params[name]?.doc ?? ''}`, `${name}=...`);
    }
    return { args, written };
  }

  private vcpuNumber(word: Word, text: string, shift: number): number {
    const parsed = parseCount(text, BigInt(this.vcpus - 1));
    if ('value' in parsed) return parsed.value;
    const range = this.vcpus === 1 ? 'v0 alone' : `v0 to v${this.vcpus - 1}`;
    this.wrong(
      word,
      `this VM has ${this.vcpus} vCPUs: ${range}`,
      `a vCPU number below ${this.vcpus}`,
      undefined,
      shift,
      text.length,
    );
    return 0;
  }

  private runUntil(keyword: Word, rest: readonly Word[]): Line | undefined {
    const [first, ...extra] = this.parameters(rest);
    if (!first) {
      this.wrong(keyword, `'run' needs to know until when`, untilForms);
      return undefined;
    }
    for (const { word } of extra.slice(0, MAX_PROBLEMS))
      this.wrong(word, `'${word.text}' is one word too many`, 'the end of the line');
    const until = first.name === 'until' ? untilOf(first.text) : undefined;
    if (!until) this.wrong(first.word, `'${first.word.text}' is no end of a run`, untilForms);
    return until && { kind: 'runUntil', until };
  }

  private expectation(keyword: Word, rest: readonly Word[]): Line | undefined {
    const first = rest.findIndex((word) => !word.text.startsWith('@'));
    const narrow = first < 0 ? rest : rest.slice(0, first);
    for (const word of narrow) if (!this.isFull) this.checkNarrow(word, word.text.slice(1));
    const words = rest.slice(narrow.length);
    if (words.length === 0) {
      this.wrong(keyword, 'an expectation is incomplete', '? path operator value');
      return undefined;
    }
    for (const word of rest) this.checkLength(word);
    const filter = this.filterOf(words);
    return filter && { kind: 'expect', profiles: narrow.map((word) => word.text.slice(1)), ...filter };
  }
}

const lineStarts =
  'v0 to vN, vmm, inject, kvm, launch, run, explore, note, title, ref, profile, vm, guest, host, ? or ;';
