/**
 * A run, or several side by side, as text for a mail: 72 columns, no line that a mail program, `git am` or `git commit`
 * would interpret, and at the end the scenario with its profiles, so that a reader can paste the mail and run the same.
 */
import { sourceText } from '../abi/source';
import { folded } from '../base/fold';
import { joined, mapped, type Resumable } from '../base/resumable';
import type { FacetDifference } from '../profiles/compare';
import { comparedLineText, isOneText } from '../recording/comparison/lines';
import type { ComparedRow, Comparison } from '../recording/comparison/model';
import type { Timeline } from '../recording/timeline/timeline';
import { MAIL_COLUMNS } from '../scenarios/mail';
import { lineText, printScenario } from '../scenarios/print';
import type { Run } from '../scenarios/run';
import { headOf, withProfiles } from '../scenarios/scenario';
import {
  alikeText,
  letterOf,
  lettersOf,
  outlineOf,
  type OutlinePart,
  type OutlineSection,
  stepsText,
} from './comparison-outline';
import { decidingDifferences } from './deciding-facets';
import { byValue, differenceText } from './difference-text';
import { TextLadder } from './ladder-text';
import { fitted, safeLine } from './mail-lines';
import { differencesOf, ROWS_IN_PART, rowTexts, type RowText } from './row-text';

interface MailOptions {
  /** Where the same can be seen; stands alone on a line, however long it is. */
  readonly link?: string;
}

/** The mail as one text that ends with a line end. */
export function* mailText(comparison: Comparison, { link }: MailOptions = {}): Resumable<string> {
  const [first] = comparison.runs;
  if (!first) return '';
  const body = [
    '',
    ...(yield* ladder(comparison)),
    ...(yield* decidedBy(comparison)),
    ...inTheEnd(comparison),
    ...silences(comparison),
    '',
    ...comparison.runs.flatMap((run, i) =>
      outcome(run, comparison.runs.length > 1 ? `${letterOf(i)}: ` : ''),
    ),
  ];
  return [
    ...introduction(comparison).map(safeLine),
    ...(link === undefined ? [] : ['', `<${link}>`]),
    ...body.map(safeLine),
    '',
    ...scenarioTexts(comparison, first),
  ].join('\n');
}

/** The scenario to run; where the texts differ, that of each run under its name. */
function scenarioTexts(comparison: Comparison, first: Run<Timeline>): string[] {
  const { runs, names } = comparison;
  const specs = runs.map(({ profile }) => profile.spec);
  if (isOneText(comparison)) return [printScenario(withProfiles(first.scenario, specs))];
  return runs.flatMap(({ scenario, profile }, run) => [
    safeLine(`${letterOf(run)}  ${names[run] ?? ''}`),
    printScenario(withProfiles(scenario, [profile.spec])),
  ]);
}

function introduction(comparison: Comparison): string[] {
  const { runs, rows, firstDivergence, divergences } = comparison;
  const { title } = headOf((runs[0] as Run<Timeline>).scenario);
  const names = runs.flatMap(({ profile }, i) => {
    const badge = profile.neverExistedAsCode ? ' (never existed as code)' : '';
    return fitted(`${runs.length > 1 ? `${letterOf(i)}  ` : ''}${comparison.names[i] ?? ''}${badge}`, 2);
  });
  const head = [...(title === '' ? [] : [...fitted(title, 0), '']), ...names];
  if (runs.length === 1) return head;
  if (firstDivergence === undefined) return [...head, '', `No difference in ${rows.length} steps.`];
  const line = comparedLineText(comparison, rows[firstDivergence]?.line ?? -1);
  const more = divergences.length > 1 ? `; ${divergences.length} steps of ${rows.length} differ` : '';
  return [...head, '', ...fitted(`differs at step ${firstDivergence + 1}, ${line}${more}`, 0)];
}

function* ladder(comparison: Comparison): Resumable<string[]> {
  yield* differencesOf(comparison);
  const sections = outlineOf(comparison);
  yield;
  const drawn = new LadderText(comparison, yield* vcpusIn(comparison, sections));
  const lines = yield* joined(sections, (section) => drawn.section(section));
  return [drawn.heads(), ...lines];
}

/** A row to be drawn, or words beside the lanes. */
type Drawn =
  | { readonly row: ComparedRow; readonly number: number; readonly text: RowText }
  | { readonly words: string };

class LadderText {
  private readonly ladder: TextLadder;

  constructor(
    private readonly comparison: Comparison,
    vcpus: number[],
  ) {
    this.ladder = new TextLadder({
      vcpus,
      letters: comparison.runs.length > 1 ? comparison.runs.length : 0,
      columns: MAIL_COLUMNS,
    });
  }

  heads(): string {
    return this.ladder.heads();
  }

  *section(section: OutlineSection): Resumable<string[]> {
    const isOne = this.comparison.runs.length === 1;
    const line = comparedLineText(this.comparison, section.line);
    const title = fitted(line + alikeText(section, isOne), 0);
    const isTold = section.differs || isOne || section.leftOut > 0;
    return isTold ? [...title, ...(yield* joined(section.parts, (part) => this.part(part)))] : title;
  }

  private *part({ kind, first, end }: OutlinePart): Resumable<string[]> {
    if (kind === 'gap') return this.ladder.beside(`... ${stepsText(end - first)}, alike`);
    const rows = this.comparison.rows.slice(first, end);
    const ofRows = yield* mapped(
      rows,
      (row, at): Drawn[] => {
        const { texts, quiet } = rowTexts(this.comparison, row);
        const lines = quiet.map((difference) => ({ words: differenceText(difference) }));
        return [...texts.map((text) => ({ row, number: first + at + 1, text })), ...lines];
      },
      ROWS_IN_PART,
    );
    const drawn = ofRows.flat();
    // Repeated moves that differ in numbers only are printed once.
    return folded(
      drawn,
      (one) =>
        'words' in one
          ? one.words.replace(/0x[0-9a-f]+|\d+/g, '#')
          : `${one.text.runs.join()} ${one.text.text.replace(/0x[0-9a-f]+|\d+/g, '#')} ${one.text.findings.length}`,
      (one) => this.drawn(one),
      ({ times }) => this.ladder.beside(`... ${times - 1} times more`).join('\n'),
    ).flatMap((line) => line.split('\n'));
  }

  private drawn(one: Drawn): string[] {
    if ('words' in one) return this.ladder.beside(one.words);
    const { row, number, text } = one;
    const isUnequal = row.groups.length > 1;
    const isUncertain = text.runs.some((run) => row.uncertain.includes(run));
    const lines = this.ladder.lines({
      mark: isUnequal ? '<>' : isUncertain ? ' ?' : '',
      number: text.step ? number : undefined,
      letters: text.runs.length < this.comparison.runs.length ? lettersOf(text.runs) : '',
      move: text.step?.move,
      text: text.text,
    });
    return [...lines, ...text.findings.flatMap((found) => this.ladder.beside(found))];
  }
}

/** vCPUs that move in what is printed. */
function* vcpusIn(comparison: Comparison, sections: readonly OutlineSection[]): Resumable<number[]> {
  const rows = sections.flatMap(({ parts }) =>
    parts.flatMap(({ kind, first, end }) => (kind === 'gap' ? [] : comparison.rows.slice(first, end))),
  );
  const vcpus = yield* mapped(
    rows,
    (row) => rowTexts(comparison, row).texts.map(({ step }) => step?.move?.vcpu ?? -1),
    ROWS_IN_PART,
  );
  return [...new Set([0, ...vcpus.flat().filter((vcpu) => vcpu >= 0)])].sort((a, b) => a - b);
}

/** The facets that cause the differences between the runs, with their values and sources. */
function* decidedBy(comparison: Comparison): Resumable<string[]> {
  const facets = yield* decidingDifferences(comparison);
  return facets.length === 0 ? [] : ['', 'Decided by:', ...facets.flatMap(facetText)];
}

const facetText = ({ name, values, sources }: FacetDifference): string[] => [
  `  ${name}`,
  ...byValue(values.map((value, run) => `${value}; ${sources[run] ? sourceText(sources[run]) : ''}`)).flatMap(
    (text) => fitted(text, 4),
  ),
];

/** Maximum number of printed state lines. */
const MOST_STATE = 16;

function inTheEnd({ runs, rows, stateAfter }: Comparison): string[] {
  const differences = runs.length > 1 ? stateAfter(rows.length - 1) : [];
  if (differences.length === 0) return [];
  const shown = differences
    .slice(0, MOST_STATE)
    .flatMap((difference) => fitted(differenceText(difference), 2));
  const rest = differences.length - MOST_STATE;
  return ['', 'In the end:', ...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])];
}

/** What no source documents, printed once for all steps. */
function silences({ runs }: Comparison): string[] {
  const texts = new Map<string, number[]>();
  runs.forEach(({ timeline }, run) => {
    for (const { finding } of timeline.findings()) {
      if (finding.kind !== 'ambiguity') continue;
      const of = texts.get(finding.text) ?? [];
      if (!of.includes(run)) texts.set(finding.text, [...of, run]);
    }
  });
  if (texts.size === 0) return [];
  const told = [...texts].flatMap(([text, of]) =>
    fitted(runs.length > 1 ? `${lettersOf(of)} ${text}` : text, 2),
  );
  return ['', 'Not known:', ...told];
}

/** How a run ended: its length, and what it was expected to do. */
function outcome({ timeline, expectations, problems, scenario }: Run<Timeline>, name: string): string[] {
  const failed = expectations.filter(({ ok }) => !ok);
  const held =
    expectations.length === 0
      ? ''
      : `; ${expectations.length - failed.length} of ${expectations.length} expectations hold`;
  return [
    ...fitted(`${name}${timeline.stepCount} steps${held}`, 2),
    ...failed.flatMap(({ line, actual }) =>
      fitted(`FAILED: ${lineText(scenario.lines[line])}, it is ${actual}`, 4),
    ),
    ...problems.flatMap(({ message }) => fitted(message, 4)),
  ];
}
