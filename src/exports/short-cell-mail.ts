/** The answer of a cell of the matrix in at most 25 lines: what happens under which kernels, the facets that decide, a link. */
import type { Cell } from '../explorer/matrix/cell';
import { outcomeSigns } from '../explorer/matrix/outcomes';
import { cellTitle } from '../explorer/matrix/scenario';
import type { FacetDifference } from '../profiles/compare';
import type { FacetName } from '../profiles/facets';
import { profileNames } from '../profiles/names';
import { parseProfileSpec } from '../profiles/resolve';
import { lettersOf } from './comparison-outline';
import { fitted, safeLine } from './mail-lines';
import type { CellMail } from './matrix-mail';
import { facetBlocks, partition, SHORT_MAIL_LINES, shortened } from './short-mail';

/** Lines that a part may take; the facets take what is left. */
const MOST = { title: 2, place: 3, group: 3, groups: 12 } as const;

export interface ShortCellMail extends Pick<CellMail, 'place' | 'link'> {
  /** One for each profile, with the facets of which another value would have made it another. */
  readonly cells: readonly { readonly cell: Cell; readonly decided: readonly FacetName[] }[];
}

/** What a cell tells and leaves behind, in one line: equal for profiles under which the same happens. */
function happens({ outcome, answer, facts }: Cell): string {
  const changed = facts
    .filter(({ before, after }) => before !== after)
    .map(({ title, before, after }) => `${title} ${before} -> ${after}`);
  return [outcomeSigns[outcome].says, ...(answer === '' ? [] : [`answered ${answer}`]), ...changed].join(
    '; ',
  );
}

/** Facets that decide under some profile; first those that part the profiles as what happens does. */
function decidingFacets(cells: ShortCellMail['cells'], told: readonly string[]): readonly FacetDifference[] {
  const names = new Set(cells.flatMap(({ decided }) => decided));
  const profiles = cells.flatMap(({ cell }) => {
    const profile = parseProfileSpec(cell.profile);
    return profile.ok ? [profile.value] : [];
  });
  const facets = [...names].map((name) => ({
    name,
    values: profiles.map((profile) => profile.facets[name]),
    sources: profiles.map((profile) => profile.sourceOf(name)),
  }));
  const differs = ({ values }: FacetDifference): number =>
    partition(values) === partition(told) ? 2 : new Set(values).size > 1 ? 1 : 0;
  return facets.sort((a, b) => differs(b) - differs(a));
}

/** The link stands alone on its line, between angle brackets. */
export function shortCellMail({ place, cells, link }: ShortCellMail): string {
  const [first] = cells;
  if (!first) return `<${link}>\n`;
  const told = cells.map(({ cell }) => happens(cell));
  const isOne = cells.length === 1;
  const groups = [...new Set(told)].flatMap((text) => {
    const own = told.flatMap((other, index) => (other === text ? [index] : []));
    const names = profileNames(own.map((index) => cells[index]?.cell.profile ?? ''));
    return shortened(fitted(`${isOne ? '' : `${lettersOf(own)} `}${names}: ${text}`, 0), MOST.group);
  });
  const lines = [
    ...shortened(fitted(cellTitle(place, first.cell), 0), MOST.title),
    ...shortened(fitted(`${place.state.says} ${place.event.says}`, 0), MOST.place),
    ...shortened(groups, MOST.groups),
  ];
  const facets = facetBlocks(decidingFacets(cells, told), SHORT_MAIL_LINES - lines.length - 1);
  return [...[...lines, ...facets].map(safeLine), `<${link}>`, ''].join('\n');
}
