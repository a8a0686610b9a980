/** What may be typed at a place of a filter: names, operators, values, joins; all from the declarations. */
import { actTables } from '../../engine/acts';
import { moveNames } from '../../engine/moves';
import { checkPath, isUnknownPath, partsAfter, type Domain, type Machine } from '../../engine/observe';
import { ruleIds } from '../../engine/rules';
import { compareOperators, stepTexts, type StepText } from './filter';
import { tokensOf, type Token } from './tokens';

export interface Completion {
  readonly text: string;
  /** A name that needs more parts: a point follows it, not a blank. */
  readonly goesOn: boolean;
}

export interface Completions {
  /** Characters of the filter that a completion takes the place of: from the first up to and without the second. */
  readonly from: number;
  readonly to: number;
  /** What begins as the word that is there, then what contains it. */
  readonly options: readonly Completion[];
}

/** Longer lists are cut: a person types on. */
const MAX_COMPLETIONS = 80;

/** What is expected behind some words of a filter. */
type Expected =
  | { readonly kind: 'name' | 'join' | 'nothing' }
  | { readonly kind: 'operator' | 'value'; readonly name: string };

/** @param cursor characters before it */
export function completionsIn(text: string, cursor: number, machine: Machine): Completions {
  const none: Completions = { from: cursor, to: cursor, options: [] };
  const tokens = tokensOf(text);
  if (!tokens.ok) return none;
  const under = tokens.value.find(({ at, length }) => at < cursor && cursor <= at + length);
  const isWord = under !== undefined && !['text', 'unclosed', 'open', 'close'].includes(under.kind);
  if (under && !isWord && under.at + under.length > cursor) return none;
  if (under?.kind === 'text' || under?.kind === 'unclosed') return none;
  const from = isWord ? under.at : cursor;
  const to = isWord ? under.at + under.length : cursor;
  const typed = text.slice(from, cursor);
  const expected = expectedBehind(tokens.value.filter(({ at, length }) => at + length <= from));
  return { from, to, options: best(optionsFor(expected, typed, machine), typed) };
}

function expectedBehind(tokens: readonly Token[]): Expected {
  let expected: Expected = { kind: 'name' };
  for (const token of tokens) expected = after(expected, token);
  return expected;
}

function after(expected: Expected, { kind, text }: Token): Expected {
  if (kind === 'and' || kind === 'or') return { kind: 'name' };
  switch (expected.kind) {
    case 'name':
      if (kind === 'not' || kind === 'open') return expected;
      return kind === 'word' ? { kind: 'operator', name: text } : { kind: 'nothing' };
    case 'operator':
      if (kind === 'operator') return { kind: 'value', name: expected.name };
      return kind === 'close' || text === 'changed' ? { kind: 'join' } : { kind: 'nothing' };
    default:
      return { kind: 'join' };
  }
}

const isStepText = (name: string): name is StepText => stepTexts.some((one) => one === name);

const plain = (texts: readonly string[]): readonly Completion[] =>
  texts.map((text) => ({ text, goesOn: false }));

function optionsFor(expected: Expected, typed: string, machine: Machine): readonly Completion[] {
  switch (expected.kind) {
    case 'name':
      return names(typed, machine);
    case 'operator':
      return plain(operatorsOf(expected.name, machine));
    case 'value':
      return plain(valuesOf(expected.name, machine));
    case 'join':
      return plain(['and', 'or']);
    case 'nothing':
      return [];
  }
}

function names(typed: string, machine: Machine): readonly Completion[] {
  const point = typed.lastIndexOf('.');
  const head = typed.slice(0, Math.max(0, point));
  const observed = partsAfter(head, machine).map((part): Completion => {
    const text = head === '' ? part : `${head}.${part}`;
    return { text, goesOn: isUnknownPath(checkPath(text, machine)) };
  });
  return head === '' ? [...plain(['text', 'act', 'move', 'rule', 'differs', 'not']), ...observed] : observed;
}

function domainOf(name: string, machine: Machine): Domain | undefined {
  const found = checkPath(name, machine);
  return isUnknownPath(found) ? undefined : found;
}

function operatorsOf(name: string, machine: Machine): readonly string[] {
  if (isStepText(name)) return ['==', '!=', '~'];
  if (name === 'differs') return ['and', 'or'];
  const domain = domainOf(name, machine);
  if (!domain) return [];
  const orders = compareOperators.filter((one) => domain.number || !/^[<>]/.test(one));
  const isQuestion = domain.words.includes('yes') || (domain.number && domain.words.length === 0);
  return ['changed', ...orders, '~', ...(isQuestion ? ['and', 'or'] : [])];
}

function valuesOf(name: string, machine: Machine): readonly string[] {
  if (name === 'move') return moveNames;
  if (name === 'rule') return ruleIds;
  if (name === 'act') return [...new Set(Object.values(actTables).flatMap((verbs) => Object.keys(verbs)))];
  return domainOf(name, machine)?.words ?? [];
}

/** Nothing when all of it is typed already. */
function best(options: readonly Completion[], typed: string): readonly Completion[] {
  const lower = typed.toLowerCase();
  const has = ({ text }: Completion): string => text.toLowerCase();
  // A name before those that go on from it.
  const begins = options
    .filter((one) => has(one).startsWith(lower))
    .sort((a, b) => (lower === '' ? 0 : a.text.length - b.text.length));
  const contains = options.filter((one) => !has(one).startsWith(lower) && has(one).includes(lower));
  const found = [...begins, ...contains].slice(0, MAX_COMPLETIONS);
  return found.length === 1 && found[0]?.text === typed && !found[0].goesOn ? [] : found;
}

/** The filter with a completion in it, and where the cursor stands then. */
export function completed(
  text: string,
  { from, to }: Completions,
  { text: word, goesOn }: Completion,
): { readonly text: string; readonly cursor: number } {
  const rest = text.slice(to);
  const end = goesOn ? '.' : rest.startsWith(' ') ? '' : ' ';
  const cursor = from + word.length + (goesOn || end === ' ' ? 1 : 0);
  return { text: text.slice(0, from) + word + end + rest, cursor };
}
