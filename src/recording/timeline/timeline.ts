/**
 * All steps of a run: performs acts and keeps what they did, shows the world at any position and any step in words. What
 * is kept is in step-log.ts and keyframes.ts; the inputs are kept as they came.
 */
import { assert } from '../../base/assert';
import { finish, type Resumable } from '../../base/resumable';
import type { Act } from '../../engine/acts';
import { digestText } from '../../engine/memory/digest';
import type { MoveName } from '../../engine/moves';
import { perform } from '../../engine/perform';
import { performFound, type Performed } from '../../engine/perform-found';
import type { Stop } from '../../engine/memory/meter';
import type { World } from '../../engine/world';
import { ArenaMap, ChangeList, type Change } from './changes';
import { StepRecorder } from './recorder';
import { ReadStep, type StepRecord } from './step-record';
import { StepTemplates, type Finding } from './step-template';
import { readArguments, StepLog } from './step-log';
import { Keyframes } from './keyframes';
import { memoryOf, Readers } from './readers';
import { readWrites, skipWrites, Writes, type Memory } from './writes';

export type { Change } from './changes';
export type { StepRecord } from './step-record';
export type { Finding, TakenTransition } from './step-template';

/** The origin of an act. */
export type ActOrigin = 'scenario' | 'program' | 'personality' | 'scheduler' | 'user';

/** An act of the timeline. Where it was refused or stopped, its steps show what it did until then. */
export interface PerformedAct extends Performed {
  readonly act: Act;
  readonly origin: ActOrigin;
  readonly firstStep: number;
  readonly stepCount: number;
}

/** One position of a timeline: the world stands after step `position - 1`. */
export interface Moment {
  readonly position: number;
  /** The world there, valid only until another moment is read. A write throws. */
  readonly world: World;
}

export class Timeline {
  readonly acts: PerformedAct[] = [];
  private readonly templates: StepTemplates;
  private readonly steps = new StepLog();
  private readonly recorder: StepRecorder;
  private readonly keyframes: Keyframes;
  private readonly memory: Memory;
  /** For views, and for code that walks through the steps at the same time. */
  private readonly readers: Readers;
  /** For the words of a step. */
  private readonly teller: Readers;
  private map: ArenaMap | undefined;

  /**
   * Position 0 is the world as given; acts are performed in it, so that it stands at the end.
   * @param performAct what an act does to it
   */
  constructor(
    readonly world: World,
    private readonly performAct: typeof perform = perform,
  ) {
    this.memory = memoryOf(world);
    this.templates = new StepTemplates(world.config.vcpus);
    const writes = new Writes(world.arena.used, this.memory.fields.length);
    this.recorder = new StepRecorder(world.log, this.templates, this.steps, writes);
    this.keyframes = new Keyframes(this.steps, writes);
    this.readers = new Readers(world, this.keyframes, 2);
    this.teller = new Readers(world, this.keyframes, 1);
    world.log.top = 0;
  }

  get stepCount(): number {
    return this.steps.stepCount;
  }

  /** The world at a position, 0 to `stepCount`. What it gives is new for each call, its `world` need not be. */
  at(position: number): Moment {
    assert(position >= 0 && position <= this.stepCount, `there is no position ${position}`);
    const worldAt = (): World =>
      position === this.stepCount ? this.world : this.readers.worldAt(position, this.stepCount);
    return {
      position,
      get world() {
        return worldAt();
      },
    };
  }

  /** Bytes that the recorded steps take. */
  get bytes(): { readonly log: number; readonly index: number; readonly keyframes: number } {
    return {
      log: this.steps.stream.top,
      index: this.steps.indexBytes + this.templates.byteLength + this.recorder.findingSteps.length * 8,
      keyframes: this.keyframes.byteLength,
    };
  }

  /** Performs an act at the end of the timeline. @param stop where it was stopped when it was recorded */
  perform(act: Act, origin: ActOrigin, stop?: Stop): PerformedAct {
    const firstStep = this.stepCount;
    const done = this.record(act, firstStep, stop);
    const stepCount = this.stepCount - firstStep;
    const performed: PerformedAct = { act, origin, firstStep, stepCount, ...done };
    this.acts.push(performed);
    this.keyframes.grow();
    return performed;
  }

  /** Takes back every act from `actIndex` on. */
  truncate(actIndex: number): void {
    const act = this.acts[actIndex];
    if (!act) return;
    this.keyframes.play(this.memory, this.stepCount, act.firstStep);
    this.readers.retreat(act.firstStep);
    this.teller.retreat(act.firstStep);
    this.dropSteps(act.firstStep);
    this.acts.length = actIndex;
  }

  /** One step as it can be shown. */
  step(index: number): StepRecord {
    assert(index >= 0 && index < this.stepCount, `there is no step ${index}`);
    const reader = this.steps.reader(index);
    skipWrites(reader);
    const template = this.templates.read(reader.unsigned());
    const { move } = template;
    const args = move && readArguments(reader, move.plan, this.templates);
    return new ReadStep(this, index, this.actOf(index), template, args);
  }

  /** The kind of a step's move; cheaper than {@link step}. */
  moveKind(index: number): MoveName | undefined {
    const reader = this.steps.reader(index);
    skipWrites(reader);
    return this.templates.moveKind(reader.unsigned());
  }

  /** Calls back with each run of pages that a step wrote: the number of the field, its first page, how many. */
  visitPages(index: number, visit: (field: number, first: number, count: number) => void): void {
    readWrites(this.steps.reader(index), nothing, visit);
  }

  /** What a step wrote, as it is kept (writes.ts): equal bytes changed the same bits of the same places. */
  writes(index: number): Uint8Array {
    const reader = this.steps.reader(index);
    const start = reader.at;
    skipWrites(reader);
    return this.steps.stream.bytes.subarray(start, reader.at);
  }

  /** Whether a step wrote the same as one of another timeline. */
  wroteSame(index: number, other: Timeline, otherIndex: number): boolean {
    const reader = this.steps.reader(index);
    const { at: start, bytes } = reader;
    skipWrites(reader);
    const theirs = other.steps.reader(otherIndex);
    // The encoding says itself where it ends: what begins with these bytes is no longer.
    for (let at = start; at < reader.at; at++)
      if (bytes[at] !== theirs.bytes[theirs.at + at - start]) return false;
    return true;
  }

  /** Every finding, with its step. */
  findings(): readonly { step: number; finding: Finding }[] {
    return this.recorder.findingSteps.flatMap((step) => {
      const reader = this.steps.reader(step);
      skipWrites(reader);
      return this.templates.read(reader.unsigned()).findings.map((finding) => ({ step, finding }));
    });
  }

  /** The identity of the world at the end. */
  digest(): string {
    return finish(this.digestInParts());
  }

  /** As {@link digest}: a large guest has many pages. */
  *digestInParts(): Resumable<string> {
    return digestText(yield* this.world.digestInParts());
  }

  private record(act: Act, firstStep: number, stop?: Stop): Performed {
    const { world, recorder } = this;
    world.recorder = recorder;
    try {
      const done = performFound(world, act, this.performAct, stop);
      recorder.endAct();
      return done;
    } catch (error) {
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

  /** What a step changed, by name; {@link StepRecord.changes} keeps it. */
  changesOf(index: number): readonly Change[] {
    this.map ??= new ArenaMap(this.world);
    const list = new ChangeList(this.map, memoryOf(this.teller.worldAt(index, this.stepCount)));
    readWrites(
      this.steps.reader(index),
      (address, difference) => list.addWord(address, difference),
      (field, first, count, difference) => list.addRun(field, first, count, difference),
    );
    return list.finish();
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

const nothing = (): void => {};
