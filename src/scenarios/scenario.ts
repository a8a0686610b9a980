/**
 * A scenario as data: the lines people write, typed. Numbers keep the text they were written in, so that a scenario
 * prints back as it was read.
 */
import { hex } from '../base/hex';
import { actTables, type Act, type ByteRun, type ParameterKind, type PscEntryInput } from '../engine/acts';
import { defaultProfileId } from '../profiles/default-profile';
import { printByteRuns } from './byte-runs';
import { printEntries } from './entries';
import type { Filter } from './filter/filter';
import type { ExploreLine } from './scope';
import type { WrittenParameter } from './written';

export type { WrittenParameter } from './written';

export interface ActLine {
  readonly kind: 'act';
  readonly act: Act;
  readonly written: readonly WrittenParameter[];
}

export const vmKeys = ['vcpus', 'memory', 'flash', 'maxphyaddr'] as const;
export type VmKey = (typeof vmKeys)[number];

/** What the machine looks like; sizes in bytes. */
export interface VmSettings {
  readonly vcpus: number;
  readonly memory: number;
  /** Firmware flash that ends at 4 GiB; 0 for none. */
  readonly flash: number;
  readonly maxphyaddr: number;
}
export const defaultVm: VmSettings = { vcpus: 2, memory: 4 << 20, flash: 0, maxphyaddr: 48 };

export interface VmLine {
  readonly kind: 'vm';
  readonly settings: Partial<VmSettings>;
  readonly written: readonly WrittenParameter[];
}

/** When `run until=...` stops. */
export type Until =
  | { readonly what: 'terminated' | 'idle' | 'exit' }
  | { readonly what: 'steps'; readonly count: number; readonly text: string };

export interface ExpectLine {
  readonly kind: 'expect';
  /** Profiles it narrows to, as written without `@`; empty for all. */
  readonly profiles: readonly string[];
  /** What is expected of the act above, as written, one blank between words. */
  readonly text: string;
  readonly filter: Filter;
}

export const guestPrograms = ['manual', 'linux', 'selftest', 'ovmf', 'svsm', 'storm'] as const;
export type GuestProgram = (typeof guestPrograms)[number];
export const hostPersonalities = [
  'manual',
  'qemu',
  'cloud-hypervisor',
  'strict',
  'negative-errno',
  'lazy',
  'forgets-private',
  'historical-vmgexit',
  'qemu-10.2',
] as const;
export type HostPersonality = (typeof hostPersonalities)[number];

/** One line of a scenario. */
export type Line =
  | { readonly kind: 'title' | 'ref' | 'note' | 'comment'; readonly text: string }
  | { readonly kind: 'profile'; readonly specs: readonly string[] }
  | VmLine
  | { readonly kind: 'guest'; readonly program: GuestProgram }
  | { readonly kind: 'host'; readonly personality: HostPersonality }
  | ActLine
  /** `launch standard`: a whole launch, call after call whatever they return; `launch by=host`: as the personality goes about it. */
  | { readonly kind: 'launch'; readonly by?: 'host' }
  | { readonly kind: 'runUntil'; readonly until: Until }
  | ExpectLine
  | ExploreLine
  | { readonly kind: 'blank' };

export interface Scenario {
  readonly lines: readonly Line[];
}

/** What the head lines say, defaults filled in. */
export interface Head {
  readonly title: string;
  readonly refs: readonly string[];
  readonly profiles: readonly string[];
  readonly vm: VmSettings;
  readonly guest: GuestProgram;
  readonly host: HostPersonality;
}

/** Lines that stand before everything that happens. */
export const headKinds: readonly Line['kind'][] = ['title', 'ref', 'profile', 'vm', 'guest', 'host'];

export function headOf(scenario: Scenario): Head {
  const refs: string[] = [];
  const profiles: string[] = [];
  let head: Head = { title: '', refs, profiles, vm: defaultVm, guest: 'manual', host: 'qemu' };
  for (const line of scenario.lines) {
    if (line.kind === 'title') head = { ...head, title: line.text };
    else if (line.kind === 'ref') refs.push(line.text);
    else if (line.kind === 'profile') profiles.push(...line.specs);
    else if (line.kind === 'vm') head = { ...head, vm: { ...head.vm, ...line.settings } };
    else if (line.kind === 'guest') head = { ...head, guest: line.program };
    else if (line.kind === 'host') head = { ...head, host: line.personality };
  }
  if (profiles.length === 0) profiles.push(defaultProfileId);
  return head;
}

/** The scenario with other profiles in its head: one `profile` line where the first stood, or behind the other head lines. */
export function withProfiles(scenario: Scenario, specs: readonly string[]): Scenario {
  const named = headOf(scenario).profiles;
  if (named.length === specs.length && named.every((spec, i) => spec === specs[i])) return scenario;
  const { lines } = scenario;
  const first = lines.findIndex(({ kind }) => kind === 'profile');
  const lastHead = lines.findLastIndex(({ kind }) => headKinds.includes(kind));
  const at = first >= 0 ? first : lastHead + 1;
  const others = (part: readonly Line[]): Line[] => part.filter(({ kind }) => kind !== 'profile');
  const line: Line = { kind: 'profile', specs };
  return { lines: [...others(lines.slice(0, at)), line, ...others(lines.slice(at))] };
}

/** A line for an act that nobody wrote: parameters in declared order, numbers in the base that suits them. */
export function actLine(act: Act): ActLine {
  const params = paramsOf(act);
  const args = act.args as Readonly<Record<string, unknown>>;
  const written = Object.entries(params)
    .filter(([name]) => args[name] !== undefined)
    .map(([name, kind]) => ({ name, text: valueText(name, kind, args[name]) }));
  return { kind: 'act', act, written };
}

/** The kinds of an act's parameters, in declared order. */
export function paramsOf(act: Act): Readonly<Record<string, ParameterKind>> {
  const table = actTables[act.actor] as Readonly<
    Record<string, { readonly params: Readonly<Record<string, { readonly kind: ParameterKind }>> }>
  >;
  const params = table[act.verb]?.params ?? {};
  return Object.fromEntries(Object.entries(params).map(([name, { kind }]) => [name, kind]));
}

/** Counts that are frame numbers or ports read better in hexadecimal. */
const hexCounts = /^(gfn|gmem|port)$/;

function valueText(name: string, kind: ParameterKind, value: unknown): string {
  if (kind === 'u64') return hex(value as bigint);
  if (kind === 'count') return hexCounts.test(name) ? hex(value as number) : String(value);
  if (kind === 'flag') return value === true ? 'yes' : 'no';
  if (kind === 'entries') return printEntries(value as readonly PscEntryInput[]);
  if (kind === 'bytes') return printByteRuns(value as readonly ByteRun[]);
  return value as string;
}
