/**
 * A person's own work: a scenario that no longer is a shipped one byte for byte, with its branches and the text in the
 * editor. The form in which the browser keeps it, and how it is read back: nothing in it is trusted.
 */
import {
  MAX_PINS,
  MAX_WORK_BRANCHES,
  MAX_WORK_NAME_CHARACTERS,
  MAX_WORK_TEXT_CHARACTERS,
} from '../../base/limits';

/** The form below. A record with a higher number was written by a newer version of the page. */
export const WORK_SCHEMA = 1;

/** One text of a work: the main one, or a fork of another branch. */
export interface WorkBranch {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** What was typed in it and not run, while another branch is shown. */
  readonly draft?: string;
  /** The branch it was forked from, and after how many steps of it. */
  readonly fork?: { readonly from: string; readonly position: number };
}

export interface Work {
  readonly schema: typeof WORK_SCHEMA;
  readonly id: string;
  /** What a person called it, or the title of the scenario. */
  readonly name: string;
  /** A person chose the name; it does not follow the title any more. */
  readonly named: boolean;
  /** The shipped scenario that it began as. */
  readonly base?: string;
  /** At least one. */
  readonly branches: readonly WorkBranch[];
  /** The branch that is shown. */
  readonly branch: string;
  /** The text in the editor; it may have problems that the branch has not. */
  readonly draft: string;
  /** Names that are pinned to the rail. */
  readonly pins?: readonly string[];
  /** When it changed last, in milliseconds since 1970. */
  readonly changed: number;
}

export type ReadWork =
  | { readonly kind: 'work'; readonly work: Work }
  /** Written by a newer version of the page: to be left as it is. */
  | { readonly kind: 'newer' }
  | { readonly kind: 'damaged' };

/** 64 random bits, in hexadecimal. */
export function newWorkId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_WORK_TEXT_CHARACTERS;

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_WORK_NAME_CHARACTERS;

/** A name as long as a record may have it. */
export const nameOf = (text: string): string => text.slice(0, MAX_WORK_NAME_CHARACTERS);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function readBranch(value: unknown): WorkBranch | undefined {
  if (!isRecord(value)) return undefined;
  const { id, title, text, draft, fork } = value;
  if (!isName(id) || !isName(title) || !isText(text)) return undefined;
  const own = { id, title, text, ...(isText(draft) ? { draft } : {}) };
  if (fork === undefined) return own;
  if (!isRecord(fork)) return undefined;
  const { from, position } = fork;
  return isName(from) && isCount(position) ? { ...own, fork: { from, position } } : undefined;
}

/** Reads one record from the browser's store or from a file. */
export function readWork(value: unknown): ReadWork {
  const damaged: ReadWork = { kind: 'damaged' };
  if (!isRecord(value) || !isCount(value['schema'])) return damaged;
  if (value['schema'] > WORK_SCHEMA) return { kind: 'newer' };
  const { id, name, named, base, branch, draft, changed } = value;
  const pins = Array.isArray(value['pins']) ? value['pins'].filter(isName).slice(0, MAX_PINS) : [];
  const list = Array.isArray(value['branches']) ? (value['branches'] as readonly unknown[]) : [];
  const branches = list.slice(0, MAX_WORK_BRANCHES).flatMap((one) => readBranch(one) ?? []);
  if (!isName(id) || id === '' || !isName(name) || !isText(draft) || !isCount(changed)) return damaged;
  if (branches.length === 0 || branches.length < list.length) return damaged;
  const shown = branches.find((one) => one.id === branch) ?? branches[0];
  if (!shown || new Set(branches.map((one) => one.id)).size < branches.length) return damaged;
  return {
    kind: 'work',
    work: {
      schema: WORK_SCHEMA,
      id,
      name,
      named: named === true,
      ...(isName(base) ? { base } : {}),
      branches,
      branch: shown.id,
      draft,
      ...(pins.length > 0 ? { pins } : {}),
      changed,
    },
  };
}

/** Whether two works hold the same texts; names and times do not count. */
export function sameTexts(a: Work, b: Work): boolean {
  return (
    a.draft === b.draft &&
    a.branches.length === b.branches.length &&
    a.branches.every((one, at) => one.text === b.branches[at]?.text && one.draft === b.branches[at]?.draft)
  );
}
