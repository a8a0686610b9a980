/**
 * The world: everything simulated at one instant, and the only place it is written. Handlers write through the
 * accessors of the declared state, send events to the statecharts, and mark each visible move.
 */
import { PAGE_SIZE } from '../abi/address';
import { assert, itemAt, outside } from '../base/assert';
import { finish, type Resumable } from '../base/resumable';
import { isAgreed, knownValue, type FacetName, type Facets, type KnownValue } from '../profiles/facets';
import type { ResolvedProfile } from '../profiles/resolve';
import { take, type Chart, type Region } from '../machines/compile';
import type { AnyEffect, DecidingEvent, EffectFor, QuietEvent } from '../machines/effects';
import type { AnyEvent } from '../machines/events';
import { exchangeChart, type ExchangeDefinition, type ExchangeEvent } from '../machines/exchange';
import { launchChart, type LaunchDefinition, type LaunchEvent } from '../machines/launch';
import { vcpuChart, type VcpuDefinition } from '../machines/vcpu';
import type { VcpuEvent } from '../machines/vcpu-events';
import type { VmmAct } from './acts';
import { Arena, WriteLog, type WordAddress } from './memory/arena';
import { digestInParts, type Digest } from './memory/digest';
import { Image } from './memory/image';
import { Meter, type Allowance } from './memory/meter';
import { createPageStore, type PageStore } from './memory/page-store';
import type { InvariantName } from './rules/invariants';
import type { MoveArguments, MoveName } from './moves';
import type { RuleId } from './rules';
import {
  apicBaseAtReset,
  cpuidGroup,
  msrGroup,
  PAT_AT_RESET,
  type CpuidRow,
  type MsrRow,
} from './state/cpu-tables';
import { vcpuHistoryGroup, vmHistoryGroup, type VcpuHistory, type VmHistory } from './state/history';
import { faultGroup, hostGroup, resetHost, type Fault, type Host } from './state/host';
import type { Group, Instance, Variables } from './state/schema';
import { threadGroup, threadNames, type Thread } from './state/thread';
import { vcpuGroup, type Vcpu } from './state/vcpu';
import {
  farFramesGroup,
  gmemFileGroup,
  pageImageGroup,
  regionGroup,
  slotGroup,
  vmGroup,
  type EncryptedRegion,
  type FarFrames,
  type GmemFile,
  type PageImage,
  type Slot,
  type Vm,
} from './state/vm';

export const KVM_RUN_SIZE = 2352;
export const SLOT_COUNT = 8;
const FAULT_COUNT = 8;
const CPUID_ROWS = 8;
const MSR_ROWS = 4;
/** Kernel pages that a world can allocate: VMSAs, firmware pages, request pages. */
const KERNEL_PAGES = 512;
/** guest_memfd files that a world can have: the usual one, and others. */
export const FILE_COUNT = 4;
/** Pages that the other files share; a bigger file has no more of them. */
const OTHER_FILE_PAGES = 4096;
/** Runs of frames behind the page store that can carry bits. */
const FAR_ROWS = 8;
/** Userspace has one page of source buffer for every guest frame, and never fewer than this. */
const MIN_USER_PAGES = 64;
/** "No page" in a 32-bit page variable. */
export const NO_PFN = 0xffffffff;
/** "No address" in a 64-bit variable: KVM's INVALID_PAGE. */
export const NO_GPA = 0xffffffffffffffffn;

/** The dimensions of a world. Frames beyond `gfnCount` have no page facts. */
export interface WorldConfig {
  readonly vcpus: number;
  /** Guest frames that can carry page facts. */
  readonly gfnCount: number;
  /** Pages of the usual guest_memfd. */
  readonly gmemPages: number;
  /** Memory slots; SLOT_COUNT when missing. */
  readonly slots?: number;
}

export type FindingKind = 'violation' | 'ambiguity' | 'guest-error' | 'unmodelled' | 'note';

/** Receives what happens while acts are performed; a timeline is one. Without it only the write log is kept. */
export interface Recorder {
  transition(chart: Chart, instance: number, event: AnyEvent): void;
  facet(name: FacetName): void;
  /** @param invariant the invariant that a violation breaks */
  finding(kind: FindingKind, text: string, invariant?: InvariantName): void;
  move(
    kind: MoveName,
    vcpu: number,
    args: Readonly<Record<string, number | bigint | string>>,
    rule?: RuleId,
  ): void;
  /** The act was stopped: what was reported since its last move did not happen. */
  cut?(): void;
  /** Bytes that it keeps; they count in the budget of memory. */
  readonly byteLength?: number;
}

/** Where a call can be at when another thread acts: see `World.interleave`. */
export type InterleavePoint = 'gmemPage' | 'userPage' | 'slotInvalid';

/** Sees every move before the recorder closes its step; the invariants are checked here. */
export interface Watcher {
  move(kind: MoveName, vcpu: number, args: Readonly<Record<string, number | bigint | string>>): void;
}

export interface NamedInstance {
  /** Empty for single instances, `v1` for vCPU 1, `slot0` for slot 0. */
  readonly name: string;
  readonly group: Group;
  readonly instance: Instance<Variables>;
}

/** Names a self-contained part of a handler, and holds every value besides the state that the part depends on. */
export type PartName = string | (() => string);

const noEffects: readonly AnyEffect[] = [];

/** Events without effects, and events whose effects the caller carries out. */
export type QuietVcpuEvent = QuietEvent<VcpuDefinition, VcpuEvent>;
export type DecidingVcpuEvent = DecidingEvent<VcpuDefinition, VcpuEvent>;
export type QuietExchangeEvent = QuietEvent<ExchangeDefinition, ExchangeEvent>;
export type DecidingExchangeEvent = DecidingEvent<ExchangeDefinition, ExchangeEvent>;
export type QuietLaunchEvent = QuietEvent<LaunchDefinition, LaunchEvent>;
export type DecidingLaunchEvent = DecidingEvent<LaunchDefinition, LaunchEvent>;

/** A chart and where in the instance that holds it the state of each region stands. */
interface ChartSlot {
  readonly chart: Chart;
  readonly offsets: readonly number[];
}
const chartSlot = (chart: Chart, group: Group): ChartSlot => ({
  chart,
  offsets: chart.regions.map((region) => group.offsetOf(region.name)),
});
const vcpuSlot = chartSlot(vcpuChart, vcpuGroup);
const exchangeSlot = chartSlot(exchangeChart, vcpuGroup);
const launchSlot = chartSlot(launchChart, vmGroup);

export class World {
  /** Facets that this act reported as unspecified. */
  private readonly reported = new Set<FacetName>();
  readonly log = new WriteLog();
  readonly arena = new Arena(this.log);
  readonly pages: PageStore;
  readonly host: Host;
  readonly vm: Vm;
  readonly vcpus: readonly Vcpu[];
  /** The threads of the VMM, by the index of their name in `threadNames`. */
  readonly threads: readonly Thread[];
  /** The act goes on with a call that waited: it has passed the check for a dead VM. */
  resumesCall = false;
  /** The call of the VMM, inside the handling of an exit, that the kernel is in. */
  callInside: VmmAct | undefined;
  readonly slots: readonly Slot[];
  readonly regions: readonly EncryptedRegion[];
  readonly files: readonly GmemFile[];
  readonly farFrames: readonly FarFrames[];
  readonly faults: readonly Fault[];
  readonly cpuid: readonly CpuidRow[];
  readonly msrs: readonly MsrRow[];
  /** `kvm_run` of each vCPU, as bytes. */
  readonly kvmRun: readonly Image[];
  readonly pageImages: PageImage[] = [];
  private readonly imageBytes: Image[] = [];
  readonly instances: NamedInstance[] = [];
  recorder: Recorder | undefined;
  watcher: Watcher | undefined;
  /** The invariants that are checked; all of them when it is missing. With none of them nothing is remembered for them. */
  checked: ReadonlySet<InvariantName> | undefined;
  /** Called in the middle of a call, where another thread may act; for conformance cases only. */
  interleave: ((point: InterleavePoint) => void) | undefined;
  /** mmu_invalidate_seq: a look-up during which it changes is stale. No act lasts longer than one look-up, so it is no state. */
  invalidations = 0;
  /** Counts what an act does; without an allowance it stops none. */
  meter = new Meter(() => this.byteLength);
  /** What the invariants remember of each vCPU. */
  readonly vcpuHistory: readonly VcpuHistory[];
  /** What the invariants remember of the VM. */
  readonly vmHistory: VmHistory;

  constructor(
    readonly config: WorldConfig,
    readonly profile: ResolvedProfile,
  ) {
    this.pages = createPageStore(this.log, {
      gfnCount: config.gfnCount,
      pfnCount: config.gmemPages + KERNEL_PAGES + OTHER_FILE_PAGES,
      userPages: Math.max(config.gfnCount, MIN_USER_PAGES),
    });
    this.arena.deferViews();
    this.host = this.declare('host', hostGroup);
    this.vm = this.declare('vm', vmGroup);
    const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    this.vcpus = range(config.vcpus).map((i) => this.declare(`v${i}`, vcpuGroup, i));
    this.slots = range(config.slots ?? SLOT_COUNT).map((i) => this.declare(`slot${i}`, slotGroup, i));
    this.regions = range(SLOT_COUNT).map((i) => this.declare(`region${i}`, regionGroup, i));
    this.faults = range(FAULT_COUNT).map((i) => this.declare(`fault${i}`, faultGroup, i));
    this.cpuid = range(CPUID_ROWS).map((i) => this.declare(`cpuid${i}`, cpuidGroup, i));
    this.msrs = range(MSR_ROWS).map((i) => this.declare(`msr${i}`, msrGroup, i));
    // Not among the instances: a step does not show state that only the invariants read.
    this.vcpuHistory = range(config.vcpus).map((i) => vcpuHistoryGroup.create(this.arena, i));
    this.vmHistory = vmHistoryGroup.create(this.arena);
    this.kvmRun = range(config.vcpus).map(
      () => new Image(this.arena, this.arena.allocate(KVM_RUN_SIZE / 4), KVM_RUN_SIZE),
    );
    // Images of GHCB pages, VMSAs and scratch pages: three for each vCPU, and a reserve.
    for (let i = 0; i < config.vcpus * 4 + 8; i++) {
      this.pageImages.push(this.declare(`image${i}`, pageImageGroup, i));
      this.imageBytes.push(new Image(this.arena, this.arena.allocate(PAGE_SIZE / 4), PAGE_SIZE));
    }
    this.threads = range(config.vcpus + 1).map((i) =>
      this.declare(`thread.${threadNames[i] ?? ''}`, threadGroup, i),
    );
    this.files = range(FILE_COUNT).map((i) => this.declare(`file${i}`, gmemFileGroup, i));
    this.farFrames = range(FAR_ROWS).map((i) => this.declare(`far${i}`, farFramesGroup, i));
    this.arena.makeViews();
    this.reset();
    this.log.top = 0;
  }

  /** The first host page behind those of the kernel: pages of other guest_memfd files. */
  get firstOtherFilePage(): number {
    return this.config.gmemPages + KERNEL_PAGES;
  }

  private declare<V extends Variables>(name: string, group: Group<V>, index = 0): Instance<V> {
    const instance = group.create(this.arena, index);
    this.instances.push({
      name,
      group: group,
      instance: instance,
    });
    return instance;
  }

  /** From now on acts may use so much, together. */
  allow(allowance: Allowance): void {
    this.meter = new Meter(() => this.byteLength, allowance);
  }

  /** Bytes of log, arena, page store and what the recorder keeps. */
  get byteLength(): number {
    const pages = this.pages.fields.reduce((sum, field) => sum + field.byteLength, 0);
    const { log, arena, recorder } = this;
    return log.data.byteLength + arena.byteLength + pages + (recorder?.byteLength ?? 0);
  }

  /** A page is looked at in a loop that need not write: it counts like a word of the log. */
  look(): void {
    this.meter.look(this.log.top);
  }

  /** Charts start in their initial states; "none" values are not zero. */
  private reset(): void {
    this.vcpus.forEach((vcpu) => this.resetVcpu(vcpu));
    this.setRegions(this.vm as unknown as Instance<Variables>, launchChart);
    this.vm.contextPfn = NO_PFN;
    this.vm.responsePfn = NO_PFN;
    this.vm.requestPfn = NO_PFN;
    this.vm.maxPhysicalAddress = 48;
    this.vm.cBit = 51;
    this.vm.kernelApic = true;
    resetHost(this.host);
  }

  /** Resets KVM's state of a vCPU to the state before its creation. */
  resetVcpu(vcpu: Vcpu): void {
    for (let word = 0; word < vcpu.group.words; word++) this.arena.write(vcpu.base + word, 0);
    const instance = vcpu as unknown as Instance<Variables>;
    this.setRegions(instance, vcpuChart);
    this.setRegions(instance, exchangeChart);
    vcpu.pendingVmsaGpa = NO_GPA;
    vcpu.guestVmsaGpa = NO_GPA;
    vcpu.vmcbVmsaPfn = NO_PFN;
    vcpu.launchVmsaPfn = NO_PFN;
    vcpu.xcr0 = 1n;
    vcpu.pat = PAT_AT_RESET;
    vcpu.apicBase = apicBaseAtReset(vcpu.index);
    this.forget(this.vcpuHistory[vcpu.index]);
  }

  /** Resets what the invariants remember of an object that no longer exists. */
  forget(history: VcpuHistory | VmHistory | undefined): void {
    if (!history) return;
    for (let word = 0; word < history.group.words; word++) this.arena.write(history.base + word, 0);
  }

  private setRegions(instance: Instance<Variables>, chart: Chart): void {
    for (const region of chart.regions) {
      this.arena.write(instance.base + instance.group.offsetOf(region.name), region.initial);
    }
  }

  vcpu(index: number): Vcpu {
    return this.vcpus[index] ?? outside('vCPU', index, this.vcpus.length);
  }

  /**
   * The value of a facet; the step records that it was consulted. Where no source says which it is, the facet's own
   * fallback and a finding, once in an act.
   */
  facet<N extends FacetName>(name: N): KnownValue<N> {
    const value = knownValue(this.profile.facets, name);
    if (this.facetOrUnspecified(name) === 'unspecified' && this.markReported(name)) {
      this.reportSilence(name, value);
    }
    return value;
  }

  /**
   * No source says what this kernel does. Of a wish list that is the rule rather than the exception: it is said once in a
   * run, and not where all kernels do the same.
   */
  private reportSilence(name: FacetName, value: string): void {
    if (!this.profile.neverExistedAsCode) {
      this.finding('ambiguity', `${name}: no source says what this kernel does; shown as ${value}`);
    } else if (this.recorder && !isAgreed(name) && !this.host.silenceSaid) {
      this.host.silenceSaid = true;
      this.finding(
        'ambiguity',
        `${name}: no mail of a reviewer says what is wanted, here and in other places of this run; each time the nearest kernel is shown, here ${value}`,
      );
    }
  }

  /** The value of a facet as the profile has it, for callers that handle `unspecified` themselves. */
  facetOrUnspecified<N extends FacetName>(name: N): Facets[N] {
    this.recorder?.facet(name);
    return this.profile.facets[name];
  }

  /** Notes that the act reported a facet as unspecified. @returns whether it is the first time in the act */
  private markReported(name: FacetName): boolean {
    if (this.reported.has(name)) return false;
    this.reported.add(name);
    return true;
  }

  /** Called before an act: no facet is reported yet. */
  clearReported(): void {
    this.reported.clear();
  }

  /** Sends an event without effects to a vCPU's chart. */
  sendVcpu(vcpu: Vcpu, event: QuietVcpuEvent): void {
    this.send(vcpuSlot, vcpu.base, event, vcpu.index);
  }

  /** Sends an event to a vCPU's chart. @returns the effects to carry out, in order */
  decideVcpu<E extends DecidingVcpuEvent>(
    vcpu: Vcpu,
    event: E,
  ): readonly EffectFor<VcpuDefinition, E['type']>[] {
    return this.send(vcpuSlot, vcpu.base, event, vcpu.index);
  }

  /** As `sendVcpu`, for the request of a vCPU. */
  sendExchange(vcpu: Vcpu, event: QuietExchangeEvent): void {
    this.apart(
      () => `${Object.values(event).join(' ')} ${vcpu.index}`,
      () => void this.send(exchangeSlot, vcpu.base, event, vcpu.index),
    );
  }

  /** As `decideVcpu`, for the request of a vCPU. */
  decideExchange<E extends DecidingExchangeEvent>(
    vcpu: Vcpu,
    event: E,
  ): readonly EffectFor<ExchangeDefinition, E['type']>[] {
    return this.send(exchangeSlot, vcpu.base, event, vcpu.index);
  }

  /** As `sendVcpu`, for the launch. */
  sendLaunch(event: QuietLaunchEvent): void {
    this.send(launchSlot, this.vm.base, event, -1);
  }

  /** As `decideVcpu`, for the launch. */
  decideLaunch<E extends DecidingLaunchEvent>(event: E): readonly EffectFor<LaunchDefinition, E['type']>[] {
    return this.send(launchSlot, this.vm.base, event, -1);
  }

  /**
   * Takes the transition of every region. The compiled table holds the definition's own effects, so that the type of
   * the event, by which `Effects` was read from the definition, is the type of what is found there.
   */
  private send<Effects extends readonly unknown[]>(
    { chart, offsets }: ChartSlot,
    base: WordAddress,
    event: AnyEvent,
    instance: number,
  ): Effects {
    const code = chart.eventCodes.get(event.type);
    assert(code !== undefined, `${chart.id} does not declare ${event.type}`);
    let effects = noEffects;
    let accepted = false;
    for (let i = 0; i < offsets.length; i++) {
      const at = base + (offsets[i] as number);
      const region = chart.regions[i] as Region;
      // A region that never takes the event is not asked: a search then knows that its state does not matter.
      if (region.takes[code] !== true) continue;
      const taken = take(region, this.arena.read(at), code, chart.eventTypes.length, event);
      if (!taken) continue;
      accepted = true;
      if (taken.target >= 0) this.arena.write(at, taken.target);
      effects = effects.length === 0 ? taken.effects : [...effects, ...taken.effects];
    }
    this.recorder?.transition(chart, instance, event);
    if (!accepted) this.finding('violation', `${chart.id}: no state accepts ${event.type}`);
    return effects as unknown as Effects;
  }

  /** Marks a visible move: everything written since the last mark belongs to it. */
  move<M extends MoveName>(kind: M, vcpu: number, args: MoveArguments<M>, rule?: RuleId): void {
    const { meter } = this;
    if (meter.moves >= meter.askAtMove) meter.askMoves(this.log.top);
    this.watcher?.move(kind, vcpu, args);
    this.recorder?.move(kind, vcpu, args, rule);
    meter.moves++;
    meter.movedAt = this.log.top;
  }

  /**
   * Runs a self-contained part of a handler: it depends on the state and on its name alone, and has no effect but its writes
   * and its return value. A search may find that the values which such a part reads change nothing later.
   */
  apart<T>(_name: PartName, work: () => T): T {
    return work();
  }

  /** Something a reviewer should see, attached to the step in progress. */
  finding(kind: FindingKind, text: string): void {
    this.recorder?.finding(kind, text);
  }

  /** An invariant that does not hold in the step in progress. */
  violation(invariant: InvariantName, text: string): void {
    this.recorder?.finding('violation', text, invariant);
  }

  /** Bytes of a page that was accessed before, else undefined. */
  findImage(side: PageImage['side'], frame: number): Image | undefined {
    const index = this.pageImages.findIndex(
      (image) => image.used && image.frame === frame && image.side === side,
    );
    return index < 0 ? undefined : this.imageBytes[index];
  }

  /** Bytes of a page, made on first use. */
  image(side: PageImage['side'], frame: number): Image {
    const found = this.findImage(side, frame);
    if (found) return found;
    const index = this.pageImages.findIndex((image) => !image.used);
    const image = this.pageImages[index];
    assert(image, 'more pages are accessed than this world has images for');
    image.used = true;
    image.side = side;
    image.frame = frame;
    return itemAt(this.imageBytes, index, 'image');
  }

  /** Forgets the bytes of a page: a copy that was freed. */
  dropImage(side: PageImage['side'], frame: number): void {
    for (const image of this.pageImages) {
      if (!image.used || image.side !== side || image.frame !== frame) continue;
      this.bytesOf(image).clear();
      image.used = false;
      image.frame = 0;
      image.side = 'shared';
    }
  }

  /** The bytes that belong to a declared image, for views. */
  bytesOf(image: PageImage): Image {
    return itemAt(this.imageBytes, image.index, 'image');
  }

  /** The current position in the write log, for `undo`. */
  mark(): number {
    return this.log.top;
  }

  /** Takes back every write since `mark`. */
  undo(mark: number): void {
    const { data } = this.log;
    const words = this.arena.words;
    let top = this.log.top;
    while (top > mark) {
      const tag = data[top - 1] as number;
      if (tag >= 0) {
        words[tag] = data[top - 3] as number;
        top -= 3;
      } else {
        itemAt(this.pages.fields, -1 - tag, 'field of pages').store(
          data[top - 5] as number,
          data[top - 4] as number,
          data[top - 3] as number,
        );
        top -= 5;
      }
    }
    this.log.top = top;
  }

  /** The digest of this state, computed from scratch. */
  digest(): Digest {
    return finish(this.digestInParts());
  }

  /** As {@link digest}; the state must not change before it is there. */
  digestInParts(): Resumable<Digest> {
    return digestInParts(this.arena, this.pages.fields);
  }
}
