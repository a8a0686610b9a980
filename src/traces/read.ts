/**
 * Logs and traces, line by line. Every line of the text comes out in order: placed, without protocol content, a
 * continuation of a line above, or unknown with the reason. Lines go in one at a time, so that a file can be streamed.
 */
import { MAX_LOG_LINE_CHARACTERS } from '../base/limits';
import type { Resumable } from '../base/resumable';
import { lineForms } from './forms/all';
import type { LineForm, Meaning } from './form';
import { isFence, joined, plainLines, withoutMime, type PlainLine } from './lines';
import { ftraceRemark, readPrefix, type Prefix } from './prefix';
import type { Fields, Template } from './template';

/** placed: what it says is known. plain: its kind is known, and it says nothing of the protocol. */
export type LineStatus = 'placed' | 'plain' | 'continued' | 'unknown';

export interface TraceLine {
  /** Counted from 1, in the text as it was given. */
  readonly number: number;
  readonly raw: string;
  readonly status: LineStatus;
  readonly prefix?: Prefix;
  /** Of a placed line. */
  readonly form?: LineForm;
  readonly fields?: Fields;
  readonly meaning?: Meaning;
  /** Of a continued line: the number of the line that it belongs to. */
  readonly of?: number;
  /** Why a line is plain or unknown, one sentence. */
  readonly why?: string;
}

export type LineCounts = Readonly<Record<LineStatus, number>>;

export interface Trace {
  readonly lines: readonly TraceLine[];
  readonly counts: LineCounts;
}

type Reading = Omit<TraceLine, 'number' | 'raw'>;
type Placed = Reading & { readonly form: LineForm; readonly fields: Fields };

interface Keyed {
  readonly form: LineForm;
  readonly format: Template;
}

const keyedOf = (form: LineForm): Keyed[] => form.formats.map((format) => ({ form, format }));
const events: ReadonlyMap<string, LineForm> = new Map(
  lineForms.filter(({ isEvent }) => isEvent).map((form) => [form.id, form]),
);
const textFormats: readonly Keyed[] = lineForms.filter(({ isEvent }) => !isEvent).flatMap(keyedOf);

/** Words that a line about the protocol has. Such a line that fits no format is unknown, and not merely something else. */
const PROTOCOL =
  /\b(?:sev|snp|ghcb|vmgexit|rmp(?:update)?|vmsa|psp|ccp|kvm_amd|guest_memfd|psc|pvalidate|vmpl|#vc|kvm)\b|kvm_/i;
const OTHER_MACHINE = /\b(?:kvm_intel|vmx|tdx|tdcall|seamcall|kvm_arm|HSR_EC|ESR_EL2|vgic|kvm-arm)\b/i;

const plain = (why: string, prefix?: Prefix): Reading => ({
  status: 'plain',
  why,
  ...(prefix ? { prefix } : {}),
});
const unknown = (why: string, prefix?: Prefix): Reading => ({
  status: 'unknown',
  why,
  ...(prefix ? { prefix } : {}),
});

/** Reads one line on its own. */
export function readLine(text: string): Reading {
  if (text.trim() === '') return plain('An empty line.');
  if (text.length > MAX_LOG_LINE_CHARACTERS)
    return unknown(`It has ${text.length} characters; a line of at most ${MAX_LOG_LINE_CHARACTERS} is read.`);
  if (isFence(text)) return plain('A fence of Markdown.');
  const remark = ftraceRemark(text);
  if (remark !== undefined) return plain(remark);
  const prefix = readPrefix(text);
  const body = text.slice(prefix?.end ?? 0);
  if (prefix?.event !== undefined) {
    const read = eventLine(prefix.event, body, prefix);
    if (read.status !== 'unknown' || events.has(prefix.event)) return read;
  }
  return textLine(prefix?.event === undefined ? body : text, prefix);
}

function eventLine(event: string, body: string, prefix: Prefix): Reading {
  const form = events.get(event);
  if (!form)
    return /^kvm_/.test(event)
      ? plain('An event of KVM that says nothing of the protocol.', prefix)
      : plain('An event of another part of the kernel.', prefix);
  return (
    formatted(keyedOf(form), body, prefix) ??
    unknown(
      `What stands behind ${event} is in no format of it that is known; it may have been cut off.`,
      prefix,
    )
  );
}

/** A trace event in the middle of other text, as `grep` and chats leave it. */
const EVENT_WITHIN = /\b(kvm_\w{1,60}):?\s/;

function textLine(body: string, prefix: Prefix | undefined): Reading {
  const lower = body.toLowerCase();
  const within = EVENT_WITHIN.exec(body);
  const [, event = ''] = within ?? [];
  const form = within ? events.get(event) : undefined;
  if (within && form) {
    const rest = body.slice(within.index + within[0].length);
    const read = formatted(keyedOf(form), rest, prefix);
    if (read) return read;
  }
  const read = formatted(
    textFormats.filter(({ format }) => lower.includes(format.keyword)),
    body,
    prefix,
  );
  if (read) return read;
  if (OTHER_MACHINE.test(body))
    return plain('A line of an Intel or Arm host: SEV-SNP and its protocol are of AMD.', prefix);
  if (PROTOCOL.test(body)) return unknown('It is in no format that is known here.', prefix);
  return prefix
    ? plain('It says nothing of the protocol.', prefix)
    : unknown('It looks like no line of a log that is known here.');
}

function formatted(keyed: readonly Keyed[], body: string, prefix: Prefix | undefined): Reading | undefined {
  for (const { form, format } of keyed) {
    const match = format.read(body);
    if (!match) continue;
    if ('tooWide' in match)
      return unknown(`${match.digits} has more than 64 bits, so ${match.tooWide} is not read.`, prefix);
    const meaning = form.read(match.fields);
    if (meaning)
      return { status: 'placed', form, fields: match.fields, meaning, ...(prefix ? { prefix } : {}) };
  }
  return undefined;
}

const isPlaced = (reading: Reading): reading is Placed => reading.status === 'placed';

/** An event whose words are not all there. */
const isCutEvent = ({ status, prefix }: Reading): boolean =>
  status === 'unknown' && prefix?.event !== undefined && events.has(prefix.event);

/** Whether a line says by itself what it would say joined to the lines before it. */
const isBetterAlone = (alone: Reading, whole: Placed, before: Reading): boolean =>
  isPlaced(alone) && !isCutEvent(before) && (!alone.form.isLoose || whole.form.isLoose === true);

/** Lines that may still become part of another, at most so many. */
const MOST_WAITING = 3;

/** Reads a log whose lines come one after the other. */
export class TraceReader {
  /** The last placed line, while lines below it may belong to it. */
  private open: (TraceLine & Placed & { readonly text: string; readonly taken: number }) | undefined;
  private following: TraceLine[] = [];
  /** Lines that are unknown, and together perhaps one that is known. */
  private waiting:
    | { readonly lines: PlainLine[]; readonly text: string; readonly reading: Reading }
    | undefined;

  /** Takes a line. @returns the lines that are settled by it, in order */
  push(line: PlainLine): TraceLine[] {
    const reading = readLine(line.text);
    const out = this.continueOpen(line, reading);
    if (out) return out;
    if (this.waiting && reading.prefix === undefined) {
      const { lines } = this.waiting;
      const text = joined(this.waiting.text, line.text);
      const whole = readLine(withoutMime(text));
      const [first = line, ...rest] = lines;
      if (isPlaced(whole) && !isBetterAlone(reading, whole, this.waiting.reading)) {
        this.waiting = undefined;
        const belongs = [...rest, line].map((one) => continuedBy(one, first.number));
        return this.begin({ number: first.number, raw: first.raw, ...whole }, text, belongs);
      }
      if ((reading.status === 'unknown' || isCutEvent(whole)) && lines.length < MOST_WAITING) {
        this.waiting = { ...this.waiting, lines: [...lines, line], text };
        return [];
      }
    }
    const settled = this.flush();
    if (reading.status === 'unknown') {
      this.waiting = { lines: [line], text: line.text, reading };
      return settled;
    }
    const trace = { number: line.number, raw: line.raw, ...reading };
    if (isPlaced(reading)) return [...settled, ...this.begin({ ...trace, ...reading }, line.text, [])];
    return [...settled, trace];
  }

  /** No line follows. @returns those that were not settled */
  end(): TraceLine[] {
    return this.flush();
  }

  private begin(line: TraceLine & Placed, text: string, following: TraceLine[]): TraceLine[] {
    const before = this.flush();
    this.open = { ...line, text, taken: 0 };
    this.following = following;
    return before;
  }

  /** Whether a line belongs to the one that is open: a line of its dump, or its end that was wrapped. */
  private continueOpen(line: PlainLine, reading: Reading): TraceLine[] | undefined {
    const { open } = this;
    if (!open || this.waiting || (reading.status !== 'unknown' && !open.form.continues)) return undefined;
    const { continues } = open.form;
    const body = line.text.slice(reading.prefix?.end ?? 0);
    if (continues && open.taken < continues.most)
      for (const format of continues.formats) {
        const match = format.read(body);
        if (!match || 'tooWide' in match) continue;
        const fields = { ...open.fields, ...match.fields };
        this.open = { ...open, fields, meaning: open.form.read(fields) ?? {}, taken: open.taken + 1 };
        this.following.push(continuedBy(line, open.number));
        return [];
      }
    if (reading.status !== 'unknown' || reading.prefix || this.following.length > 0) return undefined;
    const text = joined(open.text, line.text);
    const whole = readLine(withoutMime(text));
    if (!isPlaced(whole) || whole.form !== open.form || count(whole.fields) <= count(open.fields))
      return undefined;
    this.open = { ...open, ...whole, text };
    this.following.push(continuedBy(line, open.number));
    return [];
  }

  private flush(): TraceLine[] {
    const { open, following, waiting } = this;
    this.open = undefined;
    this.following = [];
    this.waiting = undefined;
    const settled: TraceLine[] = [];
    if (open) {
      const { text: _text, taken: _taken, ...line } = open;
      settled.push(line, ...following);
    }
    if (waiting)
      settled.push(
        ...waiting.lines.map(({ number, raw, text }, index) => ({
          number,
          raw,
          ...(index === 0 ? waiting.reading : readLine(text)),
        })),
      );
    return settled;
  }
}

const count = (fields: Fields): number => Object.keys(fields).length;

const continuedBy = ({ number, raw }: PlainLine, of: number): TraceLine => ({
  number,
  raw,
  status: 'continued',
  of,
});

const LINES_IN_PART = 50;

/** Reads a whole text in parts. @param first the number of its first line */
export function* readTraceInParts(text: string | readonly string[], first = 1): Resumable<Trace> {
  const reader = new TraceReader();
  const lines: TraceLine[] = [];
  let since = 0;
  for (const line of plainLines(text, first)) {
    lines.push(...reader.push(line));
    if (++since % LINES_IN_PART === 0) yield;
  }
  lines.push(...reader.end());
  return { lines, counts: countsOf(lines) };
}

/** How many lines have each status; together as many as the text has. */
export function countsOf(lines: readonly TraceLine[]): LineCounts {
  const counts = { placed: 0, plain: 0, continued: 0, unknown: 0 };
  for (const { status } of lines) counts[status]++;
  return counts;
}

/** `12 lines: 9 placed, 1 continued, 2 unknown`. */
export function countsText(counts: LineCounts): string {
  const total = counts.placed + counts.plain + counts.continued + counts.unknown;
  const parts = (
    [
      ['placed', 'placed'],
      ['plain', 'without protocol content'],
      ['continued', 'continued from the line above'],
      ['unknown', 'unknown'],
    ] as const
  ).flatMap(([status, name]) => (counts[status] > 0 ? [`${counts[status]} ${name}`] : []));
  return `${total} ${total === 1 ? 'line' : 'lines'}: ${parts.join(', ')}`;
}
