/**
 * The effect of a broken invariant on a cell. Some invariants describe states that are bad in every case. Others are
 * requests of reviewers about what an interface should report or refuse, which every kernel knowingly violates: they are
 * noted on the card, and do not make the outcome of a working request bad.
 */
import type { InvariantName } from '../../engine/rules/invariants';

export type Weight = 'badState' | 'remark';

export const weights: Readonly<Record<InvariantName, Weight>> = {
  NoRunWithoutVmsa: 'badState',
  DestroySticky: 'badState',
  // HALTED has two meanings in every kernel since v11, and the invariant checks mp_state only.
  OfflineDistinguishable: 'remark',
  SymmetricUnhalt: 'remark',
  DeclaredFeaturesUniform: 'badState',
  FailureIsNoOp: 'badState',
  ErrorsAreVisible: 'badState',
  // Intended: the guest may replace the VMSA of a vCPU without a DESTROY (answer of the author, 2021-08-20).
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
  WaitEnds: 'badState',
};
