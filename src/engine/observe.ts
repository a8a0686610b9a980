/**
 * Names for everything an expectation or a filter may look at: every declared variable, the bytes that guest, KVM and
 * VMM share, and what happened since the act began. One table, with a sentence for each family of names.
 */
import { moveKinds, moveNames, type MoveName } from './moves';
import {
  isUnknown,
  noAct,
  unknownPart,
  variable,
  type ActView,
  type Observed,
  type UnknownPath,
} from './observe/observed';
import { observePage, observeVmsa } from './observe/pages';
import { observeGuest, observePsc, observeVcpu, runResult } from './observe/vcpu';
import type { Instance, Variables } from './state/schema';
import type { FindingKind, World } from './world';

export { noAct, type ActView, type Observed, type ObservedValue, type UnknownPath } from './observe/observed';

interface Family {
  /** How the names look, for people. */
  readonly form: string;
  readonly doc: string;
  /** First part of the path. */
  readonly first: RegExp;
  observe(at: { world: World; act: ActView; head: string; rest: readonly string[] }): Observed | UnknownPath;
}

const UNWRITTEN = 0xffffffff;

function observeIoctl({ vm }: World, name: string): Observed | UnknownPath {
  if (name === 'ret') return runResult(-vm.ioctlRet);
  if (name === 'left') return { value: vm.updateLeft };
  if (name !== 'error') return unknownPart(name, ['ret', 'error', 'left'], 'what to say of an ioctl');
  return vm.ioctlError === UNWRITTEN ? { value: 'unwritten' } : { value: vm.ioctlError };
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
