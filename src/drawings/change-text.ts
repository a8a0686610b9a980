/** What a step changed, as facts: the fields in which the world keeps them are put together and decoded. */
import { gfnToGpa, PAGES_PER_LARGE_PAGE } from '../abi/address';
import { validBitmapText } from '../abi/ghcb-page';
import { pageStateOf } from '../abi/rmp';
import { hex } from '../base/hex';
import { keyText } from '../engine/frames/content-key';
import { hasRmpEntry, largePagePfn } from '../engine/hardware/rmp';
import { hostPageName } from '../engine/kvm/memory/kernel-pages';
import {
  gfnBits,
  hostPageBits,
  KERNEL_KIND_SHIFT,
  LEAK_COUNT_SHIFT,
  RMP_ASID_MASK,
  RMP_ASID_SHIFT,
  rmpBits,
  mappingBits,
  userBits,
  type PageFieldName,
} from '../engine/memory/page-bits';
import { checkPath, isUnknownPath } from '../engine/observe';
import type { World } from '../engine/world';
import type { Change } from '../recording/timeline/timeline';
import { framesOf, mergeRanges } from './page-changes';
import type { FrameRange } from './page-grid';

/** One fact that is different after a step. */
export interface ChangeRow {
  readonly name: string;
  /** What filters call it: of several pages the first. */
  readonly path?: string;
  readonly before: string;
  readonly after: string;
  /** What came and went, where before and after are lists that share words: `+guestVmsa −guestValidated`. */
  readonly change?: string;
  /** What the fact means, where the name alone does not say it. */
  readonly doc?: string;
}

type VariableChange = Extract<Change, { kind: 'variable' }>;
type PagesChange = Extract<Change, { kind: 'pages' }>;

/** The changes of a step as rows, variables first, without bytes of images. The world is in the state after it. */
export function changeRows(world: World, changes: readonly Change[]): readonly ChangeRow[] {
  const pages = new PageWords(
    world,
    changes.filter((change) => change.kind === 'pages'),
  );
  return [...variableRows(world, changes), ...pageFacts.flatMap((fact) => factRows(pages, fact))];
}

function variableRows(world: World, changes: readonly Change[]): ChangeRow[] {
  const variables = changes.filter((change) => change.kind === 'variable');
  const isBitmap = ({ variable }: VariableChange): boolean =>
    variable === 'validLow' || variable === 'validHigh';
  const told = new Set<string>();
  return variables.flatMap((change): ChangeRow[] => {
    const { instance, variable, before, after, doc } = change;
    if (!isBitmap(change)) {
      if (instance === '') return [{ name: variable, before, after, doc }];
      const name = `${instance}.${variable}`;
      const isNamed = !isUnknownPath(checkPath(name, { vcpus: world.vcpus.length }));
      return [{ name, ...(isNamed ? { path: name } : {}), before, after, doc }];
    }
    if (told.has(instance)) return [];
    told.add(instance);
    return [bitmapRow(world, instance, variables)];
  });
}

/** Both halves of the valid bitmap of a vCPU, as the fields they mark. */
function bitmapRow(world: World, instance: string, changes: readonly VariableChange[]): ChangeRow {
  const vcpu = world.instances.find(({ name }) => name === instance)?.instance;
  const textAt = (time: Time): string => {
    const half = (variable: 'validLow' | 'validHigh'): bigint => {
      const change = changes.find((one) => one.instance === instance && one.variable === variable);
      return BigInt(change ? change[time] : (vcpu?.[variable] ?? 0));
    };
    return validBitmapText((half('validHigh') << 64n) | half('validLow'));
  };
  return {
    name: `${instance}.validBitmap`,
    before: textAt('before'),
    after: textAt('after'),
    doc: 'Fields that the guest had marked valid when KVM took the GHCB.',
  };
}

type Time = 'before' | 'after';

/** The words of pages before and after a step: those it changed from its changes, the others from the world. */
class PageWords {
  private readonly byField = new Map<PageFieldName, PagesChange[]>();

  constructor(
    readonly world: World,
    changes: readonly PagesChange[],
  ) {
    for (const change of changes) {
      const list = this.byField.get(change.field);
      if (list) list.push(change);
      else this.byField.set(change.field, [change]);
    }
    for (const list of this.byField.values()) list.sort((a, b) => a.first - b.first);
  }

  changesOf(field: PageFieldName): readonly PagesChange[] {
    return this.byField.get(field) ?? [];
  }

  get(field: PageFieldName, page: number, time: Time): number {
    const change = this.lastUpTo(field, page);
    const isChanged = change && page < change.first + change.count;
    return isChanged ? change[time] : this.world.pages[field].get(page);
  }

  /** Pages from `page` on, at most `limit`, whose words are the same before the step, and the same after it. */
  runLength(field: PageFieldName, page: number, limit: number): number {
    const change = this.lastUpTo(field, page);
    if (change && page < change.first + change.count) {
      return Math.min(limit, change.first + change.count - page);
    }
    const next = this.changesOf(field)[this.countUpTo(field, page)];
    return this.world.pages[field].runLength(page, next ? Math.min(limit, next.first - page) : limit);
  }

  private lastUpTo(field: PageFieldName, page: number): PagesChange | undefined {
    return this.changesOf(field)[this.countUpTo(field, page) - 1];
  }

  /** How many changes of the field start at or before a page. */
  private countUpTo(field: PageFieldName, page: number): number {
    const list = this.changesOf(field);
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle] as PagesChange).first <= page) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A fact of a page, the fields that together say it, and its text. */
interface PageFact {
  readonly of: string;
  readonly page: string;
  readonly fields: readonly PageFieldName[];
  /** `words` are those of `fields`, in their order; they hold for the run of pages. */
  readonly text: (words: readonly number[], run: FrameRange) => string;
  /** What filters call it of a guest frame. */
  readonly filter?: string;
  /** The text is a list of words. */
  readonly isList?: true;
}

const bitNames = (bits: Readonly<Record<string, number>>, word: number): string[] =>
  Object.keys(bits).filter((name) => (word & (bits[name] ?? 0)) !== 0);
const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(' '));

/** What came and went between two lists of words; undefined where they share none. */
function listChange(before: string, after: string): string | undefined {
  const [from, to] = [before.split(' '), after.split(' ')];
  if (!from.some((word) => to.includes(word))) return undefined;
  const came = to.filter((word) => !from.includes(word)).map((word) => `+${word}`);
  const went = from.filter((word) => !to.includes(word)).map((word) => `−${word}`);
  return [...came, ...went].join(' ');
}

const content = ([low = 0, high = 0]: readonly number[]): string =>
  hex((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));

function hostPageText([word = 0]: readonly number[], { first }: FrameRange): string {
  const leaks = (word >>> LEAK_COUNT_SHIFT) & 0xf;
  const isKernel = ((word >>> KERNEL_KIND_SHIFT) & 0xf) !== 0;
  return listed([
    ...(isKernel ? [hostPageName(word, first)] : []),
    ...bitNames(hostPageBits, word),
    ...(leaks === 0 ? [] : [`leaked ${leaks} ×`]),
  ]);
}

/** The entry of each page of a run, whose frames rise with the pages. The size bit is the one that counts. */
function rmpText([word = 0, low = 0, high = 0]: readonly number[], { first, count }: FrameRange): string {
  const is = (mask: number): boolean => (word & mask) !== 0;
  const asid = (word >>> RMP_ASID_SHIFT) & RMP_ASID_MASK;
  const [assigned, immutable] = [is(rmpBits.assigned), is(rmpBits.immutable)];
  const [validated, vmsa] = [is(rmpBits.validated), is(rmpBits.vmsa)];
  // An entry without owner keeps no frame: there a distance of 0 is not a frame that equals the page.
  const gpaOf = (page: number): bigint => {
    const gfn = BigInt(page) + BigInt(high) * 2n ** 32n + BigInt(low >>> 0);
    return assigned ? gfnToGpa(Number(gfn)) : 0n;
  };
  const [gpa, lastGpa] = [gpaOf(first), gpaOf(first + count - 1)];
  const state = pageStateOf({ assigned, immutable, validated, vmsa, asid, gpa });
  const facts = [
    assigned ? 'assigned' : 'not assigned',
    ...(validated ? ['validated'] : []),
    ...(immutable ? ['immutable'] : []),
    ...(vmsa ? ['vmsa'] : []),
    ...(assigned || is(rmpBits.twoMeg) ? [is(rmpBits.twoMeg) ? '2 MiB' : '4 KiB'] : []),
    ...(assigned || asid !== 0 ? [`asid ${asid}`] : []),
    ...(assigned ? [`gpa ${hex(gpa)}${lastGpa === gpa ? '' : `..${hex(lastGpa)}`}`] : []),
  ];
  return `${state ?? 'no state of the table'}: ${facts.join(', ')}`;
}

const pageFacts: readonly PageFact[] = [
  {
    of: 'view',
    page: 'gfn',
    fields: ['gfn'],
    text: ([word = 0]) => listed(bitNames(gfnBits, word)),
    filter: 'attribute',
    isList: true,
  },
  { of: 'shared bytes', page: 'gfn', fields: ['sharedLow', 'sharedHigh'], text: content, filter: 'shared' },
  {
    of: 'RMP entry',
    page: 'host page',
    fields: ['rmp', 'rmpGfnLow', 'rmpGfnHigh'],
    text: rmpText,
    filter: 'rmp',
  },
  { of: 'kernel keeps', page: 'host page', fields: ['hostPage'], text: hostPageText },
  {
    of: 'private bytes',
    page: 'host page',
    fields: ['contentLow', 'contentHigh'],
    text: content,
    filter: 'content',
  },
  {
    of: 'mapping',
    page: 'source page',
    fields: ['user'],
    text: ([word = 0]) => listed(bitNames(userBits, word)),
  },
  { of: 'bytes', page: 'source page', fields: ['userLow', 'userHigh'], text: content },
  {
    of: 'user memory',
    page: 'gfn',
    fields: ['mapping'],
    text: ([word = 0]) => listed(bitNames(mappingBits, word)),
    isList: true,
  },
  {
    of: 'written under',
    page: 'host page',
    fields: ['contentKey', 'contentHome'],
    text: ([word = 0, home = 0]) => keyText(word, home),
  },
];

interface WordRun extends FrameRange {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** The pages a step touched in any of the fields; a new size of a 2 MiB page is one of all its pages. */
function touchedRanges(pages: PageWords, fields: readonly PageFieldName[]): FrameRange[] {
  return mergeRanges(
    fields.flatMap((field) =>
      pages.changesOf(field).flatMap(({ first, count, before, after }): FrameRange[] => {
        const isNewSize = field === 'rmp' && ((before ^ after) & rmpBits.twoMeg) !== 0;
        if (!isNewSize) return [{ first, count }];
        const [start, end] = [largePagePfn(first), largePagePfn(first + count - 1) + PAGES_PER_LARGE_PAGE];
        const { pageCount } = pages.world.pages.rmp;
        return [{ first: start, count: Math.min(end, pageCount) - start }];
      }),
    ),
  );
}

/** The word of a page; that of an RMP entry with the size bit of the aligned page, which decides. */
function wordOf(pages: PageWords, field: PageFieldName, page: number, time: Time): number {
  const word = pages.get(field, page, time);
  if (field !== 'rmp' || !hasRmpEntry(pages.world, page)) return word;
  return (word & ~rmpBits.twoMeg) | (pages.get('rmp', largePagePfn(page), time) & rmpBits.twoMeg);
}

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.every((word, index) => word === b[index]);

/** Runs of touched pages with the same words before, and the same after. */
function wordRuns(pages: PageWords, fields: readonly PageFieldName[]): WordRun[] {
  const runs: WordRun[] = [];
  const isRmp = fields.includes('rmp');
  for (const { first, count } of touchedRanges(pages, fields)) {
    for (let at = first; at < first + count;) {
      let length = first + count - at;
      if (isRmp) length = Math.min(length, largePagePfn(at) + PAGES_PER_LARGE_PAGE - at);
      for (const field of fields) length = pages.runLength(field, at, length);
      const words = (time: Time): number[] => fields.map((field) => wordOf(pages, field, at, time));
      const run = { first: at, count: length, before: words('before'), after: words('after') };
      const last = runs.at(-1);
      const joins =
        last !== undefined &&
        last.first + last.count === at &&
        same(last.before, run.before) &&
        same(last.after, run.after);
      if (joins) runs[runs.length - 1] = { ...last, count: last.count + length };
      else runs.push(run);
      at += length;
    }
  }
  return runs;
}

/** `gfn 0x41`, `gfn 0x120..0x15f`. */
const runName = (page: string, { first, count }: FrameRange): string =>
  count === 1 ? `${page} ${hex(first)}` : `${page}s ${hex(first)}..${hex(first + count - 1)}`;

function factRows(pages: PageWords, { of, page, fields, text, filter, isList }: PageFact): ChangeRow[] {
  return wordRuns(pages, fields).flatMap((run): ChangeRow[] => {
    const [before, after] = [text(run.before, run), text(run.after, run)];
    if (before === after) return [];
    const gfn = page === 'gfn' ? run.first : framesOf(pages.world, run.first, 1)[0]?.first;
    const path = filter === undefined || gfn === undefined ? {} : { path: `page.${hex(gfn)}.${filter}` };
    const change = isList ? listChange(before, after) : undefined;
    return [{ name: `${runName(page, run)}: ${of}`, ...path, before, after, ...(change && { change }) }];
  });
}
