/** The words of a line on the ladder: what it says, decoded, as short as a step of a run. */
import { decodeFile } from '../../abi/kind-text';
import { ghcbMsrMessage } from '../../abi/ghcb-msr';
import type { FieldRow } from '../../abi/layout';
import { own } from '../../base/table';
import { shortEventName } from '../../engine/kvm/ghcb/nae-text';
import { numberIn, signedIn, textIn } from '../form';
import { unquoted } from '../lines';
import { partsOf } from '../pasted';
import type { TraceLine } from '../read';
import { errnoWord } from '../refusal';
import type { Fields } from '../template';

const isTelling = ({ value, problem }: FieldRow): boolean => value !== 0n || problem !== undefined;
const inHex = (fields: Fields, name: string): string => `0x${numberIn(fields, name).toString(16)}`;

/** Fields that are not zero, without those of these names. */
function fieldsOf(kind: string, bytes: Uint8Array, without: readonly string[] = []): string {
  const decoded = decodeFile(kind, bytes);
  if (!decoded.ok) return '';
  return decoded.value.rows
    .filter((row) => isTelling(row) && !without.includes(row.name))
    .map(
      ({ name, text, problem }) =>
        `${name === 'value' ? '' : `${name} `}${text}${problem ? ` (${problem})` : ''}`,
    )
    .join(', ');
}

/** The values of a line behind its exit code or message. */
function valuesOf(line: TraceLine, without: readonly string[] = []): string {
  return partsOf(line)
    .flatMap(({ bytes, candidates: [best] }) => {
      if (!best || best.kind === 'nae-code') return [];
      return fieldsOf(best.kind, bytes, without);
    })
    .filter((text) => text !== '')
    .join(', ');
}

const withValues = (head: string, values: string): string => (values === '' ? head : `${head} ${values}`);

const msr = (line: TraceLine): string => {
  const value = numberIn(line.fields ?? {}, 'msr');
  return withValues(
    ghcbMsrMessage(value)?.name ?? `GHCB MSR 0x${value.toString(16)}`,
    valuesOf(line, ['info']),
  );
};
const afterMsr = (line: TraceLine): string => {
  const result = signedIn(line.fields ?? {}, 'result') ?? 1;
  if (result === 1) return msr(line);
  return result === 0
    ? 'leaves to userspace, the answer is in no line'
    : `KVM_RUN returns ${errnoWord(result)}`;
};
const event = ({ fields = {} }: TraceLine): string => shortEventName(numberIn(fields, 'code'));
/** The print of KVM_RUN's end. */
const userspace = (line: TraceLine): string => {
  const name = textIn(line.fields ?? {}, 'name');
  const number = signedIn(line.fields ?? {}, 'number') ?? 0;
  return name === 'error' || name === 'restart'
    ? `KVM_RUN returns ${errnoWord(number)}`
    : withValues('exit', valuesOf(line));
};
const range = (fields: Fields): string => `${inHex(fields, 'gpa')} size ${inHex(fields, 'size')}`;

const words: Readonly<Record<string, (line: TraceLine) => string>> = {
  kvm_vmgexit_enter: (line) => withValues(event(line), valuesOf(line)),
  kvm_vmgexit_exit: (line) => withValues(`${event(line)} answered`, valuesOf(line) || 'no action'),
  kvm_vmgexit_msr_protocol_enter: msr,
  kvm_vmgexit_msr_protocol_exit: afterMsr,
  kvm_exit: ({ fields = {} }) => `exit ${textIn(fields, 'reason')}`,
  kvm_entry: () => 'entry',
  kvm_userspace_exit: userspace,
  kvm_run_exit: userspace,
  kvm_page_fault: (line) => withValues(`page fault ${inHex(line.fields ?? {}, 'address')}`, valuesOf(line)),
  kvm_rmp_fault: (line) => withValues(`RMP fault ${inHex(line.fields ?? {}, 'gpa')}`, valuesOf(line)),
  kvm_memory_fault: (line) => withValues(`memory fault ${range(line.fields ?? {})}`, valuesOf(line)),
  kvm_hc_map_gpa_range: (line) => withValues(`MAP_GPA_RANGE ${range(line.fields ?? {})}`, valuesOf(line)),
  kvm_convert_memory: ({ fields = {} }) => `converts ${range(fields)} ${textIn(fields, 'direction')}`,
  kvm_vm_set_mem_attributes: (line) =>
    withValues(
      `attributes of GFN ${inHex(line.fields ?? {}, 'start')} up to ${inHex(line.fields ?? {}, 'end')}`,
      valuesOf(line) || 'none: shared',
    ),
  kvm_apic_ipi: ({ fields = {} }) => `IPI to APIC ${inHex(fields, 'destination')}: ${textIn(fields, 'mode')}`,
};

/** The text behind the prefix: what a log says in words needs no others. */
function bodyOf({ raw, prefix }: TraceLine): string {
  return unquoted(raw)
    .slice(prefix?.end ?? 0)
    .trim()
    .replace(/^(?:kvm_amd|SEV|ccp|qemu[\w-]*): /, '');
}

/** The words of a placed line. */
export function wordsOf(line: TraceLine): string {
  const declared = own(words, line.form?.id ?? '');
  if (declared) return declared(line);
  const values = valuesOf(line, ['info']);
  return values === '' ? bodyOf(line) : `${bodyOf(line)} (${values})`;
}
