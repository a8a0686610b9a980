/** What stands before the text of a line: who printed it, when, on which processor. */

/** The program or buffer that a prefix is of. */
export type Recorder = 'ftrace' | 'perf' | 'kernel log' | 'syslog' | 'QEMU trace' | 'QEMU';

export interface Prefix {
  readonly recorder: Recorder;
  /** Where the text begins. */
  readonly end: number;
  /** Seconds, of whichever clock the recorder has; a wall clock is left as text. */
  readonly seconds?: number;
  readonly clock?: string;
  /** The processor it ran on. */
  readonly cpu?: number;
  /** The name of the thread: QEMU calls those of vCPUs `CPU 0/KVM`. */
  readonly task?: string;
  readonly pid?: number;
  /** The trace event; the text behind it is its body. */
  readonly event?: string;
}

type Reader = (match: RegExpExecArray) => Omit<Prefix, 'end'>;

const number = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);
const given = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

const TIME = '(\\d{1,12}(?:\\.\\d{1,9})?)';
const EVENT = '(\\w{1,64}):(?:\\s{1,40}|$)';
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';

/** A line of ftrace or trace-cmd: `CPU 0/KVM-4711  [012] d....   812.000101: kvm_exit: `. */
const ftrace = new RegExp(
  `^\\s{0,40}(.{1,40}?)-(\\d{1,10})\\s{1,10}(?:\\(\\s{0,8}(?:\\d{1,10}|-{1,10})\\)\\s{1,10})?\\[(\\d{3,5})\\]\\s{1,10}(?:([.a-zA-Z0-9#]{4,8})\\s{1,20})?${TIME}:\\s{1,20}${EVENT}`,
);
/** A line of perf script: `CPU 0/KVM  4711 [012]  812.000101:  kvm:kvm_exit: `. */
const perf = new RegExp(
  `^\\s{0,40}(.{1,40}?)\\s{1,20}(\\d{1,10})\\s{1,10}\\[(\\d{3,5})\\]\\s{1,20}(?:\\S{1,16}\\s{1,20})?(\\d{1,12}\\.\\d{1,9}):\\s{1,80}(?:(?!kvm_)\\w{1,32}:)?${EVENT}`,
);

const readers: readonly (readonly [pattern: RegExp, read: Reader])[] = [
  [
    ftrace,
    ([, task, pid, cpu, , time, event]) => ({
      recorder: 'ftrace',
      ...given({ task: task?.trim(), pid: number(pid), cpu: number(cpu), seconds: number(time), event }),
    }),
  ],
  [
    perf,
    ([, task, pid, cpu, time, event]) => ({
      recorder: 'perf',
      ...given({ task: task?.trim(), pid: number(pid), cpu: number(cpu), seconds: number(time), event }),
    }),
  ],
  [
    new RegExp(
      `^(?:<\\d{1,3}>)?\\[\\s{0,10}\\+?${TIME}\\](?:\\s{0,4}\\[\\s{0,8}[TC]\\d{1,8}\\])?:?(?:\\s|$)`,
    ),
    ([, time]) => ({ recorder: 'kernel log', ...given({ seconds: number(time) }) }),
  ],
  [
    new RegExp(
      `^\\[((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH}\\s{1,2}\\d{1,2} \\d\\d:\\d\\d:\\d\\d \\d{4})\\]\\s`,
    ),
    ([, clock]) => ({ recorder: 'kernel log', ...given({ clock }) }),
  ],
  [
    new RegExp(
      `^(${MONTH}\\s{1,2}\\d{1,2} \\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?) \\S{1,64} [^\\s:]{1,64}?(?:\\[\\d{1,10}\\])?:\\s(?:\\[\\s{0,10}${TIME}\\]\\s)?`,
    ),
    ([, clock, time]) => ({ recorder: 'syslog', ...given({ clock, seconds: number(time) }) }),
  ],
  [
    new RegExp(
      `^(\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:?\\d\\d)?)\\s(?:\\S{1,64} [^\\s:]{1,64}?(?:\\[\\d{1,10}\\])?:\\s)?(?:\\[\\s{0,10}${TIME}\\]\\s)?`,
    ),
    ([, clock, time]) => ({ recorder: 'syslog', ...given({ clock, seconds: number(time) }) }),
  ],
  [
    new RegExp(`^(\\d{1,10})@${TIME}:(\\w{1,64})(?:\\s|$)`),
    ([, pid, time, event]) => ({
      recorder: 'QEMU trace',
      ...given({ pid: number(pid), seconds: number(time), event }),
    }),
  ],
  [/^qemu-(?:system-\w{1,20}|kvm): (?:warning: |info: )?/, () => ({ recorder: 'QEMU' })],
  // Text that lost its prefix, or a QEMU trace without time stamps.
  [
    /^\s{0,40}((?!kvm_(?:amd|intel)\b)kvm_\w{1,60})(:?)(?:\s{1,40}|$)/,
    ([, event, colon]) => ({
      recorder: colon === ':' ? 'ftrace' : 'QEMU trace',
      ...given({ event }),
    }),
  ],
];

/** The prefix of a line, or nothing when it has none that is known. */
export function readPrefix(line: string): Prefix | undefined {
  for (const [pattern, read] of readers) {
    const match = pattern.exec(line);
    if (match) return { ...read(match), end: match[0].length };
  }
  return undefined;
}

/** Lines of ftrace that are no events: its heading, and where events were lost. */
export function ftraceRemark(line: string): string | undefined {
  if (/^\s{0,40}#(?:\s|$)/.test(line)) return 'A comment of ftrace.';
  if (/^cpus=\d{1,5}$/.test(line.trim())) return 'The number of processors that trace-cmd recorded.';
  const lost = /^\s{0,40}CPU:?\s?(\d{1,5}) \[LOST(?: (\d{1,12}))? EVENTS\]/.exec(line);
  if (lost) return `On processor ${lost[1]} ${lost[2] ?? 'an unknown number of'} events were lost here.`;
  if (/^#{2,9}\s{0,9}CPU \d{1,5} buffer started/.test(line)) return 'The buffer of a processor begins here.';
  return undefined;
}
