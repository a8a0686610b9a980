/** A scenario that leads to what a line says; or the sentence why there is none. */
import {
  GHCB_ERR_INVALID_EVENT,
  GHCB_HV_RESP_MALFORMED_INPUT,
  GHCB_HV_RESP_NO_ACTION,
} from '../abi/error-words';
import { naeEvent } from '../abi/nae';
import { ok, problem, type Result } from '../base/result';
import { own } from '../base/table';
import { scenarioFromRecognition } from '../scenarios/from-value';
import { scenarioOf, type Planned } from '../scenarios/from-value/plan';
import type { Scenario } from '../scenarios/scenario';
import { numberIn } from './form';
import { recognitionOf } from './pasted';
import { guestPlans } from './plans/guest';
import { kvmPlans } from './plans/kvm';
import { launchPlans } from './plans/launch';
import { vmmPlans } from './plans/vmm';
import type { TraceLine } from './read';
import type { Fields } from './template';

/** What a line of one kind asks for, where its single values do not say it all. */
export const linePlans: Readonly<Record<string, (fields: Fields) => Planned>> = {
  ...kvmPlans,
  ...launchPlans,
  ...guestPlans,
  ...vmmPlans,
};

/** The scenario for a placed line. */
export function scenarioOfLine(line: TraceLine): Result<Scenario> {
  const { form, fields } = line;
  if (!form || !fields) return problem(line.why ?? 'The line was not read, so nothing is made of it.');
  const alone = answerAlone(line);
  if (alone !== undefined) return problem(alone);
  const planned = own(linePlans, form.id)?.(fields);
  if (typeof planned === 'string') return problem(planned);
  if (planned) return ok(scenarioOf(planned));
  const recognition = recognitionOf(line);
  return recognition
    ? scenarioFromRecognition(recognition)
    : problem('The line holds no request and no value that a scenario could be made of.');
}

/** Why an answer of KVM leads to no request: it may be of one that was made in many ways, or that KVM never answers so. */
function answerAlone({ form, fields = {} }: TraceLine): string | undefined {
  if (form?.id !== 'kvm_vmgexit_exit') return undefined;
  const response = numberIn(fields, 'info1') & 0xffff_ffffn;
  const isKnown = naeEvent(numberIn(fields, 'code')) !== undefined;
  const isUnknownEvent =
    response === GHCB_HV_RESP_MALFORMED_INPUT && numberIn(fields, 'info2') === GHCB_ERR_INVALID_EVENT;
  return (isKnown ? response === GHCB_HV_RESP_NO_ACTION : isUnknownEvent)
    ? undefined
    : 'The answer says what became of a request and not how it was made; the line of the request above it does.';
}
