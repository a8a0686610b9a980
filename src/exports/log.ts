/**
 * The lines that KVM, QEMU and a Linux guest would print in a run, as a trace and its logs would show them together. The
 * clock is the number of the step in microseconds, so that a line names its step. Process ids and processors are those
 * of the vCPU, for the model has none.
 */
import type { Resumable } from '../base/resumable';
import { printedAt } from '../traces/printed/steps';
import type { PrintedLine } from '../traces/printed/printed';
import type { Exported } from './exported';

/** Steps between two pauses. */
const STEPS_IN_PART = 256;

export function* logText({ runs, numberOf }: Exported): Resumable<string> {
  const lines: string[] = [];
  for (const [index, { timeline, profile }] of runs.entries()) {
    lines.push(`# The lines of a run under ${profile.spec}; the clock counts steps.`);
    for (let step = 0; step < timeline.stepCount; step++) {
      for (const line of printedAt(timeline, step)) lines.push(recorded(line, numberOf(index, step)));
      if (step % STEPS_IN_PART === STEPS_IN_PART - 1) yield;
    }
    yield;
  }
  return lines.join('\n');
}

const kvmModule = (line: PrintedLine): string =>
  line.form.source.place?.startsWith('arch/x86/kvm/') ? 'kvm_amd: ' : '';

/** What Linux puts before its text. */
const guestModules: Readonly<Record<string, string>> = {
  'psc-failed': 'SNP: ',
  'vc-unsupported': 'SEV: ',
  'asp-request': 'sev-guest sev-guest: ',
};

/** A line behind the prefix of who records it. */
function recorded(line: PrintedLine, step: number): string {
  const time = `${Math.floor(step / 1e6)}.${String(step % 1e6).padStart(6, '0')}`;
  const { log, text, vcpu } = line;
  switch (log) {
    case 'ftrace': {
      const task = vcpu === undefined ? 'qemu-0' : `CPU ${vcpu}/KVM-${vcpu + 1}`;
      const cpu = String(vcpu ?? 0).padStart(3, '0');
      return `${task.padStart(20)} [${cpu}] ..... ${time.padStart(12)}: ${text}`;
    }
    case 'host':
      return `[${time.padStart(12)}] ${kvmModule(line)}${text}`;
    case 'guest':
      return `[${time.padStart(12)}] ${guestModules[line.form.id] ?? ''}${text}`;
    case 'qemu-trace':
      return `${vcpu ?? 0}@${time}:${text}`;
    case 'qemu':
      return `qemu-system-x86_64: ${text}`;
  }
}
