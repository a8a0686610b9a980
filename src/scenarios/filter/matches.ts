/** Whether a step or an act is what a filter asks for, and what was found there. */
import { isUnknownPath, type Observed, type UnknownPath } from '../../engine/observe';
import type { CompareOperator, Filter, StepText } from './filter';
import { holds, observedText } from './value';

/** A step or an act as a filter sees it. What costs time is made when it is asked for. */
export interface Filtered {
  /** The value of a name before it, and once it is over. */
  readonly before: (path: string) => Observed | UnknownPath;
  readonly after: (path: string) => Observed | UnknownPath;
  /** The words of each of its steps. */
  readonly texts: (name: StepText) => readonly string[];
  /** Whether runs under several profiles did not do the same in it. */
  readonly differs: () => boolean;
}

export function matches(filter: Filter, it: Filtered): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => matches(part, it));
    case 'or':
      return filter.parts.some((part) => matches(part, it));
    case 'not':
      return !matches(filter.of, it);
    case 'differs':
      return it.differs();
    case 'text':
      return textMatches(filter, it);
    case 'changed':
      return textOf(it.before(filter.path)) !== textOf(it.after(filter.path));
    case 'compare': {
      const found = it.after(filter.path);
      if (isUnknownPath(found)) return false;
      return compares(found, filter.operator, filter.value);
    }
  }
}

function compares(found: Observed, operator: CompareOperator | '~', value: string): boolean {
  return operator === '~' ? contains(observedText(found), value) : holds(found, operator, value);
}

function textMatches({ name, operator, value }: Extract<Filter, { kind: 'text' }>, it: Filtered): boolean {
  const texts = it.texts(name);
  if (operator === '~') return texts.some((text) => contains(text, value));
  return texts.includes(value) === (operator === '==');
}

const contains = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());

const textOf = (found: Observed | UnknownPath): string => (isUnknownPath(found) ? '' : observedText(found));

/** What a filter that is one comparison wants behind the name; nothing for others. */
export const wanted = (filter: Filter): string | undefined =>
  filter.kind === 'compare' ? `${filter.operator} ${filter.value}` : undefined;

/** What a filter looked at: one value alone, or each with its name. */
export function found(filter: Filter, it: Filtered): string {
  if (filter.kind === 'compare') return seen(it.after(filter.path));
  return [...new Set(foundIn(filter, it))].join(', ');
}

function foundIn(filter: Filter, it: Filtered): string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.flatMap((part) => foundIn(part, it));
    case 'not':
      return foundIn(filter.of, it);
    case 'differs':
      return [it.differs() ? 'differs' : 'does not differ'];
    case 'text':
      return [`${filter.name}: ${it.texts(filter.name).join('; ') || 'none'}`];
    case 'changed': {
      const [before, after] = [seen(it.before(filter.path)), seen(it.after(filter.path))];
      return [`${filter.path}: ${before === after ? `${after}, not changed` : `${before}, then ${after}`}`];
    }
    case 'compare':
      return [`${filter.path}: ${seen(it.after(filter.path))}`];
  }
}

const seen = (value: Observed | UnknownPath): string =>
  isUnknownPath(value) ? value.message : observedText(value);

/** The names that a filter compares with what they were before. */
export function changedPaths(filter: Filter): readonly string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.flatMap(changedPaths);
    case 'not':
      return changedPaths(filter.of);
    case 'changed':
      return [filter.path];
    default:
      return [];
  }
}

/** The names that a filter asks about, in the order in which it does. */
export function namesIn(filter: Filter): readonly string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.flatMap(namesIn);
    case 'not':
      return namesIn(filter.of);
    case 'differs':
      return [filter.kind];
    case 'text':
      return [filter.name];
    default:
      return [filter.path];
  }
}
