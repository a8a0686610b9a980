/** The AP creation request that is being answered, for the invariants. */
import { apInfo1, apCreationRequests } from '../../abi/ap-creation';
import { ghcbPage } from '../../abi/ghcb-page';
import { SVM_VMGEXIT_AP_CREATION } from '../../abi/nae';
import { answerPage } from '../kvm/ghcb/ghcb';
import type { Vcpu } from '../state/vcpu';
import type { VcpuHistory } from '../state/history';
import type { Seen } from './invariant';

export type ApRequestName = (typeof apCreationRequests)[keyof typeof apCreationRequests] | 'unknown';

export interface ApAnswer {
  readonly caller: Vcpu;
  /** Missing when no vCPU has the APIC id. */
  readonly target: Vcpu | undefined;
  readonly history: VcpuHistory | undefined;
  readonly targetIndex: number;
  readonly request: ApRequestName;
  /** Whether the reply in the GHCB says that the request was carried out. */
  readonly succeeded: boolean;
}

/** Moves by which KVM answers an AP creation request. */
export const apAnswerMoves = ['naeAnswer', 'malformedInput'] as const;

/** The request that this move answers, or nothing when it answers another kind of request. */
export function apAnswer({ world, index }: Seen): ApAnswer | undefined {
  const caller = world.vcpus[index];
  if (!caller || caller.exitCode !== BigInt(SVM_VMGEXIT_AP_CREATION)) return undefined;
  const targetIndex = apInfo1.decode(caller.exitInfo1).apicId;
  const target = world.vcpus[targetIndex];
  const low = Number(caller.exitInfo1 & 0xffffffffn);
  const names: Readonly<Record<number, ApRequestName>> = apCreationRequests;
  const reply = ghcbPage.get(answerPage(world, caller), 'swExitInfo1');
  return {
    caller,
    target: target?.exists ? target : undefined,
    history: world.vcpuHistory[targetIndex],
    targetIndex,
    request: names[low] ?? 'unknown',
    succeeded: (reply & 0xffffffffn) === 0n,
  };
}
