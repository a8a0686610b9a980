/** Launches that fail: KVM's calls, the firmware's statuses, the host's set-up. */
import { firmwareCommands, firmwareSource, firmwareStatus, SEV_RET_NO_FW_CALL } from '../../abi/firmware';
import { errno } from '../../abi/errno';
import { hex } from '../../base/hex';
import type { RuleId } from '../../engine/rules';
import { numberIn, signedIn, textIn } from '../form';
import { errnoWord, statusWord } from '../refusal';
import type { Fields } from '../template';
import type { Cause, Ending, Endings } from './ending';

/** What KVM refuses a call for, before any command of the firmware. */
const refusals: Readonly<Record<string, readonly RuleId[]>> = {
  SNP_LAUNCH_START: [
    'StartPolicyReservedBit',
    'StartPolicyUnsupported',
    'StartFlags',
    'StartTwice',
    'StartTscUnknown',
  ],
  SNP_LAUNCH_UPDATE: ['UpdateNotStarted', 'UpdateArguments', 'UpdateUaddrUnaligned', 'UpdateSlotWithoutGmem'],
  SNP_LAUNCH_FINISH: [
    'FinishNotStarted',
    'FinishFlags',
    'VmsaAlreadyProtected',
    'VmsaDebugActive',
    'ArgumentUnreadable',
  ],
};

const byFirmware = (says: string): Cause => ({ says, source: firmwareSource });
const badContext = byFirmware('The context page is not one that SNP_GCTX_CREATE made.');

/** What the firmware refuses a command for with a status, in the order in which it checks. */
const statusCauses: Readonly<Record<string, readonly Cause[]>> = {
  [`SNP_LAUNCH_START ${firmwareStatus.POLICY_FAILURE}`]: [
    byFirmware('The policy asks for a later version of the API than the firmware has.'),
    byFirmware('The policy does not allow SMT, and the host has it switched on.'),
    byFirmware('A reserved bit of the policy is set, or one that this firmware does not know.'),
  ],
  [`SNP_LAUNCH_START ${firmwareStatus.INVALID_GUEST}`]: [badContext],
  [`SNP_LAUNCH_FINISH ${firmwareStatus.BAD_MEASUREMENT}`]: [
    byFirmware('The digest in the ID block is not the digest of the launch.'),
  ],
  [`SNP_LAUNCH_FINISH ${firmwareStatus.BAD_SIGNATURE}`]: [
    byFirmware('The signature of the ID block or of the author key is wrong.'),
  ],
  [`SNP_LAUNCH_FINISH ${firmwareStatus.POLICY_FAILURE}`]: [
    byFirmware('The policy in the ID block is not the policy of the launch.'),
  ],
  [`SNP_LAUNCH_UPDATE ${firmwareStatus.INVALID_PARAM}`]: [
    byFirmware(
      'The type of the page is not supported, or a CPUID page has values that the firmware does not allow.',
    ),
  ],
  [`SNP_LAUNCH_UPDATE ${firmwareStatus.INVALID_PAGE_STATE}`]: [
    byFirmware('The page is not in the state Pre-Guest.'),
  ],
  [`SNP_LAUNCH_UPDATE ${firmwareStatus.INVALID_PAGE_OWNER}`]: [
    byFirmware('The page is assigned to another guest.'),
  ],
  [`SNP_LAUNCH_UPDATE ${firmwareStatus.INACTIVE}`]: [byFirmware('The guest was not bound to an ASID.')],
};

const START_NEXT = [
  'The policy in the command line of QEMU: bit 17 is one, bits 15:0 hold the least API version.',
  'The line of the ccp driver that names the API version of the firmware.',
];
const nextOf: Readonly<Record<string, readonly string[]>> = {
  SNP_LAUNCH_START: START_NEXT,
  SNP_LAUNCH_UPDATE: [
    'The kvm_sev_snp_launch_update event before it names address and type of the page.',
    'For a CPUID page QEMU prints which leaf and register the firmware does not accept.',
  ],
  SNP_LAUNCH_FINISH: ['Which ID block was passed, and whether an earlier LAUNCH_FINISH had failed.'],
};

/** A launch call that failed. */
function launchCall(fields: Fields): Ending | undefined {
  const call = textIn(fields, 'call');
  const ret = signedIn(fields, 'ret') ?? 0;
  if (ret === 0) return undefined;
  const status = Number(BigInt.asUintN(32, numberIn(fields, 'status')));
  const next = nextOf[call] ?? [];
  if (status !== 0 && status !== SEV_RET_NO_FW_CALL)
    return {
      what: `${call} failed with ${errnoWord(ret)}: the firmware says ${statusWord(status)}.`,
      refusedBy: 'the firmware',
      causes: [...(statusCauses[`${call} ${status}`] ?? []), 'FirmwareAnswers'],
      next,
    };
  return {
    what: `${call} failed with ${errnoWord(ret)}, and no command of the firmware did.`,
    refusedBy: 'KVM',
    causes:
      ret === -errno.EINVAL
        ? (refusals[call] ?? [])
        : status === SEV_RET_NO_FW_CALL
          ? ['ContextNotCreated']
          : ['OutOfMemory', 'VmBugged'],
    next,
  };
}

/** A command of the firmware that failed, as the driver logs it. */
function command(fields: Fields): Ending | undefined {
  const id = Number(numberIn(fields, 'command'));
  const status = Number(numberIn(fields, 'status'));
  const name = (firmwareCommands as Readonly<Record<number, string>>)[id] ?? `command ${hex(id)}`;
  if (status === 0) return undefined;
  return {
    what: `The firmware answered ${name} with ${statusWord(status)}.`,
    refusedBy: 'the firmware',
    causes: [...(statusCauses[`${name} ${status}`] ?? []), 'FirmwareAnswers'],
    next: nextOf[name] ?? ['The call that sent the command, in the lines of the VMM.'],
  };
}

const platform = (fields: Fields): Ending | undefined => {
  const status = signedIn(fields, 'status') ?? 0;
  const call = textIn(fields, 'call') || 'INIT';
  return {
    what: `The platform was not initialised: ${call} ended with ${statusWord(status)}.`,
    refusedBy: 'the firmware',
    causes: ['PlatformInitFails'],
    next: [
      'Settings of the host firmware for SEV-SNP, the RMP and the ASIDs, and the version of the SEV firmware.',
      'Every later KVM_SEV_INIT2 fails.',
    ],
  };
};

export const launchEndings: Endings = {
  'qemu-launch': launchCall,
  'snp-context': (fields) => ({
    what: `KVM got no context from the firmware: ${statusWord(signedIn(fields, 'status') ?? 0)}.`,
    refusedBy: 'the firmware',
    causes: ['ContextNotCreated'],
    next: ['QEMU says only that SNP_LAUNCH_START failed; the status stands in this line.'],
  }),
  'qemu-cpuid': (fields) => ({
    what: `The firmware does not accept the CPUID values of function ${hex(numberIn(fields, 'leaf'))}.`,
    refusedBy: 'the firmware',
    causes: ['CpuidWrittenBack'],
    next: ['The CPU model in the command line of QEMU: the provided values come from it.'],
  }),
  'sev-command': command,
  'sev-timeout': (fields) => ({
    what: `The firmware did not answer command ${hex(numberIn(fields, 'command'))}.`,
    refusedBy: 'the firmware',
    causes: ['PspTimeout', 'PspDead'],
    next: ['Every later call fails until the host is reset.'],
  }),
  'snp-init': platform,
  'sev-init': platform,
  'tool-status': (fields) => {
    const status = Number(numberIn(fields, 'status'));
    return status === 0
      ? undefined
      : {
          what: `A tool got ${statusWord(status)} from the firmware.`,
          refusedBy: 'the firmware',
          causes: ['FirmwareAnswers'],
          next: ['Which command the tool sent.'],
        };
  },
  asids: (fields) => {
    const [first, last] = [numberIn(fields, 'first'), numberIn(fields, 'last')];
    return last >= first && last !== 0n
      ? undefined
      : {
          what: `No ASID is left for ${textIn(fields, 'kind')} guests: the first would be ${first}, the last is ${last}.`,
          refusedBy: 'the kernel of the host',
          causes: ['NoAsid'],
          next: ['The setting of the host firmware for the least ASID of plain SEV guests.'],
        };
  },
};
