/** The checks of every invariant: an invariant without checks, or checks without an invariant, do not compile. */
import type { InvariantName } from '../rules/invariants';
import { apChecks } from './ap-creation';
import type { ChecksAfter } from './invariant';
import { launchChecks } from './launch';
import { pageChecks } from './pages';
import { pscChecks } from './psc';
import { terminationChecks } from './termination';
import { threadChecks } from './threads';
import { vmsaChecks } from './vmsa';

export const invariantChecks: Readonly<Record<InvariantName, ChecksAfter>> = {
  ...vmsaChecks,
  ...apChecks,
  ...pscChecks,
  ...launchChecks,
  ...pageChecks,
  ...terminationChecks,
  ...threadChecks,
};
