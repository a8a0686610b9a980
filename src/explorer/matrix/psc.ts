/** The page-state-change chart: every shape of a request, with every operation, and with every answer of the VMM. */
import { gpaToGfn, isSamePage, PAGE_SIZE, pageOffset } from '../../abi/address';
import { pscRequest } from '../../abi/ghcb-msr';
import { ghcbPage } from '../../abi/ghcb-page';
import { pscHeader, PSC_MAX_ENTRIES } from '../../abi/psc';
import type { Act, PscEntryInput } from '../../engine/acts';
import type { World } from '../../engine/world';
import {
  axis,
  guest,
  vmm,
  type Choice,
  type Fact,
  type MatrixChart,
  type MatrixEvent,
  type MatrixState,
} from './chart';
import { isPrivate, kvmRunOutcome } from './facts';

const CALLER = 0;
const MEMORY = 8 << 20;
/** Frames that are shared before the event, for requests that make pages private; and the other way round. */
const SHARED = { small: 0x180, large: 0x200 };
const PRIVATE = { small: 0x1c0, large: 0x400 };
const SMALL_PAGES = 0x40;
const LARGE_PAGES = 0x200;
const BEYOND_SLOTS = MEMORY / PAGE_SIZE + 0x100;

interface Frames {
  readonly small: number;
  readonly large: number;
}

const operations: Readonly<
  Record<string, { readonly code: number; readonly title: string; readonly says: string }>
> = {
  private: { code: 1, title: 'to private', says: 'Operation 1: shared pages become private.' },
  shared: { code: 2, title: 'to shared', says: 'Operation 2: private pages become shared.' },
  psmash: { code: 3, title: 'PSMASH', says: 'Operation 3: a 2 MiB entry becomes 4K entries.' },
  unsmash: { code: 4, title: 'UNSMASH', says: 'Operation 4: 4K entries become a 2 MiB entry.' },
  zero: { code: 0, title: 'operation 0', says: 'Operation 0, which GHCB does not define.' },
  five: { code: 5, title: 'operation 5', says: 'Operation 5, which GHCB does not define.' },
};
/** Pages that an operation works on; those that only change sizes work on private ones. */
const framesFor = (code: number): Frames => (code === 1 ? SHARED : PRIVATE);

type Entry = Partial<PscEntryInput> & { readonly gfn: number };
interface Shape {
  readonly title: string;
  readonly says: string;
  readonly entries: (frames: Frames) => readonly Entry[];
  readonly cur?: number;
  readonly end?: number;
  readonly scratch?: bigint;
  readonly words?: readonly string[];
}

const run = (gfn: number, count: number): Entry[] =>
  Array.from({ length: count }, (_, index) => ({ gfn: gfn + index }));

/** An entry in front of those that the header names. */
const nothing: Entry = { operation: 0, gfn: 0 };

const oneEntry: Shape = {
  title: 'one 4K entry',
  says: 'cur 0, end 0.',
  entries: ({ small }) => [{ gfn: small }],
};

const shapes: Readonly<Record<string, Shape>> = {
  one: oneEntry,
  adjacent: {
    title: 'three 4K, adjacent',
    says: 'Three frames in a row, which a kernel may merge.',
    entries: ({ small }) => run(small, 3),
    words: ['merge', 'contiguous'],
  },
  apart: {
    title: 'two 4K, apart',
    says: 'Two frames that are not neighbours.',
    entries: ({ small }) => [{ gfn: small }, { gfn: small + 0x10 }],
  },
  large: {
    title: 'one 2M entry',
    says: 'A whole 2 MiB page.',
    entries: ({ large }) => [{ gfn: large, twoMeg: true }],
  },
  'large-partial': {
    title: '2M, 500 done',
    says: 'A 2 MiB entry whose cur_page is 500.',
    entries: ({ large }) => [{ gfn: large, twoMeg: true, currentPage: 500 }],
    words: ['cur_page', 'partial'],
  },
  'large-done': {
    title: '2M, 512 done',
    says: 'A 2 MiB entry whose cur_page is its full size.',
    entries: ({ large }) => [{ gfn: large, twoMeg: true, currentPage: 512 }],
    words: ['cur_page', 'finished'],
  },
  'large-misaligned': {
    title: '2M, misaligned',
    says: 'A 2 MiB entry whose frame is not 2 MiB aligned.',
    entries: ({ large }) => [{ gfn: large + 1, twoMeg: true }],
  },
  'small-overdone': {
    title: '4K, 2 done',
    says: 'A 4K entry whose cur_page is beyond its size.',
    entries: ({ small }) => [{ gfn: small, currentPage: 2 }],
    words: ['cur_page'],
  },
  beyond: {
    title: 'beyond the slots',
    says: 'A frame that no memory slot holds.',
    entries: () => [{ gfn: BEYOND_SLOTS }],
    words: ['memslot'],
  },
  'cur-after-end': {
    title: 'cur > end',
    says: 'cur 5, end 3.',
    entries: ({ small }) => run(small, 6),
    cur: 5,
    end: 3,
    words: ['header'],
  },
  'end-252': {
    title: 'end 252',
    says: 'The last entry that fits the buffer: 253 entries.',
    entries: ({ small }) => [...Array.from({ length: PSC_MAX_ENTRIES - 1 }, () => nothing), { gfn: small }],
    cur: PSC_MAX_ENTRIES - 1,
    end: PSC_MAX_ENTRIES - 1,
    words: ['header'],
  },
  'end-253': {
    title: 'end 253',
    says: 'One entry more than the buffer holds.',
    entries: ({ small }) => run(small, 1),
    end: PSC_MAX_ENTRIES,
    words: ['header', 'overflow'],
  },
  'scratch-outside': {
    title: 'buffer elsewhere',
    says: 'The scratch address names a page beside the GHCB page.',
    entries: ({ small }) => run(small, 1),
    scratch: 0x7f0000n,
    words: ['sw_scratch'],
  },
};

const shapeOf = (row: string): Shape => shapes[row] ?? oneEntry;

const MSR_ROW = 'msr';

const states: readonly MatrixState[] = [
  {
    id: MSR_ROW,
    title: 'MSR protocol',
    says: 'One page by GHCB MSR request 0x014.',
    answered: 'msr',
    holds: () => true,
  },
  ...Object.entries(shapes).map(([id, { title, says, words }]): MatrixState => ({
    id,
    title,
    says,
    ...(words ? { words } : {}),
    holds: () => true,
  })),
];

const operationWords = ['none', 'private', 'shared', 'psmash', 'unsmash'] as const;

/** The request of a row with an operation. */
function requestOf(row: string, code: number): Act {
  const frames = framesFor(code);
  if (row === MSR_ROW) {
    const op = operationWords[code];
    if (op) return guest(CALLER, 'msr-psc', { gfn: frames.small, op });
    return guest(CALLER, 'msr', {
      value: pscRequest.encode({ gfn: frames.small, operation: code }),
    });
  }
  const { entries, cur, end, scratch } = shapeOf(row);
  return guest(CALLER, 'psc', {
    entries: entries(frames).map((entry) => ({ operation: code, twoMeg: false, currentPage: 0, ...entry })),
    ...(cur === undefined ? {} : { cur }),
    ...(end === undefined ? {} : { end }),
    ...(scratch === undefined ? {} : { scratch }),
  });
}

/** The first frame that each entry of a row still has to change. */
function framesOf(row: string, code: number): number[] {
  const frames = framesFor(code);
  if (row === MSR_ROW) return [frames.small];
  const { entries, cur = 0, end } = shapeOf(row);
  const asked = entries(frames);
  const last = Math.min(end ?? asked.length - 1, asked.length - 1);
  return asked.slice(cur, last + 1).flatMap(({ gfn, currentPage = 0, twoMeg }) => {
    const isDone = currentPage >= (twoMeg === true ? LARGE_PAGES : 1);
    return isDone ? [] : [gfn + currentPage];
  });
}

function isAsAsked(world: World, gfn: number, code: number): boolean {
  if (code !== 1 && code !== 2) return false;
  return gfn < world.config.gfnCount ? isPrivate(world, gfn) === (code === 1) : code === 2;
}

/** The `ret` that the VMM writes instead of the real result. */
const answers = axis('ret', 'VMM answers', [
  ['truth', '0 once it is done'],
  ['22', 'EINVAL'],
  ['11', 'EAGAIN'],
  ['1', 'EPERM'],
]);

const events: readonly MatrixEvent[] = Object.entries(operations).map(([id, { code, title, says }]) => ({
  id,
  title,
  says,
  words: ['page state change'],
  axes: [answers],
  steps: [
    (_: World, { ret }: Choice): Act | undefined =>
      ret === 'truth' || ret === undefined
        ? undefined
        : { actor: 'inject', verb: 'answer', args: { ret: BigInt(ret) } },
    (_: World, { row }: Choice): Act => requestOf(row ?? '', code),
  ],
  answered: 'nae',
  promise: {
    says: code === 1 || code === 2 ? 'every page of the request is as asked' : 'the operation was understood',
    kept: (world: World, { row }: Choice) =>
      framesOf(row ?? '', code).every((gfn) => isAsAsked(world, gfn, code)),
  },
}));

/** How many frames of a window are private: 4K ones, and those of the 2 MiB page. */
function privateFrames(world: World, { small, large }: Frames): string {
  const count = (first: number, pages: number): number =>
    Array.from({ length: pages }, (_, i) => first + i).filter((gfn) => isPrivate(world, gfn)).length;
  return `${count(small, SMALL_PAGES)} + ${count(large, LARGE_PAGES)}`;
}

/** cur_entry and end_entry as they stand in the buffer. */
function header(world: World): string {
  const { guestGhcbGpa } = world.vcpu(CALLER);
  const page = guestGhcbGpa === 0n ? undefined : world.findImage('shared', gpaToGfn(guestGhcbGpa));
  if (!page) return 'none';
  const scratch = ghcbPage.get(page, 'swScratch');
  if (!isSamePage(scratch, guestGhcbGpa)) return 'not in the GHCB page';
  const { curEntry, endEntry } = pscHeader.decode(page.u64(pageOffset(scratch)));
  return `cur ${curEntry}, end ${endEntry}`;
}

const facts: readonly Fact[] = [
  { id: 'header', title: 'header', counts: false, of: header },
  {
    id: 'to-private',
    title: 'private frames, shared before',
    counts: true,
    of: (world) => privateFrames(world, SHARED),
  },
  {
    id: 'to-shared',
    title: 'private frames, private before',
    counts: true,
    of: (world) => privateFrames(world, PRIVATE),
  },
  { id: 'exits', title: 'exits to the VMM', counts: false, of: ({ vm }) => String(vm.answersGiven) },
  { id: 'mp', title: 'mp_state', counts: true, of: (world) => world.vcpu(CALLER).mpState },
  { id: 'exit', title: 'kvm_run', counts: false, of: (world) => kvmRunOutcome(world, CALLER) },
];

export const pscMatrix: MatrixChart = {
  id: 'psc',
  title: 'PSC',
  says: 'Page state changes of a launched guest: rows are shapes of the request, columns operations.',
  vm: { vcpus: 1, memory: MEMORY, flash: 0, maxphyaddr: 48 },
  host: 'historical-vmgexit',
  launched: true,
  root: [
    vmm('set-attributes', { gfn: PRIVATE.small, n: SMALL_PAGES, private: true }),
    vmm('set-attributes', { gfn: PRIVATE.large, n: LARGE_PAGES, private: true }),
    guest(CALLER, 'hv-features', { form: 'nae' }),
  ],
  roam: () => [],
  states,
  events,
  facts,
  caller: CALLER,
  target: CALLER,
  ahead: [],
};
