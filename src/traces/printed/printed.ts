/**
 * What KVM, QEMU and a Linux guest print at the steps of a run. The templates that read logs print these lines. A field
 * that the model does not have is 0: instruction pointers, which KVM does not know of an SNP guest, and process ids.
 */
import { assert } from '../../base/assert';
import type { Move, MoveName } from '../../engine/moves';
import type { Vcpu } from '../../engine/state/vcpu';
import type { World } from '../../engine/world';
import type { StepRecord, Timeline } from '../../recording/timeline/timeline';
import { lineForms } from '../forms/all';
import type { LineForm } from '../form';
import type { Fields } from '../template';

/** Where a line appears: the trace buffer, the log of the host's kernel, QEMU, the log of the guest's kernel. */
export type Log = 'ftrace' | 'host' | 'qemu-trace' | 'qemu' | 'guest';

/** A line that is printed at a step. */
export interface PrintedLine {
  readonly log: Log;
  readonly form: LineForm;
  readonly fields: Fields;
  /** Without a prefix of a recorder: the name of a trace event is part of it. */
  readonly text: string;
  /** The vCPU whose thread prints it. */
  readonly vcpu?: number;
}

/** A step with the worlds around it. */
export interface Printing {
  readonly step: StepRecord;
  readonly move: Move;
  readonly timeline: Timeline;
  /** The world before the step; read what you need of it before you ask for {@link after}. */
  readonly before: () => World;
  readonly after: () => World;
  /** The vCPU of the move, after it. */
  readonly vcpu: () => Vcpu;
}

export type Printer = (at: Printing) => readonly PrintedLine[];
export type Printers = Readonly<Partial<Record<MoveName, Printer>>>;

const forms: ReadonlyMap<string, LineForm> = new Map(lineForms.map((form) => [form.id, form]));

/** A line of a kind. @param format which of its formats, the newest when missing */
export function lineOf(log: Log, id: string, fields: Fields, format = 0): PrintedLine {
  const form = forms.get(id);
  const template = form?.formats[format];
  assert(form && template, `there is no format ${format} of a line ${id}`);
  const body = template.print(fields);
  const colon = log === 'ftrace' ? ':' : '';
  const { vcpu } = fields;
  return {
    log,
    form,
    fields: Object.fromEntries(
      template.names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
    ),
    text: form.isEvent ? `${id}${colon} ${body}` : body,
    ...(typeof vcpu === 'bigint' ? { vcpu: Number(vcpu) } : {}),
  };
}

/** A number of a move. */
export function moveNumber({ args }: Move, name: string): bigint {
  const value = args[name];
  return typeof value === 'string' || value === undefined ? 0n : BigInt(value);
}
