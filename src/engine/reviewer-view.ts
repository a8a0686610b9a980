/**
 * What reviewers call the state of a vCPU. The mails speak of uninitialized, runnable, stopped and created-on-init; KVM
 * keeps none of these as such (reference: modelling notes of the kernel generations). This is a view over what it keeps.
 */
import { hex } from '../base/hex';
import type { Vcpu } from './state/vcpu';
import { NO_GPA } from './world';

/** The four names of the mails, and one for a vCPU that KVM does not have. */
export type ReviewerState = 'not created' | 'UNINITIALIZED' | 'RUNNABLE' | 'STOPPED' | 'created-on-init';

export interface ReviewerView {
  readonly state: ReviewerState;
  /** The facts that the name rests on, each as `variable = value`. */
  readonly because: readonly string[];
}

/** What of a vCPU the name follows from. */
export type ReviewedVcpu = Pick<Vcpu, 'exists' | 'mpState' | 'creation' | 'vmsa' | 'pendingVmsaGpa'>;

/** States of `creation` in which a request waits: KVM's "waiting for reset" flag is set. */
const armed: readonly Vcpu['creation'][] = [
  'createdOnInit',
  'updatePending',
  'destroyPending',
  'destroyArmed',
];

export function reviewerView(vcpu: ReviewedVcpu): ReviewerView {
  const { exists, mpState, creation, vmsa, pendingVmsaGpa } = vcpu;
  if (!exists) return { state: 'not created', because: ['exists = no'] };
  if (armed.includes(creation) && pendingVmsaGpa !== NO_GPA) {
    return {
      state: 'created-on-init',
      because: [`creation = ${creation}`, `pendingVmsaGpa = ${hex(pendingVmsaGpa)}`],
    };
  }
  if (vmsa === 'noVmsa') return { state: 'STOPPED', because: ['vmsa = noVmsa', `mpState = ${mpState}`] };
  if (mpState === 'STOPPED') return { state: 'STOPPED', because: ['mpState = STOPPED'] };
  if (mpState === 'UNINITIALIZED' || mpState === 'INIT_RECEIVED') {
    return { state: 'UNINITIALIZED', because: [`mpState = ${mpState}`, `vmsa = ${vmsa}`] };
  }
  return { state: 'RUNNABLE', because: [`mpState = ${mpState}`, `vmsa = ${vmsa}`] };
}
