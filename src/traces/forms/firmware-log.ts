/** Lines of the ccp driver and of programs that speak with the firmware. */
import { source } from '../../abi/source';
import { form, numberIn, signedIn, textIn, type LineForm } from '../form';
import { failureMeaning, unknownStatus } from '../refusal';
import type { Fields } from '../template';

const ccp = (topic: string) => source.kernel('6.12.117', 'drivers/crypto/ccp/sev-dev.c', topic);

const initFailed = (fields: Fields) =>
  failureMeaning({
    call: textIn(fields, 'call') || 'INIT',
    ret: signedIn(fields, 'ret'),
    status: signedIn(fields, 'status'),
  });

/** A status that stands alone. */
const statusOnly = (fields: Fields) => ({
  values: [
    {
      label: 'status',
      kind: 'firmware-status',
      value: numberIn(fields, 'status'),
      size: 4,
      why: 'The line calls it the status',
    },
  ],
  remarks: unknownStatus(Number(numberIn(fields, 'status'))),
});

export const firmwareLogForms: readonly LineForm[] = [
  form({
    id: 'sev-command',
    what: 'a line of the ccp driver about a command that failed',
    source: ccp('__sev_do_cmd_locked'),
    formats: ['sev command 0x{command:x} failed (0x{status:x8})'],
    read: (fields) => ({
      values: [
        {
          label: 'status',
          kind: 'firmware-status',
          value: numberIn(fields, 'status'),
          size: 4,
          why: 'The line says how the command failed',
        },
        {
          label: 'command',
          kind: 'firmware-command',
          value: numberIn(fields, 'command'),
          size: 4,
          why: 'The line names the command',
        },
      ],
      remarks: unknownStatus(Number(numberIn(fields, 'status'))),
    }),
  }),
  form({
    id: 'sev-timeout',
    what: 'a line of the ccp driver about a command that never ended',
    source: ccp('__sev_do_cmd_locked'),
    formats: ['sev command 0x{command:x} timed out, disabling PSP'],
    read: (fields) => ({
      values: [
        {
          label: 'command',
          kind: 'firmware-command',
          value: numberIn(fields, 'command'),
          size: 4,
          why: 'The line names the command',
        },
      ],
      remarks: ['The call returns -ETIMEDOUT, and every later command -EBUSY.'],
    }),
  }),
  form({
    id: 'snp-init',
    what: 'a line of KVM or the ccp driver about the SEV firmware',
    source: ccp('__sev_snp_init_locked'),
    formats: [
      'SEV-SNP: failed to INIT[[ rc {ret:d},]] error {status:n}',
      'SEV-SNP: {call:w} failed rc {ret:d}, error {status:n}',
      'failed to INIT[[ rc {ret:d},]] error {status:n}',
    ],
    read: initFailed,
  }),
  form({
    id: 'sev-init',
    what: 'a line of the ccp driver about INIT or DF_FLUSH',
    source: ccp('__sev_platform_init_locked'),
    formats: ['SEV: {call:w} failed {status:n}, rc {ret:d}'],
    read: initFailed,
  }),
  form({
    id: 'firmware-version',
    what: 'a line of the ccp driver about the version of the firmware',
    source: ccp('__sev_snp_init_locked, sev_platform_init'),
    formats: ['{what:w} API:{major:d}.{minor:d} build:{build:d}'],
    read: (fields) => ({
      remarks: [
        `The firmware speaks ${textIn(fields, 'what')} API ${numberIn(fields, 'major')}.${numberIn(fields, 'minor')}, build ${numberIn(fields, 'build')}.`,
      ],
    }),
  }),
  form({
    id: 'tool-status',
    what: 'an error of a tool of virtee',
    source: source.virtee('src/error.rs', 'how statuses are printed', 'unconfirmed'),
    formats: ['Status Code: {status:n}'],
    read: statusOnly,
  }),
];
