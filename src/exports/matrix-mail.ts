/** A cell of the matrix as the text of a mail: 72 columns, the scenario at its end. */
import type { Cell } from '../explorer/matrix/cell';
import type { MatrixChart, MatrixEvent, MatrixState } from '../explorer/matrix/chart';
import { outcomeSigns } from '../explorer/matrix/outcome';
import { cellTitle } from '../explorer/matrix/scenario';
import { fitted, safeLine } from './mail-lines';

const INDENT = 4;

export interface CellMail {
  readonly place: { readonly chart: MatrixChart; readonly state: MatrixState; readonly event: MatrixEvent };
  /** One for each profile. */
  readonly cells: readonly Cell[];
  /** Text of the scenario. */
  readonly scenario: string;
  readonly link: string;
}

const indented = (text: string): string[] => fitted(text, INDENT);

function answerLines(cell: Cell): string[] {
  const told = cell.answer === '' ? [] : indented(`answered ${cell.answer}`);
  const changed = cell.facts
    .filter(({ before, after }) => before !== after)
    .flatMap(({ title, before, after }) => indented(`${title}: ${before} -> ${after}`));
  const facets = cell.facets.map(({ name, value, confidence }) => `${name}=${value} (${confidence})`);
  return [
    `${cell.profile}: ${outcomeSigns[cell.outcome].says}`,
    ...indented(cell.because.replaceAll('→', '->')),
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
    ...cells.flatMap(answerLines),
  ];
  return [...body.map(safeLine), '', `<${link}>`, '', scenario.trimEnd(), ''].join('\n');
}
