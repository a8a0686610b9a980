/** The terms that the glossary explains, without their texts: those are loaded when somebody asks. */
export type TermId =
  | 'act'
  | 'as-reviewed'
  | 'branch'
  | 'created-on-init'
  | 'exit'
  | 'facet'
  | 'finding'
  | 'ghcb'
  | 'guest-memfd'
  | 'kvm'
  | 'ladder'
  | 'launch-standard'
  | 'mp-state'
  | 'nae'
  | 'part2-v4'
  | 'private-attribute'
  | 'profile'
  | 'psc'
  | 'psp'
  | 'rmp'
  | 'seam'
  | 'step'
  | 'vcpu'
  | 'vmgexit'
  | 'vmm'
  | 'vmpl'
  | 'vmsa';

/** How labels of the page write a term. The first that a label holds wins where two begin at one place. */
const written: readonly (readonly [TermId, string])[] = [
  ['created-on-init', 'created-on-init'],
  ['as-reviewed', 'as-reviewed'],
  ['part2-v4', 'part2-v4'],
  ['launch-standard', 'launch standard'],
  ['private-attribute', 'private attribute|attribute'],
  ['guest-memfd', 'guest_memfd'],
  ['mp-state', 'mp_?state'],
  ['exit', 'exits? to userspace'],
  ['psc', 'PSC|page state changes?'],
  ['rmp', 'RMP'],
  ['vmsa', 'VMSA'],
  ['ghcb', 'GHCB'],
  ['nae', 'NAE'],
  ['vmgexit', 'VMGEXIT'],
  ['psp', 'PSP|firmware'],
  ['vmpl', 'VMPL'],
  ['seam', 'seams?'],
  ['facet', 'facets?'],
  ['profile', 'profiles?'],
  ['finding', 'findings?'],
  ['branch', 'branch(?:es)?'],
  ['step', 'steps?'],
  ['act', 'acts?'],
];
const pattern = new RegExp(
  `(?<![\\w-])(?:${written.map(([, words]) => `(${words})`).join('|')})(?![\\w-])`,
  'giu',
);

/** A label in pieces: those that are terms name them, each once. Joined they are the label. */
export function termPieces(label: string): readonly { readonly text: string; readonly id?: TermId }[] {
  const pieces: { text: string; id?: TermId }[] = [];
  const told = new Set<TermId>();
  let from = 0;
  for (const match of label.matchAll(pattern)) {
    const id = written[match.slice(1).findIndex((group) => group !== undefined)]?.[0];
    if (id === undefined || told.has(id)) continue;
    told.add(id);
    if (match.index > from) pieces.push({ text: label.slice(from, match.index) });
    pieces.push({ text: match[0], id });
    from = match.index + match[0].length;
  }
  if (from < label.length) pieces.push({ text: label.slice(from) });
  return pieces;
}
