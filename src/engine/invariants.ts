/** What must never happen, whatever guest, VMM and firmware do: the invariants, each with its source. */
import { apInvariants } from './invariants/ap-creation';
import type { Invariant } from './invariants/invariant';
import { launchInvariants } from './invariants/launch';
import { pageInvariants } from './invariants/pages';
import { pscInvariants } from './invariants/psc';
import { terminationInvariants } from './invariants/termination';
import { vmsaInvariants } from './invariants/vmsa';

const table = {
  ...vmsaInvariants,
  ...apInvariants,
  ...pscInvariants,
  ...launchInvariants,
  ...pageInvariants,
  ...terminationInvariants,
} satisfies Record<string, Invariant>;

/** Name of an invariant, as findings and expectations spell it. */
export type InvariantName = keyof typeof table;
export const invariantNames = Object.keys(table) as readonly InvariantName[];
/** Every invariant by its name. */
export const invariantTable: Readonly<Record<InvariantName, Invariant>> = table;
