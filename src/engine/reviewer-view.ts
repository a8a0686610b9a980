/**
 * What reviewers call the state of a vCPU. The mails speak of uninitialized, runnable, stopped and created-on-init; KVM
 * keeps none of these as such (reference: modelling notes of the kernel generations). This is a view over what it keeps.
 */
import { hex } from '../base/hex';
import type { Vcpu } from './state/vcpu';

/** The four names of the mails, and one for a vCPU that KVM does not have. */
export type ReviewerState = 'not created' | 'UNINITIALIZED' | 'RUNNABLE' | 'STOPPED' | 'created-on-init';

export interface ReviewerView {
  readonly state: ReviewerState;
  /** The facts that the name rests on, each as `variable = value`. */
  readonly because: readonly string[];
}

/** What of a vCPU the name follows from. */
export type ReviewedVcpu = Pick<Vcpu, 'exists' | 'mpState' | 'creation' | 'vmsa' | 'pendingVmsaGpa'>;

/** States of `creation` in which an INIT would apply a VMSA: the flag is set, and the address is one. */
const createdOnInit: readonly Vcpu['creation'][] = ['createdOnInit', 'updatePending'];

export function reviewerView(vcpu: ReviewedVcpu): ReviewerView {
  const { exists, mpState, creation, vmsa, pendingVmsaGpa } = vcpu;
  if (!exists) return { state: 'not created', because: ['exists = no'] };
  if (createdOnInit.includes(creation)) {
    return {
      state: 'created-on-init',
      because: [`creation = ${creation}`, `pendingVmsaGpa = ${hex(pendingVmsaGpa)}`],
    };
  }
  if (vmsa === 'noVmsa') return { state: 'STOPPED', because: ['vmsa = noVmsa', `mpState = ${mpState}`] };
  if (mpState === 'STOPPED' || mpState === 'OTHER') {
    return { state: 'STOPPED', because: [`mpState = ${mpState}`] };
  }
  if (mpState === 'UNINITIALIZED' || mpState === 'INIT_RECEIVED') {
    return { state: 'UNINITIALIZED', because: [`mpState = ${mpState}`, `vmsa = ${vmsa}`] };
  }
  return { state: 'RUNNABLE', because: [`mpState = ${mpState}`, `vmsa = ${vmsa}`] };
}
