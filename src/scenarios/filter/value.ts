/** Whether an observed value is as asked; and the value in words. */
import { hex, parseInteger } from '../../base/hex';
import type { Observed, ObservedValue } from '../../engine/observe';
import type { CompareOperator } from './filter';

/** A value as results and `?` lines spell it. */
export function valueText(value: ObservedValue): string {
  if (typeof value === 'bigint') return hex(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}

/** The value and its other spellings. */
export function observedText({ value, also = [] }: Observed): string {
  const others = also.filter((other) => typeof other === 'string').map(valueText);
  return others.length === 0 ? valueText(value) : `${valueText(value)} (${others.join(', ')})`;
}

function integer(text: string): bigint | undefined {
  const negative = text.startsWith('-');
  const value = parseInteger(negative ? text.slice(1) : text);
  return value === undefined ? undefined : negative ? -value : value;
}

const numeric = (value: ObservedValue): bigint | undefined =>
  typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : undefined;

function equals(value: ObservedValue, expected: string): boolean {
  const number = numeric(value);
  if (number !== undefined) {
    const wanted = integer(expected);
    return wanted !== undefined && (number === wanted || number === BigInt.asUintN(64, wanted));
  }
  if (typeof value === 'boolean')
    return value === ['yes', 'true'].includes(expected) && /^(yes|no|true|false)$/.test(expected);
  return value === expected;
}

function has(value: ObservedValue, expected: string): boolean {
  const number = numeric(value);
  const mask = integer(expected);
  if (number !== undefined) return mask !== undefined && (number & mask) === mask;
  return String(value).includes(expected);
}

/** Numbers are compared as numbers, whatever base they are written in; words as words. */
export function holds(observed: Observed, operator: CompareOperator, expected: string): boolean {
  const values = [observed.value, ...(observed.also ?? [])];
  const equal = (): boolean => values.some((value) => equals(value, expected));
  if (operator === '==') return equal();
  if (operator === '!=') return !equal();
  if (operator === 'has') return values.some((value) => has(value, expected));
  const number = numeric(observed.value) ?? values.map(numeric).find((n) => n !== undefined);
  const wanted = integer(expected);
  if (number === undefined || wanted === undefined) return false;
  if (operator === '<') return number < wanted;
  if (operator === '>') return number > wanted;
  return operator === '<=' ? number <= wanted : number >= wanted;
}
