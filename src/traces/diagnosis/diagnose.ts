/** What happened in a log: its failures, in the order of their lines, and where each vCPU was when the lines end. */
import { finish, mapped, type Resumable } from '../../base/resumable';
import { own } from '../../base/table';
import { scenarioOfLine } from '../scenario';
import type { Trace, TraceLine } from '../read';
import { causeOf, type Diagnosis, type Ending, type Endings } from './ending';
import { eventEndings } from './events';
import { GatheredFailures, linesOf, type Failure } from './gathered';
import { hostEndings } from './host';
import { launchEndings } from './launch';
import { requestEndings } from './requests';
import { silentVcpusInParts } from './silence';

export const endings: Endings = { ...requestEndings, ...launchEndings, ...hostEndings, ...eventEndings };

const endingOf = ({ form, fields }: TraceLine): Ending | undefined =>
  form && fields ? own(endings, form.id)?.(fields) : undefined;

const LINES_IN_PART = 500;

/**
 * The failures of a log, one for each cause, and behind them every vCPU that went silent. A failure that is no longer of
 * interest stands there as well: which of them ended the guest only a person can say.
 */
export function* diagnoseInParts({ lines }: Pick<Trace, 'lines'>): Resumable<Diagnosis[]> {
  const gathered = new GatheredFailures();
  for (const [at, line] of lines.entries()) {
    if (at % LINES_IN_PART === LINES_IN_PART - 1) yield;
    if (line.status === 'placed') gathered.take(line, endingOf(line));
  }
  const diagnoses = yield* mapped(gathered.all, diagnosisOf, 1);
  return [...diagnoses, ...(yield* silentVcpusInParts(lines, (line) => endingOf(line) !== undefined))];
}

/** As {@link diagnoseInParts}, at once. */
export const diagnose = (trace: Pick<Trace, 'lines'>): Diagnosis[] => finish(diagnoseInParts(trace));

function diagnosisOf(failure: Failure): Diagnosis {
  const { ending, line, lines, further } = failure;
  const made = linesOf(failure).find((one) => scenarioOfLine(one).ok) ?? line;
  return {
    what: ending.what,
    refusedBy: ending.refusedBy,
    causes: ending.causes.map(causeOf),
    next: ending.next,
    lines,
    further: [...further].map(([what, { lines: numbers }]) => ({ what, lines: numbers })),
    scenario: scenarioOfLine(made),
    scenarioLine: made.number,
  };
}
