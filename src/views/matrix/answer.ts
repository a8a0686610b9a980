/** The rows of an answer card, from the cells of all profiles. */
import type { Confidence, Source } from '../../abi/source';
import { profileLetter } from '../../drawings/matrix';
import type { Answered, NamedEvent, NamedState } from '../../explorer/matrix/chart';
import type { Outcome } from '../../explorer/matrix/outcomes';
import { facetDoc, type FacetName } from '../../profiles/facets';
import { profileNames } from '../../profiles/names';
import type { FullCell } from './messages';

/** One fact, for each profile. */
export interface AnswerRow {
  readonly title: string;
  readonly texts: readonly string[];
  readonly differ: boolean;
  /** The event changed it nowhere, and all profiles agree. */
  readonly idle: boolean;
}

/** Who gets the result of the event. */
const receivers: Readonly<Record<Answered, string>> = {
  nae: 'guest sees',
  msr: 'guest sees',
  instruction: 'guest sees',
  access: 'access',
  command: 'VMM gets',
  ioctl: 'VMM gets',
  run: 'KVM_RUN',
  kernel: 'host gets',
  nobody: 'answer',
};

/** Outcomes whose reason is what the rows below tell anyway. */
const speaksForItself: readonly Outcome[] = ['accepted', 'ignored', 'refused'];

const row = (title: string, texts: readonly string[], changed = true): AnswerRow => {
  const differ = texts.some((text) => text !== texts[0]);
  return { title, texts, differ, idle: !changed && !differ };
};

export function answerRows(
  event: NamedEvent,
  state: NamedState,
  cells: readonly FullCell[],
): readonly AnswerRow[] {
  const titles = [...new Set(cells.flatMap(({ cell }) => cell.facts.map(({ title }) => title)))];
  const fact = (title: string): AnswerRow =>
    row(
      title,
      cells.map(({ cell }) => {
        const found = cell.facts.find((one) => one.title === title);
        if (!found) return '–';
        return found.before === found.after ? found.after : `${found.before} → ${found.after}`;
      }),
      cells.some(({ cell }) => cell.facts.some((one) => one.title === title && one.before !== one.after)),
    );
  const remarks = row(
    'reviewers wanted',
    cells.map(({ cell }) => (cell.remarks.length === 0 ? '–' : cell.remarks.join('; '))),
  );
  const reasons = row(
    'because',
    cells.map(({ cell }) => (speaksForItself.includes(cell.outcome) ? '–' : cell.because)),
  );
  return [
    ...(cells.every(({ cell }) => speaksForItself.includes(cell.outcome)) ? [] : [reasons]),
    row(
      receivers[state.answered ?? event.answered],
      cells.map(({ cell }) => cell.answer || '–'),
    ),
    ...titles.map(fact),
    ...(cells.some(({ cell }) => cell.remarks.length > 0) ? [remarks] : []),
  ];
}

/** Profiles under which the cell is the same, as indexes, and the names of these profiles, shortened where they follow each other. */
export interface AlikeGroup {
  readonly profiles: readonly number[];
  readonly names: string;
}

/** Profiles whose outcome and rows are the same stand in one group; the groups in the order of their first profile. */
export function alikeGroups(cells: readonly FullCell[], rows: readonly AnswerRow[]): readonly AlikeGroup[] {
  const byLook = new Map<string, number[]>();
  cells.forEach(({ cell }, index) => {
    const look = [cell.outcome, ...rows.map(({ texts }) => texts[index] ?? '')].join('\n');
    const group = byLook.get(look);
    if (group) group.push(index);
    else byLook.set(look, [index]);
  });
  return [...byLook.values()].map((profiles) => ({
    profiles,
    names: profileNames(profiles.map((index) => cells[index]?.cell.profile ?? '')),
  }));
}

/** A facet that decided the cell under one profile at least. */
export interface ReasonRow {
  readonly name: FacetName;
  readonly says: string;
  readonly values: readonly {
    readonly value: string;
    readonly confidence: Confidence | '';
    /** Under this profile another value would have made the cell another. */
    readonly decides: boolean;
  }[];
}

export function reasonRows(cells: readonly FullCell[]): readonly ReasonRow[] {
  const names = [...new Set(cells.flatMap(({ decided }) => decided))];
  return names.map((name) => ({
    name,
    says: facetDoc(name),
    values: cells.map(({ cell, decided }) => {
      const found = cell.facets.find((facet) => facet.name === name);
      return found
        ? { value: found.value, confidence: found.confidence, decides: decided.includes(name) }
        : { value: 'not asked', confidence: '' as const, decides: false };
    }),
  }));
}

/** Rules that the moves rest on, each once, with the letters of the profiles where they were applied. */
export interface RuleRow {
  readonly id: string;
  readonly says: string;
  readonly source: Source;
  readonly letters: string;
}

export function rulesOf(cells: readonly FullCell[]): readonly RuleRow[] {
  const rows = new Map<string, RuleRow>();
  cells.forEach(({ cell }, index) => {
    for (const { id, says, source } of cell.rules) {
      const letters = (rows.get(id)?.letters ?? '') + profileLetter(index);
      rows.set(id, { id, says, source, letters });
    }
  });
  return [...rows.values()];
}
