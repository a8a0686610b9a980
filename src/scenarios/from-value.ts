/** A value out of a log, a dump or a decoder as a scenario in which somebody does exactly that; or why nobody can. */
import { bytesAs } from '../abi/candidates';
import { kindNamed } from '../abi/kinds';
import type { Recognition } from '../abi/recognise';
import { littleEndian } from '../base/bytes';
import { ok, problem, type Result } from '../base/result';
import { own } from '../base/table';
import { scenarioOf, type Planned } from './from-value/plan';
import { planOfExit } from './from-value/requests';
import { structPlanners } from './from-value/structures';
import { planOfFirmwareFailure, wordPlanners } from './from-value/words';
import type { Scenario } from './scenario';

/** One value with its kind, and what a log calls it. */
export interface Valued {
  readonly label: string;
  readonly kind: string;
  readonly bytes: Uint8Array;
}

function planOfValue(kindName: string, bytes: Uint8Array): Planned {
  const kind = kindNamed(kindName);
  if (!kind.ok) return kind.error.message;
  const bytesOfKind = bytesAs(kind.value, bytes);
  if (!bytesOfKind) return `${bytes.length} bytes cannot be read as ${kind.value.title}.`;
  const planned =
    kind.value.shape === 'word'
      ? own(wordPlanners, kindName)?.(littleEndian(bytesOfKind))
      : own(structPlanners, kindName)?.(bytesOfKind);
  return planned ?? `No scenario is made of ${kind.value.title}.`;
}

/** The scenario for one value. */
export const scenarioFromValue = (kindName: string, bytes: Uint8Array): Result<Scenario> =>
  result(planOfValue(kindName, bytes));

function planOfValues(values: readonly Valued[], chosen: number): Planned {
  const value = values[chosen];
  if (!value) return 'There is no value to make a scenario from.';
  const wordOf = (matches: (one: Valued) => boolean): bigint | undefined => {
    const found = values.find(matches);
    return found && littleEndian(found.bytes);
  };
  const isAnswer = values.some(({ kind }) => kind === 'response-info1');
  const code = wordOf(({ kind }) => kind === 'nae-code');
  const infos = [1, 2].map((n) => wordOf(({ label }) => label === `SW_EXITINFO${n}`));
  if (!isAnswer && code !== undefined && infos.some((info) => info !== undefined))
    return planOfExit(code, ...infos);
  const status = wordOf(({ kind }) => kind === 'firmware-status');
  const command = wordOf(({ kind }) => kind === 'firmware-command');
  if (status !== undefined && command !== undefined) return planOfFirmwareFailure(status, command);
  return planOfValue(value.kind, value.bytes);
}

/** The scenario for values that came together: an exit code with its info words, a command with its status. @param chosen index of the one that was asked for */
export const scenarioFromValues = (values: readonly Valued[], chosen = 0): Result<Scenario> =>
  result(planOfValues(values, chosen));

/** The plan for what was recognised, each value as its best candidate. */
export const planOfRecognition = ({ parts }: Recognition): Planned =>
  planOfValues(
    parts.map(({ label, bytes, candidates }) => ({ label, bytes, kind: candidates[0]?.kind ?? '' })),
    0,
  );

/** The scenario for what was recognised. */
export const scenarioFromRecognition = (recognition: Recognition): Result<Scenario> =>
  result(planOfRecognition(recognition));

const result = (planned: Planned): Result<Scenario> =>
  typeof planned === 'string' ? problem(planned) : ok(scenarioOf(planned));
