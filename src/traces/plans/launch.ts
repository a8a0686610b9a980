/** From lines about the launch and the firmware to the acts before them. */
import {
  firmwareCommands,
  firmwareStatus,
  SEV_CMD_SNP_GUEST_REQUEST,
  SEV_RET_NO_FW_CALL,
} from '../../abi/firmware';
import { guest, OTHER_FREE_GPA, FREE_GPA, vmm, type Planned } from '../../scenarios/from-value/plan';
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
  if (known)
    return {
      title: `The firmware refuses ${call}: ${known.why}`,
      launch: [...known.launch, vmm('give-up', {})],
      acts: [],
    };
  const command = commandNamed(call);
  if (command === undefined) return `The line does not name a command of the firmware; ${call} is none.`;
  const planned = planOfFirmwareFailure(status, command);
  return planned;
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

export const launchPlans: LinePlans = {
  'qemu-launch': (fields) => launchFailure(textIn(fields, 'call'), fields),
  'snp-context': (fields) => launchFailure('SNP_GCTX_CREATE', fields),
  'qemu-cpuid': cpuidRefused,
  'asp-request': (fields) => refusedRequest(numberIn(fields, 'info2')),
  'sev-timeout': () => 'The processor of the firmware that never answers is no act of these scenarios.',
  'snp-init': () => 'The platform is initialised before the first VM, and no scenario begins before that.',
  'sev-init': () => 'The platform is initialised before the first VM, and no scenario begins before that.',
};
