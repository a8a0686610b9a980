/** A cell of the matrix as the text of a mail: 72 columns, the scenario at its end. */
import type { Cell } from '../explorer/matrix/cell';
import type { NamedChart, NamedEvent, NamedState } from '../explorer/matrix/chart';
import { outcomeSigns } from '../explorer/matrix/outcomes';
import { cellTitle } from '../explorer/matrix/scenario';
import { profileNames } from '../profiles/names';
import { fitted, safeLine } from './mail-lines';

const INDENT = 4;

export interface CellMail {
  readonly place: { readonly chart: NamedChart; readonly state: NamedState; readonly event: NamedEvent };
  /** One for each profile. */
  readonly cells: readonly Cell[];
  /** Text of the scenario. */
  readonly scenario: string;
  readonly link: string;
}

const indented = (text: string): string[] => fitted(text, INDENT);

/** What happened, once for all profiles under which it did. */
function answers(cells: readonly Cell[]): string[] {
  const byText = new Map<string, { readonly lines: readonly string[]; readonly profiles: string[] }>();
  for (const cell of cells) {
    const lines = answerLines(cell);
    const text = [cell.outcome, ...lines].join('\n');
    const known = byText.get(text) ?? { lines: [outcomeSigns[cell.outcome].says, ...lines], profiles: [] };
    known.profiles.push(cell.profile);
    byText.set(text, known);
  }
  return [...byText.values()].flatMap(({ lines: [outcome = '', ...lines], profiles }) => [
    ...fitted(`${profileNames(profiles)}: ${outcome}`, 0),
    ...lines,
  ]);
}

/** The reason is the answer and the facts that changed, which follow. */
const tellsTheSame = ({ outcome }: Cell): boolean => ['accepted', 'ignored', 'refused'].includes(outcome);

function answerLines(cell: Cell): string[] {
  const told = cell.answer === '' ? [] : indented(`answered ${cell.answer}`);
  const changed = cell.facts
    .filter(({ before, after }) => before !== after)
    .flatMap(({ title, before, after }) => indented(`${title}: ${before} -> ${after}`));
  const facets = cell.facets.map(({ name, value, confidence }) => `${name}=${value} (${confidence})`);
  return [
    ...(tellsTheSame(cell) ? [] : indented(cell.because.replaceAll('→', '->'))),
    ...told,
    ...changed,
    ...(facets.length === 0 ? [] : indented(`consulted ${facets.join(', ')}`)),
  ];
}

/** The link stands alone on its line, between angle brackets. */
export function matrixMail({ place, cells, scenario, link }: CellMail): string {
  const [first] = cells;
  const title = first ? cellTitle(place, first) : place.event.title;
  const body = [
    ...fitted(title, 0),
    '',
    ...fitted(place.state.says, 0),
    ...fitted(place.event.says, 0),
    '',
    ...answers(cells),
  ];
  return [...body.map(safeLine), '', `<${link}>`, '', scenario.trimEnd(), ''].join('\n');
}
