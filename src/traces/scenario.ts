/** A scenario that leads to what a line says; or the sentence why there is none. */
import { GHCB_ERR_INVALID_EVENT, GHCB_HV_RESP_MALFORMED_INPUT } from '../abi/error-words';
import { naeEvent } from '../abi/nae';
import { ok, problem, type Result } from '../base/result';
import { own } from '../base/table';
import { planOfRecognition } from '../scenarios/from-value';
import { madeOn, scenarioOf, type Planned } from '../scenarios/from-value/plan';
import type { Scenario } from '../scenarios/scenario';
import { numberIn, vcpuOf } from './form';
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
  const planned = own(linePlans, form.id)?.(fields) ?? planOfWords(line);
  return typeof planned === 'string'
    ? problem(planned)
    : ok(scenarioOf(madeOn(planned, vcpuOf(fields).vcpu ?? 0)));
}

/** The plan for the values of a line. */
function planOfWords(line: TraceLine): Planned {
  const recognition = recognitionOf(line);
  return recognition
    ? planOfRecognition(recognition)
    : 'The line holds no request and no value that a scenario could be made of.';
}

/** Why an answer of KVM leads to no request: it may be of one that was made in many ways, or that KVM never answers so. */
function answerAlone({ form, fields = {} }: TraceLine): string | undefined {
  if (form?.id !== 'kvm_vmgexit_exit') return undefined;
  const isUnknownEvent =
    numberIn(fields, 'info1') === GHCB_HV_RESP_MALFORMED_INPUT &&
    numberIn(fields, 'info2') === GHCB_ERR_INVALID_EVENT;
  return isUnknownEvent && naeEvent(numberIn(fields, 'code')) === undefined
    ? undefined
    : 'The answer says what became of a request and not how it was made; the line of the request above it does.';
}
