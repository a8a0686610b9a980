/** The first difference between two JSON values, with its path. */
import { own } from '../../base/table';
import type { Json } from './json';

export interface Difference {
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

const MISSING = 'nothing';
const text = (value: Json | undefined): string => (value === undefined ? MISSING : JSON.stringify(value));
const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function compareJson(expected: Json, actual: Json, path = ''): Difference | undefined {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return compareLists(expected as readonly Json[], actual as readonly Json[], path);
  }
  if (isObject(expected) && isObject(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const difference = compareMember(
        own(expected, key),
        own(actual, key),
        path === '' ? key : `${path}.${key}`,
      );
      if (difference) return difference;
    }
    return undefined;
  }
  if (JSON.stringify(expected) === JSON.stringify(actual)) return undefined;
  return { path, expected: text(expected), actual: text(actual) };
}

function compareMember(
  expected: Json | undefined,
  actual: Json | undefined,
  path: string,
): Difference | undefined {
  if (expected !== undefined && actual !== undefined) return compareJson(expected, actual, path);
  if (expected === undefined && actual === undefined) return undefined;
  return { path, expected: text(expected), actual: text(actual) };
}

function compareLists(
  expected: readonly Json[],
  actual: readonly Json[],
  path: string,
): Difference | undefined {
  const length = Math.max(expected.length, actual.length);
  for (let index = 0; index < length; index++) {
    const difference = compareMember(expected[index], actual[index], `${path}[${index}]`);
    if (difference) return difference;
  }
  return undefined;
}
