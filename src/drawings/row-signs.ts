/** Signs that stand beside or on the arrow of a step. */
import type { LadderRow } from './ladder';
import { letterOfRmp, type PageLetter } from './page-letter';
import type { StepRecord } from '../recording/timeline/timeline';
import { findingGlyph } from './step-words';

/** The sign of what was found in a step, the gravest first. */
export function signOf({ findings }: StepRecord): string | undefined {
  const finding = findings.find(({ kind }) => kind === 'violation') ?? findings[0];
  return finding && findingGlyph[finding.kind];
}

/** What the RMP entry says after a step whose arrow ends on the rule. */
export function letterOf(step: StepRecord, row: LadderRow | undefined): PageLetter | undefined {
  if (row?.shape !== 'rule') return undefined;
  const change = step.changes.find((c) => c.kind === 'pages' && c.field === 'rmp');
  return change?.kind === 'pages' ? letterOfRmp(change.after) : undefined;
}
