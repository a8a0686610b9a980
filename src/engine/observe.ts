/**
 * Names for everything an expectation or a filter may look at: every declared variable, the bytes that guest, KVM and
 * VMM share, and what happened since the act began. One table, with a sentence for each family of names.
 */
import { errnoText } from '../abi/errno';
import { ghcbPage } from '../abi/ghcb-page';
import { kvmExitReasons, kvmRun, kvmRunMembers } from '../abi/kvm-run';
import type { StructLayout } from '../abi/layout';
import { pscEntry, pscEntryOffset } from '../abi/psc';
import { pageStateOf } from '../abi/rmp';
import type { ByteView } from '../base/bytes';
import { nearest } from '../base/text';
import { rmpBits, RMP_ASID_MASK, RMP_ASID_SHIFT } from './memory/page-bits';
import { moveKinds, moveNames, type MoveName } from './moves';
import { backingOf, pageBands } from './page-class';
import type { Instance, Variables } from './state/schema';
import type { Vcpu } from './state/vcpu';
import { NO_GPA, NO_PFN, type FindingKind, type World } from './world';

export type ObservedValue = bigint | number | string | boolean;

/** A value, and other spellings of it: `-EINVAL` is also -22. */
export interface Observed {
  readonly value: ObservedValue;
  readonly also?: readonly ObservedValue[];
}

/** A path that names nothing. */
export interface UnknownPath {
  readonly message: string;
  /** The part that is not known, and the known one most like it. */
  readonly part: string;
  readonly nearest?: string;
}

/** What happened since the act began; expectations are about the act above them. */
export interface ActView {
  /** vCPU of the last guest act. */
  readonly guest: number;
  readonly moves: readonly { readonly kind: MoveName; readonly vcpu: number }[];
  readonly findings: readonly { readonly kind: FindingKind; readonly text: string }[];
  /** Why the act was not taken; empty when it was. */
  readonly refused: string;
}

export const noAct: ActView = { guest: 0, moves: [], findings: [], refused: '' };

interface Family {
  /** How the names look, for people. */
  readonly form: string;
  readonly doc: string;
  /** First part of the path. */
  readonly first: RegExp;
  observe(at: { world: World; act: ActView; head: string; rest: readonly string[] }): Observed | UnknownPath;
}

const isUnknown = (found: Observed | UnknownPath): found is UnknownPath => 'message' in found;

const unknownPart = (part: string, known: Iterable<string>, what: string): UnknownPath => {
  const near = nearest(part, known);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  return {
    message: `${what} '${part}' is not known${hint}`,
    part,
    ...(near === undefined ? {} : { nearest: near }),
  };
};

const needsMore = (head: string, forms: string): UnknownPath => ({
  message: `'${head}' alone names nothing: ${forms}`,
  part: head,
});

/** Short names for variables that people look at often. */
const vcpuAliases: Readonly<Record<string, keyof Vcpu & string>> = {
  pendingVmsa: 'pendingVmsaGpa',
  guestVmsa: 'guestVmsaGpa',
  hold: 'holdType',
};

function variable(
  instance: Instance<Variables>,
  name: string,
  aliases: Readonly<Record<string, string>> = {},
): Observed | UnknownPath {
  const key = aliases[name] ?? name;
  if (!Object.hasOwn(instance.group.variables, key)) {
    const known = [...Object.keys(instance.group.variables), ...Object.keys(aliases)];
    return unknownPart(name, known, `${instance.group.name} variable`);
  }
  const value = (instance as unknown as Readonly<Record<string, ObservedValue>>)[key] as ObservedValue;
  const none = value === NO_GPA || value === NO_PFN;
  return none ? { value, also: ['none'] } : { value };
}

/** A field of a structure by its row name: `args[1]`, `flags.private`. */
function structField(layout: StructLayout, view: ByteView, name: string, base = 0): Observed | UnknownPath {
  const rows = layout.explain(view, base);
  const row = rows.find((candidate) => candidate.name === name);
  if (!row)
    return unknownPart(
      name,
      rows.map((candidate) => candidate.name),
      `field of ${layout.title}`,
    );
  const word = /\((.*)\)$/.exec(row.text)?.[1];
  return word === undefined ? { value: row.value } : { value: row.value, also: [word] };
}

const memberName = (layout: StructLayout): string => layout.title.replace(/^kvm_run\./, '');
const members = new Map(Object.values(kvmRunMembers).map((layout) => [memberName(layout), layout]));

function kvmRunField(view: ByteView, rest: readonly string[]): Observed | UnknownPath {
  const [first = '', ...more] = rest;
  const member = members.get(first);
  if (member && more.length > 0) return structField(member, view, more.join('.'));
  if (member) return needsMore(first, `${first}.${Object.keys(member.fields).join(`, ${first}.`)}`);
  const found = structField(kvmRun, view, rest.join('.'));
  return isUnknown(found)
    ? unknownPart(first, [...Object.keys(kvmRun.fields), ...members.keys()], 'field of kvm_run')
    : found;
}

function exitName(world: World, index: number): Observed {
  const reason = kvmRun.get(world.kvmRun[index] as ByteView, 'exitReason');
  const name = (kvmExitReasons as Readonly<Record<number, string>>)[reason];
  const short = name?.replace(/^KVM_EXIT_/, '') ?? String(reason);
  return { value: short, also: [reason, ...(name === undefined ? [] : [name])] };
}

/** The result of KVM_RUN as a C program sees it: 0, or a negative errno. */
export function runResult(errno: number): Observed {
  const returned = -errno;
  return errno === 0 ? { value: 0 } : { value: errnoText(returned), also: [returned, `-${errno}`] };
}

function guestPage(world: World, vcpu: Vcpu, head: string): ByteView | UnknownPath {
  const page =
    vcpu.guestGhcbGpa === 0n ? undefined : world.findImage('shared', Number(vcpu.guestGhcbGpa >> 12n));
  return page ?? { message: `${head} has no GHCB page yet`, part: head };
}

function observeVcpu(world: World, index: number, rest: readonly string[]): Observed | UnknownPath {
  const vcpu = world.vcpus[index];
  const head = `v${index}`;
  if (!vcpu) return { message: `this VM has ${world.vcpus.length} vCPUs`, part: head };
  const [name = '', ...more] = rest;
  if (name === 'run' && more.length > 0) return kvmRunField(world.kvmRun[index] as ByteView, more);
  if (name === 'ghcb' && more.length > 0) {
    const page = guestPage(world, vcpu, head);
    return 'message' in page ? page : structField(ghcbPage, page, more.join('.'));
  }
  if (name === 'exit') return exitName(world, index);
  if (name === 'ret') return runResult(vcpu.runErrno);
  if (name === '') return needsMore(head, `${head}.mpState, ${head}.exit, ${head}.run.hypercall.nr`);
  const found = variable(vcpu as unknown as Instance<Variables>, name, vcpuAliases);
  if (!isUnknown(found)) return found;
  const known = [
    ...Object.keys(vcpu.group.variables),
    ...Object.keys(vcpuAliases),
    'run',
    'ghcb',
    'exit',
    'ret',
  ];
  return unknownPart(name, known, 'vcpu variable');
}

const UNWRITTEN = 0xffffffff;

function observeIoctl({ vm }: World, name: string): Observed | UnknownPath {
  if (name === 'ret') return runResult(-vm.ioctlRet);
  if (name === 'left') return { value: vm.updateLeft };
  if (name !== 'error') return unknownPart(name, ['ret', 'error', 'left'], 'what to say of an ioctl');
  return vm.ioctlError === UNWRITTEN ? { value: 'unwritten' } : { value: vm.ioctlError };
}

const guestNames: Readonly<Record<string, (vcpu: Vcpu) => ObservedValue>> = {
  result: (vcpu) => vcpu.guestResult,
  info1: (vcpu) => vcpu.guestReadInfo1,
  info2: (vcpu) => vcpu.guestReadInfo2,
  msr: (vcpu) => vcpu.guestReadMsr,
};

function observeGuest(world: World, act: ActView, rest: readonly string[]): Observed | UnknownPath {
  const [name = ''] = rest;
  const read = guestNames[name];
  const vcpu = world.vcpus[act.guest];
  if (read && vcpu) return { value: read(vcpu) };
  return observeVcpu(world, act.guest, rest);
}

/** Bits and state of one RMP entry. */
function rmpOf(world: World, pfn: number, part: string | undefined): Observed | UnknownPath {
  const word = world.pages.rmp.get(pfn);
  const flags = {
    assigned: (word & rmpBits.assigned) !== 0,
    validated: (word & rmpBits.validated) !== 0,
    immutable: (word & rmpBits.immutable) !== 0,
    vmsa: (word & rmpBits.vmsa) !== 0,
    twoMeg: (word & rmpBits.twoMeg) !== 0,
  };
  const asid = (word >>> RMP_ASID_SHIFT) & RMP_ASID_MASK;
  if (part === undefined) {
    const gpa = BigInt(world.pages.rmpGfnLow.get(pfn) >>> 0) << 12n;
    return { value: pageStateOf({ ...flags, asid, gpa }) ?? 'no state of the table' };
  }
  if (part === 'asid') return { value: asid };
  const flag = (flags as Readonly<Record<string, boolean>>)[part];
  return flag === undefined
    ? unknownPart(part, [...Object.keys(flags), 'asid'], 'bit of an RMP entry')
    : { value: flag };
}

const pageNames = ['rmp', 'attribute', 'state', 'guest', 'kvm', 'seam', 'content', 'pfn'];

function observePage(world: World, rest: readonly string[]): Observed | UnknownPath {
  const [number = '', name = '', part] = rest;
  const gfn = Number(number);
  if (number === '' || !Number.isInteger(gfn) || gfn < 0)
    return { message: `'${number}' is no frame number: page.0x120.rmp`, part: number };
  if (gfn >= world.config.gfnCount)
    return { message: `frame ${number} is outside this machine`, part: number };
  const { pfn } = backingOf(world, gfn);
  const bands = pageBands(world, gfn);
  switch (name) {
    case 'rmp':
      return pfn < 0 ? { value: 'no page' } : rmpOf(world, pfn, part);
    case 'attribute':
      return { value: (world.pages.gfn.get(gfn) & 1) === 1 ? 'private' : 'shared' };
    case 'state':
      return { value: bands.rmp };
    case 'guest':
      return { value: bands.guest };
    case 'kvm':
      return { value: bands.kvm };
    case 'seam':
      return { value: bands.seam };
    case 'pfn':
      return { value: pfn };
    case 'content':
      return pfn < 0 ? { value: 'no page' } : { value: content(world, pfn) };
    default:
      return unknownPart(name, pageNames, 'what to say of a page');
  }
}

function content(world: World, pfn: number): bigint {
  const low = BigInt(world.pages.contentLow.get(pfn) >>> 0);
  return (BigInt(world.pages.contentHigh.get(pfn) >>> 0) << 32n) | low;
}

function observeVmsa(world: World, rest: readonly string[]): Observed | UnknownPath {
  const [name = '', what = '', part] = rest;
  const vcpu = /^v\d+$/.test(name) ? world.vcpus[Number(name.slice(1))] : undefined;
  if (!vcpu)
    return unknownPart(
      name,
      world.vcpus.map((_, i) => `v${i}`),
      'vCPU',
    );
  if (what !== 'rmp') return unknownPart(what, ['rmp'], 'what to say of a VMSA');
  return vcpu.launchVmsaPfn === NO_PFN ? { value: 'no page' } : rmpOf(world, vcpu.launchVmsaPfn, part);
}

/** The page-state-change buffer where the guest put it. */
function observePsc(world: World, act: ActView, rest: readonly string[]): Observed | UnknownPath {
  const vcpu = world.vcpu(act.guest);
  const page = guestPage(world, vcpu, `v${act.guest}`);
  if ('message' in page) return page;
  const scratch = Number(ghcbPage.get(page, 'swScratch') & 0xfffn);
  const [name = '', part] = rest;
  if (name === 'cur') return { value: page.u16(scratch) };
  if (name === 'end') return { value: page.u16(scratch + 2) };
  const index = /^entry\[(\d+)\]$/.exec(name)?.[1];
  const at = scratch + pscEntryOffset(Number(index ?? 0));
  if (index === undefined || at + 8 > page.byteLength)
    return unknownPart(name, ['cur', 'end', 'entry[0]'], 'part of the PSC buffer');
  const word = page.u64(at);
  if (part === undefined) return { value: word };
  const field = (pscEntry.decode(word) as Readonly<Record<string, number>>)[part];
  return field === undefined
    ? unknownPart(part, Object.keys(pscEntry.fields), 'field of a PSC entry')
    : { value: field };
}

/** Moves that leave KVM for the VMM. */
const isExit = (kind: MoveName): boolean =>
  /Exit$|^(failEntry|kvmRunReturns)$/.test(kind) && moveKinds[kind].to === 'vmm';

const families: readonly Family[] = [
  {
    form: 'vN.<variable>, vN.exit, vN.ret, vN.run.<member>.<field>, vN.ghcb.<field>',
    doc: 'A vCPU: what KVM keeps for it, why its last KVM_RUN returned, its kvm_run and GHCB bytes.',
    first: /^v\d+$/,
    observe: ({ world, head, rest }) => observeVcpu(world, Number(head.slice(1)), rest),
  },
  {
    form: 'guest.result, guest.info1, guest.info2, guest.msr',
    doc: 'What the vCPU of the last guest act read back; any other name is as for that vCPU.',
    first: /^guest$/,
    observe: ({ world, act, rest }) => observeGuest(world, act, rest),
  },
  {
    form: 'vm.<variable>',
    doc: 'What exists once for the VM.',
    first: /^vm$/,
    observe: ({ world, rest }) => variable(world.vm as unknown as Instance<Variables>, rest.join('.')),
  },
  {
    form: 'ioctl.ret, ioctl.error, ioctl.left',
    doc: 'The last ioctl: its result, the firmware status that KVM wrote, and what LAUNCH_UPDATE left to do.',
    first: /^ioctl$/,
    observe: ({ world, rest }) => observeIoctl(world, rest.join('.')),
  },
  {
    form: 'host.<variable>',
    doc: 'The host that outlives the VM.',
    first: /^host$/,
    observe: ({ world, rest }) => variable(world.host as unknown as Instance<Variables>, rest.join('.')),
  },
  {
    form: 'slotN.<variable>',
    doc: 'A memory slot.',
    first: /^slot\d+$/,
    observe: ({ world, head, rest }) => {
      const slot = world.slots[Number(head.slice(4))];
      if (!slot) return { message: `there are ${world.slots.length} memory slots`, part: head };
      return variable(slot as unknown as Instance<Variables>, rest.join('.'));
    },
  },
  {
    form: 'page.<gfn>.rmp, .rmp.validated, .attribute, .state, .guest, .kvm, .seam, .content, .pfn',
    doc: 'A guest frame: its RMP entry, its attribute, and the three views of it.',
    first: /^page$/,
    observe: ({ world, rest }) => observePage(world, rest),
  },
  {
    form: 'vmsa.vN.rmp',
    doc: 'The RMP entry of the VMSA page that KVM allocated for a vCPU.',
    first: /^vmsa$/,
    observe: ({ world, rest }) => observeVmsa(world, rest),
  },
  {
    form: 'psc.cur, psc.end, psc.entry[N], psc.entry[N].curPage',
    doc: 'The page-state-change buffer of the vCPU of the last guest act.',
    first: /^psc$/,
    observe: ({ world, act, rest }) => observePsc(world, act, rest),
  },
  {
    form: 'exits.count',
    doc: 'Returns of KVM_RUN since the act began.',
    first: /^exits$/,
    observe: ({ act, rest }) =>
      rest.join('.') === 'count'
        ? { value: act.moves.filter((move) => isExit(move.kind)).length }
        : unknownPart(rest.join('.'), ['count'], 'what to say of exits'),
  },
  {
    form: 'moves.<kind>',
    doc: 'How often a kind of move happened since the act began.',
    first: /^moves$/,
    observe: ({ act, rest }) => {
      const kind = rest.join('.');
      if (!Object.hasOwn(moveKinds, kind)) return unknownPart(kind, moveNames, 'kind of move');
      return { value: act.moves.filter((move) => move.kind === kind).length };
    },
  },
  {
    form: 'findings.<kind>',
    doc: 'How many findings of a kind came up since the act began: violation, ambiguity, guest-error, unmodelled, note.',
    first: /^findings$/,
    observe: ({ act, rest }) => {
      const kinds: readonly FindingKind[] = ['violation', 'ambiguity', 'guest-error', 'unmodelled', 'note'];
      const kind = rest.join('.');
      if (!kinds.includes(kind as FindingKind)) return unknownPart(kind, kinds, 'kind of finding');
      return { value: act.findings.filter((finding) => finding.kind === kind).length };
    },
  },
  {
    form: 'refused',
    doc: 'Why the act could not be taken in this state; no when it was taken.',
    first: /^refused$/,
    observe: ({ act }) => (act.refused === '' ? { value: false } : { value: true, also: [act.refused] }),
  },
];

/** Every family of names, for help and completion. */
export const observables: readonly { readonly form: string; readonly doc: string }[] = families;

const firstWords = [
  'v0',
  'v1',
  'guest',
  'vm',
  'ioctl',
  'host',
  'slot0',
  'page',
  'vmsa',
  'psc',
  'exits',
  'moves',
  'findings',
  'refused',
];

/** The value that a path names now, or why it names nothing. */
export function observe(world: World, path: string, act: ActView = noAct): Observed | UnknownPath {
  const [head = '', ...rest] = path.split('.');
  const family = families.find((candidate) => candidate.first.test(head));
  if (!family) return unknownPart(head, firstWords, 'name');
  return family.observe({ world, act, head, rest });
}

/** Whether {@link observe} found nothing under a path. */
export const isUnknownPath = isUnknown;
