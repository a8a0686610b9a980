/** What follows from lines that are passed in order, and what they say themselves of vCPUs and pages. */
import { apCreationRequests, apInfo1 } from '../../abi/ap-creation';
import {
  ghcbMsrInfo,
  pscRequest,
  GHCB_MSR_AP_RESET_HOLD_REQ,
  GHCB_MSR_PSC_REQ,
  GHCB_MSR_TERM_REQ,
} from '../../abi/ghcb-msr';
import { KVM_MAP_GPA_RANGE_ENCRYPTED } from '../../abi/kvm-run-members';
import { KVM_MEMORY_ATTRIBUTE_PRIVATE } from '../../abi/kvm-structs';
import {
  SVM_VMGEXIT_AP_CREATION,
  SVM_VMGEXIT_AP_HLT_LOOP,
  SVM_VMGEXIT_PSC,
  SVM_VMGEXIT_TERM_REQUEST,
} from '../../abi/nae';
import { PFERR_GUEST_ENC_MASK } from '../../abi/nested-fault';
import { own } from '../../base/table';
import type { Lane } from '../../engine/moves';
import { numberIn, signedIn, textIn } from '../form';
import type { TraceLine } from '../read';
import type { Fields } from '../template';
import { UNKNOWN_LANE } from './lanes';
import type { InferenceRuleName } from './rules';

/** What a line says itself of a vCPU or of pages. */
export interface Told {
  readonly vcpu?: { readonly number: number; readonly state: string };
  readonly pages?: { readonly first: bigint; readonly end: bigint; readonly state: string };
}

/** A conclusion: something that no line says. */
export interface Inferred extends Told {
  readonly rule: InferenceRuleName;
  readonly text: string;
  /** Numbers of the lines that it follows from. */
  readonly lines: readonly number[];
  readonly from: Lane;
  readonly to: Lane;
  /** The guest lane that it is drawn in. */
  readonly of: number;
}

/** What a vCPU asked for and what has come of it so far. */
interface Request {
  readonly line: number;
  readonly fields: Fields;
  readonly isMsr: boolean;
  /** Left to userspace; the answer stands in no line. */
  left?: true;
  /** Ranges that userspace saw of it. */
  readonly ranges: {
    readonly first: bigint;
    readonly end: bigint;
    readonly state: string;
    readonly line: number;
  }[];
}

export interface Followed {
  readonly told: Told;
  readonly before: readonly Inferred[];
  readonly after: readonly Inferred[];
}

/** Bits of an offset in a page: frames stay bigints here, because a log may hold any number. */
const PAGE = 12n;
const inHex = (value: bigint): string => `0x${value.toString(16)}`;
const rangeText = (first: bigint, end: bigint): string =>
  end - first === 1n ? `GFN ${inHex(first)}` : `GFN ${inHex(first)} up to ${inHex(end)}`;
const framesOf = (fields: Fields, start: string, size: string) => {
  const gpa = numberIn(fields, start);
  return { first: gpa >> PAGE, end: (gpa + numberIn(fields, size) + (1n << PAGE) - 1n) >> PAGE };
};
const privacy = (isPrivate: boolean): string => (isPrivate ? 'private' : 'shared');
const PRIVATE_OPERATION = 1;

export class Inferences {
  /** vCPUs that asked for the end and were not entered since. */
  private readonly over = new Set<number>();
  private readonly requests = new Map<number, Request>();
  private readonly faults = new Map<
    number,
    { readonly line: number; readonly gfn: bigint; readonly isPrivate: boolean }
  >();
  /** vCPUs that were created and have not run since. */
  private readonly created = new Map<number, { readonly line: number; readonly gfn: bigint }>();
  private last: number = UNKNOWN_LANE;

  /** @param nameOf what the one in a guest lane is called */
  constructor(private readonly nameOf: (lane: number) => string) {}

  /** The next placed line. @param lane its guest lane, where it has one: that of its vCPU, or of its processor */
  take(line: TraceLine, lane: number): Followed {
    const handler = own(this.handlers, line.form?.id ?? '');
    if (lane !== UNKNOWN_LANE) this.last = lane;
    return { ...NOTHING, ...handler?.(line, line.fields ?? {}, this.last) };
  }

  private readonly handlers: Readonly<
    Record<string, (line: TraceLine, fields: Fields, vcpu: number) => Partial<Followed>>
  > = {
    kvm_vmgexit_msr_protocol_enter: (line, fields, vcpu) => this.begin(line, { vcpu, fields, isMsr: true }),
    kvm_vmgexit_enter: (line, fields, vcpu) => this.begin(line, { vcpu, fields, isMsr: false }),
    kvm_vmgexit_msr_protocol_exit: (_, fields, vcpu) => {
      const request = this.requests.get(vcpu);
      if (request && (signedIn(fields, 'result') ?? 1) !== 0) this.requests.delete(vcpu);
      else if (request) request.left = true;
      return {};
    },
    kvm_vmgexit_exit: (line, fields, vcpu) => this.answered(line, fields, vcpu),
    kvm_entry: (line, _, vcpu) => {
      this.over.delete(vcpu);
      const made = this.created.get(vcpu);
      this.created.delete(vcpu);
      const told = { vcpu: { number: vcpu, state: 'runs' } };
      if (!made) return { told };
      const started: Inferred = {
        rule: 'started',
        text: `${this.nameOf(vcpu)} runs with the VMSA at GFN ${inHex(made.gfn)}`,
        lines: [made.line, line.number],
        from: 'kvm',
        to: 'guest',
        of: vcpu,
      };
      return { told, after: [started] };
    },
    kvm_exit: (_, __, vcpu) => ({ told: { vcpu: { number: vcpu, state: 'in KVM' } } }),
    kvm_run_exit: (_, __, vcpu) => ({ told: { vcpu: { number: vcpu, state: 'in the VMM' } } }),
    kvm_userspace_exit: (line, fields, vcpu) => ({
      told: { vcpu: { number: vcpu, state: 'in the VMM' } },
      after: this.memoryFault(line, fields, vcpu),
    }),
    kvm_page_fault: (line, fields, vcpu) => {
      const isPrivate = (numberIn(fields, 'error') & PFERR_GUEST_ENC_MASK) !== 0n;
      this.faults.set(vcpu, { line: line.number, gfn: numberIn(fields, 'address') >> PAGE, isPrivate });
      return {};
    },
    kvm_rmp_fault: (line, fields, vcpu) => {
      if (numberIn(fields, 'level') !== 2n || signedIn(fields, 'ret') !== 0) return {};
      const first = (numberIn(fields, 'gpa') >> PAGE) & ~511n;
      return {
        after: [
          {
            rule: 'split',
            text: `the RMP entry of ${rangeText(first, first + 512n)} is of 4K now`,
            lines: [line.number],
            from: 'kvm',
            to: 'rmp',
            of: vcpu,
          },
        ],
      };
    },
    kvm_vm_set_mem_attributes: (_, fields) => ({
      told: {
        pages: {
          first: numberIn(fields, 'start'),
          end: numberIn(fields, 'end'),
          state: privacy((numberIn(fields, 'attributes') & KVM_MEMORY_ATTRIBUTE_PRIVATE) !== 0n),
        },
      },
    }),
    kvm_hc_map_gpa_range: (line, fields, vcpu) => {
      const state = privacy((numberIn(fields, 'attributes') & KVM_MAP_GPA_RANGE_ENCRYPTED) !== 0n);
      this.requests.get(vcpu)?.ranges.push({ ...framesOf(fields, 'gpa', 'size'), state, line: line.number });
      return {};
    },
    kvm_convert_memory: (line, fields, vcpu) => {
      const range = framesOf(fields, 'gpa', 'size');
      const state = privacy(textIn(fields, 'direction').endsWith('_to_private'));
      return {
        after: [
          pagesBecome(
            { rule: 'converted', lines: [line.number], of: vcpu, from: 'vmm', to: 'kvm' },
            { ...range, state },
          ),
        ],
      };
    },
    kvm_sev_snp_launch_update: (line, fields, vcpu) => {
      const range = framesOf(fields, 'gpa', 'length');
      const state = `of the launch (${textIn(fields, 'type')})`;
      return {
        after: [
          pagesBecome(
            { rule: 'launched', lines: [line.number], of: vcpu, from: 'kvm', to: 'firmware' },
            { ...range, state },
          ),
        ],
      };
    },
    kvm_apic_ipi: (line, fields) => this.ipi(line, fields),
    'termination-msr': (line, _, vcpu) => ({ after: this.ended(vcpu, [line.number]) }),
    'termination-nae': (line, _, vcpu) => ({ after: this.ended(vcpu, [line.number]) }),
  };

  private begin(
    line: TraceLine,
    { vcpu, fields, isMsr }: { readonly vcpu: number; readonly fields: Fields; readonly isMsr: boolean },
  ): Partial<Followed> {
    const value = numberIn(fields, isMsr ? 'msr' : 'code');
    const info = isMsr ? ghcbMsrInfo(value) : Number(value);
    const isEnd = info === (isMsr ? GHCB_MSR_TERM_REQ : SVM_VMGEXIT_TERM_REQUEST);
    const isHold = info === (isMsr ? GHCB_MSR_AP_RESET_HOLD_REQ : SVM_VMGEXIT_AP_HLT_LOOP);
    const before = isEnd ? [] : this.wentOn(line, vcpu);
    this.requests.set(vcpu, { line: line.number, fields, isMsr, ranges: [] });
    const told = { vcpu: { number: vcpu, state: 'in KVM' } };
    if (isEnd) return { told, before, after: this.ended(vcpu, [line.number]) };
    if (!isHold) return { told, before };
    const held: Inferred = {
      rule: 'held',
      text: `${this.nameOf(vcpu)} waits for INIT and SIPI`,
      lines: [line.number],
      vcpu: { number: vcpu, state: 'AP reset hold' },
      from: 'kvm',
      to: 'kvm',
      of: vcpu,
    };
    return { told, before, after: [held] };
  }

  /** A guest that asks for something else took the answer that no line shows. */
  private wentOn(line: TraceLine, vcpu: number): Inferred[] {
    const request = this.requests.get(vcpu);
    if (!request?.left || !request.isMsr) return [];
    const value = numberIn(request.fields, 'msr');
    if (ghcbMsrInfo(value) !== GHCB_MSR_PSC_REQ) return [];
    const { gfn, operation } = pscRequest.decode(value);
    const first = BigInt(gfn);
    const state = privacy(Number(operation) === PRIVATE_OPERATION);
    const of = {
      rule: 'mapped',
      lines: [request.line, line.number],
      of: vcpu,
      from: 'kvm',
      to: 'guest',
    } as const;
    return [pagesBecome(of, { first, end: first + 1n, state })];
  }

  private answered(line: TraceLine, fields: Fields, vcpu: number): Partial<Followed> {
    const request = this.requests.get(vcpu);
    this.requests.delete(vcpu);
    if (!request || request.isMsr || (numberIn(fields, 'info1') & 0xffff_ffffn) !== 0n) return {};
    const code = Number(numberIn(request.fields, 'code'));
    if (code === SVM_VMGEXIT_PSC && numberIn(fields, 'info2') === 0n)
      return {
        after: request.ranges.map(({ line: seen, ...range }) =>
          pagesBecome(
            { rule: 'batch', lines: [request.line, seen, line.number], of: vcpu, from: 'kvm', to: 'guest' },
            range,
          ),
        ),
      };
    return code === SVM_VMGEXIT_AP_CREATION ? { after: this.apAnswered(request, line) } : {};
  }

  private apAnswered(request: Request, line: TraceLine): Inferred[] {
    const { request: asked, apicId } = apInfo1.decode(numberIn(request.fields, 'info1'));
    const target = Number(apicId);
    const name = own(apCreationRequests as Readonly<Record<string, string>>, String(asked));
    if (name === undefined || target > MOST_VCPUS) return [];
    const gfn = numberIn(request.fields, 'info2') >> PAGE;
    const state = { CREATE_ON_INIT: 'waits for INIT', CREATE: 'created', DESTROY: 'destroyed' }[name] ?? name;
    if (name === 'DESTROY') this.created.delete(target);
    else this.created.set(target, { line: request.line, gfn });
    return [
      {
        rule: 'created',
        text: `v${target} ${state}${name === 'DESTROY' ? '' : `, VMSA at GFN ${inHex(gfn)}`}`,
        lines: [request.line, line.number],
        vcpu: { number: target, state },
        ...(name === 'DESTROY' ? {} : { pages: { first: gfn, end: gfn + 1n, state: 'VMSA' } }),
        from: 'kvm',
        to: 'kvm',
        of: target,
      },
    ];
  }

  private ipi(line: TraceLine, fields: Fields): Partial<Followed> {
    const mode = /^(INIT|SIPI)\b/.exec(textIn(fields, 'mode'))?.[1];
    const target = Number(numberIn(fields, 'destination'));
    if (mode === undefined || target > MOST_VCPUS) return {};
    const state = mode === 'INIT' ? 'INIT received' : 'SIPI received';
    return {
      after: [
        {
          rule: 'ipi',
          text: `v${target} ${state}`,
          lines: [line.number],
          vcpu: { number: target, state },
          from: 'kvm',
          to: 'guest',
          of: target,
        },
      ],
    };
  }

  private memoryFault(line: TraceLine, fields: Fields, vcpu: number): Inferred[] {
    const fault = this.faults.get(vcpu);
    this.faults.delete(vcpu);
    if (!fault || textIn(fields, 'name') !== 'error' || signedIn(fields, 'number') !== 14) return [];
    const state = privacy(fault.isPrivate);
    return [
      {
        rule: 'converts',
        text: `memory fault: GFN ${inHex(fault.gfn)} is to become ${state}`,
        lines: [fault.line, line.number],
        from: 'kvm',
        to: 'vmm',
        of: vcpu,
      },
    ];
  }

  /** Once, until the vCPU is entered after all: a trace and a log tell of the same end. */
  private ended(vcpu: number, lines: readonly number[]): Inferred[] {
    if (this.over.has(vcpu)) return [];
    if (vcpu !== UNKNOWN_LANE) this.over.add(vcpu);
    return [
      {
        rule: 'ended',
        text: `${this.nameOf(vcpu)} is not entered again`,
        lines,
        vcpu: { number: vcpu, state: 'ended' },
        from: 'kvm',
        to: 'vmm',
        of: vcpu,
      },
    ];
  }
}

const NOTHING: Followed = { told: {}, before: [], after: [] };
/** A larger number is no vCPU of KVM. */
const MOST_VCPUS = 4096;

function pagesBecome(
  at: Pick<Inferred, 'rule' | 'lines' | 'of' | 'from' | 'to'>,
  pages: { readonly first: bigint; readonly end: bigint; readonly state: string },
): Inferred {
  return { ...at, pages, text: `${rangeText(pages.first, pages.end)} ${pages.state}` };
}
