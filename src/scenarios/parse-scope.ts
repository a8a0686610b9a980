/** Reads the lines `explore`. */
import { MAX_SCOPE_ACTS } from '../base/limits';
import { didYouMean, nearest } from '../base/text';
import { invariantNames } from '../engine/rules/invariants';
import { Checks } from './checks';
import { parseFilter } from './filter/parse';
import type { Word } from './lines';
import type { ActLine } from './scenario';
import type { Clause, ExploreLine, ScopeActs, WrittenFilter } from './scope';
import { parseCount } from './values';
import type { WrittenParameter } from './written';

const properties = ['invariants', 'never', 'some', 'alike'] as const;
const actors = ['vmm', 'kvm', 'inject'];
const forms = [...properties, 'threads', 'limit', 'v0', 'v*', ...actors];
const expectedForms =
  'an act, perhaps behind how often (2x), or one of threads, limit, invariants, never, some, alike';
const limits = ['states', 'depth'] as const;
/** Parameters that number a vCPU; there `*` is every other one. */
const vcpuParameters = ['target', 'vcpu'];

export abstract class ScopeParser extends Checks {
  protected vcpus = 0;

  protected abstract act(
    actor: ActLine['act']['actor'],
    keyword: Word,
    rest: readonly Word[],
  ): ActLine | undefined;

  protected explore(keyword: Word, rest: readonly Word[]): ExploreLine | undefined {
    for (const word of rest) this.checkLength(word);
    const clause = this.clause(keyword, rest);
    return clause && { kind: 'explore', clause };
  }

  private clause(keyword: Word, words: readonly Word[]): Clause | undefined {
    const [first, ...rest] = words;
    if (!first) {
      this.wrong(keyword, `'explore' says nothing`, expectedForms);
      return undefined;
    }
    const { text } = first;
    if (/^\d+x$/.test(text) || /^v(\d+|\*)$/.test(text) || actors.includes(text))
      return this.acts(first, rest);
    switch (text) {
      case 'threads':
        this.nothingBehind(rest);
        return { what: 'threads' };
      case 'invariants':
        return this.invariants(rest);
      case 'never': {
        const filter = this.filter(first, rest);
        return filter && { what: 'never', ...filter };
      }
      case 'some':
        return this.some(first, rest);
      case 'alike':
        for (const word of rest) this.checkProfile(word, word.text, 0);
        if (rest.length < 2) this.wrong(first, 'too few profiles are named', 'two profiles or more');
        return { what: 'alike', specs: rest.map((word) => word.text) };
      case 'limit':
        return this.limit(first, rest);
      default:
        this.wrong(
          first,
          `'explore' knows no '${text}'${didYouMean(text, forms)}`,
          expectedForms,
          nearest(text, forms),
        );
        return undefined;
    }
  }

  private nothingBehind(rest: readonly Word[]): void {
    const [extra] = rest;
    if (extra) this.wrong(extra, `'${extra.text}' is one word too many`, 'the end of the line');
  }

  private acts(first: Word, rest: readonly Word[]): ScopeActs | undefined {
    const counted = /^(\d+)x$/.exec(first.text);
    const [who, verb, ...others] = counted ? rest : [first, ...rest];
    if (!who || !verb) {
      this.wrong(who ?? first, `'${(who ?? first).text}' does nothing`, 'an act, such as v0 hlt');
      return undefined;
    }
    const count = Number(counted?.[1]);
    if (counted && (count < 1 || count > 255))
      this.wrong(first, `${count} is no number of times`, '1x to 255x');
    if (!/^v(\d+|\*)$/.test(who.text) && !actors.includes(who.text)) {
      this.wrong(
        who,
        `'${who.text}' is nobody who acts${didYouMean(who.text, actors)}`,
        'v0 to vN, v*, vmm, kvm or inject',
      );
      return undefined;
    }
    const acts: ActLine['act'][] = [];
    for (const words of this.expanded(who, [verb, ...others])) {
      const problems = this.problems.length;
      const [by, ...line] = words;
      const isGuest = by && /^v\d+$/.test(by.text);
      const act = by && this.act(isGuest ? 'guest' : (by.text as 'vmm'), by, line);
      if (!act || this.problems.length > problems) return undefined;
      acts.push(act.act);
    }
    const written = others.map(({ text }): WrittenParameter => {
      const at = text.indexOf('=');
      return { name: text.slice(0, at), text: text.slice(at + 1) };
    });
    const times = counted ? { times: { count, text: counted[1] ?? '' } } : {};
    return { what: 'acts', ...times, who: who.text, verb: verb.text, written, acts };
  }

  /** One line of words for each choice of values. */
  private expanded(who: Word, words: readonly Word[]): Word[][] {
    let lines: Word[][] = [[]];
    for (const word of [who, ...words]) {
      const next = lines.flatMap((line) => this.choices(word, line[0]).map((choice) => [...line, choice]));
      if (next.length > MAX_SCOPE_ACTS) {
        this.wrong(word, `the line stands for more than ${MAX_SCOPE_ACTS} acts`, 'fewer values');
        return [];
      }
      lines = next;
    }
    return lines;
  }

  private choices(word: Word, who: Word | undefined): Word[] {
    const { text } = word;
    const numbers = Array.from({ length: this.vcpus }, (_, index) => String(index));
    const as = (other: string): Word => ({ ...word, text: other });
    if (!who) return text === 'v*' ? numbers.map((number) => as(`v${number}`)) : [word];
    const [, name = '', values] = /^([^=]+)=(.*)$/.exec(text) ?? [];
    if (values === undefined) return [word];
    if (values === '*' && vcpuParameters.includes(name))
      return numbers.filter((number) => who.text !== `v${number}`).map((number) => as(`${name}=${number}`));
    return values.split('|').map((value) => as(`${name}=${value}`));
  }

  private invariants(rest: readonly Word[]): Clause {
    const names = rest.flatMap((word) => {
      const name = invariantNames.find((known) => known === word.text);
      if (!name) {
        const near = nearest(word.text, invariantNames);
        this.wrong(
          word,
          `no invariant is called '${word.text}'${didYouMean(word.text, invariantNames)}`,
          'names of invariants',
          near,
        );
      }
      return name ? [name] : [];
    });
    return { what: 'invariants', names };
  }

  private some(first: Word, rest: readonly Word[]): Clause | undefined {
    let quotes = 0;
    const at = rest.findIndex(({ text }) => {
      const isThen = text === 'then' && quotes % 2 === 0;
      quotes += text.split('"').length - 1;
      return isThen;
    });
    const one = this.filter(first, at < 0 ? rest : rest.slice(0, at));
    const word = rest[at];
    const then = word && this.filter(word, rest.slice(at + 1));
    if (!one || (word && !then)) return undefined;
    return { what: 'some', ...one, ...(then ? { then } : {}) };
  }

  private filter(keyword: Word, words: readonly Word[]): WrittenFilter | undefined {
    if (words.length === 0) {
      this.wrong(
        keyword,
        `nothing stands behind '${keyword.text}'`,
        'a filter, such as v1.mpState == HALTED',
      );
      return undefined;
    }
    return this.filterOf(words);
  }

  /** What the words say as a filter about an act. */
  protected filterOf(words: readonly Word[]): WrittenFilter | undefined {
    const text = words.map((word) => word.text).join(' ');
    const parsed = parseFilter(text, { vcpus: this.vcpus }, 'act');
    if (parsed.ok) return { text, filter: parsed.filter };
    const { message, at, length, expected, nearest: near } = parsed.problem;
    const place = placeAmong(words, at);
    if (place) this.wrong(place.word, message, expected, near, place.at, length);
    return undefined;
  }

  private limit(keyword: Word, rest: readonly Word[]): Clause | undefined {
    const found: { states?: number; depth?: number } = {};
    const written: WrittenParameter[] = [];
    for (const { word, name, text } of this.parameters(rest)) {
      const key = limits.find((known) => known === name);
      if (!key) {
        this.wrong(
          word,
          `'limit' has no '${name}'${didYouMean(name, limits)}`,
          `one of ${limits.join(', ')}`,
          nearest(name, limits),
        );
        continue;
      }
      const parsed = parseCount(text, 1_000_000_000n);
      this.wrongValue(word, name.length + 1, parsed);
      if ('value' in parsed) found[key] = parsed.value;
      written.push({ name, text });
    }
    if (rest.length === 0) this.wrong(keyword, `'limit' says nothing`, 'states= or depth=');
    return { what: 'limit', ...found, written };
  }
}

/** Where a character of words joined by one blank stands; the end of the last word for what is behind it. */
function placeAmong(
  words: readonly Word[],
  at: number,
): { readonly word: Word; readonly at: number } | undefined {
  let start = 0;
  for (const word of words) {
    if (at <= start + word.text.length) return { word, at: at - start };
    start += word.text.length + 1;
  }
  const last = words.at(-1);
  return last && { word: last, at: last.text.length };
}
