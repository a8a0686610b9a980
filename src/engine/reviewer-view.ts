/**
 * The reviewers' names for the state of a vCPU: uninitialized, runnable, stopped and created-on-init. KVM stores none of
 * them as such (reference: modelling notes of the kernel generations). They are derived from stored state.
 */
import { hex } from '../base/hex';
import type { Vcpu } from './state/vcpu';

/** The four names of the mails, and one for a vCPU that KVM does not have. */
export type ReviewerState = 'not created' | 'UNINITIALIZED' | 'RUNNABLE' | 'STOPPED' | 'created-on-init';

export interface ReviewerView {
  readonly state: ReviewerState;
  /** The facts from which the name is derived, each as `variable = value`. */
  readonly because: readonly string[];
}

/** The variables of a vCPU from which the name is derived. */
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
