/** The acts of `public/models/psc.pml` in the engine: every state that they lead to, in the words of `psc.json`. */
import { GHCB_MSR_PSC_RESP, pscResponse } from '../../src/abi/ghcb-msr';
import { GHCB_SHARED_BUFFER, ghcbPage } from '../../src/abi/ghcb-page';
import { PAGES_PER_LARGE_PAGE as LARGE, gfnToGpa, gpaToGfn } from '../../src/abi/address';
import {
  KVM_EXIT_MEMORY_FAULT,
  kvmRun,
  kvmRunHypercall,
  kvmRunMemoryFault,
  mapGpaRangeAttributes,
  memoryFaultFlags,
} from '../../src/abi/kvm-run';
import {
  PSC_GENERIC_ERROR,
  PSC_INVALID_ENTRY,
  PSC_INVALID_HDR,
  PSC_MAX_ENTRIES,
  PSC_SUCCESS,
  pscHeader,
  readPscEntry,
} from '../../src/abi/psc';
import { hex } from '../../src/base/hex';
import type { Act } from '../../src/engine/acts';
import { isPrivate } from '../../src/engine/frames/attributes';
import { gmemPageOf, slotOf } from '../../src/engine/frames/slots';
import { usualGhcbGpa } from '../../src/engine/guest/ghcb-writer';
import { pageState } from '../../src/engine/hardware/rmp';
import { kvmRunOf } from '../../src/engine/kvm/exit';
import type { InvariantName } from '../../src/engine/rules/invariants';
import type { World } from '../../src/engine/world';
import { pscLine, pscStart, type PscBuffer } from '../../src/explorer/promela/acts';
import { finish } from '../../src/base/resumable';
import { questionsOf, checkedFor, type Property, type Question } from '../../src/explorer/search/property';
import { rootWorld } from '../../src/explorer/search/root';
import type { Scope, ScopeAct } from '../../src/explorer/search/scope';
import { search, type SearchLimits, type Searched } from '../../src/explorer/search/search';
import { profile, type ProfileName } from '../../src/profiles/resolve';
import { parseScenario, problemText } from '../../src/scenarios/parse';
import type { Scenario } from '../../src/scenarios/scenario';
import { parameterOf, type Defines } from './spin.mjs';

/** The properties that both have. */
export const pscInvariants = [
  'PscReportsTruth',
  'NoUnrequestedConversion',
  'PscProgressMonotonic',
  'PscBoundedExits',
  'NoStaleReturn',
] as const satisfies readonly InvariantName[];

export interface EngineReport {
  /** The least number of acts to a violation. */
  readonly lengths: Readonly<Record<string, number>>;
  readonly abstractStates: readonly string[];
}

const asked: Property = { kind: 'invariants', names: pscInvariants };
const secondVcpu = ['launch standard', 'v0 init-sipi target=1', 'kvm wake vcpu=1', 'vmm run vcpu=1'];

function rootOf(scenario: Scenario, id: ProfileName, questions: readonly Question[] = []): World {
  const root = rootWorld(scenario, profile(id), checkedFor(questions));
  if (!root.ok) throw new Error(root.error.message);
  return root.value;
}

function parsed(lines: readonly string[]): Scenario {
  const text = `ghcb-scenario 1\nvm vcpus=2 memory=8M\nguest manual\nhost manual\n${lines.join('\n')}\nend ghcb-scenario\n`;
  const scenario = parseScenario(text);
  if (!scenario.ok) throw new Error(scenario.problems.map(problemText).join('\n'));
  return scenario.scenario;
}

function actOf(line: string): Act {
  const [act] = parsed([line]).lines.flatMap((one) => (one.kind === 'act' ? [one.act] : []));
  if (!act) throw new Error(`'${line}' is no act`);
  return act;
}

/** A scope of the model under a profile: its parameters, and the frames that stand for its pages. */
class PscScope {
  readonly pages: readonly number[];
  readonly entries: number;
  readonly huge: number;
  readonly isInKernel: boolean;
  readonly buffer: PscBuffer;
  readonly scenario: Scenario;
  private readonly keepsEnd: boolean;
  private readonly keepsRet: boolean;

  constructor(
    private readonly defines: Defines,
    readonly id: ProfileName,
  ) {
    const { facets } = profile(id);
    this.entries = this.count('ENTRIES');
    this.huge = this.count('HUGE');
    this.isInKernel = facets['psc.batch'] === 'inKernel';
    this.keepsEnd = facets['psc.headerRead'] === 'oncePerRequest';
    this.keepsRet = facets['psc.retInit'] === 'stale';
    this.pages = Array.from({ length: this.count('PAGES') }, (_, page) => this.frameOf(page));
    const setUp = [...secondVcpu, ...this.slots()];
    const ghcb = usualGhcbGpa(rootOf(parsed(setUp), id), 0);
    // Between requests the asking vCPU writes the buffer, at any time the other one does.
    const writer = this.count('REWRITES') ? 1 : 0;
    this.buffer = { at: ghcb + BigInt(GHCB_SHARED_BUFFER), pages: this.pages, writer };
    this.scenario = parsed([...setUp, ...this.linesTo(ghcb)]);
  }

  /** A parameter; `ANY` is none. */
  count(name: string): number {
    const value = parameterOf('psc', this.defines, name);
    return value === 'ANY' ? Infinity : value;
  }

  private startsPrivate(page: number): boolean {
    return ((this.count('PRIVATE_AT_START') >> page) & 1) === 1;
  }

  /** The last page of a large one is the last of 512; those between it and the first ones have no name. */
  private frameOf(page: number): number {
    if (this.count('WRITES_HUGE') === 0) return 0x100 + page;
    const within = page % this.huge;
    return LARGE + Math.floor(page / this.huge) * LARGE + (within === this.huge - 1 ? LARGE - 1 : within);
  }

  /** Where a page has no memslot, memory ends in front of it; the first slot leaves room for the GHCB page. */
  private slots(): string[] {
    const unbacked = this.count('UNBACKED');
    if (unbacked >= this.pages.length) return [];
    const end = (this.pages[unbacked - 1] ?? 0) + 1;
    const first = LARGE / 2;
    return [
      'vmm memslot gfn=0x0 n=0 slot=0',
      `vmm memslot gfn=0x0 n=${first} gmem=0`,
      `vmm memslot gfn=${hex(first)} n=${end - first} gmem=${first}`,
    ];
  }

  /** The state in which the model begins; the second vCPU of the guest makes what is needed. */
  private linesTo(ghcbGpa: bigint): string[] {
    const lines = this.pages.flatMap((gfn, page) => {
      const isPrivateAtStart = this.startsPrivate(page);
      return [
        `vmm set-attributes gfn=${hex(gfn)} n=1 private=${isPrivateAtStart ? 'yes' : 'no'}`,
        ...(this.isInKernel && isPrivateAtStart ? [`v1 msr-psc gfn=${hex(gfn)} op=private`] : []),
        ...(isPrivateAtStart ? [`v1 pvalidate gpa=${hex(gfnToGpa(gfn))}`] : []),
      ];
    });
    return [
      `vmm set-attributes gfn=${hex(gpaToGfn(ghcbGpa))} n=1 private=no`,
      ...lines,
      ...pscStart({ ...this.buffer, writer: 1 }),
    ];
  }

  /** Every act of the model, as its last lines list them; acts that one parameter counts share a counter. */
  scope(): Scope {
    const counters = new Map<string, number>();
    const times: number[] = [];
    const acts: ScopeAct[] = [];
    const counterOf = (parameter: string): number => {
      const count = this.count(parameter);
      if (count === Infinity) return -1;
      const known = counters.get(parameter) ?? times.push(count) - 1;
      counters.set(parameter, known);
      return known;
    };
    const add = (parameter: string, ...words: readonly string[]): void => {
      if (this.count(parameter) === 0) return;
      const [actor = '', verb = '', ...args] = words.join(' ').split(' ');
      const pairs = args.map((arg) => arg.split('=') as [string, string]);
      const line = pscLine({ actor, verb, args: new Map(pairs) }, this.buffer, true) ?? '';
      acts.push({ act: actOf(line), counter: counterOf(parameter) });
    };
    for (const page of this.pages.keys()) this.addPage(page, add);
    const last = this.entries - 1;
    const headers = ['cur=0 end=0', `cur=0 end=${last}`, 'cur=0 end=beyond'];
    if (last > 0) headers.push('cur=1 end=0', 'cur=1 end=1');
    for (const header of new Set(headers)) add('WRITES_HEADER', 'guest write-header', header);
    add('BATCHES', 'guest psc');
    add('ZEROES', 'vmm answer ret=0');
    add('FAILURES', 'vmm answer ret=22');
    add('ODD_ANSWERS', 'vmm answer ret=1');
    add('RUNS', 'vmm run');
    return {
      scenario: this.scenario,
      acts,
      times,
      threadsGoOn: false,
      properties: [asked],
      maxStates: undefined,
      maxDepth: undefined,
    };
  }

  /** What concerns one page. */
  private addPage(page: number, add: (parameter: string, ...words: readonly string[]) => void): void {
    const gfn = `gfn=${page}`;
    const isNamed = ((this.count('NAMED') >> page) & 1) === 1;
    for (let n = 0; n < this.entries; n++) {
      const write = `guest write-entry n=${n} ${gfn}`;
      if (isNamed) {
        for (const op of [1, 2]) add('WRITES', write, `op=${op}`);
        add('WRITES_SMASH', write, 'op=3');
      }
      if (page % this.huge !== 0 || page + this.huge > this.pages.length) continue;
      for (const op of [1, 2])
        for (const done of [0, this.huge - 1]) add('WRITES_HUGE', write, `op=${op} size=2M cur-page=${done}`);
    }
    if (!isNamed) return;
    for (const op of [1, 2, 3]) add('MSRS', 'guest psc-msr', gfn, `op=${op}`);
    for (const how of [0, 1]) add('TOUCHES', 'guest touch', gfn, `private=${how}`);
    for (const how of [0, 1]) add('PVALIDATES', 'guest pvalidate', gfn, `validate=${how}`);
    if (this.isInKernel) return;
    for (const how of [0, 1]) add('ATTRIBUTES', 'vmm set-attributes', gfn, `private=${how}`);
    add('PUNCHES', 'vmm punch-hole', gfn);
  }

  /** The state of the world in the words of psc.json, sorted. */
  inWords(world: World): string {
    const vcpu = world.vcpu(0);
    const exit = exitOf(world);
    const page = world.image('shared', gpaToGfn(this.buffer.at));
    const at = GHCB_SHARED_BUFFER;
    const { curEntry, endEntry } = pscHeader.decode(page.u64(at));
    const isInFlight = vcpu.completion === 'psc' || vcpu.pscBatch > 0;
    const ret = kvmRunHypercall.get(kvmRunOf(world, vcpu), 'ret');
    const asked = exit?.range;
    const words: Record<string, string | number> = {
      thread: exit?.thread ?? (inGuest(world) ? 'in-guest' : 'in-vmm'),
      cur_entry: Number(curEntry),
      end_entry: Number(endEntry) === PSC_MAX_ENTRIES ? this.entries : Number(endEntry),
      'psc-index': isInFlight ? vcpu.pscCurrent : 0,
      'psc-end': isInFlight && this.keepsEnd ? vcpu.pscEnd : 0,
      'psc-in-flight': vcpu.pscBatch,
      'exit-gfn': asked ? this.pages.indexOf(asked.gfn) : 0,
      'exit-pages': asked ? this.scaled(asked.pages) : 0,
      'exit-private': asked?.toPrivate ? 'yes' : 'no',
      ret: this.keepsRet || waitsForRet(world) ? (rets[Number(ret)] ?? hex(ret)) : '0',
      answer: waitsForRet(world) ? 'none' : answerOf(world, ghcbPage.get(page, 'swExitInfo2')),
      'exits-enabled': world.vm.hypercallExits ? 'yes' : 'no',
    };
    for (let n = 0; n < this.entries; n++) {
      const { curPage, gfn, operation, huge } = readPscEntry(page, n, at);
      words[`entry${n}.operation`] = operations[operation] ?? operation;
      words[`entry${n}.gfn`] = this.pages.indexOf(gfn);
      words[`entry${n}.pagesize`] = huge ? '2M' : '4K';
      words[`entry${n}.cur_page`] = this.scaled(curPage);
    }
    for (const [page, gfn] of this.pages.entries()) {
      const isSet = this.isInKernel ? this.startsPrivate(page) : isPrivate(world, gfn);
      words[`page${page}.attribute`] = isSet ? 'private' : 'shared';
      words[`page${page}.rmp`] = rmpOf(world, gfn);
    }
    return sortedWords(Object.entries(words).map(([name, value]) => `${name}=${value}`));
  }

  /** A number of 4K pages, of which 512 or 511 are a large one or all but the last of one. */
  private scaled(pages: number): number {
    if (pages === LARGE - 1) return this.huge - 1;
    return Math.floor(pages / LARGE) * this.huge + (pages % LARGE);
  }
}

export const sortedWords = (words: readonly string[]): string => [...words].sort().join(' ');

const operations: Readonly<Record<number, string>> = { 1: 'private', 2: 'shared', 3: 'smash' };
const rets: Readonly<Record<number, string>> = { 0: '0', 1: 'EPERM', 22: 'EINVAL' };
const replies = new Map([
  [PSC_SUCCESS, 'no-error'],
  [PSC_INVALID_HDR, 'invalid-header'],
  [PSC_INVALID_ENTRY, 'invalid-entry'],
  [PSC_GENERIC_ERROR, 'generic'],
]);
const inGuest = (world: World): boolean => world.vcpu(0).run === 'inGuest';

/** What the guest reads of its last request: the GHCB MSR tells which it was. */
function answerOf(world: World, info2: bigint): string {
  const { ghcbMsr } = world.vcpu(0);
  const { info, error } = pscResponse.decode(ghcbMsr);
  if (Number(info) === GHCB_MSR_PSC_RESP) return Number(error) === 0 ? 'no-error' : 'generic';
  const isNae = ghcbMsr !== 0n && Number(info) === 0;
  return isNae ? (replies.get(info2) ?? hex(info2)) : 'none';
}

function rmpOf(world: World, gfn: number): string {
  const slot = slotOf(world, gfn);
  return slot ? pageState(world, gmemPageOf(slot, gfn)).toLowerCase() : 'hypervisor';
}

interface Asked {
  readonly gfn: number;
  readonly pages: number;
  readonly toPrivate: boolean;
}
interface Exit {
  readonly thread: string;
  readonly range: Asked;
}

/** The exit in hand, and what it asks for. */
function exitOf(world: World): Exit | undefined {
  const vcpu = world.vcpu(0);
  if (inGuest(world)) return undefined;
  const run = kvmRunOf(world, vcpu);
  if (vcpu.completion === 'psc' || vcpu.completion === 'pscMsr') {
    const args = kvmRunHypercall.offsetOf('args');
    const { encrypted } = mapGpaRangeAttributes.decode(run.u64(args + 16));
    return {
      thread: vcpu.completion === 'psc' ? 'batch-exit' : 'msr-exit',
      range: {
        gfn: gpaToGfn(run.u64(args)),
        pages: Number(run.u64(args + 8)),
        toPrivate: Number(encrypted) === 1,
      },
    };
  }
  if (kvmRun.get(run, 'exitReason') !== KVM_EXIT_MEMORY_FAULT) return undefined;
  const gpa = kvmRunMemoryFault.get(run, 'gpa');
  const { private: toPrivate } = memoryFaultFlags.decode(kvmRunMemoryFault.get(run, 'flags'));
  return {
    thread: 'memory-fault-exit',
    range: { gfn: gpaToGfn(gpa), pages: 1, toPrivate: Number(toPrivate) === 1 },
  };
}

const waitsForRet = (world: World): boolean =>
  (exitOf(world)?.thread ?? 'memory-fault-exit') !== 'memory-fault-exit';

/** Every state of a scope, with the least number of acts to a violation of each property that both have. */
export function engineReport(defines: Defines, id: ProfileName): EngineReport {
  const model = new PscScope(defines, id);
  const scope = model.scope();
  const questions = questionsOf([asked]);
  const searched = (of: readonly Question[], limits: SearchLimits): Searched => {
    const found = finish(
      search(scope, of, [rootOf(model.scenario, id, of)], { whole: true, ...limits }).parts,
    );
    const { end, gaps } = found;
    if (end !== 'exhausted' || gaps > 0) throw new Error(`${end} with ${gaps} gaps`);
    return found;
  };
  // What the invariants remember is no part of an abstract state, and what is told of a state no part of a violation.
  const { answers } = searched(questions, {});
  const { projected } = searched([], { projection: (world) => model.inWords(world) });
  const lengths = answers.flatMap(({ question, way }) => (way ? [[question.name, way.length] as const] : []));
  return { lengths: Object.fromEntries(lengths), abstractStates: projected };
}
