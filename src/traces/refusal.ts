/** What a return value and the status of the firmware say together: who refused, and before what. */
import { errnoName } from '../abi/errno';
import { firmwareStatusNames, SEV_RET_NO_FW_CALL } from '../abi/firmware';
import type { NamedValue } from '../abi/named-value';
import { hex } from '../base/hex';
import type { Meaning } from './form';

/** A call that failed, as a line tells it. */
export interface Failure {
  /** The name of the call: `SNP_LAUNCH_START`. */
  readonly call: string;
  /** What it returned: a negative errno, or a positive one as some programs print it. */
  readonly ret: number | undefined;
  /** The status of the firmware, or what stands in its place. */
  readonly status: number | undefined;
  /** The number of the firmware command, where the line names it. */
  readonly command?: NamedValue;
}

const SUCCESS = 0;
/** What the driver returns for every status but 0: kernel-mainline errno mapping, drivers/crypto/ccp/sev-dev.c. */
const EIO = 5;

/** `-EINVAL`, or the number. */
export function errnoWord(ret: number): string {
  const name = errnoName(Math.abs(ret));
  return name === undefined ? String(ret) : `-${name}`;
}

/** `POLICY_FAILURE (0x7)`, or that no header names the number and which it does name. */
export function statusWord(status: number): string {
  const name = firmwareStatusNames[status];
  return name === undefined ? hex(status) : `${name} (${hex(status)})`;
}

const highest = Math.max(
  ...Object.keys(firmwareStatusNames)
    .map(Number)
    .filter((status) => status !== SEV_RET_NO_FW_CALL),
);

/** A sentence about a status that no header names, or nothing. */
export const unknownStatus = (status: number): string[] =>
  firmwareStatusNames[status] === undefined
    ? [`${hex(status)} is no status of linux/psp-sev.h, which names 0x0 to ${hex(highest)}.`]
    : [];

/** Reads a call's return value together with the firmware's status. A status of 0 beside a failure is no success. */
export function failureMeaning({ call, ret, status, command }: Failure): Meaning {
  const commandValues = command ? [command] : [];
  const failed = ret !== undefined && ret !== 0;
  const isAnswer = status !== undefined && status !== SEV_RET_NO_FW_CALL && !(failed && status === SUCCESS);
  const values: NamedValue[] = isAnswer
    ? [
        {
          label: 'status',
          kind: 'firmware-status',
          value: BigInt(status),
          size: 4,
          why: 'The line gives the status of the firmware',
        },
        ...commandValues,
      ]
    : commandValues;
  return { values, remarks: [...sentences(call, ret, status), ...(isAnswer ? unknownStatus(status) : [])] };
}

function sentences(call: string, ret: number | undefined, status: number | undefined): string[] {
  if (ret === undefined || ret === 0) return [];
  const returned = `${call} returned ${errnoWord(ret)}`;
  if (status === undefined) return [`${returned}.`];
  if (status === SEV_RET_NO_FW_CALL)
    return [`${returned}, and the firmware was not called: the refusal came before it.`];
  if (status === SUCCESS)
    return [
      Math.abs(ret) === EIO
        ? `${returned} and the firmware's status is 0: no command of the firmware failed, the failure is inside KVM or its driver.`
        : `${returned} and the firmware's status is 0: KVM or its driver refused, and no command of the firmware failed.`,
    ];
  return [
    Math.abs(ret) === EIO
      ? `The firmware refused ${call} with ${statusWord(status)}; the driver returns -EIO for every status.`
      : `${returned} beside the firmware's status ${statusWord(status)}; for a status the driver returns -EIO, so this return value has another cause.`,
  ];
}
