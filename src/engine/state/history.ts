/**
 * What the invariants remember of earlier steps, where the present state does not suffice. No actor reads it. It is
 * declared like all other state, so that seeking, undo and digests include it.
 */
import { count, flag, group, word64 } from './schema';

export const vcpuHistoryGroup = group('vcpuHistory', {
  created: flag('An AP creation request for this vCPU was accepted, and no DESTROY since.'),
  destroyed: flag('A DESTROY was served, and no VMSA was installed since, whatever was asked for.'),
  armedByRefusal: flag('A refused AP creation request changed what the next INIT does.'),
  declaredFeatures: word64('SEV_FEATURES that the accepted AP creation request declared.'),
  retWritten: flag('The answer field of the exit in hand was written, by the VMM or preset by KVM.'),
  pscFirst: count('First entry of the page state change in hand.'),
  pscRuns: count('Longest runs of like, adjacent entries in its buffer when it was made.'),
  pscExits: count('Its exits so far.'),
  pscEntry: count('cur_entry at its last exit.'),
  pscEdited: flag('The guest wrote to memory while an exit of it was pending.'),
});
export type VcpuHistory = ReturnType<typeof vcpuHistoryGroup.create>;

export const vmHistoryGroup = group('vmHistory', {
  lostPage: flag('KVM could not get a page of this VM back.'),
  updatedWhileShared: count(
    'Guest frame, plus 1, that LAUNCH_UPDATE encrypted while its attribute was shared; 0 when none.',
  ),
});
export type VmHistory = ReturnType<typeof vmHistoryGroup.create>;
