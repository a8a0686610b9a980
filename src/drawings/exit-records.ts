/**
 * Every return of KVM_RUN on a timeline, and for one of them where each byte of the `kvm_run` union comes from. The union
 * is shared by all exits and never cleared, so a byte may be older than the exit that seems to carry it.
 */
import {
  kvmRun,
  kvmRunMembers,
  KVM_RUN_UNION,
  KVM_RUN_UNION_SIZE,
  payloadIn,
  type ExitPayload,
} from '../abi/kvm-run';
import { errnoText } from '../abi/errno';
import type { FieldRow, StructLayout } from '../abi/layout';
import { bytesView } from '../base/bytes';
import { finish, type Resumable } from '../base/resumable';
import { exitOfReason } from '../engine/kvm/exit';
import { knownValue } from '../profiles/facets';
import { kvmPresetsRet } from '../profiles/facets/psc-msr';
import type { PerformedAct, StepRecord, Timeline } from '../recording/timeline/timeline';

/** One return of KVM_RUN. */
export interface ExitRecord {
  /** The step that left KVM. */
  readonly step: number;
  readonly vcpu: number;
  readonly reason: number;
  readonly name: string;
  /** What the exit carries in the union; undefined for an exit without payload. */
  readonly payload: ExitPayload | undefined;
  /** What KVM_RUN returned: `0` or `-EFAULT`. */
  readonly result: string;
  /** `kvm_run` up to the end of the union. */
  readonly bytes: Uint8Array;
}

/** Steps looked at on either side of a position, in blocks that are read once. */
const REACH = 8192;
const BLOCK = 512;
const HEADER_AND_UNION = KVM_RUN_UNION + KVM_RUN_UNION_SIZE;

/** vCPUs that a step took out of KVM_RUN. */
const leaving = ({ transitions }: StepRecord): number[] =>
  transitions.flatMap(({ chart, instance, event }) =>
    chart === 'vcpu' && event.type === 'EXIT_TO_USERSPACE' ? [instance] : [],
  );

/** The exits of a block of steps. */
function readBlock(timeline: Timeline, first: number): ExitRecord[] {
  const records: ExitRecord[] = [];
  for (let step = first; step < Math.min(first + BLOCK, timeline.stepCount); step++) {
    for (const vcpu of leaving(timeline.step(step))) {
      const { world } = timeline.at(step + 1);
      const bytes = world.kvmRun[vcpu]?.toBytes(0, HEADER_AND_UNION) ?? new Uint8Array(HEADER_AND_UNION);
      const reason: number = kvmRun.get(bytesView(bytes), 'exitReason');
      const exit = exitOfReason(world, reason);
      const errno = world.vcpu(vcpu).runErrno;
      const result = errno === 0 ? '0' : errnoText(-errno);
      const [name, payload] = [exit?.name ?? 'unknown reason', payloadIn(exit, bytesView(bytes))];
      records.push({ step, vcpu, reason, name, payload, result, bytes });
    }
  }
  return records;
}

/** Blocks already read. They hold while the timeline ends with the same act. */
interface ReadBlocks {
  readonly lastAct: PerformedAct | undefined;
  readonly blocks: Map<number, readonly ExitRecord[]>;
}
const readBlocks = new WeakMap<Timeline, ReadBlocks>();

/** The exits around a position, oldest first. */
export const exitRecords = (timeline: Timeline, position: number): ExitRecord[] =>
  finish(exitRecordsInParts(timeline, position));

/** As {@link exitRecords}, a block of steps at a time; what was read once is not read again. */
export function* exitRecordsInParts(timeline: Timeline, position: number): Resumable<ExitRecord[]> {
  const lastAct = timeline.acts.at(-1);
  let read = readBlocks.get(timeline);
  if (!read || read.lastAct !== lastAct) {
    read = { lastAct, blocks: new Map() };
    readBlocks.set(timeline, read);
  }
  const found: ExitRecord[] = [];
  const from = Math.floor(Math.max(0, position - REACH) / BLOCK);
  const to = Math.ceil(Math.min(timeline.stepCount, position + REACH) / BLOCK);
  for (let block = from; block < to; block++) {
    const records = read.blocks.get(block) ?? readBlock(timeline, block * BLOCK);
    read.blocks.set(block, records);
    found.push(...records);
    yield;
  }
  return found;
}

/** All exits of a run, oldest first, read block by block. */
export function* timelineExits(timeline: Timeline): Generator<ExitRecord> {
  for (let first = 0; first < timeline.stepCount; first += BLOCK) yield* readBlock(timeline, first);
}

/** The union's member that goes with a record. */
export const memberOf = ({ payload }: ExitRecord): StructLayout | undefined => payload?.member;

/** What filters call the union's member of a record. */
export function pathOf(record: ExitRecord): string | undefined {
  const member = memberOf(record);
  const name = [...kvmRunMembers].find(([, one]) => one === member)?.[0];
  return name && `v${record.vcpu}.run.${name}`;
}

/**
 * Where a byte of the union comes from. `written`: it changed during this KVM_RUN. `same`: this exit fills its field, with
 * the value that stood there. `stale`: an earlier exit or its answer left it. `blank`: it was never written.
 */
export type ByteOrigin = 'written' | 'same' | 'stale' | 'blank';

/** Whether KVM preset the answer field: the facet that says so was consulted in these steps. */
function presetsAnswer(timeline: Timeline, steps: readonly StepRecord[]): boolean {
  const facets = timeline.world.profile.facets;
  return (['psc.retInit', 'hypercall.retInit'] as const).some(
    (name) => kvmPresetsRet(knownValue(facets, name)) && steps.some((step) => step.facets.includes(name)),
  );
}

export interface ExitOrigins {
  /** By byte of the union. */
  readonly origins: readonly ByteOrigin[];
  /** Step that last changed a stale byte; -1 for others, and when it lies further back than was looked. */
  readonly since: readonly number[];
  /** Step at which this KVM_RUN began. */
  readonly began: number;
}

const OLDEST_LOOK = 2000;

/** Calls `visit` with each union byte that a step changed in one vCPU's `kvm_run`. */
function visitWrites({ changes }: StepRecord, vcpu: number, visit: (byte: number) => void): void {
  for (const change of changes) {
    if (change.kind !== 'bytes' || !change.isKvmRun || change.imageIndex !== vcpu) continue;
    for (let at = change.at; at < change.at + change.length; at++) {
      const byte = at - KVM_RUN_UNION;
      if (byte >= 0 && byte < KVM_RUN_UNION_SIZE) visit(byte);
    }
  }
}

/** Where every byte of a record's union comes from, by the changes of the steps since its KVM_RUN. */
export function exitOrigins(timeline: Timeline, record: ExitRecord): ExitOrigins {
  const { step: end, vcpu, bytes } = record;
  const began = runStart(timeline, end, vcpu);
  const origins = new Array<ByteOrigin>(KVM_RUN_UNION_SIZE).fill('blank');
  const since = new Array<number>(KVM_RUN_UNION_SIZE).fill(-1);
  const inside: StepRecord[] = [];
  for (let step = began; step <= end; step++) {
    const one = timeline.step(step);
    inside.push(one);
    visitWrites(one, vcpu, (byte) => (origins[byte] = 'written'));
  }
  for (let step = began - 1; step >= Math.max(0, began - OLDEST_LOOK); step--) {
    visitWrites(timeline.step(step), vcpu, (byte) => {
      if (origins[byte] !== 'blank') return;
      origins[byte] = 'stale';
      since[byte] = step;
    });
  }
  const { filled: always = [], preset } = record.payload ?? {};
  const filled = new Set(always);
  if (preset !== undefined && presetsAnswer(timeline, inside)) filled.add(preset);
  for (const row of memberOf(record)?.explain(bytesView(bytes)) ?? []) {
    if (!filled.has(row.name) || row.offset === undefined || row.size === undefined) continue;
    for (let at = row.offset; at < row.offset + row.size; at++) {
      const byte = at - KVM_RUN_UNION;
      if (origins[byte] === 'written') continue;
      origins[byte] = 'same';
      since[byte] = -1;
    }
  }
  origins.forEach((origin, byte) => {
    if (origin === 'blank' && bytes[KVM_RUN_UNION + byte] !== 0) origins[byte] = 'stale';
  });
  return { origins, since, began };
}

function runStart(timeline: Timeline, end: number, vcpu: number): number {
  for (let step = end; step > Math.max(0, end - OLDEST_LOOK); step--) {
    const { transitions } = timeline.step(step);
    const enters = transitions.some(
      ({ chart, instance, event }) => chart === 'vcpu' && instance === vcpu && event.type === 'KVM_RUN',
    );
    if (enters) return step;
  }
  return end;
}

/** A field of the member with where its bytes come from: `mixed` when they differ. */
export interface ExitField {
  readonly row: FieldRow;
  readonly offset: number;
  readonly size: number;
  readonly origin: ByteOrigin | 'mixed';
  /** Step that left a stale field there, or -1. */
  readonly since: number;
  /** A name for bytes that another field covers, or for a part of one. */
  readonly part: boolean;
}

export function exitFields(record: ExitRecord, { origins, since }: ExitOrigins): ExitField[] {
  const member = memberOf(record);
  if (!member) return [];
  return member.explain(bytesView(record.bytes)).flatMap((row): ExitField[] => {
    const { offset, size } = row;
    if (offset === undefined || size === undefined) return [];
    const range = origins.slice(offset - KVM_RUN_UNION, offset - KVM_RUN_UNION + size);
    const kinds = new Set(range);
    const steps = since.slice(offset - KVM_RUN_UNION, offset - KVM_RUN_UNION + size);
    // A value of which some bytes changed was written as a whole.
    const origin =
      kinds.size === 1 ? (range[0] as ByteOrigin) : kinds.has('written') ? 'written' : onlyStale(kinds);
    const alias = member.fields[row.name]?.alias === true;
    return [{ row, offset, size, origin, since: Math.max(...steps), part: alias || row.name.includes('.') }];
  });
}

const onlyStale = (kinds: ReadonlySet<ByteOrigin>): ByteOrigin | 'mixed' =>
  kinds.has('stale') && !kinds.has('same') ? 'stale' : 'mixed';
