/**
 * A log as a mail: what failed in it with the lines that say so, who refused, which kernels explain it, and a link. The
 * short one has at most 25 lines; the whole one all that is known of each failure, and the timeline.
 */
import { sourceText } from '../abi/source';
import type { Resumable } from '../base/resumable';
import type { ResolvedProfile } from '../profiles/resolve';
import { MAIL_COLUMNS } from '../scenarios/mail';
import { diagnoseInParts } from '../traces/diagnosis/diagnose';
import type { Diagnosis } from '../traces/diagnosis/ending';
import { diagnosisText, linesText } from '../traces/diagnosis/text';
import { explainInParts, type Explanation, type Explanations } from '../traces/explain/explain';
import { explanationsText } from '../traces/explain/text';
import { countsText, type Trace, type TraceLine } from '../traces/read';
import { remarksOf } from '../traces/pasted';
import { traceTimelineInParts } from '../traces/timeline/timeline';
import { fitted, safeLine } from './mail-lines';
import { SHORT_MAIL_LINES, shortened } from './short-mail';
import { traceMail } from './trace-timeline';

export interface MailedLog {
  readonly trace: Trace;
  /** Those that are asked whether they explain it. */
  readonly profiles: readonly ResolvedProfile[];
  /** The line that is shown: what the mail is about where nothing failed. */
  readonly line?: TraceLine | undefined;
  readonly notes: ReadonlyMap<number, string>;
  readonly link?: string;
}

/** Failures in a short mail, lines for each, and lines for what the kernels make of the log. */
const MOST_FAILURES = 3;
const MOST = { counts: 2, what: 3, further: 2, cause: 2, kernels: 6, line: 8, quoted: 2 } as const;

export function* shortLogMail(log: MailedLog): Resumable<string> {
  const { trace, line, link } = log;
  const diagnoses = yield* diagnoseInParts(trace);
  const explained = yield* explainInParts(trace, log.profiles);
  const head = shortened(fitted(`A log of ${countsText(trace.counts)}.`, 0), MOST.counts);
  const kernels = shortened(kernelLines(explained), MOST.kernels);
  const room = SHORT_MAIL_LINES - head.length - kernels.length - (link === undefined ? 0 : 1);
  const body = diagnoses.length > 0 ? failures(diagnoses, trace, room) : shownLine(line, room);
  return mail([...head, ...body, ...kernels], link);
}

export function* wholeLogMail({ trace, profiles, notes, link }: MailedLog): Resumable<string> {
  const diagnoses = yield* diagnoseInParts(trace);
  const explained = yield* explainInParts(trace, profiles);
  const timeline = yield* traceTimelineInParts(trace);
  const rows = [...timeline.rows.keys()];
  const told = [
    ...diagnosisText(diagnoses, MAIL_COLUMNS - 2),
    '',
    ...explanationsText(explained, MAIL_COLUMNS - 2),
  ];
  return mail([...told, '', ...traceMail({ timeline, counts: trace.counts, rows, notes })], link);
}

const mail = (lines: readonly string[], link: string | undefined): string =>
  [...lines.map(safeLine), ...(link === undefined ? [] : [`<${link}>`]), ''].join('\n');

/** A line as it stands, without the task, processor and time that its recorder puts before it. */
function quoted({ raw, prefix }: TraceLine): string[] {
  const event = prefix?.event === undefined ? '' : `${prefix.event}: `;
  const text = `${event}${raw.slice(prefix?.end ?? 0)}`
    .replace(/[^\x20-\x7e]/g, ' ')
    .trim()
    .replace(/ {2,}/g, ' ');
  return shortened(fitted(`| ${text}`, 2), MOST.quoted);
}

/** The failures of a log, as many as there is room for; the first has all that fits. */
function failures(diagnoses: readonly Diagnosis[], { lines }: Trace, room: number): string[] {
  const shown = diagnoses.slice(0, MOST_FAILURES);
  const left = diagnoses.length - shown.length;
  const last =
    left === 0 ? [] : fitted(`and ${left} more, from line ${diagnoses[MOST_FAILURES]?.lines[0] ?? 0} on.`, 0);
  const each = Math.floor((room - last.length) / shown.length);
  const blocks = shown.map((one, index) => {
    const line = lines.find(({ number }) => number === one.lines[0]);
    return shortened(failure(one, { line, number: index + 1 }), each);
  });
  return [...blocks.flat(), ...last];
}

function failure(
  { what, refusedBy, causes, further, lines }: Diagnosis,
  { line, number }: { readonly line: TraceLine | undefined; readonly number: number },
): string[] {
  const after =
    further.length === 0
      ? []
      : fitted(further.map((one) => `then ${linesText(one.lines)}: ${one.what}`).join(' '), 4);
  return [
    ...shortened(fitted(`${number}. ${what} By ${refusedBy}, ${linesText(lines)}:`, 0), MOST.what),
    ...(line ? quoted(line) : []),
    ...shortened(after, MOST.further),
    ...causes
      .slice(0, 2)
      .flatMap(({ says, source }) =>
        shortened(fitted(`may be: ${says} [${sourceText(source)}]`, 4), MOST.cause),
      ),
  ];
}

/** Of a log without failures the line that is shown. */
function shownLine(line: TraceLine | undefined, room: number): string[] {
  const none = fitted('No line of it is a failure that is known here.', 0);
  if (!line) return none;
  const said = [line.form?.what ?? line.why ?? '', ...remarksOf(line)].filter((text) => text !== '');
  return [
    ...none,
    `Line ${line.number}:`,
    ...quoted(line),
    ...shortened(
      said.flatMap((text) => fitted(text, 4)),
      Math.min(MOST.line, room - 3),
    ),
  ];
}

/** For each kernel the first line that it does not explain, those that get equally far together. */
function kernelLines({ profiles }: Explanations): string[] {
  const groups = new Map<string, Explanation[]>();
  for (const one of profiles) {
    const key = one.first === undefined ? '' : `${one.first.line.number} ${one.first.nearest.at(-1)}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((group) => {
    const names = group.map(({ profile }) => profile.spec).join(', ');
    const [one] = group;
    if (!one || one.comparable === 0)
      return fitted('No line of it can be compared with what a kernel prints.', 0);
    if (!one.first)
      return fitted(
        `Explained whole, ${one.comparable} ${one.comparable === 1 ? 'line' : 'lines'}, by ${names}.`,
        0,
      );
    const { line, nearest } = one.first;
    const instead = nearest.at(-1);
    return fitted(
      `Not line ${line.number} by ${names}: ${instead === undefined ? 'nothing is printed of this request' : `it would be "${instead}"`}.`,
      0,
    );
  });
}
