/** Page state changes: which acts of a scope `psc.pml` has, and with which parameters. */
import { gpaToGfn } from '../../abi/address';
import { GHCB_SHARED_BUFFER } from '../../abi/ghcb-page';
import { PSC_ENTRY_SIZE, PSC_HEADER_SIZE, PSC_OP_PRIVATE, PSC_OP_SHARED, pscEntry } from '../../abi/psc';
import type { Act, PscEntryInput } from '../../engine/acts';
import { isPrivate } from '../../engine/frames/attributes';
import { slotOf } from '../../engine/frames/slots';
import { usualGhcbGpa } from '../../engine/guest/ghcb-writer';
import type { World } from '../../engine/world';
import { lineText } from '../../scenarios/print';
import { actLine, headOf } from '../../scenarios/scenario';
import type { Scope } from '../search/scope';
import { Counts } from './counts';
import type { Fitted } from './models';

/** The model keeps a bit for each page in a byte, and writes entries by the first three indexes. */
const MOST_PAGES = 6;
const MOST_ENTRIES = 3;
const EINVAL = 22n;

const counted = [
  'BATCHES',
  'MSRS',
  'WRITES',
  'WRITES_SMASH',
  'WRITES_HUGE',
  'WRITES_HEADER',
  'TOUCHES',
  'PVALIDATES',
  'CONVERTS',
  'ATTRIBUTES',
  'PUNCHES',
  'FAILURES',
  'ODD_ANSWERS',
  'ZEROES',
  'RUNS',
  'IMMEDIATE_EXITS',
  'TOGGLES',
];

/** Where the guest of vCPU 0 keeps the buffer of its requests. */
export const bufferOf = (world: World): bigint =>
  (world.vcpu(0).guestGhcbGpa || usualGhcbGpa(world, 0)) + BigInt(GHCB_SHARED_BUFFER);

/** Frames in the words of the model: neighbours stay neighbours, others have a page between them. */
export function pscPages(scope: Scope, world: World): readonly number[] {
  const named = new Set<number>();
  for (const { act } of scope.acts) for (const gfn of framesOf(act, world)) named.add(gfn);
  const sorted = [...named].sort((a, b) => a - b);
  const [first = 0x100] = sorted;
  const pages: number[] = [];
  for (const gfn of sorted) {
    const last = pages.at(-1);
    if (last !== undefined && gfn > last + 1) pages.push(last + 1); // stands for what lies between
    pages.push(gfn);
  }
  return pages.length > 0 ? pages : [first, first + 1];
}

/** A store of eight bytes into the buffer, as the entry or header that it becomes. */
function storeOf(act: Act, world: World): { readonly at: number; readonly value: bigint } | undefined {
  if (act.verb !== 'write' || act.args.private) return undefined;
  const at = Number(act.args.gpa - bufferOf(world));
  const isWord = at === 0 || (at >= PSC_HEADER_SIZE && (at - PSC_HEADER_SIZE) % PSC_ENTRY_SIZE === 0);
  return isWord && at <= PSC_HEADER_SIZE + PSC_ENTRY_SIZE * MOST_ENTRIES
    ? { at, value: act.args.value }
    : undefined;
}

function framesOf(act: Act, world: World): readonly number[] {
  switch (act.verb) {
    case 'psc':
      return (act.args.entries ?? []).map(({ gfn }) => gfn);
    case 'msr-psc':
      return [act.args.gfn];
    case 'pvalidate':
      return [gpaToGfn(act.args.gpa)];
    case 'read':
      return [gpaToGfn(act.args.gpa)];
    case 'set-attributes':
    case 'punch-hole': {
      const { gfn, n } = act.args;
      return Array.from({ length: Math.min(n, MOST_PAGES + 1) }, (_, page) => gfn + page);
    }
    case 'write': {
      const store = storeOf(act, world);
      if (!store) return [gpaToGfn(act.args.gpa)];
      return store.at > 0 ? [Number(pscEntry.decode(store.value).gfn)] : [];
    }
    default:
      return [];
  }
}

const entryDefine = ({ twoMeg, operation }: PscEntryInput): string => {
  if (twoMeg) return 'WRITES_HUGE';
  return operation === PSC_OP_PRIVATE || operation === PSC_OP_SHARED ? 'WRITES' : 'WRITES_SMASH';
};

/** The parameters that count an act, with how often; nothing where the model has no such act. */
function parametersOf(act: Act, world: World): readonly (readonly [string, number])[] | undefined {
  switch (act.verb) {
    case 'psc': {
      if (act.vcpu !== 0) return undefined;
      const entries = act.args.entries ?? [];
      const of = (define: string) => entries.filter((entry) => entryDefine(entry) === define).length;
      const writes = ['WRITES', 'WRITES_SMASH', 'WRITES_HUGE'].map((define) => [define, of(define)] as const);
      return [
        ['BATCHES', 1],
        ...(entries.length > 0 ? [['WRITES_HEADER', 1] as const] : []),
        ...writes.filter(([, times]) => times > 0),
      ];
    }
    case 'msr-psc':
      return act.vcpu === 0 ? [['MSRS', 1]] : undefined;
    case 'write': {
      const store = storeOf(act, world);
      if (!store) return act.vcpu === 0 ? [['TOUCHES', 1]] : undefined;
      if (store.at === 0) return [['WRITES_HEADER', 1]];
      const { operation, pageSize, curPage } = pscEntry.decode(store.value);
      const entry = {
        operation: Number(operation),
        twoMeg: Number(pageSize) === 1,
        gfn: 0,
        currentPage: Number(curPage),
      };
      return [[entryDefine(entry), 1]];
    }
    case 'read':
      return act.vcpu === 0 ? [['TOUCHES', 1]] : undefined;
    case 'pvalidate':
      return act.vcpu === 0 ? [['PVALIDATES', 1]] : undefined;
    case 'set-attributes':
      return [['ATTRIBUTES', act.args.n]];
    case 'punch-hole':
      return [['PUNCHES', 1]];
    case 'answer': {
      if (act.actor !== 'vmm' || (act.args.vcpu ?? 0) !== 0) return undefined;
      const { ret } = act.args;
      if (ret === undefined) return undefined;
      return [[ret === 0n ? 'ZEROES' : ret === EINVAL ? 'FAILURES' : 'ODD_ANSWERS', 1]];
    }
    case 'run':
      if (act.args.vcpu !== 0) return undefined;
      return [[act.args['immediate-exit'] === true ? 'IMMEDIATE_EXITS' : 'RUNS', 1]];
    case 'hypercall-exits':
      return [['TOGGLES', 1]];
    case 'wake':
    case 'continue':
      return [];
    default:
      return undefined;
  }
}

/** What the model has beside the acts of a scope, by the parameter that lets it. */
const groups: Readonly<Record<string, string>> = {
  WRITES: 'entries and headers written one by one, for any of the pages',
  WRITES_HUGE: '2M entries with 2 pages of 4K each',
  ODD_ANSWERS: 'EPERM for every answer that is neither 0 nor EINVAL',
  ATTRIBUTES: 'the attribute of any page, set one by one',
};

/** The scope as parameters of the model. */
export function fittedPsc(scope: Scope, world: World): Fitted & { readonly covered: number } {
  const counts = new Counts(scope);
  const lacks: string[] = [];
  const used = new Set<string>();
  let covered = 0;
  for (const { act, counter } of scope.acts) {
    const parameters = parametersOf(act, world);
    if (!parameters) {
      lacks.push(lineText(actLine(act)));
      continue;
    }
    if (parameters.length > 0) covered++;
    for (const [name, each] of parameters) {
      counts.add(name, counter, each);
      used.add(name);
    }
  }
  const adds = Object.entries(groups).flatMap(([name, says]) => (used.has(name) ? [says] : []));
  if (headOf(scope.scenario).host !== 'manual') {
    for (const name of ['CONVERTS', 'ZEROES', 'RUNS']) if (!used.has(name)) counts.add(name, -1);
    adds.push(
      'a VMM that converts, answers and calls KVM_RUN in any order, which the personality does at once',
    );
  }
  const pages = pscPages(scope, world);
  if (pages.length > MOST_PAGES) lacks.push(`more than ${MOST_PAGES} pages`);
  const shown = pages.slice(0, MOST_PAGES);
  const lengths = scope.acts.map(({ act }) => (act.verb === 'psc' ? (act.args.entries?.length ?? 0) : 0));
  const entries = Math.max(2, ...lengths);
  if (entries > MOST_ENTRIES) lacks.push(`requests of more than ${MOST_ENTRIES} entries`);
  const unbacked = shown.findIndex((gfn) => !slotOf(world, gfn));
  const rewriters = scope.acts.some(
    ({ act }) => act.verb === 'write' && act.vcpu !== 0 && storeOf(act, world),
  );
  return {
    covered,
    defines: {
      PAGES: shown.length,
      ENTRIES: Math.min(entries, MOST_ENTRIES),
      ...(unbacked >= 0 ? { UNBACKED: unbacked } : {}),
      PRIVATE_AT_START: shown.reduce((bits, gfn, page) => bits | (isPrivate(world, gfn) ? 1 << page : 0), 0),
      REWRITES: rewriters ? 1 : 0,
      ...counts.defines(counted),
    },
    lacks,
    adds,
  };
}
