/** Names under a vCPU: what KVM keeps for it, its kvm_run and GHCB bytes, what its guest read. */
import { itemAt } from '../../base/assert';
import { gpaToGfn, pageOffset } from '../../abi/address';
import { errno, errnoText } from '../../abi/errno';
import { ghcbPage } from '../../abi/ghcb-page';
import { KVM_RUN_SIZE, kvmExitNames, kvmRun, kvmRunMembers } from '../../abi/kvm-run';
import type { FieldDeclaration, FieldRow, StructLayout } from '../../abi/layout';
import { pscEntry, pscEntryOffset, PSC_MAX_ENTRIES } from '../../abi/psc';
import type { ByteView } from '../../base/bytes';
import { exitOfReason } from '../kvm/exit';
import type { Group, Instance, Variables } from '../state/schema';
import { vcpuGroup, type Vcpu } from '../state/vcpu';
import type { World } from '../world';
import {
  atEnd,
  fieldDomain,
  numberDomain,
  numberOr,
  structDomain,
  variableDomain,
  type Domain,
  type Machine,
} from './domain';
import {
  isUnknown,
  needsMore,
  unknownPart,
  variable,
  type ActView,
  type Observed,
  type UnknownPath,
} from './observed';

/** Short names for variables that are used often. */
const vcpuAliases: Readonly<Record<string, string>> = {
  pendingVmsa: 'pendingVmsaGpa',
  guestVmsa: 'guestVmsaGpa',
  hold: 'holdType',
};

/** A row as observed: its number, and the name of that number. */
function rowValue({ value, text }: FieldRow): Observed {
  const word = /\((.*)\)$/.exec(text)?.[1];
  return word === undefined ? { value } : { value, also: [word] };
}

/** A field of a structure by its row name: `args[1]`, `flags.private`. */
function structField(layout: StructLayout, view: ByteView, name: string): Observed | UnknownPath {
  const row = layout.explain(view).find((candidate) => candidate.name === name);
  return row ? rowValue(row) : unknownPart(name, [], `field of ${layout.title}`);
}

/** `u64[40]`: the bytes at an offset of kvm_run, whatever member they belong to. */
function rawWord(name: string): { readonly bits: 32 | 64; readonly at: number } | undefined {
  const [, bits, text] = /^u(32|64)\[(\d+)\]$/.exec(name) ?? [];
  const at = Number(text);
  if (bits === undefined || at + Number(bits) / 8 > KVM_RUN_SIZE) return undefined;
  return { bits: bits === '32' ? 32 : 64, at };
}

/** The member of the union that a path begins with, and what is left of the path: `vmgexit.psc.ret` names two levels. */
function memberAt([first = '', second = '', ...more]: readonly string[]):
  | { readonly member: StructLayout; readonly name: string; readonly rest: readonly string[] }
  | undefined {
  const nested = kvmRunMembers.get(`${first}.${second}`);
  if (nested) return { member: nested, name: `${first}.${second}`, rest: more };
  const member = kvmRunMembers.get(first);
  return member && { member, name: first, rest: second === '' ? [] : [second, ...more] };
}

function kvmRunDomain(path: readonly string[]): Domain | UnknownPath {
  const [first = '', ...more] = path;
  if (rawWord(first)) return atEnd(numberDomain, more);
  const at = memberAt(path);
  if (at && at.rest.length > 0) return structDomain(at.member, at.rest.join('.'));
  if (at) return needsMore(at.name, `${at.name}.${Object.keys(at.member.fields).join(`, ${at.name}.`)}`);
  const found = structDomain(kvmRun, [first, ...more].join('.'));
  if (!isUnknown(found)) return found;
  return unknownPart(first, [...kvmRunMembers.keys(), ...Object.keys(kvmRun.fields)], 'field of kvm_run');
}

function kvmRunField(view: ByteView, path: readonly string[]): Observed | UnknownPath {
  const raw = rawWord(path[0] ?? '');
  if (raw) return { value: raw.bits === 32 ? view.u32(raw.at) : view.u64(raw.at) };
  const at = memberAt(path);
  return at ? structField(at.member, view, at.rest.join('.')) : structField(kvmRun, view, path.join('.'));
}

const shortExit = (name: string): string => name.replace(/^KVM_EXIT_/, '');
const exitDomain = numberOr([...kvmExitNames.map(shortExit), ...kvmExitNames]);

/** Results of ioctls, {@link runResult}. */
export const resultDomain = numberOr(Object.keys(errno).map((name) => `-${name}`));

const vcpuDomains: Readonly<Record<string, Domain>> = { exit: exitDomain, ret: resultDomain };

export function vcpuDomain(
  index: number,
  [name = '', ...more]: readonly string[],
  { vcpus }: Machine,
  alsoKnown: readonly string[] = [],
): Domain | UnknownPath {
  const head = `v${index}`;
  if (index >= vcpus) {
    const expected = vcpus === 1 ? 'v0' : `v0 to v${vcpus - 1}`;
    return { message: `this VM has ${vcpus} ${vcpus === 1 ? 'vCPU' : 'vCPUs'}`, part: head, expected };
  }
  if (name === '') return needsMore(head, `${head}.mpState, ${head}.exit, ${head}.run.hypercall.nr`);
  if (name === 'run' && more.length > 0) return kvmRunDomain(more);
  if (name === 'ghcb')
    return more.length > 0 ? structDomain(ghcbPage, more.join('.')) : needsMore(name, 'ghcb.swExitCode');
  const own = Object.hasOwn(vcpuDomains, name) ? vcpuDomains[name] : undefined;
  const others = [...alsoKnown, ...Object.keys(vcpuDomains), 'run', 'ghcb'];
  const group = vcpuGroup as unknown as Group<Variables>;
  return atEnd(own ?? variableDomain(group, name, vcpuAliases, others), more);
}

function exitName(world: World, index: number): Observed {
  const reason = kvmRun.get(itemAt(world.kvmRun, index, 'kvm_run of a vCPU'), 'exitReason');
  const name = exitOfReason(world, reason)?.name;
  const short = name === undefined ? String(reason) : shortExit(name);
  return { value: short, also: [reason, ...(name === undefined ? [] : [name])] };
}

/** The result of KVM_RUN as a C program sees it: 0, or a negative errno. */
export function runResult(number: number): Observed {
  const returned = -number;
  return number === 0 ? { value: 0 } : { value: errnoText(returned), also: [returned, `-${number}`] };
}

function guestPage(world: World, vcpu: Vcpu, head: string): ByteView | UnknownPath {
  const page = vcpu.guestGhcbGpa === 0n ? undefined : world.findImage('shared', gpaToGfn(vcpu.guestGhcbGpa));
  return page ?? { message: `${head} has no GHCB page yet`, part: head };
}

/** @param rest as {@link vcpuDomain} took it */
export function observeVcpu(world: World, index: number, rest: readonly string[]): Observed | UnknownPath {
  const vcpu = world.vcpu(index);
  const [name = '', ...more] = rest;
  if (name === 'run' && more.length > 0)
    return kvmRunField(itemAt(world.kvmRun, index, 'kvm_run of a vCPU'), more);
  if (name === 'ghcb') {
    const page = guestPage(world, vcpu, `v${index}`);
    return 'message' in page ? page : structField(ghcbPage, page, more.join('.'));
  }
  if (name === 'exit') return exitName(world, index);
  if (name === 'ret') return runResult(vcpu.runErrno);
  return variable(vcpu as unknown as Instance<Variables>, vcpuAliases[name] ?? name);
}

/** The values that the guest read back, by the names of their variables. */
const guestNames: Readonly<Record<string, string>> = {
  result: 'guestResult',
  info1: 'guestReadInfo1',
  info2: 'guestReadInfo2',
  msr: 'guestReadMsr',
};
const guestName = (rest: readonly string[]): readonly string[] => {
  const [name = '', ...more] = rest;
  return Object.hasOwn(guestNames, name) ? [guestNames[name] as string, ...more] : rest;
};

export const guestDomain = (rest: readonly string[], machine: Machine): Domain | UnknownPath =>
  vcpuDomain(0, guestName(rest), machine, Object.keys(guestNames));

export const observeGuest = (world: World, act: ActView, rest: readonly string[]): Observed | UnknownPath =>
  observeVcpu(world, act.guest, guestName(rest));

const pscIndex = (name: string): number => Number(/^entry\[(\d+)\]$/.exec(name)?.[1] ?? NaN);

export function pscDomain([name = '', part, ...more]: readonly string[]): Domain | UnknownPath {
  if (name === 'cur' || name === 'end') return atEnd(numberDomain, part === undefined ? [] : [part, ...more]);
  const index = pscIndex(name);
  if (index >= PSC_MAX_ENTRIES) {
    const message = `the PSC buffer has ${PSC_MAX_ENTRIES} entries`;
    return { message, part: name, expected: `entry[0] to entry[${PSC_MAX_ENTRIES - 1}]` };
  }
  if (Number.isNaN(index)) return unknownPart(name, ['cur', 'end', 'entry[0]'], 'part of the PSC buffer');
  if (part === undefined) return numberDomain;
  const fields: Readonly<Record<string, FieldDeclaration>> = pscEntry.fields;
  const field = Object.hasOwn(fields, part) ? fields[part] : undefined;
  return field
    ? atEnd(fieldDomain(field), more)
    : unknownPart(part, Object.keys(fields), 'field of a PSC entry');
}

/**
 * The page-state-change buffer where the guest put it.
 * @param rest as {@link pscDomain} took it
 */
export function observePsc(world: World, act: ActView, rest: readonly string[]): Observed | UnknownPath {
  const vcpu = world.vcpu(act.guest);
  const page = guestPage(world, vcpu, `v${act.guest}`);
  if ('message' in page) return page;
  const scratch = pageOffset(ghcbPage.get(page, 'swScratch'));
  const [name = '', part] = rest;
  if (name === 'cur') return { value: page.u16(scratch) };
  if (name === 'end') return { value: page.u16(scratch + 2) };
  const at = scratch + pscEntryOffset(pscIndex(name));
  if (at + 8 > page.byteLength) return { message: `${name} lies outside the GHCB page`, part: name };
  const word = page.u64(at);
  const row = pscEntry.explain(word).find((candidate) => candidate.name === part);
  return row ? rowValue(row) : { value: word };
}
