/**
 * The domain of a name, known from the declarations before anything runs, so that a typing error in an expectation is
 * reported when the scenario is parsed, for every operator.
 */
import type { FieldDeclaration, StructLayout } from '../../abi/layout';
import { bytesView } from '../../base/bytes';
import { parseInteger } from '../../base/hex';
import type { Group, Variables, VariableKind } from '../state/schema';
import { unknownPart, type UnknownPath } from './observed';

/** The values that a name can have. */
export interface Domain {
  /** The words that the value can be. */
  readonly words: readonly string[];
  /** The value is a number, or has a number as a second spelling. */
  readonly number: boolean;
  /** The value can also be a sentence. */
  readonly sentence?: true;
}

/** The machine of the scenario, against which paths are checked. */
export interface Machine {
  readonly vcpus: number;
}

export const numberDomain: Domain = { words: [], number: true };
export const flagDomain: Domain = { words: ['yes', 'no', 'true', 'false'], number: false };
export const wordDomain = (words: readonly string[]): Domain => ({ words, number: false });
/** A number, or one of some words. */
export const numberOr = (words: readonly string[]): Domain => ({ words, number: true });

function kindDomain(kind: VariableKind): Domain {
  if (kind === 'flag') return flagDomain;
  if (typeof kind !== 'string') return wordDomain(kind);
  return kind === 'i32' ? numberDomain : numberOr(['none']);
}

export function variableDomain(
  { name: groupName, variables }: Group<Variables>,
  name: string,
  aliases: Readonly<Record<string, string>> = {},
  others: readonly string[] = [],
): Domain | UnknownPath {
  const key = Object.hasOwn(aliases, name) ? (aliases[name] as string) : name;
  const found = Object.hasOwn(variables, key) ? variables[key] : undefined;
  if (found) return kindDomain(found.kind);
  return unknownPart(
    name,
    [...Object.keys(variables), ...Object.keys(aliases), ...others],
    `${groupName} variable`,
  );
}

export const fieldDomain = ({ names }: FieldDeclaration): Domain =>
  names ? numberOr(Object.values(names)) : numberDomain;

const rowDomains = new Map<StructLayout, ReadonlyMap<string, Domain>>();

/** The rows of a structure: `args[1]`, `flags.private`. */
function domainsOf(layout: StructLayout): ReadonlyMap<string, Domain> {
  const known = rowDomains.get(layout);
  if (known) return known;
  const rows = layout.explain(bytesView(new Uint8Array(layout.size)), -layout.start);
  const domains = new Map(
    rows.map(({ name: row }) => {
      const [, name = row, part] = /^([^.[]+)(?:\[\d+\])?(?:\.(.+))?$/.exec(row) ?? [];
      const field = layout.fields[name];
      const declared = part === undefined ? field : field?.word?.fields[part];
      return [row, declared ? fieldDomain(declared) : numberDomain];
    }),
  );
  rowDomains.set(layout, domains);
  return domains;
}

export function structDomain(layout: StructLayout, row: string): Domain | UnknownPath {
  const domains = domainsOf(layout);
  return domains.get(row) ?? unknownPart(row, domains.keys(), `field of ${layout.title}`);
}

/** Reports parts after a name that has none. */
export const atEnd = (domain: Domain | UnknownPath, more: readonly string[]): Domain | UnknownPath =>
  'message' in domain || more.length === 0
    ? domain
    : {
        message: `nothing is called '${more.join('.')}' here`,
        part: more.join('.'),
        expected: 'no more parts',
      };

/** Why a name can never have a value; nothing when it can. */
export function checkValue(domain: Domain, operator: string, text: string): UnknownPath | undefined {
  if (domain.sentence && text.includes(' ')) return undefined;
  const { words, number } = domain;
  const orders = /^[<>]/.test(operator);
  if (number && parseInteger(text.replace(/^-/, '')) !== undefined) return undefined;
  if (orders) {
    const expected = number ? 'a number' : '== or !=';
    return { message: `'${operator} ${text}' compares no numbers`, part: text, expected };
  }
  if (operator === 'has' ? words.some((word) => word.includes(text)) : words.includes(text)) return undefined;
  if (words.length === 0) return { message: `'${text}' is no number`, part: text, expected: 'a number' };
  const unknown = unknownPart(text, words, 'value');
  return number ? { ...unknown, expected: `a number or ${unknown.expected ?? ''}` } : unknown;
}
