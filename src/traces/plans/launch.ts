/** From lines about the launch and the firmware to the acts before them. */
import {
  firmwareCommands,
  firmwareStatus,
  SEV_CMD_SNP_ACTIVATE,
  SEV_CMD_SNP_GCTX_CREATE,
  SEV_CMD_SNP_GUEST_REQUEST,
  SEV_CMD_SNP_LAUNCH_FINISH,
  SEV_CMD_SNP_LAUNCH_START,
  SEV_CMD_SNP_LAUNCH_UPDATE,
  SEV_RET_NO_FW_CALL,
} from '../../abi/firmware';
import { bytesToPages, gpaToGfn, isPageAligned } from '../../abi/address';
import { hex } from '../../base/hex';
import {
  FREE_GPA,
  guest,
  machineWith,
  memoryFor,
  OTHER_FREE_GPA,
  slotsOf,
  vmm,
  type Planned,
} from '../../scenarios/from-value/plan';
import { planOfFirmwareFailure } from '../../scenarios/from-value/words';
import type { Act } from '../../engine/acts';
import { errno } from '../../abi/errno';
import { numberIn, signedIn, textIn } from '../form';
import { errnoWord } from '../refusal';
import type { Fields } from '../template';
import type { LinePlans } from './kvm';

const commandNamed = (name: string): bigint | undefined => {
  const found = Object.entries(firmwareCommands).find(([, known]) => known === name);
  return found && BigInt(found[0]);
};

const start: readonly Act[] = [vmm('create-vm', {}), vmm('init2', {})];

/** The shortest way in which KVM itself refuses a call with -EINVAL, and what it refuses. */
const refusedByKvm: Readonly<Record<string, { readonly why: string; readonly launch: readonly Act[] }>> = {
  SNP_LAUNCH_START: {
    why: 'policy bit 17, which must be one, is 0',
    launch: [...start, vmm('launch-start', { policy: 0n })],
  },
  SNP_LAUNCH_UPDATE: {
    why: 'flags are not 0',
    launch: [...start, vmm('launch-start', {}), vmm('launch-update', { gfn: 0x120, type: 'zero', flags: 1 })],
  },
  SNP_LAUNCH_FINISH: {
    why: 'flags are not 0',
    launch: [...start, vmm('launch-start', {}), vmm('launch-finish', { flags: 1 })],
  },
};

/** Failures that what is passed to LAUNCH_FINISH or LAUNCH_UPDATE leads to, without a fault of the firmware. */
const refusedByFirmware: Readonly<Record<string, { readonly why: string; readonly launch: readonly Act[] }>> =
  {
    [`SNP_LAUNCH_FINISH ${firmwareStatus.BAD_MEASUREMENT}`]: {
      why: 'the digest in the ID block is not that of the launch',
      launch: [...start, vmm('launch-start', {}), vmm('launch-finish', { 'id-block': 'bad-digest' })],
    },
    [`SNP_LAUNCH_FINISH ${firmwareStatus.BAD_SIGNATURE}`]: {
      why: 'the signature of the ID block is wrong',
      launch: [...start, vmm('launch-start', {}), vmm('launch-finish', { 'id-block': 'bad-signature' })],
    },
    [`SNP_LAUNCH_FINISH ${firmwareStatus.POLICY_FAILURE}`]: {
      why: 'the policy in the ID block is not that of the launch',
      launch: [...start, vmm('launch-start', {}), vmm('launch-finish', { 'id-block': 'bad-policy' })],
    },
  };

/** A call that failed: what is refused is asked for, or the firmware is made to refuse just this call. */
function launchFailure(call: string, fields: Fields): Planned {
  const ret = signedIn(fields, 'ret') ?? 0;
  const status = BigInt.asUintN(32, numberIn(fields, 'status'));
  if (ret === 0) return 'The call succeeded: every launch shows it.';
  if (status === BigInt(SEV_RET_NO_FW_CALL) && call === 'SNP_LAUNCH_START')
    return {
      title: 'SNP_LAUNCH_START without a page for the request',
      before: [{ actor: 'inject', verb: 'allocation', args: { what: 'command' } }],
      launch: [...start, vmm('launch-start', {}), vmm('give-up', {})],
      acts: [],
    };
  const refused = refusedByKvm[call];
  if (status === 0n && ret === -errno.EINVAL && refused)
    return {
      title: `${call} is refused by KVM`,
      notes: [`For what the line does not say; here ${refused.why}.`],
      launch: [...refused.launch, vmm('give-up', {})],
      acts: [],
    };
  if (status === 0n || status === BigInt(SEV_RET_NO_FW_CALL))
    return `${call} returned ${errnoWord(ret)} and no command of the firmware failed: what KVM refused the line does not say.`;
  const known = refusedByFirmware[`${call} ${status}`];
  if (known && ret === -errno.EIO)
    return {
      title: `The firmware refuses ${call}: ${known.why}`,
      launch: [...known.launch, vmm('give-up', {})],
      acts: [],
    };
  const command = commandBehind(call, ret);
  if (command === undefined)
    return `${call} returns ${errnoWord(-errno.EIO)} where the firmware refuses its command; the line says ${errnoWord(ret)}.`;
  return planOfFirmwareFailure(status, command);
}

/** The command that fails where a call returns this and a status of the firmware. */
function commandBehind(call: string, ret: number): bigint | undefined {
  if (ret === -errno.EIO) return commandNamed(call);
  return call === 'SNP_LAUNCH_START' && ret === -errno.ENOTTY ? BigInt(SEV_CMD_SNP_GCTX_CREATE) : undefined;
}

/** Commands that a launch of these scenarios sends. */
const ofTheLaunch: readonly number[] = [
  SEV_CMD_SNP_GCTX_CREATE,
  SEV_CMD_SNP_ACTIVATE,
  SEV_CMD_SNP_LAUNCH_START,
  SEV_CMD_SNP_LAUNCH_UPDATE,
  SEV_CMD_SNP_LAUNCH_FINISH,
];

/** A command that failed, as the driver logs it. */
function failedCommand(fields: Fields): Planned {
  const [command, status] = [numberIn(fields, 'command'), numberIn(fields, 'status')];
  if (command === BigInt(SEV_CMD_SNP_GUEST_REQUEST)) return refusedRequest(status);
  return ofTheLaunch.includes(Number(command))
    ? planOfFirmwareFailure(status, command)
    : `No launch of these scenarios sends the command ${hex(command)} in a way that fails alone.`;
}

const REGISTERS = ['eax', 'ebx', 'ecx', 'edx'] as const;

/** A CPUID page of one leaf, whose register the firmware does not accept. */
function cpuidRefused(fields: Fields): Planned {
  const wrong = REGISTERS.find((_, index) => {
    const letter = 'abcd'.charAt(index);
    return fields[`${letter}0`] !== undefined && fields[`${letter}0`] !== fields[`${letter}1`];
  });
  return {
    title: 'The firmware does not accept the CPUID page',
    launch: [
      ...start,
      vmm('memslot', { gfn: 0, n: 0x400 }),
      vmm('launch-start', {}),
      vmm('set-attributes', { gfn: 0x120, n: 1, private: true }),
      vmm('launch-update', {
        gfn: 0x120,
        type: 'cpuid',
        'wrong-leaf': Number(numberIn(fields, 'leaf')),
        ...(wrong ? { 'wrong-register': wrong } : {}),
      }),
      vmm('give-up', {}),
    ],
    acts: [],
  };
}

/** A message to the firmware that it answers with a status. */
function refusedRequest(info2: bigint): Planned {
  const status = info2 & 0xffff_ffffn;
  if (info2 >> 32n !== 0n)
    return 'The hypervisor refused the request, as a busy one does; no act of these scenarios makes KVM busy.';
  if (status === 0n) return 'Status 0 is success.';
  return {
    title: `The firmware answers a guest request with ${status}`,
    acts: [
      { actor: 'inject', verb: 'firmware', args: { command: BigInt(SEV_CMD_SNP_GUEST_REQUEST), status } },
      guest('guest-request', { request: FREE_GPA, response: OTHER_FREE_GPA }),
    ],
  };
}

const pageTypes = ['normal', 'zero', 'unmeasured', 'secrets', 'cpuid'] as const;

/** A launch with this one LAUNCH_UPDATE. */
function updateOf(fields: Fields): Planned {
  const type = pageTypes.find((one) => one === textIn(fields, 'type').toLowerCase());
  const [gpa, length] = [numberIn(fields, 'gpa'), numberIn(fields, 'length')];
  if (!type) return `There is no page type called ${textIn(fields, 'type')}.`;
  if (!isPageAligned(gpa) || !isPageAligned(length) || length === 0n)
    return 'The range is of no whole pages.';
  if (memoryFor([gpa, gpa + length - 1n]) === undefined)
    return 'No machine of these scenarios has memory there.';
  const [gfn, n] = [gpaToGfn(gpa), bytesToPages(length)];
  const vm = machineWith(gpa, gpa + length - 1n);
  return {
    title: `KVM_SEV_SNP_LAUNCH_UPDATE of ${n} ${n === 1 ? 'page' : 'pages'} at ${hex(gpa)}, type ${type}`,
    vm,
    launch: [
      ...start,
      ...slotsOf(vm),
      vmm('launch-start', {}),
      vmm('set-attributes', { gfn, n, private: true }),
      vmm('launch-update', { gfn, n, type }),
    ],
    acts: [],
  };
}

export const launchPlans: LinePlans = {
  'qemu-launch': (fields) => launchFailure(textIn(fields, 'call'), fields),
  'snp-context': (fields) => launchFailure('SNP_GCTX_CREATE', fields),
  'sev-command': failedCommand,
  'qemu-cpuid': cpuidRefused,
  'asp-request': (fields) =>
    (signedIn(fields, 'ret') ?? 0) === -errno.EIO
      ? refusedRequest(numberIn(fields, 'info2'))
      : `A guest of these scenarios returns ${errnoWord(-errno.EIO)} for every status of the firmware.`,
  kvm_sev_snp_launch_update: updateOf,
  kvm_sev_snp_launch_finish: (fields) =>
    ['block', 'auth', 'data'].every((name) => textIn(fields, name) === '(null)')
      ? { title: 'A launch without an ID block', acts: [] }
      : 'The bytes of the ID block stand in the line as a word alone; LAUNCH_FINISH of these scenarios has its own.',
  'sev-timeout': () => 'The processor of the firmware that never answers is no act of these scenarios.',
  'snp-init': () => 'The platform is initialised before the first VM, and no scenario begins before that.',
  'sev-init': () => 'The platform is initialised before the first VM, and no scenario begins before that.',
};
