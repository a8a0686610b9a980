/**
 * Names for everything an expectation or a filter may look at: every declared variable, the bytes that guest, KVM and
 * VMM share, and what happened since the act began. One table, with a sentence for each family of names.
 */
import { itemAt } from '../base/assert';
import { invariantNames } from './rules/invariants';
import { moveKinds, moveNames, type MoveName } from './moves';
import {
  atEnd,
  flagDomain,
  numberDomain,
  numberOr,
  variableDomain,
  type Domain,
  type Machine,
} from './observe/domain';
import {
  isUnknown,
  needsMore,
  noAct,
  unknownPart,
  variable,
  type ActView,
  type Observed,
  type UnknownPath,
} from './observe/observed';
import { observePage, observeVmsa, pageDomain, vmsaDomain } from './observe/pages';
import {
  guestDomain,
  observeGuest,
  observePsc,
  observeVcpu,
  pscDomain,
  resultDomain,
  runResult,
  vcpuDomain,
} from './observe/vcpu';
import { pageName } from './kvm/memory/kernel-pages';
import { hostGroup } from './state/host';
import type { Group, Instance, Variables } from './state/schema';
import { threadGroup, threadNames, type LockingCall } from './state/thread';
import { slotGroup, vmGroup } from './state/vm';
import { SLOT_COUNT, type FindingKind, type World } from './world';

export { checkValue, type Domain, type Machine } from './observe/domain';
export {
  noAct,
  unknownPart,
  type ActView,
  type Observed,
  type ObservedValue,
  type UnknownPath,
} from './observe/observed';

interface Family {
  /** The pattern of the names, for readers. */
  readonly form: string;
  readonly doc: string;
  /** First part of the path. */
  readonly first: RegExp;
  /** The values a name can have, from the declarations alone. */
  domain(at: { machine: Machine; head: string; rest: readonly string[] }): Domain | UnknownPath;
  /** The value of a name for which {@link domain} has a domain. */
  observe(at: { world: World; act: ActView; head: string; rest: readonly string[] }): Observed | UnknownPath;
}

const UNWRITTEN = 0xffffffff;

/** The value of a result while a command of the launch waits for a lock or never returns: it has none yet. */
const PENDING = 'pending';
const launchCalls: ReadonlySet<string> = new Set<LockingCall>([
  'init2',
  'enable-certs',
  'launch-start',
  'launch-update',
  'launch-finish',
  'sev-command',
]);

const ioctlDomains: Readonly<Record<string, Domain>> = {
  ret: { ...resultDomain, words: [...resultDomain.words, PENDING] },
  error: numberOr(['unwritten', PENDING]),
  left: numberDomain,
  gfn: numberDomain,
  uaddr: numberDomain,
};

function observeIoctl({ vm, threads }: World, name: string): Observed {
  const isPending = threads.some(({ call }) => launchCalls.has(call));
  if (isPending && (name === 'ret' || name === 'error')) return { value: PENDING };
  if (name === 'ret') return runResult(-vm.ioctlRet);
  if (name === 'left') return { value: vm.updateLeft };
  if (name === 'gfn') return { value: vm.updateGfn };
  if (name === 'uaddr') return { value: vm.updateUaddr };
  return vm.ioctlError === UNWRITTEN ? { value: 'unwritten' } : { value: vm.ioctlError };
}

/** One of a set of names, without further parts. */
function oneName(
  [name = '', ...more]: readonly string[],
  domains: Readonly<Record<string, Domain>>,
  what: string,
): Domain | UnknownPath {
  const domain = Object.hasOwn(domains, name) ? domains[name] : undefined;
  return domain ? atEnd(domain, more) : unknownPart(name, Object.keys(domains), what);
}

const counts = (names: readonly string[]): Readonly<Record<string, Domain>> =>
  Object.fromEntries(names.map((name) => [name, numberDomain]));
const moveCounts = counts(moveNames);
/** A kind of move, optionally with the VMSA page it was applied to. */
function movesDomain(
  [kind = '', page, ...more]: readonly string[],
  { vcpus }: Machine,
): Domain | UnknownPath {
  const domain = oneName([kind], moveCounts, 'kind of move');
  if (isUnknown(domain) || page === undefined) return domain;
  const hasPage = Object.hasOwn(moveKinds[kind as MoveName].args, 'pfn');
  const pages = hasPage ? Array.from({ length: vcpus }, (_, index) => `vmsa${index}`) : [];
  return pages.includes(page) ? atEnd(domain, more) : unknownPart(page, pages, 'page');
}

const findingKinds: readonly FindingKind[] = ['violation', 'ambiguity', 'guest-error', 'unmodelled', 'note'];
const findingCounts = counts(findingKinds);
const exitCounts = counts(['count']);
const violationCounts = counts(invariantNames);

/** A variable of a group, without further parts. */
const groupName = (group: unknown, [name = '', ...more]: readonly string[]): Domain | UnknownPath =>
  atEnd(variableDomain(group as Group<Variables>, name), more);

/** Moves that leave KVM for the VMM. */
const isExit = (kind: MoveName): boolean =>
  /Exit$|^(failEntry|kvmRunReturns)$/.test(kind) && moveKinds[kind].to === 'vmm';

const families: readonly Family[] = [
  {
    form: 'vN.<variable>, vN.exit, vN.ret, vN.run.<member>.<field>, vN.run.u64[<offset>], vN.ghcb.<field>',
    doc: 'A vCPU: what KVM keeps for it, why its last KVM_RUN returned, its kvm_run and GHCB bytes.',
    first: /^v\d+$/,
    domain: ({ machine, head, rest }) => vcpuDomain(Number(head.slice(1)), rest, machine),
    observe: ({ world, head, rest }) => observeVcpu(world, Number(head.slice(1)), rest),
  },
  {
    form: 'guest.result, guest.info1, guest.info2, guest.msr',
    doc: 'What the vCPU of the last guest act read back; any other name is as for that vCPU.',
    first: /^guest$/,
    domain: ({ machine, rest }) => guestDomain(rest, machine),
    observe: ({ world, act, rest }) => observeGuest(world, act, rest),
  },
  {
    form: 'vm.<variable>',
    doc: 'What exists once for the VM.',
    first: /^vm$/,
    domain: ({ rest }) => groupName(vmGroup, rest),
    observe: ({ world, rest }) => variable(world.vm as unknown as Instance<Variables>, rest.join('.')),
  },
  {
    form: 'ioctl.ret, ioctl.error, ioctl.left, ioctl.gfn, ioctl.uaddr',
    doc: 'The last command of the launch: its result (`pending` while it waits or never returns), the firmware status that KVM wrote, and what LAUNCH_UPDATE left in its struct.',
    first: /^ioctl$/,
    domain: ({ rest }) => oneName(rest, ioctlDomains, 'what to say of an ioctl'),
    observe: ({ world, rest }) => observeIoctl(world, rest.join('.')),
  },
  {
    form: 'host.<variable>',
    doc: 'The host that outlives the VM.',
    first: /^host$/,
    domain: ({ rest }) => groupName(hostGroup, rest),
    observe: ({ world, rest }) => variable(world.host as unknown as Instance<Variables>, rest.join('.')),
  },
  {
    form: 'thread.main.<variable>, thread.vN.<variable>',
    doc: 'A thread of the VMM: the call that waits, and for which lock.',
    first: /^thread$/,
    domain: ({ machine, rest: [name = '', ...rest] }) => {
      const names = threadNames.slice(0, machine.vcpus + 1);
      return names.includes(name) ? groupName(threadGroup, rest) : unknownPart(name, names, 'thread');
    },
    observe: ({ world, rest: [name = '', ...rest] }) =>
      variable(
        itemAt(world.threads, threadNames.indexOf(name), 'thread') as unknown as Instance<Variables>,
        rest.join('.'),
      ),
  },
  {
    form: 'slotN.<variable>',
    doc: 'A memory slot.',
    first: /^slot\d+$/,
    domain: ({ head, rest }) => {
      const part = Number(head.slice(4)) < SLOT_COUNT ? undefined : head;
      if (part === undefined) return groupName(slotGroup, rest);
      const message = `there are ${SLOT_COUNT} memory slots`;
      return { message, part, expected: `slot0 to slot${SLOT_COUNT - 1}` };
    },
    observe: ({ world, head, rest }) =>
      variable(
        itemAt(world.slots, Number(head.slice(4)), 'memory slot') as unknown as Instance<Variables>,
        rest.join('.'),
      ),
  },
  {
    form: 'page.<gfn>.rmp, .rmp.validated, .attribute, .state, .guest, .kvm, .seam, .content, .shared, .source, .pfn',
    doc: 'A guest frame: its RMP entry, its attribute, the three views of it; the first bytes of its private and its shared side, and of the buffer that LAUNCH_UPDATE takes them from.',
    first: /^page$/,
    domain: ({ rest }) => pageDomain(rest),
    observe: ({ world, rest }) => observePage(world, rest),
  },
  {
    form: 'vmsa.vN.rmp',
    doc: 'The RMP entry of the VMSA page that KVM allocated for a vCPU.',
    first: /^vmsa$/,
    domain: ({ machine, rest }) => vmsaDomain(rest, machine),
    observe: ({ world, rest }) => observeVmsa(world, rest),
  },
  {
    form: 'psc.cur, psc.end, psc.entry[N], psc.entry[N].curPage',
    doc: 'The page-state-change buffer of the vCPU of the last guest act.',
    first: /^psc$/,
    domain: ({ rest }) => pscDomain(rest),
    observe: ({ world, act, rest }) => observePsc(world, act, rest),
  },
  {
    form: 'exits.count',
    doc: 'Returns of KVM_RUN since the act began.',
    first: /^exits$/,
    domain: ({ rest }) => oneName(rest, exitCounts, 'what to say of exits'),
    observe: ({ act }) => ({ value: act.moves.filter((move) => isExit(move.kind)).length }),
  },
  {
    form: 'moves.<kind>, moves.<kind>.vmsaN',
    doc: 'How often a kind of move happened since the act began, at all or to the VMSA page of a vCPU.',
    first: /^moves$/,
    domain: ({ machine, rest }) => movesDomain(rest, machine),
    observe: ({ world, act, rest: [kind, page] }) => {
      const ofKind = act.moves.filter((move) => move.kind === kind);
      const concerned =
        page === undefined
          ? ofKind
          : ofKind.filter(({ args }) => pageName(world, Number(args['pfn'])) === page);
      return { value: concerned.length };
    },
  },
  {
    form: 'findings.<kind>',
    doc: 'How many findings of a kind came up since the act began: violation, ambiguity, guest-error, unmodelled, note.',
    first: /^findings$/,
    domain: ({ rest }) => oneName(rest, findingCounts, 'kind of finding'),
    observe: ({ act, rest }) => ({ value: act.findings.filter(({ kind }) => kind === rest[0]).length }),
  },
  {
    form: 'violations.<invariant>',
    doc: 'How often an invariant did not hold since the act began.',
    first: /^violations$/,
    domain: ({ rest }) => oneName(rest, violationCounts, 'invariant'),
    observe: ({ act, rest }) => ({
      value: act.findings.filter(({ invariant }) => invariant === rest[0]).length,
    }),
  },
  {
    form: 'refused',
    doc: 'Why the act could not be taken in this state; no when it was taken.',
    first: /^refused$/,
    domain: ({ rest }) => atEnd({ ...flagDomain, sentence: true }, rest),
    observe: ({ act }) => (act.refused === '' ? { value: false } : { value: true, also: [act.refused] }),
  },
];

/** Every family of names, for help and completion. */
export const observables: readonly { readonly form: string; readonly doc: string }[] = families;

const firstWords = ({ vcpus }: Machine): readonly string[] => [
  ...Array.from({ length: vcpus }, (_, index) => `v${index}`),
  'guest',
  'vm',
  'ioctl',
  'host',
  'thread',
  ...Array.from({ length: SLOT_COUNT }, (_, index) => `slot${index}`),
  'page',
  'vmsa',
  'psc',
  'exits',
  'moves',
  'findings',
  'violations',
  'refused',
];

function familyOf(head: string, machine: Machine): Family | UnknownPath {
  return families.find(({ first }) => first.test(head)) ?? unknownPart(head, firstWords(machine), 'name');
}

/** A part that no name has. */
const NO_PART = '\0';

/** What may follow a name that has more parts, or the first parts of all names. @param path without a point at its end; '' for all */
export function partsAfter(path: string, machine: Machine): readonly string[] {
  const found = checkPath(path === '' ? NO_PART : `${path}.${NO_PART}`, machine);
  // Some stand for a variable and for what has parts of its own.
  return isUnknown(found) ? [...new Set(found.known)] : [];
}

/** The values a path can have on such a machine, or why it names nothing. No run is needed. */
export function checkPath(path: string, machine: Machine): Domain | UnknownPath {
  const [head = '', ...rest] = path.split('.');
  const family = familyOf(head, machine);
  if (isUnknown(family)) return family;
  if (rest.length === 0 && family.form !== head) return needsMore(head, family.form);
  return family.domain({ machine, head, rest });
}

/** Position of the unknown part in its path. */
export function partAt(path: string, { part }: UnknownPath): number {
  if (part === '') return 0;
  // Only whole parts count: from a point, or the beginning, to a point or the end.
  return Math.max(0, `.${path}.`.lastIndexOf(`.${part}.`));
}

/** The value that a path names now, or why it names nothing. */
export function observe(world: World, path: string, act: ActView = noAct): Observed | UnknownPath {
  const machine = { vcpus: world.config.vcpus };
  const known = checkPath(path, machine);
  if (isUnknown(known)) return known;
  const [head = '', ...rest] = path.split('.');
  const family = familyOf(head, machine);
  return isUnknown(family) ? family : family.observe({ world, act, head, rest });
}

/** Whether {@link observe} found nothing under a path. */
export const isUnknownPath = isUnknown;
