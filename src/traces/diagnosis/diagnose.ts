/** What happened in a log: its failures, in the order of their lines, and where each vCPU was when the lines end. */
import { finish, mapped, type Resumable } from '../../base/resumable';
import { own } from '../../base/table';
import { scenarioOfLine } from '../scenario';
import type { Trace, TraceLine } from '../read';
import { causeOf, type Diagnosis, type Ending, type Endings } from './ending';
import { eventEndings } from './events';
import { hostEndings } from './host';
import { launchEndings } from './launch';
import { requestEndings } from './requests';
import { silentVcpusInParts } from './silence';

export const endings: Endings = { ...requestEndings, ...launchEndings, ...hostEndings, ...eventEndings };

const endingOf = ({ form, fields }: TraceLine): Ending | undefined =>
  form && fields ? own(endings, form.id)?.(fields) : undefined;

/** A failure whose lines are still being gathered. */
interface Found {
  readonly ending: Ending;
  /** The first line that says it: the scenario is made of this one. */
  readonly line: TraceLine;
  readonly lines: number[];
}

const LINES_IN_PART = 500;

/**
 * The failures of a log, those that say the same once, and behind them every vCPU that went silent. A failure that is
 * no longer of interest stands there as well: which of them ended the guest only a person can say.
 */
export function* diagnoseInParts({ lines }: Pick<Trace, 'lines'>): Resumable<Diagnosis[]> {
  const found = new Map<string, Found>();
  for (const [at, line] of lines.entries()) {
    if (at % LINES_IN_PART === LINES_IN_PART - 1) yield;
    const ending = endingOf(line);
    if (!ending) continue;
    const { number } = line;
    const same = found.get(ending.what);
    if (same) same.lines.push(number);
    else found.set(ending.what, { ending, line, lines: [number] });
  }
  const diagnoses = yield* mapped([...found.values()], diagnosisOf, 1);
  return [...diagnoses, ...(yield* silentVcpusInParts(lines, (line) => endingOf(line) !== undefined))];
}

/** As {@link diagnoseInParts}, at once. */
export const diagnose = (trace: Pick<Trace, 'lines'>): Diagnosis[] => finish(diagnoseInParts(trace));

const diagnosisOf = ({ ending, line, lines }: Found): Diagnosis => ({
  what: ending.what,
  refusedBy: ending.refusedBy,
  causes: ending.causes.map(causeOf),
  next: ending.next,
  lines,
  scenario: scenarioOfLine(line),
});
