/**
 * All steps of a run: performs acts and keeps what they did, seeks in both directions, tells any step in words. What
 * is kept is in step-log.ts and keyframes.ts; the inputs are kept as they came.
 */
import { assert, Unmodelled } from '../../base/assert';
import type { Act } from '../../engine/acts';
import { NeverReturns } from '../../engine/hardware/rmp';
import { Arena, WriteLog } from '../../engine/memory/arena';
import { digestText } from '../../engine/memory/digest';
import { PageField } from '../../engine/memory/page-field';
import type { Move } from '../../engine/moves';
import { perform } from '../../engine/perform';
import type { RuleId } from '../../engine/rules';
import type { World } from '../../engine/world';
import type { FacetName } from '../../profiles/facets';
import type { ByteReader } from './byte-stream';
import { ArenaMap, ChangeList, type Change } from './changes';
import { StepRecorder } from './recorder';
import { Shapes, type Finding, type TakenTransition } from './shape';
import { readArguments, StepLog } from './step-log';
import { Keyframes } from './keyframes';
import { readWrites, Writes, type Memory } from './writes';

export type { Change } from './changes';
export type { Finding, TakenTransition } from './shape';

/** Who asked for an act. */
export type ActOrigin = 'scenario' | 'program' | 'personality' | 'scheduler' | 'user';

export interface PerformedAct {
  readonly act: Act;
  readonly origin: ActOrigin;
  readonly firstStep: number;
  readonly stepCount: number;
  /** Why the act could not be taken, or not to its end: what it did until then are its steps. */
  readonly refused?: string;
}

export interface StepRecord {
  readonly index: number;
  /** Index of the act in `timeline.acts`. */
  readonly actIndex: number;
  /** Nothing when an act wrote without any visible move. */
  readonly move: Move | undefined;
  readonly rule?: RuleId;
  /** Facets that were consulted, in order. */
  readonly facets: readonly FacetName[];
  readonly transitions: readonly TakenTransition[];
  readonly findings: readonly Finding[];
  /** Worked out when first asked for. */
  readonly changes: readonly Change[];
}

export class Timeline {
  readonly acts: PerformedAct[] = [];
  private at = 0;
  private readonly shapes: Shapes;
  private readonly steps = new StepLog();
  private readonly recorder: StepRecorder;
  private readonly keyframes: Keyframes;
  private readonly memory: Memory;
  private map: ArenaMap | undefined;
  /** A second memory that walks beside the world, so that a step can be told without moving the world. */
  private aside: { readonly memory: Memory; at: number } | undefined;

  /** Position 0 is the world as given. */
  constructor(readonly world: World) {
    const fields = world.pages.fields;
    this.memory = { arena: world.arena, fields };
    this.shapes = new Shapes(world.config.vcpus);
    const writes = new Writes(world.arena.used, fields.length);
    this.recorder = new StepRecorder(world.log, this.shapes, this.steps, writes);
    this.keyframes = new Keyframes(this.steps, writes);
    world.log.top = 0;
  }

  get stepCount(): number {
    return this.steps.stepCount;
  }

  /** The world stands after step `position - 1`. */
  get position(): number {
    return this.at;
  }

  /** Bytes that the recorded steps take. */
  get bytes(): { readonly log: number; readonly index: number; readonly keyframes: number } {
    return {
      log: this.steps.stream.top,
      index: this.steps.indexBytes + this.shapes.byteLength + this.recorder.findingSteps.length * 8,
      keyframes: this.keyframes.byteLength,
    };
  }

  /** Performs an act at the end of the timeline. */
  perform(act: Act, origin: ActOrigin): PerformedAct {
    this.seek(this.stepCount);
    const firstStep = this.stepCount;
    const refused = this.record(act, firstStep);
    const stepCount = this.stepCount - firstStep;
    const performed: PerformedAct = refused
      ? { act, origin, firstStep, stepCount, refused }
      : { act, origin, firstStep, stepCount };
    this.acts.push(performed);
    this.at = this.stepCount;
    this.keyframes.grow();
    return performed;
  }

  /** Takes back every act from `actIndex` on. */
  truncate(actIndex: number): void {
    const act = this.acts[actIndex];
    if (!act) return;
    this.seek(Math.min(this.at, act.firstStep));
    if (this.aside) this.asideAt(Math.min(this.aside.at, act.firstStep));
    this.dropSteps(act.firstStep);
    this.acts.length = actIndex;
  }

  /** One step as it can be shown. */
  step(index: number): StepRecord {
    assert(index >= 0 && index < this.stepCount, `there is no step ${index}`);
    const reader = this.steps.reader(index);
    skipWrites(reader);
    const { facets, transitions, findings, move } = this.shapes.read(reader.unsigned());
    const changesOf = (): readonly Change[] => this.changes(index);
    let changes: readonly Change[] | undefined;
    return {
      index,
      actIndex: this.actOf(index),
      move: move && {
        kind: move.plan.kind,
        vcpu: move.vcpu,
        args: readArguments(reader, move.plan, this.shapes),
      },
      ...(move?.rule === undefined ? {} : { rule: move.rule }),
      facets,
      transitions,
      findings,
      get changes() {
        return (changes ??= changesOf());
      },
    };
  }

  /** What a step wrote, as it is kept (writes.ts): equal bytes changed the same bits of the same places. */
  writes(index: number): Uint8Array {
    const reader = this.steps.reader(index);
    const start = reader.at;
    skipWrites(reader);
    return this.steps.stream.bytes.subarray(start, reader.at);
  }

  /** Moves the world to a position, forwards or backwards. */
  seek(position: number): void {
    assert(position >= 0 && position <= this.stepCount, `there is no position ${position}`);
    this.keyframes.play(this.memory, this.at, position);
    this.at = position;
  }

  /** Every finding, with its step. */
  findings(): readonly { step: number; finding: Finding }[] {
    return this.recorder.findingSteps.flatMap((step) => {
      const reader = this.steps.reader(step);
      skipWrites(reader);
      return this.shapes.read(reader.unsigned()).findings.map((finding) => ({ step, finding }));
    });
  }

  /** The identity of the world at the end. */
  digest(): string {
    const { at } = this;
    this.seek(this.stepCount);
    const text = digestText(this.world.digest());
    this.seek(at);
    return text;
  }

  /** @returns why the act was refused, if it was */
  private record(act: Act, firstStep: number): string | undefined {
    const { world, recorder } = this;
    world.recorder = recorder;
    try {
      const outcome = perform(world, act);
      recorder.endAct();
      return outcome?.says;
    } catch (error) {
      if (error instanceof Unmodelled || error instanceof NeverReturns) {
        world.finding(error instanceof Unmodelled ? 'unmodelled' : 'violation', error.message);
        recorder.endAct();
        return error.message;
      }
      world.undo(0);
      recorder.abandonAct();
      this.dropSteps(firstStep);
      throw error;
    } finally {
      world.recorder = undefined;
      world.log.top = 0;
    }
  }

  private dropSteps(from: number): void {
    this.keyframes.truncate(from);
    this.steps.truncate(from);
    this.recorder.truncate(from);
  }

  private changes(index: number): readonly Change[] {
    this.map ??= new ArenaMap(this.world);
    const list = new ChangeList(this.map, this.asideAt(index));
    readWrites(
      this.steps.reader(index),
      (address, difference) => list.addWord(address, difference),
      (field, first, count, difference) => list.addRun(field, first, count, difference),
    );
    return list.finish();
  }

  /** The second memory, moved to a position. */
  private asideAt(position: number): Memory {
    const aside = (this.aside ??= { memory: copyOf(this.memory), at: this.at });
    this.keyframes.play(aside.memory, aside.at, position);
    aside.at = position;
    return aside.memory;
  }

  /** The last act that starts at or before a step and has steps. */
  private actOf(step: number): number {
    let low = 0;
    let high = this.acts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.acts[middle] as PerformedAct).firstStep <= step) low = middle;
      else high = middle - 1;
    }
    // Acts without steps share their place with the act that has the step, and come before it.
    return low;
  }
}

function skipWrites(reader: ByteReader): void {
  readWrites(reader, nothing, nothing);
}
const nothing = (): void => {};

function copyOf({ arena, fields }: Memory): Memory {
  const log = new WriteLog();
  const copy = new Arena(log, arena.used);
  copy.allocate(arena.used);
  copy.words.set(arena.words.subarray(0, arena.used));
  return {
    arena: copy,
    fields: fields.map((field) => {
      const pages = new PageField(field.id, field.pageCount, log);
      for (const { first, count, value } of field.runs()) pages.store(first, count, value);
      return pages;
    }),
  };
}
