/** Where each vCPU was when its lines end: "the last exit was X, then nothing". */
import { naeEvent } from '../../abi/nae';
import { ghcbMsrMessage } from '../../abi/ghcb-msr';
import { hex } from '../../base/hex';
import type { Resumable } from '../../base/resumable';
import { own } from '../../base/table';
import type { RuleId } from '../../engine/rules';
import { numberIn, textIn } from '../form';
import type { TraceLine } from '../read';
import { scenarioOfLine } from '../scenario';
import { VcpuThreads } from '../threads';
import { causeOf, type Diagnosis, type Refuser } from './ending';

interface Silence {
  readonly what: string;
  readonly waitsFor: Refuser;
  readonly causes: readonly RuleId[];
  readonly next: readonly string[];
}

/** What a vCPU waits for when this is its last line. */
const silences: Readonly<Record<string, (line: TraceLine) => Silence | undefined>> = {
  kvm_entry: () => ({
    what: 'entered the guest and did not leave it again',
    waitsFor: 'the guest',
    causes: [],
    next: [
      'The guest loops, or halts with interrupts off: no event of KVM shows which. The console of the guest may.',
    ],
  }),
  kvm_userspace_exit: ({ fields = {} }) => ({
    what: `left to userspace with ${textIn(fields, 'name')} (${numberIn(fields, 'number')}) and was not run again`,
    waitsFor: 'the VMM',
    causes: [],
    next: ['What the VMM does with this exit: its own trace events or its last message.'],
  }),
  kvm_vmgexit_enter: ({ fields = {} }) => {
    const code = numberIn(fields, 'code');
    const name = naeEvent(code)?.name ?? hex(code);
    return {
      what: `sent ${name} and got no answer`,
      waitsFor: 'the hypervisor',
      causes: /HOLD/.test(name) ? ['NaeHold'] : [],
      next: ['An exit to userspace is an event of its own; without one the request is in KVM.'],
    };
  },
  kvm_vmgexit_msr_protocol_enter: ({ fields = {} }) => {
    const msr = numberIn(fields, 'msr');
    const name = ghcbMsrMessage(msr)?.name ?? hex(msr);
    const isHold = /HOLD/.test(name);
    return {
      what: `sent ${name} by the MSR protocol and got no answer`,
      waitsFor: isHold ? 'the guest' : 'the hypervisor',
      causes: isHold ? ['MsrHold'] : [],
      next: isHold
        ? ['The vCPU sleeps until another one sends INIT and SIPI, or creates it.']
        : ['A termination request has no event behind it: look into the kernel log of the host.'],
    };
  },
  kvm_page_fault: ({ fields = {} }) => ({
    what: `faulted at ${hex(numberIn(fields, 'address'))} and was not entered again`,
    waitsFor: 'the hypervisor',
    causes: ['AttributeDiffers', 'PrivateWithoutSlot'],
    next: ['An exit with -EFAULT is the request to convert the page.'],
  }),
};

/** Lines between the last one of a vCPU and the end of the log before its silence says anything. */
const LEAST_LINES_AFTER = 8;

/** Events that a trace of one vCPU has at least before its last one says anything. */
const LEAST_EVENTS = 4;

const LINES_IN_PART = 500;

/**
 * The vCPUs whose last line lies well before the end of a trace, and of a trace of one vCPU the last line.
 * @param isFailure whether a line says by itself why nothing follows
 */
export function* silentVcpusInParts(
  lines: readonly TraceLine[],
  isFailure: (line: TraceLine) => boolean,
): Resumable<Diagnosis[]> {
  const last = new Map<number, TraceLine>();
  const threads = new VcpuThreads();
  let events = 0;
  let end = 0;
  for (const [at, line] of lines.entries()) {
    if (at % LINES_IN_PART === LINES_IN_PART - 1) yield;
    if (!line.form?.isEvent) continue;
    end = line.number;
    const vcpu = threads.of(line);
    if (vcpu === undefined) continue;
    last.set(vcpu, line);
    events++;
  }
  if (events < LEAST_EVENTS) return [];
  return [...last]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([vcpu, line]) => {
      if (end - line.number < LEAST_LINES_AFTER && last.size > 1) return [];
      return isFailure(line) ? [] : (silenceOf(vcpu, line) ?? []);
    });
}

function silenceOf(vcpu: number, line: TraceLine): Diagnosis | undefined {
  const silence = own(silences, line.form?.id ?? '')?.(line);
  return (
    silence && {
      what: `After line ${line.number} nothing is seen of vCPU ${vcpu}: it ${silence.what}.`,
      refusedBy: silence.waitsFor,
      causes: silence.causes.map(causeOf),
      next: silence.next,
      lines: [line.number],
      further: [],
      scenario: scenarioOfLine(line),
      scenarioLine: line.number,
    }
  );
}
