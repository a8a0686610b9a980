/** Lines that KVM, guests, QEMU and the ccp driver print about the protocol, and what their numbers are. */
import { firmwareCommands, firmwareStatus } from './firmware';
import { GHCB_MSR_TERM_REQ, terminationRequest } from './ghcb-msr';
import { kvmExitReasons } from './kvm-run';
import { naeEvents } from './nae';

/** One number of a line: what it is called there, its kind, its bytes as a word of `size` bytes. */
export interface LogValue {
  readonly label: string;
  readonly kind: string;
  readonly value: bigint;
  readonly size: number;
  readonly why: string;
}

/** The values a line carries, and the event they belong to when it names one. */
export interface LogLine {
  readonly form: string;
  readonly values: readonly LogValue[];
  /** SW_EXITCODE, INFO1 and INFO2 that belong together. */
  readonly exit?: { readonly code: bigint; readonly info1?: bigint; readonly info2?: bigint };
}

const number = (text: string | undefined, radix: 'hex' | 'as written' = 'hex'): bigint => {
  const digits = text ?? '0';
  if (radix === 'as written') return BigInt(digits);
  return BigInt(digits.toLowerCase().startsWith('0x') ? digits : `0x${digits}`);
};

const HEX = '((?:0x)?[0-9a-f]{1,16})';
const OF = '\\s*[:= ]\\s*';

const patterns: readonly [RegExp, (match: RegExpExecArray) => LogLine | undefined][] = [
  [/guest requested termination:?\s*(0x[0-9a-f]{1,2}):(0x[0-9a-f]{1,2})/i, termination],
  [
    new RegExp(`ghcb_gpa${OF}${HEX}`, 'i'),
    ([, value]) => ({
      form: 'a trace line of the MSR protocol',
      values: [word('GHCB MSR', 'ghcb-msr', number(value), 'The line calls it ghcb_gpa')],
    }),
  ],
  [
    new RegExp(`RMP entry: \\[${HEX} - ${HEX}\\]`, 'i'),
    ([, low, high]) => ({
      form: "KVM's dump of an RMP entry",
      values: [
        {
          label: 'RMP entry',
          kind: 'rmp-entry',
          value: number(low) | (number(high) << 64n),
          size: 16,
          why: 'The line says "RMP entry"',
        },
      ],
    }),
  ],
  [
    /sev command (0x[0-9a-f]{1,8}) failed \((0x[0-9a-f]{1,8})\)/i,
    ([, command, status]) => ({
      form: 'a line of the ccp driver',
      values: [
        half('status', 'firmware-status', number(status), 'The line says which command failed, and how'),
        half('command', 'firmware-command', number(command), 'The line names the command'),
      ],
    }),
  ],
  [
    /fw_error\s*[=:]\s*(0x[0-9a-f]{1,8}|\d{1,9})/i,
    ([, status]) => ({
      form: 'a line of QEMU',
      values: [half('status', 'firmware-status', number(status, 'as written'), 'The line says fw_error')],
    }),
  ],
  [
    /(?:SEV|SNP|PSP|ccp).*?\berror:?\s*(0x[0-9a-f]{1,8})\b/i,
    ([, status]) => ({
      form: 'a line about the SEV firmware',
      values: [
        half('status', 'firmware-status', number(status), 'The line calls it an error of the firmware'),
      ],
    }),
  ],
];

function termination([, set, code]: RegExpExecArray): LogLine | undefined {
  const [reasonSet, reasonCode] = [number(set), number(code)];
  if (reasonSet > 0xfn) return undefined;
  return {
    form: "KVM's line about a guest that asks to be terminated: reason set and reason code",
    values: [
      word(
        'termination',
        'ghcb-msr',
        terminationRequest.encode({ info: GHCB_MSR_TERM_REQ, reasonSet, reasonCode }),
        'The MSR value that makes KVM print this line',
      ),
    ],
  };
}

const word = (label: string, kind: string, value: bigint, why: string): LogValue => ({
  ...half(label, kind, value, why),
  size: 8,
});
const half = (label: string, kind: string, value: bigint, why: string): LogValue => ({
  label,
  kind,
  value,
  size: 4,
  why,
});

/** The first line of a log that says something about the protocol. */
export function readLogLine(text: string): LogLine | undefined {
  for (const [pattern, read] of patterns) {
    const match = pattern.exec(text);
    const line = match && read(match);
    if (line) return line;
  }
  return readExit(text);
}

/** `exit_code 0x80000010, exit_info1 0, exit_info2 0`, in the spellings of ftrace, KVM's GHCB dump and specifications. */
function readExit(text: string): LogLine | undefined {
  const field = (names: string): bigint | undefined => {
    const match = new RegExp(`\\b(?:sw_?)?exit_?(?:${names})${OF}${HEX}(?![\\w])`, 'i').exec(text);
    return match ? number(match[1]) : undefined;
  };
  const code = field('code|reason');
  if (code === undefined) return undefined;
  const [info1, info2] = [field('info_?1'), field('info_?2')];
  return {
    form: 'a line with an exit code',
    values: [],
    exit: {
      code,
      ...(info1 === undefined ? {} : { info1 }),
      ...(info2 === undefined ? {} : { info2 }),
    },
  };
}

/** Names of constants, with the kind and the number of each. */
const constants: ReadonlyMap<string, readonly [kind: string, value: number, size: number]> = new Map([
  ...Object.entries(firmwareStatus).map(
    ([name, code]) => [name, ['firmware-status', code, 4]] as [string, [string, number, number]],
  ),
  ...Object.entries(firmwareCommands).map(
    ([id, name]) => [name, ['firmware-command', Number(id), 4]] as [string, [string, number, number]],
  ),
  ...Object.entries(kvmExitReasons).map(
    ([id, name]) => [name, ['exit-reason', Number(id), 4]] as [string, [string, number, number]],
  ),
  ...naeEvents.map(({ name, code }) => [name, ['nae-code', code, 8]] as [string, [string, number, number]]),
]);

export const constantNames: readonly string[] = [...constants.keys()];

/** The constant a text names, with or without its prefix. */
export function readConstant(text: string): LogValue | undefined {
  const name = text
    .trim()
    .replace(/^SEV_RET_/i, '')
    .replace(/^SEV_CMD_/i, '')
    .toUpperCase();
  const found = constants.get(name);
  if (!found) return undefined;
  const [kind, value, size] = found;
  return { label: name, kind, value: BigInt(value), size, why: `It is the constant ${name}` };
}
