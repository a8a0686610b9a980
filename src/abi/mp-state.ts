/** mp_state of a vCPU: numbers of KVM_GET_MP_STATE and KVM_SET_MP_STATE. */
import { struct } from './layout';
import { source } from './source';

const uapi = source.uapi('linux/kvm.h', 'KVM_MP_STATE');

export const KVM_MP_STATE_RUNNABLE = 0;
export const KVM_MP_STATE_UNINITIALIZED = 1;
export const KVM_MP_STATE_INIT_RECEIVED = 2;
export const KVM_MP_STATE_HALTED = 3;
export const KVM_MP_STATE_SIPI_RECEIVED = 4;
export const KVM_MP_STATE_STOPPED = 5;
export const KVM_MP_STATE_CHECK_STOP = 6;
export const KVM_MP_STATE_OPERATING = 7;
export const KVM_MP_STATE_LOAD = 8;
export const KVM_MP_STATE_AP_RESET_HOLD = 9;
export const KVM_MP_STATE_SUSPENDED = 10;

/** Names without their prefix, by number. */
export const mpStates = {
  [KVM_MP_STATE_RUNNABLE]: 'RUNNABLE',
  [KVM_MP_STATE_UNINITIALIZED]: 'UNINITIALIZED',
  [KVM_MP_STATE_INIT_RECEIVED]: 'INIT_RECEIVED',
  [KVM_MP_STATE_HALTED]: 'HALTED',
  [KVM_MP_STATE_SIPI_RECEIVED]: 'SIPI_RECEIVED',
  [KVM_MP_STATE_STOPPED]: 'STOPPED',
  [KVM_MP_STATE_CHECK_STOP]: 'CHECK_STOP',
  [KVM_MP_STATE_OPERATING]: 'OPERATING',
  [KVM_MP_STATE_LOAD]: 'LOAD',
  [KVM_MP_STATE_AP_RESET_HOLD]: 'AP_RESET_HOLD',
  [KVM_MP_STATE_SUSPENDED]: 'SUSPENDED',
} as const;

/** A name of {@link mpStates}. */
export type MpStateName = (typeof mpStates)[keyof typeof mpStates];

/** The states that mean something on x86. */
export const x86MpStates = [
  'RUNNABLE',
  'UNINITIALIZED',
  'INIT_RECEIVED',
  'HALTED',
  'SIPI_RECEIVED',
  'STOPPED',
  'AP_RESET_HOLD',
] as const satisfies readonly MpStateName[];

/** struct kvm_mp_state. */
export const kvmMpState = struct('struct kvm_mp_state', uapi, 4, {
  mpState: { at: 0, size: 4, as: 'dec', names: mpStates, doc: 'What the vCPU is doing' },
});
