/** One KVM_MEMORY_ENCRYPT_OP as its handlers see it: the command, faults of its user memory, the result to write back. */
import { errno as numbers, errnoName, type ErrnoName } from '../../../abi/errno';
import type { RuleId } from '../../rules';
import { rules } from '../../rules';
import { badDevice, type PspResult } from '../../firmware/psp';
import type { World } from '../../world';

export type Access = 'ok' | 'unmapped' | 'readOnly';

/** struct kvm_sev_cmd as userspace passes it. */
export interface SevCommand {
  readonly command: Access | 'null';
  readonly argument: Access;
  /** `sev_fd` names the SEV device. */
  readonly sevDevice: boolean;
}

/** The result of a call for userspace. */
export interface SevReply {
  /** 0 or a negative errno. */
  ret: number;
  /** `error`, when KVM wrote it. */
  error: number | undefined;
}

export const replyOf = (ret: number): SevReply => ({ ret, error: undefined });

/** The argument cannot be read. A read-only argument can. */
export const argumentReadable = ({ argument }: SevCommand): boolean => argument !== 'unmapped';

/** A firmware command through the call's own `sev_fd`; its status goes into `error`. */
export function sevIssueCmd(command: SevCommand, reply: SevReply, issue: () => PspResult): PspResult {
  const result = command.sevDevice ? issue() : badDevice;
  if (result.error !== undefined) reply.error = result.error;
  return result;
}

/** The errno of each refusal of a launch command. */
const refusalErrno: Partial<Readonly<Record<RuleId, ErrnoName>>> = {
  ArgumentUnreadable: 'EFAULT',
  StartNotSnp: 'ENOTTY',
  FinishNotSnp: 'ENOTTY',
  FinishVcpuInCreation: 'EBUSY',
  FinishInterrupted: 'EINTR',
};

/** The call passed the checks of the chart: its handler continues. */
export const goesOn = (): number => 0;

/** Shows that a call is refused. @returns the negative errno of the rule */
export function refuseCall(world: World, call: string, rule: RuleId, name?: ErrnoName): number {
  const errno = name ?? refusalErrno[rule] ?? 'EINVAL';
  world.move('ioctlRefused', -1, { call, ret: `-${errno}`, why: rules[rule].says }, rule);
  return -numbers[errno];
}

/** The name of an errno that a handler returned. */
export const errnoOf = (errno: number): ErrnoName => (errnoName(errno) ?? 'EIO') as ErrnoName;
