/** Names under a vCPU: what KVM keeps for it, its kvm_run and GHCB bytes, what its guest read. */
import { errnoText } from '../../abi/errno';
import { ghcbPage } from '../../abi/ghcb-page';
import { kvmExitReasons, kvmRun, kvmRunMembers } from '../../abi/kvm-run';
import type { StructLayout } from '../../abi/layout';
import { pscEntry, pscEntryOffset } from '../../abi/psc';
import type { ByteView } from '../../base/bytes';
import type { Instance, Variables } from '../state/schema';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import {
  isUnknown,
  needsMore,
  unknownPart,
  variable,
  type ActView,
  type Observed,
  type ObservedValue,
  type UnknownPath,
} from './observed';

/** Short names for variables that people look at often. */
const vcpuAliases: Readonly<Record<string, string>> = {
  pendingVmsa: 'pendingVmsaGpa',
  guestVmsa: 'guestVmsaGpa',
  hold: 'holdType',
};

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

export function observeVcpu(world: World, index: number, rest: readonly string[]): Observed | UnknownPath {
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

const guestNames: Readonly<Record<string, (vcpu: Vcpu) => ObservedValue>> = {
  result: (vcpu) => vcpu.guestResult,
  info1: (vcpu) => vcpu.guestReadInfo1,
  info2: (vcpu) => vcpu.guestReadInfo2,
  msr: (vcpu) => vcpu.guestReadMsr,
};

export function observeGuest(world: World, act: ActView, rest: readonly string[]): Observed | UnknownPath {
  const [name = ''] = rest;
  const read = guestNames[name];
  const vcpu = world.vcpus[act.guest];
  if (read && vcpu) return { value: read(vcpu) };
  return observeVcpu(world, act.guest, rest);
}

/** The page-state-change buffer where the guest put it. */
export function observePsc(world: World, act: ActView, rest: readonly string[]): Observed | UnknownPath {
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
