/**
 * A log cut into what was asked and what was seen of it. A request line opens an exchange of its vCPU, and the lines of
 * that vCPU up to its next request belong to it. What the host's log says of a request tells more than the trace
 * event: that a field was not marked valid, or which ranges userspace saw.
 */
import { bytesToPages, gfnToGpa, gpaToGfn, PAGES_PER_LARGE_PAGE } from '../../abi/address';
import { ghcbMsrInfo, GHCB_MSR_REG_GPA_REQ, registerGpaRequest } from '../../abi/ghcb-msr';
import { SEV_CMD_SNP_GUEST_REQUEST } from '../../abi/firmware';
import { SVM_VMGEXIT_PSC } from '../../abi/nae';
import { KVM_MAP_GPA_RANGE_ENCRYPTED } from '../../abi/kvm-run';
import type { PscEntryInput } from '../../engine/acts';
import { own } from '../../base/table';
import { guest, machineWith, memoryFor, type Plan, type Planned } from '../../scenarios/from-value/plan';
import { planOfExit, planOfMsr } from '../../scenarios/from-value/requests';
import { numberIn } from '../form';
import type { TraceLine } from '../read';
import { linePlans } from '../scenario';
import { VcpuThreads } from '../threads';

/** What was asked, and the lines that were seen of it. */
export interface Exchange {
  readonly vcpu: number | undefined;
  /** The request, or the line that says alone what happened. */
  readonly line: TraceLine;
  /** Lines after the request, in order, up to the next one of the vCPU. */
  readonly seen: readonly TraceLine[];
  /** The acts of the request, or why it has none. */
  readonly planned: Planned;
  /** The request stands in a trace: it goes on with the machine of the request before. */
  readonly inTrace: boolean;
}

const REQUESTS = ['kvm_vmgexit_enter', 'kvm_vmgexit_msr_protocol_enter'];

/** Refusals in the log of the host that say how the request was made. */
const MADE_OTHERWISE = new Set([
  'ap-id',
  'exit-code-input',
  'ghcb-usage',
  'ghcb-not-registered',
  'ap-features',
  'ap-injection',
  'scratch-area',
  'scratch-missing',
]);

/** What ends a request in the trace: the answer is in the page or in the MSR. */
const ANSWERS = ['kvm_vmgexit_exit', 'kvm_vmgexit_msr_protocol_exit'];

/** What KVM prints while it handles a request: behind its answer such a line is of another request, which no line shows. */
const PRINTED_WITHIN = new Set([
  'termination-msr',
  'termination-nae',
  'unsupported-event',
  'jump-table',
  'ghcb-not-set',
  'ghcb-not-mapped',
  'exit-code-unknown',
  'exit-code-snp-only',
  'ap-request',
  'ap-vmsa',
  'ap-vmsa-2m',
  ...MADE_OTHERWISE,
]);

/** Lines that follow from a request, and that a run prints as well. */
const RESULTS = new Set([
  ...ANSWERS,
  ...PRINTED_WITHIN,
  'kvm_userspace_exit',
  'kvm_run_exit',
  'kvm_hc_map_gpa_range',
  'psc-failed',
  'ap-creation-error',
  'asp-request',
  'qemu-launch',
  'sev-command',
  'snp-context',
  'qemu-run-failed',
  'qemu-exit-reason',
  'qemu-entry-failed',
]);

export const isResult = ({ form }: TraceLine): boolean => form !== undefined && RESULTS.has(form.id);

const isAnswered = ({ seen }: Open): boolean => seen.some(({ form }) => ANSWERS.includes(form?.id ?? ''));

interface Open {
  readonly vcpu: number | undefined;
  readonly line: TraceLine;
  readonly seen: TraceLine[];
}

/** Cuts a log into exchanges, in the order of their requests. */
export function exchangesOf(lines: readonly TraceLine[]): Exchange[] {
  const threads = new VcpuThreads();
  const all: Open[] = [];
  const open = new Map<number, Open>();
  let last: Open | undefined;
  for (const line of lines) {
    if (line.status !== 'placed' || !line.form) continue;
    const vcpu = threads.of(line);
    if (REQUESTS.includes(line.form.id)) {
      const begun: Open = { vcpu, line, seen: [] };
      all.push(begun);
      open.set(vcpu ?? 0, begun);
      last = begun;
    } else if (isResult(line)) {
      const asked = vcpu === undefined ? lastFor(line, last) : open.get(vcpu);
      const isOfAnother = asked && PRINTED_WITHIN.has(line.form.id) && isAnswered(asked);
      if (asked && !isOfAnother) asked.seen.push(line);
      else {
        const alone: Open = { vcpu, line, seen: [line] };
        all.push(alone);
        if (vcpu !== undefined) open.set(vcpu, alone);
        if (isOfAnother) last = alone;
      }
    }
  }
  return all.map(({ vcpu, line, seen }) => {
    const inTrace = REQUESTS.includes(line.form?.id ?? '');
    const planned = inTrace
      ? requestPlan(line, seen)
      : (ownPlan(line) ?? 'Nothing is known that leads to it.');
    return {
      vcpu,
      line,
      seen,
      inTrace,
      planned: typeof planned === 'string' ? planned : onVcpu(planned, vcpu ?? 0),
    };
  });
}

/** What a launch prints. */
const OF_A_LAUNCH = ['qemu-launch', 'sev-command', 'snp-context'];

/** The exchange that a line which names no vCPU belongs to: what a launch prints follows from no request of a guest. */
function lastFor({ form, fields = {} }: TraceLine, last: Open | undefined): Open | undefined {
  const isOfGuest = numberIn(fields, 'command') === BigInt(SEV_CMD_SNP_GUEST_REQUEST);
  if (isOfGuest || !OF_A_LAUNCH.includes(form?.id ?? '')) return last;
  return OF_A_LAUNCH.includes(last?.line.form?.id ?? '') ? last : undefined;
}

const ownPlan = ({ form, fields }: TraceLine): Planned | undefined =>
  form && fields ? own(linePlans, form.id)?.(fields) : undefined;

function requestPlan({ form, fields = {} }: TraceLine, seen: readonly TraceLine[]): Planned {
  if (form?.id === 'kvm_vmgexit_msr_protocol_enter') return msrPlan(numberIn(fields, 'msr'));
  const told = seen.find((line) => MADE_OTHERWISE.has(line.form?.id ?? ''));
  const planned = told && ownPlan(told);
  if (planned !== undefined) return planned;
  const code = numberIn(fields, 'code');
  if (code === BigInt(SVM_VMGEXIT_PSC)) return batch(seen);
  return planOfExit(code, numberIn(fields, 'info1'), numberIn(fields, 'info2'));
}

/** A value in the MSR; a page that is registered is the GHCB page of the requests behind it. */
function msrPlan(value: bigint): Planned {
  if (ghcbMsrInfo(value) !== GHCB_MSR_REG_GPA_REQ) return planOfMsr(value);
  const gpa = gfnToGpa(registerGpaRequest.decode(value).gfn);
  if (gpa === 0n || memoryFor([gpa]) === undefined) return planOfMsr(value);
  return {
    title: 'A GHCB page is registered',
    vm: machineWith(gpa),
    acts: [guest('register-ghcb', { gpa })],
  };
}

/** A page state change of the ranges that userspace saw; its buffer stands in no line. */
function batch(seen: readonly TraceLine[]): Planned {
  const entries = seen.flatMap(({ form, fields = {} }): PscEntryInput[] => {
    if (form?.id !== 'kvm_hc_map_gpa_range') return [];
    const gfn = gpaToGfn(numberIn(fields, 'gpa'));
    const attributes = numberIn(fields, 'attributes');
    const operation = (attributes & KVM_MAP_GPA_RANGE_ENCRYPTED) === 0n ? 2 : 1;
    const pages = bytesToPages(numberIn(fields, 'size'));
    const twoMeg = (attributes & 1n) !== 0n && pages % PAGES_PER_LARGE_PAGE === 0;
    const step = twoMeg ? PAGES_PER_LARGE_PAGE : 1;
    return Array.from({ length: Math.min(pages / step, MOST_ENTRIES) }, (_, index) => ({
      operation,
      gfn: gfn + index * step,
      twoMeg,
      currentPage: 0,
    }));
  });
  return entries.length === 0
    ? 'The buffer of a page state change stands in no line; with the trace events of QEMU its ranges are known.'
    : { title: 'A page state change of the ranges that userspace saw', acts: [guest('psc', { entries })] };
}

const MOST_ENTRIES = 253;

/** The acts of a plan on another vCPU. */
const onVcpu = (planned: Plan, vcpu: number): Plan => ({
  ...planned,
  acts: planned.acts.map((act) => (act.actor === 'guest' ? { ...act, vcpu } : act)),
});
