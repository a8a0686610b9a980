/** Words that people and programs write in no fixed format; they are read only where no format fits. */
import { source } from '../../abi/source';
import { form, numberIn, signedIn, valueOf, type LineForm } from '../form';
import { failureMeaning } from '../refusal';
import { vmmErrorText } from '../../abi/error-words';

const anyone = source.crate('no one print format', 'words of several programs', 'unconfirmed');

export const looseForms: readonly LineForm[] = [
  form({
    id: 'vmm-error',
    what: 'a line with the error of a guest request',
    source: source.uapi('linux/sev-guest.h', 'fw_error and vmm_error of exitinfo2'),
    isLoose: true,
    formats: ['fw_error={status:n}, vmm_error={vmm:n}', 'vmm_error={vmm:n}'],
    read: (fields) => ({
      values: [
        {
          label: 'SW_EXITINFO2',
          kind: 'guest-request-info2',
          value: (numberIn(fields, 'vmm') << 32n) | (numberIn(fields, 'status') & 0xffff_ffffn),
          size: 8,
          why: 'Status and error of the hypervisor are the halves of this word',
        },
      ],
      remarks:
        numberIn(fields, 'vmm') === 0n
          ? []
          : [`The hypervisor refused, not the firmware: ${vmmErrorText(Number(numberIn(fields, 'vmm')))}.`],
    }),
  }),
  form({
    id: 'launch-error',
    what: 'a line about a call that the firmware or KVM refused',
    source: anyone,
    isLoose: true,
    formats: [
      'ret={ret:d} fw_error={status:n}',
      'rc {ret:d} fw_error {status:n}',
      'rc={ret:d} fw_error={status:n}',
    ],
    read: (fields) =>
      failureMeaning({ call: 'The call', ret: signedIn(fields, 'ret'), status: signedIn(fields, 'status') }),
  }),
  form({
    id: 'fw-error',
    what: 'a line with a status of the SEV firmware',
    source: anyone,
    isLoose: true,
    formats: ['fw_error={status:n}', 'fw_error: {status:n}', 'fw_error {status:n}'],
    read: (fields) =>
      failureMeaning({ call: 'The call', ret: undefined, status: signedIn(fields, 'status') }),
  }),
  form({
    id: 'sev-error',
    what: 'a line about the SEV firmware',
    source: anyone,
    isLoose: true,
    formats: [
      'SEV{rest:t} error {status:n}',
      'SNP{rest:t} error {status:n}',
      'ccp{rest:t} error: {status:n}',
    ],
    read: (fields) =>
      failureMeaning({ call: 'The call', ret: undefined, status: signedIn(fields, 'status') }),
  }),
  form({
    id: 'exit-words',
    what: 'a line with an exit code',
    source: anyone,
    isLoose: true,
    formats: [
      'exit_code {code:n}[[, exit_info_1 {info1:n}]][[, exit_info_2 {info2:n}]]',
      'exit_code: {code:n}[[, exit_info_1: {info1:n}]][[, exit_info_2: {info2:n}]]',
      'exit_code={code:n}[[ exit_info_1={info1:n}]][[ exit_info_2={info2:n}]]',
      'exit_reason {code:x}[[, exit_info1 {info1:x}]][[, exit_info2 {info2:x}]]',
    ],
    read: (fields) => ({
      exit: {
        code: numberIn(fields, 'code'),
        ...(fields['info1'] === undefined ? {} : { info1: numberIn(fields, 'info1') }),
        ...(fields['info2'] === undefined ? {} : { info2: numberIn(fields, 'info2') }),
      },
    }),
  }),
  form({
    id: 'ghcb-gpa',
    what: 'a line with a GHCB MSR value',
    source: anyone,
    isLoose: true,
    formats: ['ghcb_gpa {msr:x16}', 'ghcb_gpa: {msr:x16}', 'ghcb_gpa=0x{msr:x}'],
    read: (fields) => ({
      values: [valueOf(fields, 'msr', 'ghcb-msr', 'The line calls it ghcb_gpa', { label: 'GHCB MSR' })],
    }),
  }),
];
