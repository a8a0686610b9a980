/**
 * Reads a filter, and what an expectation says behind its profiles: `v1.mpState changed and not (move == kvmRun or
 * text ~ "PSC")`. `not` binds closer than `and`, `and` closer than `or`. A name alone is a question: a flag that is set, a
 * count above zero.
 */
import { MAX_FILTER_DEPTH } from '../../base/limits';
import { moveNames } from '../../engine/moves';
import {
  checkPath,
  checkValue,
  partAt,
  unknownPart,
  type Domain,
  type Machine,
  type UnknownPath,
} from '../../engine/observe';
import { ruleIds } from '../../engine/rules';
import {
  compareOperators,
  stepTexts,
  type CompareOperator,
  type Filter,
  type FilterProblem,
  type StepText,
  type TextOperator,
} from './filter';
import { tokensOf, type Token } from './tokens';

export type ParsedFilter =
  | { readonly ok: true; readonly filter: Filter }
  | { readonly ok: false; readonly problem: FilterProblem };

/** Signs that look like operators. */
const strays: ReadonlySet<string> = new Set(['=', '&', '|']);

/** Names of rows in which runs under several profiles differ. */
const differNames: readonly string[] = ['differs', 'findings.divergence'];

/** What a filter is asked about: any step of one run or of several, or one act of one run. */
export type Asked = 'step' | 'act';

export function parseFilter(text: string, machine: Machine, asked: Asked = 'step'): ParsedFilter {
  const tokens = tokensOf(text);
  if (!tokens.ok)
    return { ok: false, problem: { message: tokens.error.message, at: 0, length: text.length } };
  try {
    return { ok: true, filter: new Reader(text, tokens.value, machine, asked).whole() };
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, problem: error.problem };
    throw error;
  }
}

class Wrong extends Error {
  constructor(readonly problem: FilterProblem) {
    super(problem.message);
  }
}

class Reader {
  private next = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly tokens: readonly Token[],
    private readonly machine: Machine,
    private readonly asked: Asked,
  ) {}

  whole(): Filter {
    const filter = this.either();
    const extra = this.tokens[this.next];
    if (extra)
      throw wrong(extra, `'${extra.text}' does not belong here`, 'and, or, or the end of the filter');
    return filter;
  }

  private either(): Filter {
    return this.joined('or', () => this.both());
  }

  private both(): Filter {
    return this.joined('and', () => this.one());
  }

  private joined(kind: 'and' | 'or', part: () => Filter): Filter {
    const first = part();
    const parts = [first];
    while (this.takes(kind)) parts.push(part());
    return parts.length === 1 ? first : { kind, parts };
  }

  private one(): Filter {
    if (++this.depth > MAX_FILTER_DEPTH)
      throw wrong(this.here(), `parentheses and negations go ${MAX_FILTER_DEPTH} deep at most`);
    try {
      if (this.takes('not')) return { kind: 'not', of: this.one() };
      if (!this.takes('open')) return this.atom();
      const inner = this.either();
      if (!this.takes('close')) throw wrong(this.here(), 'a parenthesis is not closed', ')');
      return inner;
    } finally {
      this.depth--;
    }
  }

  private atom(): Filter {
    const name = this.tokens[this.next];
    if (name?.kind !== 'word') throw wrong(this.here(), 'a name is missing', 'a name, not or (');
    this.next++;
    if (differNames.includes(name.text)) {
      if (this.asked === 'step') return { kind: 'differs' };
      throw wrong(name, `'${name.text}' is about several runs; an expectation looks at one`);
    }
    const step = stepTexts.find((one) => one === name.text);
    return step ? this.stepText(step) : this.observed(name);
  }

  /** `move == vmrun`, `text ~ "PSC"`. */
  private stepText(name: StepText): Filter {
    const operator = this.operator<TextOperator>(['==', '!=', '~']);
    const value = this.value();
    const known = name === 'move' ? moveNames : name === 'rule' ? ruleIds : undefined;
    if (known && operator !== '~' && value.text !== '' && !known.some((one) => one === value.text))
      throw unknown(value, unknownPart(value.text, known, name === 'move' ? 'kind of move' : 'rule'));
    return { kind: 'text', name, operator, value: value.text };
  }

  private observed(name: Token): Filter {
    const path = name.text;
    const domain = checkPath(path, this.machine);
    if ('message' in domain) throw unknown(name, domain);
    const after = this.tokens[this.next];
    if (after?.kind === 'word' && after.text === 'changed') {
      this.next++;
      return { kind: 'changed', path };
    }
    if (after?.kind === 'word' && strays.has(after.text))
      throw wrong(after, `'${after.text}' is not known here`, compareOperators.join(' '));
    if (after?.kind !== 'operator') return asQuestion(path, domain, name);
    const operator = this.operator<CompareOperator | '~'>([...compareOperators, '~']);
    const value = this.valueOf(domain);
    const never = operator === '~' ? undefined : checkValue(domain, operator, value.text);
    if (never) throw unknown(value, never);
    return { kind: 'compare', path, operator, value: value.text };
  }

  /** As {@link value}; the words of a name need no quotes, and a sentence without them takes the rest. */
  private valueOf({ words, sentence }: Domain): Token {
    const first = this.tokens[this.next];
    if (sentence && first && first.kind !== 'text' && !this.isAlone(first, words)) {
      this.next = this.tokens.length;
      const rest = this.text.slice(first.at);
      return { kind: 'text', text: rest.trim().replace(/\s+/g, ' '), at: first.at, length: rest.length };
    }
    const value = this.value();
    const phrase = words
      .filter((one) => one.includes(' ') && this.follows(value, one.split(' ')))
      .reduce((longest, one) => (one.length > longest.length ? one : longest), '');
    if (phrase === '') return value;
    this.next += phrase.split(' ').length - 1;
    const last = this.tokens[this.next - 1] ?? value;
    return { ...value, text: phrase, length: last.at + last.length - value.at };
  }

  /** Whether a word is a value that ends there. */
  private isAlone({ text }: Token, words: readonly string[]): boolean {
    const next = this.tokens[this.next + 1];
    return words.includes(text) && (!next || ['and', 'or', 'close'].includes(next.kind));
  }

  /** Whether a value, which has been read, begins so many words. */
  private follows({ kind, text }: Token, [first, ...more]: readonly string[]): boolean {
    if (kind !== 'word' || text !== first) return false;
    return more.every((one, i) => this.tokens[this.next + i]?.text === one);
  }

  private operator<T extends string>(known: readonly T[]): T {
    const token = this.tokens[this.next];
    const found = token?.kind === 'operator' ? known.find((one) => one === token.text) : undefined;
    if (found === undefined) throw wrong(this.here(), 'an operator is missing', known.join(' '));
    this.next++;
    return found;
  }

  private value(): Token {
    const token = this.tokens[this.next];
    if (token?.kind === 'unclosed')
      throw wrong(token, 'The text that begins here has no closing quote.', '"');
    if (token?.kind !== 'word' && token?.kind !== 'text')
      throw wrong(this.here(), 'a value is missing', 'a number, a word or "a text"');
    this.next++;
    return token;
  }

  private takes(kind: Token['kind']): boolean {
    if (this.tokens[this.next]?.kind !== kind) return false;
    this.next++;
    return true;
  }

  /** The next word, or the end. */
  private here(): Pick<Token, 'at' | 'length'> {
    return this.tokens[this.next] ?? { at: this.text.length, length: 0 };
  }
}

/** A name without an operator. */
function asQuestion(path: string, domain: Domain, name: Token): Filter {
  if (domain.words.includes('yes')) return { kind: 'compare', path, operator: '==', value: 'yes' };
  if (domain.number && domain.words.length === 0) return { kind: 'compare', path, operator: '>', value: '0' };
  throw wrong(name, `'${path}' is no question`, `${path} == ${domain.words[0] ?? '...'}, or ${path} changed`);
}

const wrong = ({ at, length }: Pick<Token, 'at' | 'length'>, message: string, expected?: string): Wrong =>
  new Wrong({ message, at, length, ...(expected === undefined ? {} : { expected }) });

function unknown(token: Token, { message, part, expected, nearest, ...rest }: UnknownPath): Wrong {
  const within = token.kind === 'word' ? partAt(token.text, { message, part, ...rest }) : 0;
  return new Wrong({
    message,
    at: token.at + within,
    length: part === '' || token.kind === 'text' ? token.length : part.length,
    ...(expected === undefined ? {} : { expected }),
    ...(nearest === undefined ? {} : { nearest }),
  });
}
