/** Whether a step is what a filter asks for. */
import { isUnknownPath, observe, type ActView, type Observed } from '../../engine/observe';
import type { World } from '../../engine/world';
import { holds, observedText } from '../expect';
import type { Filter, StepText } from './filter';

/** A step as a filter sees it. What costs time is made when it is asked for. */
export interface FilteredStep {
  /** The world before the step, and once it is over. Valid until another world is asked for. */
  readonly before: () => World;
  readonly after: () => World;
  /** What happened in this step alone. */
  readonly view: () => ActView;
  readonly text: (name: StepText) => string;
  /** Whether runs under several profiles did not do the same in it. */
  readonly differs: () => boolean;
}

export function matches(filter: Filter, step: FilteredStep): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => matches(part, step));
    case 'or':
      return filter.parts.some((part) => matches(part, step));
    case 'not':
      return !matches(filter.of, step);
    case 'differs':
      return step.differs();
    case 'text':
      return textMatches(filter, step);
    case 'changed': {
      const before = textIn(step.before(), filter.path, step);
      return before !== textIn(step.after(), filter.path, step);
    }
    case 'compare': {
      const found = observedIn(step.after(), filter.path, step);
      if (!found) return false;
      const { operator, value } = filter;
      return operator === '~' ? contains(observedText(found), value) : holds(found, operator, value);
    }
  }
}

function textMatches(
  { name, operator, value }: Extract<Filter, { kind: 'text' }>,
  step: FilteredStep,
): boolean {
  const text = step.text(name);
  if (operator === '~') return contains(text, value);
  return (text === value) === (operator === '==');
}

const contains = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());

function observedIn(world: World, path: string, step: FilteredStep): Observed | undefined {
  const found = observe(world, path, step.view());
  return isUnknownPath(found) ? undefined : found;
}

function textIn(world: World, path: string, step: FilteredStep): string {
  const found = observedIn(world, path, step);
  return found ? observedText(found) : '';
}
