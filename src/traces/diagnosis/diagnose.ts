/** What happened in a log: its failures, in the order of their lines, and where each vCPU was when the lines end. */
import { own } from '../../base/table';
import { scenarioOfLine } from '../scenario';
import type { Trace, TraceLine } from '../read';
import { causeOf, type Diagnosis, type Endings } from './ending';
import { hostEndings } from './host';
import { launchEndings } from './launch';
import { requestEndings } from './requests';
import { silentVcpus } from './silence';

export const endings: Endings = { ...requestEndings, ...launchEndings, ...hostEndings };

function diagnosisOf(line: TraceLine): Diagnosis | undefined {
  const { form, fields, number } = line;
  const ending = form && fields ? own(endings, form.id)?.(fields) : undefined;
  if (!ending) return undefined;
  return {
    what: ending.what,
    refusedBy: ending.refusedBy,
    causes: ending.causes.map(causeOf),
    next: ending.next,
    lines: [number],
    scenario: scenarioOfLine(line),
  };
}

/**
 * The failures of a log, those that say the same once, and behind them every vCPU that went silent. A failure that is
 * no longer of interest stands there as well: which of them ended the guest only a person can say.
 */
export function diagnose({ lines }: Pick<Trace, 'lines'>): Diagnosis[] {
  const found = new Map<string, Diagnosis>();
  for (const line of lines) {
    const diagnosis = diagnosisOf(line);
    if (!diagnosis) continue;
    const same = found.get(diagnosis.what);
    found.set(diagnosis.what, same ? { ...same, lines: [...same.lines, line.number] } : diagnosis);
  }
  return [...found.values(), ...silentVcpus(lines)];
}
