/** The outcomes of a cell, and how they are shown. No engine: the first matrix is drawn before it is loaded. */
export const outcomes = [
  'accepted',
  'refused',
  'ignored',
  'bad',
  'dead',
  'unspecified',
  'impossible',
  'unreachable',
] as const;
export type Outcome = (typeof outcomes)[number];

/** A sign and a word for each outcome. */
export const outcomeSigns: Readonly<Record<Outcome, { readonly sign: string; readonly says: string }>> = {
  accepted: { sign: '✓', says: 'accepted' },
  refused: { sign: '⊣', says: 'refused with an error' },
  ignored: { sign: '∅', says: 'silently ignored' },
  bad: { sign: '⚠', says: 'leaves a bad state' },
  dead: { sign: '✕', says: 'VM dead or entry fails' },
  unspecified: { sign: '?', says: 'the sources read do not say' },
  impossible: { sign: '·', says: 'cannot be done in this state' },
  unreachable: { sign: '–', says: 'state not reached under this profile' },
};
