/**
 * A run as the source of a Mermaid sequence diagram. What several runs do alike is drawn once; where they differ each group
 * of runs has a branch of an `alt` block.
 */
import { folded } from '../base/fold';
import { joined, type Resumable } from '../base/resumable';
import { comparedLineText } from '../recording/comparison/lines';
import type { Comparison } from '../recording/comparison/model';
import { headOf } from '../scenarios/scenario';
import {
  alikeText,
  letterOf,
  outlineOf,
  stepsText,
  type OutlinePart,
  type OutlineSection,
} from './comparison-outline';
import { differenceText } from './difference-text';
import type { Exported } from './exported';
import { endsOf, participantsOf, type Participant } from './participants';
import { differencesOf, rowTexts, type RowText } from './row-text';

/** Mermaid draws no longer text unless its `maxTextSize` says so; the text itself cannot set it. */
const MERMAID_TEXT = 50_000;

export function* mermaidText(exported: Exported): Resumable<string> {
  const { comparison, runs } = exported;
  yield* differencesOf(comparison);
  const scenario = runs[0]?.scenario;
  const participants = participantsOf(runs);
  const { title } = scenario ? headOf(scenario) : { title: '' };
  const body = [
    ...(title === '' ? [] : [`  title: ${escaped(title)}`]),
    ...participants.map(({ id, title: name }) => `  participant ${id} as ${name}`),
    ...(yield* new Sequence(comparison, participants).lines()),
  ];
  const length = body.reduce((sum, line) => sum + line.length + 1, 0);
  const size = length > MERMAID_TEXT ? [`  %% ${length} characters: set maxTextSize to draw it`] : [];
  return ['sequenceDiagram', ...size, ...body, ''].join('\n');
}

/** Characters that end a statement, begin a comment or an entity, or are markup are written as entities, by number. */
function escaped(text: string): string {
  const oneLine = text.replace(/\s+/g, ' ').trim();
  // A first word with a colon could be `wrap:`, which Mermaid takes for itself.
  return oneLine.replace(/[#;<>&%`\\"]|^(?:no)?wrap(?=:)|[^\x20-\x7e]/gu, (found) =>
    found.length > 2 ? entity(found.charAt(0)) + found.slice(1) : entity(found),
  );
}

const entity = (character: string): string => `#${character.codePointAt(0) ?? 0xfffd};`;

/** Rows that all runs do alike, or in which the same groups of runs differ. */
interface Block {
  readonly groups: readonly (readonly number[])[];
  readonly rows: readonly number[];
}

class Sequence {
  private readonly across: string;
  /** Runs that do the same in every step are drawn as one is. */
  private readonly isWhole: boolean;

  constructor(
    private readonly comparison: Comparison,
    participants: readonly Participant[],
  ) {
    this.across = `${participants[0]?.id ?? ''},${participants.at(-1)?.id ?? ''}`;
    this.isWhole = comparison.runs.length === 1 || comparison.firstDivergence === undefined;
  }

  *lines(): Resumable<string[]> {
    const sections = outlineOf(this.comparison, this.isWhole);
    yield;
    return yield* joined(sections, (section) => this.section(section));
  }

  private *section(section: OutlineSection): Resumable<string[]> {
    const { isWhole } = this;
    const line = comparedLineText(this.comparison, section.line);
    const isTold = section.differs || isWhole || section.leftOut > 0;
    const parts = isTold ? section.parts : [];
    const lines = [this.note(`${line}${alikeText(section, isWhole)}`)];
    for (const part of parts) {
      lines.push(...this.part(part));
      yield;
    }
    return lines;
  }

  private note(text: string): string {
    return `  Note over ${this.across}: ${escaped(text)}`;
  }

  private part({ kind, first, end }: OutlinePart): string[] {
    if (kind === 'gap') return [this.note(`... ${stepsText(end - first)}, alike`)];
    return this.blocks(first, end).flatMap((block) =>
      block.groups.length > 1 ? this.unequal(block) : this.alike(block.rows),
    );
  }

  private blocks(first: number, end: number): Block[] {
    const blocks: { groups: readonly (readonly number[])[]; rows: number[] }[] = [];
    for (let row = first; row < end; row++) {
      const groups = [...(this.comparison.rows[row]?.groups ?? [])].sort(([a = 0], [b = 0]) => a - b);
      const last = blocks.at(-1);
      if (last && JSON.stringify(last.groups) === JSON.stringify(groups)) last.rows.push(row);
      else blocks.push({ groups, rows: [row] });
    }
    return blocks;
  }

  /** Repeated moves that differ in numbers only are drawn once. */
  private alike(rows: readonly number[]): string[] {
    const drawn = rows.flatMap((row) => this.textsOf(row).map((text) => ({ row, text })));
    return folded(
      drawn,
      ({ text }) => `${text.text.replace(/0x[0-9a-f]+|\d+/g, '#')} ${text.findings.length}`,
      ({ row, text }) => this.step(row, text),
      ({ times }) => this.note(`... ${times - 1} times more`),
    );
  }

  private unequal({ groups, rows }: Block): string[] {
    const [first = 0] = rows;
    const differences = rows.flatMap((row) => {
      const of = this.comparison.rows[row];
      return of ? rowTexts(this.comparison, of).quiet.map(differenceText) : [];
    });
    return [
      this.note(`Step ${first + 1}: they differ`),
      ...groups.flatMap((runs, at) => {
        const steps = rows.flatMap((row) =>
          this.textsOf(row).flatMap((text) =>
            text.runs.includes(runs[0] ?? -1) ? this.step(row, text) : [],
          ),
        );
        return [
          `  ${at === 0 ? 'alt' : 'else'} ${escaped(this.names(runs))}`,
          ...(steps.length === 0 ? [this.note('no such step')] : steps),
        ];
      }),
      '  end',
      ...differences.map((text) => this.note(text)),
    ];
  }

  private names(runs: readonly number[]): string {
    return runs.map((run) => `${letterOf(run)} ${this.comparison.names[run] ?? ''}`).join(', ');
  }

  private textsOf(row: number): readonly RowText[] {
    const of = this.comparison.rows[row];
    return of ? rowTexts(this.comparison, of).texts : [];
  }

  private step(row: number, { step, text, findings }: RowText): string[] {
    const found = findings.map((finding) => this.note(finding));
    if (!step?.move) return [this.note(`${row + 1} ${text}`), ...found];
    const { from, to, refused } = endsOf(step.move);
    return [`  ${from.id}${refused ? '-x' : '->>'}${to.id}: ${escaped(`${row + 1} ${text}`)}`, ...found];
  }
}
