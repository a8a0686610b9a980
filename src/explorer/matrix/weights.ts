/**
 * What it means for a cell that an invariant was broken. Some invariants speak of states that are bad whoever looks;
 * others say what reviewers wanted an interface to tell or to refuse, and that every kernel accepts with open eyes: they
 * are remarked on the card, and do not make a working request a bad one.
 */
import type { InvariantName } from '../../engine/rules/invariants';

export type Weight = 'badState' | 'remark';

export const weights: Readonly<Record<InvariantName, Weight>> = {
  NoRunWithoutVmsa: 'badState',
  DestroySticky: 'badState',
  // HALTED stands for two things in every kernel since v11, and nothing but mp_state is looked at.
  OfflineDistinguishable: 'remark',
  SymmetricUnhalt: 'remark',
  DeclaredFeaturesUniform: 'badState',
  FailureIsNoOp: 'badState',
  ErrorsAreVisible: 'badState',
  // Meant so: the guest may replace the VMSA of a vCPU without a DESTROY (answer of the author, 2021-08-20).
  NoDoubleCreate: 'remark',
  NoLandmine: 'badState',
  PscReportsTruth: 'badState',
  NoUnrequestedConversion: 'badState',
  PscProgressMonotonic: 'badState',
  PscBoundedExits: 'badState',
  NoStaleReturn: 'badState',
  VmmCannotForgeGuestCode: 'badState',
  KvmOwnsAbi: 'remark',
  LaunchFinishAtomic: 'badState',
  UpdateTouchesOnlyOwnPages: 'badState',
  PartialSuccessVisible: 'badState',
  ErrorCauseSurvives: 'remark',
  NoUpdateAfterFinish: 'badState',
  LeakImpliesBug: 'badState',
  VmsaReturnedOrLeaked: 'badState',
  HostKeepsOutOfGuestPages: 'badState',
  RmpMatchesAttribute: 'badState',
  TermDecodable: 'remark',
  NdataCoversData: 'remark',
  TypeIsPlainEnum: 'remark',
  ExitReasonFitsPayload: 'remark',
};
