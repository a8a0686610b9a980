/** The entries of a page-state-change request in one word: `private:0x100,shared:0x104,private:0x200/2M@5,private:0x300+253`. */
import { hex, parseInteger } from '../base/hex';
import { MAX_ENTRIES, MAX_PROBLEMS } from '../base/limits';
import { didYouMean } from '../base/text';
import type { PscEntryInput } from '../engine/acts';

const operations = ['none', 'private', 'shared', 'psmash', 'unsmash'] as const;
const MAX_GFN = 0xff_ffff_ffffn;

/** A wrong entry: the character of the text where it starts, and what is wrong. */
export interface EntryProblem {
  readonly at: number;
  readonly length: number;
  readonly message: string;
  readonly expected: string;
}

/** @returns the entries, repeats written out, and every problem found */
export function parseEntries(text: string): { entries: PscEntryInput[]; problems: EntryProblem[] } {
  const entries: PscEntryInput[] = [];
  const problems: EntryProblem[] = [];
  let at = 0;
  for (const part of text.split(',')) {
    const parsed = parseEntry(part);
    if (typeof parsed === 'string') {
      problems.push({ at, length: part.length, message: parsed, expected: 'operation:gfn[/2M][@done][+n]' });
    } else if (entries.length + parsed.repeat > MAX_ENTRIES) {
      problems.push({
        at,
        length: part.length,
        message: 'too many entries',
        expected: `at most ${MAX_ENTRIES}`,
      });
      break;
    } else addRun(entries, parsed);
    if (problems.length >= MAX_PROBLEMS) break;
    at += part.length + 1;
  }
  return { entries, problems };
}

interface Run {
  readonly first: PscEntryInput;
  readonly repeat: number;
}

/** Each of `repeat` entries starts where the one before it ends. */
function addRun(entries: PscEntryInput[], { first, repeat }: Run): void {
  const pages = first.twoMeg ? 512 : 1;
  for (let i = 0; i < repeat; i++) entries.push({ ...first, gfn: first.gfn + i * pages });
}

function parseEntry(part: string): Run | string {
  const match = /^([^:]*):([^/@+]*)(\/[^@+]*)?(@[^+]*)?(\+.*)?$/.exec(part);
  if (!match) return part === '' ? 'an entry is missing' : `'${part}' is no entry`;
  const [, word = '', gfnText = '', size, done, more] = match;
  const operation = operationOf(word);
  if (operation === undefined) return `unknown operation '${word}'${didYouMean(word, operations)}`;
  const gfn = parseInteger(gfnText);
  if (gfn === undefined || gfn > MAX_GFN) return `'${gfnText}' is no guest frame number of 40 bits`;
  if (size !== undefined && size !== '/2M' && size !== '/4K')
    return `'${size}' is no page size: /2M or nothing`;
  const currentPage = smallNumber(done, 0xfff, 0);
  if (currentPage === undefined) return `'${done ?? ''}' is no number of done pages: @0 to @4095`;
  const repeat = smallNumber(more, MAX_ENTRIES, 1);
  if (repeat === undefined || repeat < 1)
    return `'${more ?? ''}' is no number of entries: +1 to +${MAX_ENTRIES}`;
  const twoMeg = size === '/2M';
  const lastGfn = gfn + BigInt((repeat - 1) * (twoMeg ? 512 : 1));
  if (lastGfn > MAX_GFN) return `${part}: the last entry is beyond 40 bits`;
  return { first: { operation, gfn: Number(gfn), twoMeg, currentPage }, repeat };
}

function operationOf(word: string): number | undefined {
  const index = operations.indexOf(word as (typeof operations)[number]);
  if (index >= 0) return index;
  const number = parseInteger(word);
  return number !== undefined && number <= 15n ? Number(number) : undefined;
}

function smallNumber(part: string | undefined, max: number, fallback: number): number | undefined {
  if (part === undefined) return fallback;
  const value = parseInteger(part.slice(1));
  return value !== undefined && value <= BigInt(max) ? Number(value) : undefined;
}

/** The shortest word for these entries; runs that continue one another are written once. */
export function printEntries(entries: readonly PscEntryInput[]): string {
  const words: string[] = [];
  let i = 0;
  while (i < entries.length) {
    const first = entries[i] as PscEntryInput;
    let repeat = 1;
    while (continues(first, entries[i + repeat], repeat)) repeat++;
    words.push(entryText(first) + (repeat > 1 ? `+${repeat}` : ''));
    i += repeat;
  }
  return words.join(',');
}

function continues(first: PscEntryInput, next: PscEntryInput | undefined, index: number): boolean {
  return (
    next !== undefined &&
    next.operation === first.operation &&
    next.twoMeg === first.twoMeg &&
    next.currentPage === first.currentPage &&
    next.gfn === first.gfn + index * (first.twoMeg ? 512 : 1)
  );
}

function entryText({ operation, gfn, twoMeg, currentPage }: PscEntryInput): string {
  const done = currentPage === 0 ? '' : `@${currentPage}`;
  return `${operations[operation] ?? String(operation)}:${hex(gfn)}${twoMeg ? '/2M' : ''}${done}`;
}
